package node

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/seal"
	"cantal.fr/buron/sync/trust"
	"filippo.io/age"
)

// Errors of backups, as people read them.
var (
	ErrBackup     = errors.New("ce fichier n'est pas une sauvegarde de Buron, ou il est abîmé\u00a0: rien n'a été changé. Essayez une autre sauvegarde")
	ErrPassphrase = errors.New("cette phrase n'ouvre pas la sauvegarde\u00a0: vérifiez-la, lettre par lettre")
	ErrOccupied   = errors.New("ce dossier contient déjà des données\u00a0: restaurez dans un dossier vide, avec --data")
)

// Backup writes all that this device holds, its key included, into a file that only the passphrase opens
// (age, scrypt), while the program goes on. With no passphrase one is drawn, and returned: it is kept
// nowhere. The file is whole or absent.
func Backup(ctx context.Context, r *replica.Replica, path, passphrase string) (string, error) {
	if passphrase == "" {
		var err error
		if passphrase, err = trust.NewCode(rand.Reader); err != nil {
			return "", err
		}
	}
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return "", fmt.Errorf("node: back up: %w", err)
	}
	// Beside the database, whose disk holds it already: what is not yet sealed leaves the device's folder
	// nowhere.
	work, err := os.MkdirTemp(r.Dir(), ".backup-*")
	if err != nil {
		return "", fmt.Errorf("node: back up: %w", err)
	}
	defer os.RemoveAll(work)
	if err := r.Copy(ctx, filepath.Join(work, "data")); err != nil {
		return "", err
	}
	key, err := r.KeyFile(ctx)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".backup-*")
	if err != nil {
		return "", fmt.Errorf("node: back up: %w", err)
	}
	defer os.Remove(f.Name())
	if err := errors.Join(sealFolder(f, recipient, filepath.Join(work, "data"), key), f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("node: back up: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return "", fmt.Errorf("node: back up: %w", err)
	}
	return passphrase, nil
}

// sealFolder packs a copy and the data key, which never stands open on the disk on its way.
func sealFolder(w io.Writer, to age.Recipient, dir string, key []byte) error {
	sealed, err := age.Encrypt(w, to)
	if err != nil {
		return err
	}
	t := tar.NewWriter(sealed)
	if err := t.AddFS(os.DirFS(dir)); err != nil {
		return err
	}
	if key != nil {
		err = t.WriteHeader(&tar.Header{Name: seal.File, Mode: 0o600, Size: int64(len(key)), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = t.Write(key)
		}
	}
	return errors.Join(err, t.Close(), sealed.Close())
}

// restored are the files that a backup holds, the data key aside; anything else in one is not ours.
func restored() []string { return []string{replica.File, trust.KeyFile} }

// Restore lays a backup into an empty folder. Opened, it goes on under a key of its own, which the old one
// vouches for: what was written after the backup comes back from the others, and nothing is written twice
// under one name.
func Restore(path, dir, passphrase string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return ErrOccupied
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("node: restore: %w", err)
	}
	defer f.Close()
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return ErrPassphrase
	}
	plain, err := age.Decrypt(f, id)
	switch {
	case wrongPassphrase(err):
		return ErrPassphrase
	case err != nil:
		return fmt.Errorf("%w (%w)", ErrBackup, err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return fmt.Errorf("node: restore: %w", err)
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), ".restore-*")
	if err != nil {
		return fmt.Errorf("node: restore: %w", err)
	}
	defer os.RemoveAll(work)
	if err := unpackInto(work, tar.NewReader(plain)); err != nil {
		return err
	}
	_ = os.Remove(dir) // empty, or absent
	if err := os.Rename(work, dir); err != nil {
		return fmt.Errorf("node: restore: %w", err)
	}
	return nil
}

// unpackInto writes the files of a backup, and fails unless all of them are there, whole.
func unpackInto(dir string, t *tar.Reader) error {
	missing := restored()
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w (%w)", ErrBackup, err)
		}
		i := slices.Index(missing, h.Name)
		if h.Typeflag != tar.TypeReg || i < 0 && h.Name != seal.File {
			continue
		}
		if i >= 0 {
			missing = slices.Delete(missing, i, i+1)
		}
		if err := writeFrom(filepath.Join(dir, h.Name), t); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w (%v)", ErrBackup, missing)
	}
	return nil
}

func writeFrom(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("node: restore: %w", err)
	}
	_, err = io.Copy(f, r)
	var disk *os.PathError
	if err != nil && !errors.As(err, &disk) {
		err = fmt.Errorf("%w (%w)", ErrBackup, err) // what was read, not what was written
	}
	return errors.Join(err, f.Sync(), f.Close())
}

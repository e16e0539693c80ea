package node

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/seal"
	"cantal.fr/buron/sync/trust"
	"filippo.io/age"
	"github.com/gofrs/flock"
)

// Errors of backups, as people read them.
var (
	ErrBackup     = errors.New("ce fichier n'est pas une sauvegarde de Buron, ou il est abîmé\u00a0: rien n'a été changé. Essayez une autre sauvegarde")
	ErrPassphrase = errors.New("cette phrase n'ouvre pas la sauvegarde\u00a0: vérifiez-la, lettre par lettre")
	ErrBackingUp  = errors.New("une autre sauvegarde est en cours\u00a0: attendez qu'elle soit finie")
	ErrOccupied   = errors.New("ce dossier contient déjà des données\u00a0: restaurez dans un dossier vide, avec --data")
	errNoPlace    = errors.New("rien ne peut prendre la place de ce dossier, où un disque est monté peut-être\u00a0: restaurez dans un dossier qui n'existe pas encore, avec --data")
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
	recipient.SetWorkFactor(trust.PassphraseWork)
	lock := flock.New(filepath.Join(r.Dir(), backupLock))
	if ok, err := lock.TryLock(); err != nil || !ok {
		return "", errors.Join(ErrBackingUp, err)
	}
	defer func() { _ = lock.Unlock() }()
	if err := removeAll(r.Dir(), copyPattern); err != nil {
		return "", err
	}
	// Beside the database, whose disk holds it already: what is not yet sealed leaves the device's folder
	// nowhere.
	work, err := os.MkdirTemp(r.Dir(), copyPattern)
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
	f, err := os.CreateTemp(filepath.Dir(path), ".sauvegarde-*")
	if err != nil {
		return "", fmt.Errorf("node: back up: %w", err)
	}
	defer os.Remove(f.Name())
	// After the copy: what it names is held at least, unless it was erased meanwhile.
	blobs, err := r.BlobFiles(ctx)
	if err == nil {
		err = sealFolder(asked{ctx, f}, recipient, filepath.Join(work, "data"), key, os.DirFS(r.Dir()), blobs)
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("node: back up: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return "", fmt.Errorf("node: back up: %w", err)
	}
	return passphrase, nil
}

// What a backup works with in the data folder: a copy that a power cut leaves there is one that no erasure reaches.
const (
	backupLock  = "backup.lock"
	copyPattern = ".backup-*"
)

// removeAll removes what bears a name of a pattern in a folder.
func removeAll(dir, pattern string) error {
	// The pattern is of names alone: the folder's own may hold brackets.
	left, err := fs.Glob(os.DirFS(dir), pattern)
	for _, name := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	if err != nil {
		return fmt.Errorf("node: remove what an interrupted backup has left: %w", err)
	}
	return nil
}

// sweepCopies removes the copies that backups have left which did not come to their end, unless one is under way.
func sweepCopies(dir string, log *slog.Logger) {
	lock := flock.New(filepath.Join(dir, backupLock))
	if ok, err := lock.TryLock(); err != nil || !ok {
		return
	}
	defer func() { _ = lock.Unlock() }()
	if err := removeAll(dir, copyPattern); err != nil {
		log.Warn("a copy of the data is left", "err", err)
	}
}

// sealFolder packs a copy, the data key, which never stands open on the disk on its way, and blobs as they lie in
// the data folder: they never change, and one that is gone was erased.
func sealFolder(w io.Writer, to age.Recipient, dir string, key []byte, home fs.FS, blobs []string) error {
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
	for _, path := range blobs {
		if err == nil {
			err = packFile(t, home, path)
		}
	}
	return errors.Join(err, t.Close(), sealed.Close())
}

// asked is a file that is read, or written, for as long as somebody waits for it.
type asked struct {
	ctx context.Context
	f   *os.File
}

func (a asked) Read(b []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	return a.f.Read(b)
}

func (a asked) Write(b []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	return a.f.Write(b)
}

// packFile packs a blob. Of one that the disk does not give there is something all the same, which does not bear its
// name: Restore counts it, and the rest is saved.
func packFile(t *tar.Writer, home fs.FS, path string) error {
	b, err := fs.ReadFile(home, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		b = []byte("illisible")
	}
	if err := t.WriteHeader(&tar.Header{Name: path, Mode: 0o600, Size: int64(len(b)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err = t.Write(b)
	return err
}

// restored are the files that a backup holds, the data key and blobs aside; anything else in one is not ours.
func restored() []string { return []string{replica.File, trust.KeyFile} }

// Restore lays a backup into an empty folder. Opened, it goes on under a key of its own, which the old one
// vouches for: what was written after the backup comes back from the others, and nothing is written twice
// under one name. A blob that does not bear its name, as one that the disk had damaged before the backup, is left
// out and counted: the others bring it again.
func Restore(ctx context.Context, path, dir, passphrase string) (damaged int, err error) {
	if dir, err = emptyPlace(dir); err != nil {
		return 0, err
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("node: restore: %w", err)
	}
	defer f.Close()
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return 0, ErrPassphrase
	}
	id.SetMaxWorkFactor(trust.PassphraseWork)
	plain, err := age.Decrypt(asked{ctx, f}, id)
	switch {
	case wrongPassphrase(err):
		return 0, ErrPassphrase
	case err != nil:
		return 0, fmt.Errorf("%w (%w)", ErrBackup, err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return 0, fmt.Errorf("node: restore: %w", err)
	}
	work, unlock, err := restoring(filepath.Dir(dir))
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(work)
	defer unlock()
	if damaged, err = unpackInto(work, tar.NewReader(plain)); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("node: restore: %w", ctx.Err()) // and not of the file
		}
		return 0, err
	}
	unlock()
	_ = os.Remove(dir) // empty, or absent
	if err := os.Rename(work, dir); err != nil {
		return 0, fmt.Errorf("%w (%w)", errNoPlace, err)
	}
	return damaged, nil
}

// emptyPlace returns where a folder lies, links followed, of which nothing is there yet but the empty folder itself.
func emptyPlace(dir string) (string, error) {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return dir, nil
	}
	at, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrOccupied, err)
	}
	entries, err := os.ReadDir(at)
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrOccupied, err)
	}
	if len(entries) > 0 {
		return "", ErrOccupied
	}
	return at, nil
}

// restoring makes a folder to unpack into, and removes those that were left by a restore which did not come to its end:
// the key that opens what is personal lies in them. What unlock unlocks tells that one is under way.
func restoring(parent string) (work string, unlock func(), err error) {
	const name = ".buron-restore-*"
	left, err := fs.Glob(os.DirFS(parent), name)
	for _, one := range left {
		dir := filepath.Join(parent, one)
		lock := flock.New(filepath.Join(dir, restoreLock))
		if ok, lockErr := lock.TryLock(); lockErr == nil && ok {
			err = errors.Join(err, lock.Unlock(), os.RemoveAll(dir))
		}
	}
	if err != nil {
		return "", nil, fmt.Errorf("node: remove what an interrupted restore has left: %w", err)
	}
	if work, err = os.MkdirTemp(parent, name); err != nil {
		return "", nil, fmt.Errorf("node: restore: %w", err)
	}
	lock := flock.New(filepath.Join(work, restoreLock))
	if ok, err := lock.TryLock(); err != nil || !ok {
		return "", nil, fmt.Errorf("node: restore: %w", errors.Join(err, os.RemoveAll(work)))
	}
	return work, func() {
		_ = lock.Unlock()
		_ = os.Remove(lock.Path())
	}, nil
}

// restoreLock is the name of a file in a folder that is being restored into.
const restoreLock = "restore.lock"

// unpackInto writes the files of a backup, and fails unless all of them are there, whole; damaged counts the blobs
// that were not.
func unpackInto(dir string, t *tar.Reader) (damaged int, err error) {
	missing := restored()
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, fmt.Errorf("%w (%w)", ErrBackup, err)
		}
		i := slices.Index(missing, h.Name)
		name, blob := replica.BlobAt(h.Name)
		if h.Typeflag != tar.TypeReg || i < 0 && h.Name != seal.File && !blob {
			continue
		}
		if i >= 0 {
			missing = slices.Delete(missing, i, i+1)
		}
		sum, err := writeFrom(filepath.Join(dir, filepath.FromSlash(h.Name)), t)
		if err != nil {
			return 0, err
		}
		if blob && sum != name {
			damaged++
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(h.Name))); err != nil {
				return 0, fmt.Errorf("node: restore: %w", err)
			}
		}
	}
	if len(missing) > 0 {
		return 0, fmt.Errorf("%w (%v)", ErrBackup, missing)
	}
	return damaged, nil
}

// writeFrom writes a new file, and returns the SHA-256 of what is in it.
func writeFrom(path string, r io.Reader) (sum [sha256.Size]byte, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return sum, fmt.Errorf("node: restore: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return sum, fmt.Errorf("node: restore: %w", err)
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), r)
	var disk *os.PathError
	if err != nil && !errors.As(err, &disk) {
		err = fmt.Errorf("%w (%w)", ErrBackup, err) // what was read, not what was written
	}
	return [sha256.Size]byte(h.Sum(nil)), errors.Join(err, f.Sync(), f.Close())
}

package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// What only the territory's recovery file can say: who is a delegate, and that another file replaces it.

// AsRoot opens a recovery file of the territory that r is a replica of and has it say something.
func AsRoot(r *replica.Replica, path, passphrase string, say func(trust.Recovery) error) error {
	got, err := openRecovery(r, path, passphrase)
	if err != nil {
		return err
	}
	defer got.Root.Forget()
	return say(got)
}

// RenewRecovery replaces a recovery file by one with other keys, written to the path to, and returns the
// passphrase that opens it. The old file speaks for the territory no longer.
func RenewRecovery(ctx context.Context, r *replica.Replica, path, passphrase, to string) (renewed string, err error) {
	err = AsRoot(r, path, passphrase, func(got trust.Recovery) error {
		var err error
		if renewed, err = trust.NewCode(rand.Reader); err != nil {
			return err
		}
		if err := got.Renew(); err != nil {
			return err
		}
		return r.ReplaceRoot(ctx, got.Root, got.Seal.Recipient().String(), func(next *trust.Root) error {
			defer next.Forget()
			got.Root = next
			return createDurably(to, func(w io.Writer) error { return got.Write(w, renewed, time.Now()) })
		})
	})
	return renewed, err
}

// createDurably writes a new file, for its owner alone; when it returns the file is on the disk, whole. One that is there stays.
func createDurably(path string, write func(io.Writer) error) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("node: write a new file: %w", err)
	}
	if err := errors.Join(write(w), w.Sync(), w.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	if d, err := os.Open(filepath.Dir(path)); err == nil {
		_ = d.Sync() // not every system can
		_ = d.Close()
	}
	return nil
}

// openRecovery opens a recovery file of the territory that r is a replica of.
func openRecovery(r *replica.Replica, path, passphrase string) (trust.Recovery, error) {
	f, err := os.Open(path)
	if err != nil {
		return trust.Recovery{}, fmt.Errorf("node: open the recovery file: %w", err)
	}
	defer f.Close()
	got, err := trust.OpenRecovery(f, passphrase)
	switch {
	case wrongPassphrase(err):
		return got, ErrRecoveryPhrase
	case err != nil:
		return got, fmt.Errorf("%w (%w)", ErrRecovery, err)
	case got.Territory != r.Territory():
		return got, ErrRecoveryOther
	}
	return got, nil
}

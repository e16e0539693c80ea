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

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// RecoveryFile is the name of the sealed root keys in the data folder of the device that founded.
const RecoveryFile = "secours.age"

// FoundOptions say what is founded.
type FoundOptions struct {
	Territory string      // name, as people will read it
	Device    string      // name of the first device
	Role      record.Role // role of the first device, which becomes the delegate that admits others
	Replica   replica.Options
	// WithoutRecovery forgets the root keys at once: for examples, where nothing is real.
	WithoutRecovery bool
}

// Founded is a territory that has just been made.
type Founded struct {
	Replica    *replica.Replica
	Recovery   string // path of the recovery file, "" without one
	Passphrase string // opens the recovery file; shown once, kept nowhere
}

// ErrFounded is returned where the folder already holds a replica.
var ErrFounded = errors.New("ce dossier contient déjà un territoire : choisissez-en un autre avec --data")

// Found makes a territory whose first device lives in dir. The root keys are sealed in a file for
// the safe, and forgotten: from then on the first device acts by delegation.
func Found(ctx context.Context, dir string, o FoundOptions) (*Founded, error) {
	random, now := o.Replica.Random, o.Replica.Now
	if random == nil {
		random = rand.Reader
	}
	if now == nil {
		now = time.Now
	}
	if err := makeHome(dir); err != nil {
		return nil, err
	}
	first, err := trust.NewIdentity(o.Device, random)
	if err != nil {
		return nil, err
	}
	f, err := trust.Found(o.Territory, first, o.Role, random, now())
	if err != nil {
		return nil, err
	}
	defer f.Forget()
	out := &Founded{}
	if !o.WithoutRecovery {
		if out.Recovery, out.Passphrase, err = seal(dir, f, random, now()); err != nil {
			return nil, err
		}
	}
	if out.Replica, err = replica.Create(ctx, dir, first, f.Territory, f.Control, o.Replica); err != nil {
		return nil, err
	}
	return out, nil
}

// makeHome makes the data folder, private, and refuses one that is in use.
func makeHome(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("node: make the data folder: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, trust.KeyFile)); err == nil {
		return ErrFounded
	}
	return nil
}

// seal writes the recovery file before anything else is made: a territory whose root is lost could
// never name another delegate.
func seal(dir string, f *trust.Founding, random io.Reader, now time.Time) (path, passphrase string, err error) {
	if passphrase, err = trust.NewCode(random); err != nil {
		return "", "", err
	}
	path = filepath.Join(dir, RecoveryFile)
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", "", fmt.Errorf("node: write the recovery file: %w", err)
	}
	if err := errors.Join(f.WriteRecovery(w, passphrase, now), w.Sync(), w.Close()); err != nil {
		return "", "", err
	}
	return path, passphrase, nil
}

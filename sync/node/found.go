package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
var ErrFounded = errors.New("ce dossier contient déjà un territoire\u00a0: choisissez-en un autre avec --data")

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
	first, err := home(ctx, dir, o.Device, random)
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
		if out.Recovery, out.Passphrase, err = sealRecovery(dir, f, random, now()); err != nil {
			return nil, err
		}
	}
	if out.Replica, err = replica.Create(ctx, dir, first, f.Territory, f.Control, o.Replica); err != nil {
		return nil, err
	}
	return out, nil
}

// home makes the data folder, private, and the key of the device that will live in it; it refuses a folder
// that is in use. The key of an attempt that was cut short serves again: an admission may have been written
// for it.
func home(ctx context.Context, dir, name string, random io.Reader) (*trust.Identity, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("node: make the data folder: %w", err)
	}
	made, err := replica.Made(ctx, dir)
	if err != nil {
		return nil, err
	}
	if made {
		return nil, ErrFounded
	}
	id, err := trust.LoadIdentity(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if id, err = trust.NewIdentity(name, random); err == nil {
			err = id.Save(dir)
		}
	}
	if err != nil {
		return nil, err
	}
	id.Name = name
	return id, nil
}

// sealRecovery writes the recovery file before anything else is made: a territory whose root is lost could
// never name another delegate.
func sealRecovery(dir string, f *trust.Founding, random io.Reader, now time.Time) (path, passphrase string, err error) {
	if passphrase, err = trust.NewCode(random); err != nil {
		return "", "", err
	}
	path = filepath.Join(dir, RecoveryFile)
	// One that is there already is of another territory, or of this one's attempt that was cut short: it stays.
	for n := 1; ; n++ {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			break
		}
		path = filepath.Join(dir, fmt.Sprintf("secours-%d.age", n+1))
	}
	return path, passphrase, createDurably(path, func(w io.Writer) error { return f.WriteRecovery(w, passphrase, now) })
}

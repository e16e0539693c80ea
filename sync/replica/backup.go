package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"cantal.fr/buron/sync/seal"
	"cantal.fr/buron/sync/trust"
)

// KeyFile returns what seal.File must hold beside a copy, for what is personal in it to be read; nil where the
// data key is not on this device.
func (r *Replica) KeyFile(ctx context.Context) ([]byte, error) {
	id, err := metaText(ctx, r.read, metaSeal)
	if err != nil {
		return nil, err
	}
	k, _, err := r.o.Keys.Load(r.home, id)
	if errors.Is(err, seal.ErrNoKey) {
		return nil, nil
	}
	return k.Bytes(), err
}

// Copy writes the database as it stands at one instant into a new folder, with the device's key, while
// others go on writing. Started from there it knows itself for a copy: see Copied.
func (r *Replica) Copy(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("replica: copy: %w", err)
	}
	path := filepath.Join(dir, File)
	// On a connection of its own: it takes as long as it takes, and a save must not wait for it.
	db, err := sql.Open("sqlite", dsn(filepath.Join(r.dir, File), false))
	if err != nil {
		return fmt.Errorf("replica: copy: %w", err)
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("replica: copy: %w", errors.Join(translate(err), os.RemoveAll(path)))
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("replica: copy: %w", err)
	}
	return r.Identity().SaveFile(filepath.Join(dir, trust.KeyFile))
}

package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cantal.fr/buron/sync/trust"
)

// Made reports whether a folder holds a replica that was made to the end. One whose making was cut short,
// before the territory's control entries were in it, holds nothing of anyone's and can be made again.
func Made(ctx context.Context, dir string) (bool, error) {
	path := filepath.Join(dir, File)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("replica: look into %s: %w", dir, err)
	}
	db, err := sql.Open("sqlite", dsn(path, true))
	if err != nil {
		return false, fmt.Errorf("replica: look into %s: %w", dir, err)
	}
	defer db.Close()
	var n int
	// What cannot be read is not called empty: nobody may write over it.
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM entry LIMIT 1)").Scan(&n); err != nil {
		return false, fmt.Errorf("replica: look into %s: %w", dir, translate(err))
	}
	return n > 0, nil
}

// clearUnmade refuses a folder that holds a replica, and takes away what an interrupted creation has left.
func clearUnmade(ctx context.Context, dir string) error {
	made, err := Made(ctx, dir)
	if err != nil {
		return err
	}
	if made {
		return fmt.Errorf("replica: %s holds a replica already", dir)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, File+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("replica: clear an interrupted creation: %w", err)
		}
	}
	return nil
}

// keepKey writes the device's key, unless it is there already from an attempt that was cut short.
func keepKey(dir string, id *trust.Identity) error {
	held, err := trust.LoadIdentity(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return id.Save(dir)
	case err != nil:
		return err
	case held.Public() != id.Public():
		return fmt.Errorf("replica: %s holds the key of another device", dir)
	}
	return nil
}

// syncFolder makes a rename outlast a power cut.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		// Some file systems refuse to sync a folder; the rename itself has succeeded.
		_ = d.Sync()
		_ = d.Close()
	}
}

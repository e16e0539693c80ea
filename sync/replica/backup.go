package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cantal.fr/buron/sync/journal"
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

// BlobFiles returns the paths of the blobs that are held whole, below the data folder and with slashes. Asked after
// Copy, they are at least those that the copy holds.
func (r *Replica) BlobFiles(ctx context.Context) ([]string, error) {
	held, err := column1[[]byte](ctx, r.read, "SELECT hash FROM blob WHERE have = size ORDER BY size")
	if err != nil {
		return nil, translate(err)
	}
	out := make([]string, len(held))
	for i, h := range held {
		name := journal.Hash(h).String()
		out[i] = blobFolder + "/" + name[:2] + "/" + name
	}
	return out, nil
}

// BlobAt returns the name that the content of such a path must bear, and false for any other path.
func BlobAt(path string) (journal.Hash, bool) {
	h, ok := hashOf(path[strings.LastIndexByte(path, '/')+1:])
	return h, ok && path == blobFolder+"/"+h.String()[:2]+"/"+h.String()
}

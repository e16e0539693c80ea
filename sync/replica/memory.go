package replica

import (
	"context"
	"fmt"
	"io"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// A replica in memory is for simulations: the same code and the same SQLite, on SQLite's own memory in
// place of files. The database lives under its name as long as some connection of the process is open to
// MemoryDSN(name): the simulation keeps one, which is then the disk that survives a crash.

// CreateMemory makes a replica as Create does, in the empty memory called name.
func CreateMemory(ctx context.Context, name string, home Folder, id *trust.Identity, t journal.Territory, control []journal.Piece, o Options) (*Replica, error) {
	o.fill()
	var nonce [16]byte
	if _, err := io.ReadFull(o.Random, nonce[:]); err != nil {
		return nil, fmt.Errorf("replica: draw a nonce: %w", err)
	}
	if err := lay(ctx, memoryDSN(name, false), t, nonce); err != nil {
		return nil, err
	}
	key, err := id.Encode()
	if err == nil {
		err = home.Write(trust.KeyFile, key)
	}
	if err != nil {
		return nil, err
	}
	r, err := OpenMemory(ctx, name, home, o)
	if err != nil {
		return nil, err
	}
	return r.enrol(ctx, control)
}

// OpenMemory opens a replica in the memory called name, beside which stands home.
func OpenMemory(ctx context.Context, name string, home Folder, o Options) (*Replica, error) {
	o.fill()
	dir := name
	if p, ok := home.(placed); ok {
		dir = p.Dir()
	}
	return open(ctx, dir, func(readOnly bool) string { return memoryDSN(name, readOnly) }, home, o)
}

// placed is a home with a folder of its own for what is not in memory either: photos and documents.
type placed interface{ Dir() string }

// MemoryDSN names the database of a replica in memory to the driver "sqlite".
func MemoryDSN(name string) string { return "file:/" + name + "?vfs=memdb" }

func memoryDSN(name string, readOnly bool) string { return dsn("/"+name, readOnly) + "&vfs=memdb" }

package sim

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"strings"
	"sync"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/replica"
	"modernc.org/sqlite"
)

// disk is the memory that one device's database lives in. Its own connection keeps it when the device's are
// gone: that is what survives a power cut.
type disk struct {
	name   string
	dir    string // of what is not in memory: photos and documents; not there before the first
	db     *sql.DB
	keep   *sql.Conn
	writer sqlite.ExecQuerierContext // the device's connection that writes
	files  map[string][]byte         // beside the database

	dropped map[journal.Chain][]journal.Hash // the entries of each chain of its device whose bodies that dropped, once delivered
	left    int                              // commits and writes of files until the power goes, 0 for none planned
	dead    bool                             // the power is gone: nothing commits any more
}

// disks finds a disk by its name, for the hook that SQLite's driver calls on every connection.
var disks = struct {
	sync.Once
	byName sync.Map
}{}

func hook(c sqlite.ExecQuerierContext, dsn string) error {
	name, _, _ := strings.Cut(strings.TrimPrefix(dsn, "file:/"), "?")
	v, ok := disks.byName.Load(name)
	if !ok || !strings.Contains(dsn, "vfs=memdb") || !strings.Contains(dsn, "_txlock") {
		return nil
	}
	d := v.(*disk)
	d.writer = c
	c.(sqlite.HookRegisterer).RegisterCommitHook(d.commit)
	return nil
}

// commit decides on a commit: anything but 0 turns it into a rollback.
func (d *disk) commit() int32 {
	if d.left > 0 {
		d.left--
		d.dead = d.left == 0
	}
	if d.dead {
		return 1
	}
	return 0
}

func newDisk(ctx context.Context, name string) (*disk, error) {
	disks.Do(func() { sqlite.RegisterConnectionHook(hook) })
	d := &disk{name: name, files: map[string][]byte{}, dropped: map[journal.Chain][]journal.Hash{}}
	disks.byName.Store(name, d)
	var err error
	if d.db, err = sql.Open("sqlite", replica.MemoryDSN(name)); err == nil {
		d.keep, err = d.db.Conn(ctx)
	}
	if err == nil {
		err = d.keep.PingContext(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("sim: disk %s: %w", name, err)
	}
	return d, nil
}

func (d *disk) close() {
	_ = d.keep.Close()
	_ = d.db.Close()
	disks.byName.Delete(d.name)
}

// copyFrom makes the disk an image of another.
func (d *disk) copyFrom(name string) error {
	if from, ok := disks.byName.Load(name); ok {
		d.dropped = maps.Clone(from.(*disk).dropped)
	}
	return d.keep.Raw(func(c any) error {
		b, err := c.(interface {
			NewRestore(string) (*sqlite.Backup, error)
		}).NewRestore(replica.MemoryDSN(name))
		if err != nil {
			return err
		}
		_, err = b.Step(-1)
		if e := b.Finish(); err == nil {
			err = e
		}
		return err
	})
}

// image returns every byte of the database.
func (d *disk) image() (b []byte, err error) {
	err = d.keep.Raw(func(c any) error {
		b, err = c.(interface{ Serialize() ([]byte, error) }).Serialize()
		return err
	})
	return b, err
}

// fill leaves room for some more pages and no more.
func (d *disk) fill(ctx context.Context, room int) error {
	var pages int
	if err := d.keep.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		return err
	}
	return d.limit(ctx, pages+room)
}

// empty makes room again.
func (d *disk) empty(ctx context.Context) error { return d.limit(ctx, 1<<30) }

func (d *disk) limit(ctx context.Context, pages int) error {
	rows, err := d.writer.QueryContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages), nil)
	if err != nil {
		return err
	}
	_ = rows.Next(make([]driver.Value, 1))
	return rows.Close()
}

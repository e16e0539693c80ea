package bundle

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// WriteOptions say for whom a bundle is and how it is written; the zero value is for everyone.
type WriteOptions struct {
	For      []trust.Key // devices that it is for; none for all of the roster
	All      bool        // the whole history, also what its readers are known to hold
	Limit    int64       // bytes of a file; 0 for MaxFile
	Photos   int64       // bytes of photos and documents; 0 for MaxFile, less than 0 for none
	Now      func() time.Time
	Random   io.Reader
	Progress func(done, total int) // entries; nil for none
	Carried  func(done, total int) // photos and documents, after the entries; nil for none

	batch int // entries of a batch; 0 for that of an exchange
}

// Written is what a writing left on a stick.
type Written struct {
	Files   []string
	Sums    [][32]byte // of the files, as Report.Sum gives them
	Entries int        // of people's records, control not counted
	Devices int        // that may lack one of these entries and can read it
	Bytes   int64
	Photos  int  // photos and documents, their thumbnails not counted
	Left    int  // photos and documents that somebody may lack and for which there was no room
	Full    bool // there was less room on the stick than it had said
}

// writer writes one set of files.
type writer struct {
	s       Store
	o       WriteOptions
	dir     string
	set     []byte
	control [][]byte // packed, for the cover of every file
	cover   []reader
	covered int64 // bytes of control
	files   []*file
	named   int // how many of them bear their names
	total   int
	reached map[trust.Key]bool
	out     Written
}

// Write writes what the other devices of the territory may lack here into dest: a folder, where the files get
// names of their own, or the name of a file. Entries bear their final name once all of them are on the stick;
// only then are photos and documents written, into files of their own. What an error left unfinished is removed
// as far as the stick lets it, and what bears its name is told of beside the error.
func Write(ctx context.Context, s Store, dest string, o WriteOptions) (Written, error) {
	fill(&o)
	path, err := pathOf(dest, o)
	if err != nil {
		return Written{}, fmt.Errorf("bundle: write: %w", err)
	}
	w := &writer{s: s, o: o, dir: filepath.Dir(path), set: make([]byte, setLen), reached: map[trust.Key]bool{}}
	if _, err := io.ReadFull(o.Random, w.set); err != nil {
		return Written{}, fmt.Errorf("bundle: write: %w", err)
	}
	sweep(w.dir)
	p, parcels, err := w.facts(ctx)
	if err == nil {
		err = w.settle(path)
	}
	if err == nil {
		err = w.photos(ctx, p, parcels, path)
	}
	w.out.Devices = len(w.reached)
	if err != nil {
		w.dropUnnamed()
		return w.out, fmt.Errorf("bundle: write: %w", cause(err))
	}
	return w.out, nil
}

// settle gives the files that are finished their names.
func (w *writer) settle(path string) error {
	names, err := name(path, w.files, w.named)
	w.out.Files = append(w.out.Files, names...)
	for _, f := range w.files[w.named : w.named+len(names)] {
		w.out.Bytes += f.at
		w.out.Sums = append(w.out.Sums, [32]byte(f.all.Sum(nil)))
	}
	w.named += len(names)
	return err
}

// dropUnnamed removes the files that have no name yet.
func (w *writer) dropUnnamed() {
	for _, f := range w.files[w.named:] {
		f.drop()
	}
	w.files = w.files[:w.named]
}

func fill(o *WriteOptions) {
	if o.Limit == 0 {
		o.Limit = MaxFile
	}
	if o.batch == 0 {
		o.batch = exchange.BatchEntries
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	if o.Carried == nil {
		o.Carried = func(int, int) {}
	}
	if o.Photos == 0 {
		o.Photos = MaxFile
	}
}

// pathOf returns the file to write. A name that is made up says when, never who.
func pathOf(dest string, o WriteOptions) (string, error) {
	if info, err := os.Stat(dest); err == nil && info.IsDir() {
		var b [2]byte
		if _, err := io.ReadFull(o.Random, b[:]); err != nil {
			return "", err
		}
		return filepath.Join(dest, "buron-"+o.Now().Format("20060102-1504-")+hex.EncodeToString(b[:])+Ext), nil
	}
	if !strings.EqualFold(filepath.Ext(dest), Ext) {
		return "", ErrNoPlace // a folder was named, and it is not there
	}
	return dest, nil
}

// facts writes the entries, and returns what was planned.
func (w *writer) facts(ctx context.Context) (*planner, []parcel, error) {
	p, err := newPlanner(ctx, w.s, w.o)
	if err != nil {
		return nil, nil, err
	}
	parcels, err := p.parcels(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, one := range parcels {
		for _, l := range one.lacks {
			w.total += l.entries
		}
	}
	if err := w.packControl(ctx); err != nil {
		return nil, nil, err
	}
	if err := w.next(); err != nil {
		return nil, nil, err
	}
	for _, one := range parcels {
		if err := w.parcel(ctx, one); err != nil {
			return nil, nil, err
		}
		for _, k := range one.short {
			w.reached[k] = true
		}
	}
	return p, parcels, w.close(true)
}

// packControl makes ready what the cover of every file says: all of control, for every device of the roster,
// this one included, so that it knows its own sticks.
func (w *writer) packControl(ctx context.Context) error {
	w.cover = readers(w.s.Roster().Devices())
	heads, err := w.s.Heads(ctx, trust.Control)
	if err != nil {
		return err
	}
	var chains []lack
	for i, h := range heads {
		if i == 0 || heads[i-1].Chain != h.Chain {
			chains = append(chains, lack{chain: h.Chain, forked: true})
		}
	}
	return w.batches(ctx, chains, func(packed []byte, _ int) error {
		w.control, w.covered = append(w.control, packed), w.covered+int64(len(packed))
		return nil
	})
}

// parcel writes one part, in as many files as it takes.
func (w *writer) parcel(ctx context.Context, p parcel) error {
	if err := w.file().begin(p.readers); err != nil {
		return err
	}
	heads, err := p.heads.encode()
	if err != nil {
		return err
	}
	if err := w.frame(p, frameReceipt, heads); err != nil {
		return err
	}
	if p.missing != nil {
		if err := w.frame(p, frameLacks, p.missing); err != nil {
			return err
		}
	}
	err = w.batches(ctx, p.lacks, func(packed []byte, entries int) error {
		if err := w.frame(p, framePieces, packed); err != nil {
			return err
		}
		w.out.Entries += entries
		w.o.Progress(w.out.Entries, max(w.total, w.out.Entries))
		return nil
	})
	if err != nil {
		return err
	}
	return w.file().end()
}

// frame writes into the open segment, in the next file where this one would grow over the limit.
func (w *writer) frame(p parcel, kind byte, content []byte) error {
	f := w.file()
	if f.frames > 0 && (f.at+int64(len(content))+w.covered+reserve > w.o.Limit || len(f.segments) >= maxSegments-2) {
		if err := f.end(); err != nil {
			return err
		}
		if err := w.close(false); err != nil {
			return err
		}
		if err := w.next(); err != nil {
			return err
		}
		f = w.file()
		if err := f.begin(p.readers); err != nil {
			return err
		}
	}
	return f.frame(kind, content)
}

func (w *writer) file() *file { return w.files[len(w.files)-1] }

func (w *writer) next() error {
	t := w.s.Territory()
	f, err := create(w.dir, tagOf(t))
	if f != nil {
		w.files = append(w.files, f)
	}
	return err
}

// close ends a file with its cover: the manifest over all that stands before, and control.
func (w *writer) close(last bool) error {
	f := w.file()
	id := w.s.Identity()
	maker := id.Public()
	m := manifest{Version: version, Maker: maker[:], Made: w.o.Now().UnixMilli(), Set: w.set, Part: len(w.files), Last: last, Segments: f.hashes}
	sealed, err := m.seal(w.s.Territory(), id.Key)
	if err != nil {
		return err
	}
	if err := f.begin(w.cover); err != nil {
		return err
	}
	if err := f.frame(frameManifest, sealed); err != nil {
		return err
	}
	for _, packed := range w.control {
		if err := f.frame(framePieces, packed); err != nil {
			return err
		}
	}
	if err := f.end(); err != nil {
		return err
	}
	return f.finish()
}

// batches packs what is lacking of chains in batches of the size of an exchange's.
func (w *writer) batches(ctx context.Context, chains []lack, put func(packed []byte, entries int) error) error {
	var batch []journal.Piece
	entries, bytes := 0, 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		packed, err := exchange.Pack(batch)
		if err == nil {
			err = put(packed, entries)
		}
		batch, entries, bytes = nil, 0, 0
		return err
	}
	for _, l := range chains {
		have := l.have
		for more := true; more; {
			if err := ctx.Err(); err != nil {
				return err
			}
			pieces, rest, err := w.s.Missing(ctx, l.chain, have, w.o.batch-entries, exchange.BatchBytes-bytes)
			if err != nil {
				return err
			}
			for _, p := range pieces {
				entries, bytes = entries+len(p.Entries), bytes+exchange.Size(p)
				if !l.forked {
					have = have[:0:0] // on a single line the last one says it all
				}
				have = append(have, p.Entries[len(p.Entries)-1].Hash)
			}
			batch = append(batch, pieces...)
			more = rest && len(pieces)+len(batch) > 0 // a run for which there was no room may have it in the next batch
			if more || entries >= w.o.batch || bytes >= exchange.BatchBytes {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

package bundle

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
)

// part is a part of a blob in a frame. Its size and what it is are the maker's word: they serve to count.
type part struct {
	exchange.Chunk
	size  int64
	thumb bool
}

// partHead is the length of what stands before a part's bytes: hash, size, offset, and 1 for a thumbnail.
const partHead = len(journal.Hash{}) + 4 + 4 + 1

func (p part) encode() []byte {
	b := make([]byte, 0, partHead+len(p.Bytes))
	b = append(b, p.Hash[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(p.size))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Offset))
	flag := byte(0)
	if p.thumb {
		flag = 1
	}
	return append(append(b, flag), p.Bytes...)
}

func parsePart(b []byte) (p part, err error) {
	if len(b) <= partHead || b[partHead-1] > 1 {
		return p, fmt.Errorf("%w: part of a blob", ErrDamaged)
	}
	n := copy(p.Hash[:], b)
	p.size, p.Offset = int64(binary.BigEndian.Uint32(b[n:])), int64(binary.BigEndian.Uint32(b[n+4:]))
	p.thumb, p.Bytes = b[partHead-1] == 1, b[partHead:]
	if p.size > journal.MaxBlob || p.Offset+int64(len(p.Bytes)) > p.size {
		return p, fmt.Errorf("%w: part of a blob", ErrDamaged)
	}
	return p, nil
}

// wireLacks says which blobs of a scope the maker lacks: of those that it does not list, and whose entries it
// holds, it holds all.
type wireLacks struct {
	_      struct{} `cbor:",toarray"`
	Scope  string
	Hashes []byte
}

func parseLacks(b []byte) (scope string, lacked []journal.Hash, err error) {
	var w wireLacks
	if err := codec.dec.Unmarshal(b, &w); err != nil {
		return "", nil, fmt.Errorf("%w: lacks: %w", ErrDamaged, err)
	}
	const n = len(journal.Hash{})
	if len(w.Hashes)%n != 0 || len(w.Hashes)/n > maxLacks || len(w.Scope) > journal.MaxScope {
		return "", nil, fmt.Errorf("%w: lacks", ErrDamaged)
	}
	for h := range slices.Chunk(w.Hashes, n) {
		lacked = append(lacked, journal.Hash(h))
	}
	return w.Scope, lacked, nil
}

// name finds the blobs that a parcel may be followed by, and says which of them this device lacks. One that may
// not read the scope passes on what it wrote, and cannot tell of the rest.
func (p *planner) name(ctx context.Context, one *parcel) error {
	named, err := p.s.NamedBlobs(ctx, one.scope)
	if err != nil {
		return err
	}
	if !p.me.MayRead(one.scope) {
		for _, b := range named {
			if b.By, err = p.by(ctx, b.By, p.me.Key); err != nil {
				return err
			}
			if len(b.By) > 0 {
				one.named = append(one.named, b)
			}
		}
		return nil
	}
	one.named = named
	lacks := wireLacks{Scope: one.scope, Hashes: []byte{}}
	for _, b := range named {
		if b.Have < b.Size {
			lacks.Hashes = append(lacks.Hashes, b.Hash[:]...)
		}
	}
	if len(lacks.Hashes) > maxLacks*len(journal.Hash{}) {
		return nil // more than can be said: nothing is, and all of it is taken for lacking
	}
	one.missing, err = codec.enc.Marshal(lacks)
	return err
}

// load is a blob that is to be written.
type load struct {
	exchange.NamedBlob
	parcel int
}

// loads lists what readers may lack of the blobs that are held here, in the order in which it is to be written.
func (p *planner) loads(ctx context.Context, parcels []parcel) ([]load, error) {
	var out []load
	for i, one := range parcels {
		if len(one.named) == 0 {
			continue
		}
		weighed, err := p.holders(ctx, one)
		if err != nil {
			return nil, err
		}
		for _, b := range one.named {
			if b.Have == b.Size && (len(weighed) == 0 || slices.ContainsFunc(weighed, func(h holder) bool { return h.lacks(b) })) {
				out = append(out, load{b, i})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b load) int { return exchange.SmallFirst(a.NamedBlob, b.NamedBlob) })
	return out, nil
}

// holder is a reader of whom something is known.
type holder struct {
	ends map[journal.Chain]uint64
	said exchange.Lacking
}

// lacks reports whether the reader may lack a blob: it is not known to hold what names it, or has said that it does.
func (h holder) lacks(b exchange.NamedBlob) bool {
	ends := h.ends
	if h.said.Only {
		ends = h.said.Ends
	}
	return h.said.Said[b.Hash] || !slices.ContainsFunc(b.By, func(e exchange.Head) bool { return ends[e.Chain] >= e.Seq })
}

// holders returns the readers of a parcel whose known ends decide what is left out; none where all of it goes.
func (p *planner) holders(ctx context.Context, one parcel) ([]holder, error) {
	var out []holder
	for _, d := range one.readers {
		if p.all || !slices.ContainsFunc(p.weighed, func(w reader) bool { return w.Key == d.Key }) {
			continue
		}
		known, err := p.s.Known(ctx, one.scope, d.Key)
		if err != nil {
			return nil, err
		}
		h := holder{ends: map[journal.Chain]uint64{}}
		for _, k := range known {
			h.ends[k.Chain] = k.Seq
		}
		if h.said, err = p.s.LackedBy(ctx, d.Key, one.scope); err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

// photos writes blobs into files of their own, once the entries are on the stick under their names: as many as
// there is room for. A stick that turns out to be full loses the file that was begun, and no entry.
func (w *writer) photos(ctx context.Context, p *planner, parcels []parcel, path string) error {
	all, err := p.loads(ctx, parcels)
	if err != nil || len(all) == 0 {
		return err
	}
	loads := all[:w.fitting(all)]
	for _, l := range all[len(loads):] {
		w.out.Left += l.count()
	}
	if len(loads) == 0 {
		return nil
	}
	before := w.out
	err = w.load(ctx, parcels, loads)
	if full := cause(err); errors.Is(full, ErrFull) {
		w.dropUnnamed()
		w.out = before
		w.out.Full = true
		for _, l := range loads {
			w.out.Left += l.count()
		}
		return nil
	}
	if err != nil {
		return err
	}
	return w.settle(path)
}

// count is what a blob adds to the number of photos and documents: a thumbnail is none of its own.
func (l load) count() int {
	if l.Thumb {
		return 0
	}
	return 1
}

// fitting returns how many of the loads fit into what was asked for, and into what is free on the stick.
func (w *writer) fitting(loads []load) int {
	room := w.o.Photos
	if free, known := freeIn(w.dir); known {
		// What encryption and frames add is less than a part in 500.
		room = min(room, (free-w.covered-2*reserve)/500*499)
	}
	for i, l := range loads {
		if room -= l.Size + int64(partHead); room < 0 {
			return i
		}
	}
	return len(loads)
}

// load writes blobs: the small ones of every scope, then the others.
func (w *writer) load(ctx context.Context, parcels []parcel, loads []load) error {
	if err := w.next(); err != nil {
		return err
	}
	total, done := 0, 0
	for _, l := range loads {
		total += l.count()
	}
	for _, small := range []bool{true, false} {
		for i, one := range parcels {
			var mine []load
			for _, l := range loads {
				if l.parcel == i && (l.Size <= smallBlob) == small {
					mine = append(mine, l)
				}
			}
			if len(mine) == 0 {
				continue
			}
			if err := w.file().begin(one.readers); err != nil {
				return err
			}
			for _, l := range mine {
				whole, err := w.blob(ctx, one, l)
				if err != nil {
					return err
				}
				if whole {
					done += l.count()
					w.out.Photos = done
				}
				w.o.Carried(done, total)
			}
			if err := w.file().end(); err != nil {
				return err
			}
			w.reach(one)
		}
	}
	return w.close(true)
}

// reach counts the readers of a parcel of which it is not known that they lack nothing.
func (w *writer) reach(one parcel) {
	for _, d := range one.readers {
		w.reached[d.Key] = true
	}
}

// blob writes one blob, part by part; false where it was erased meanwhile.
func (w *writer) blob(ctx context.Context, one parcel, l load) (whole bool, err error) {
	for at := int64(0); at < l.Size; {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		b, _, err := w.s.ReadBlob(ctx, l.Hash, at, exchange.BlobBytes)
		if err != nil || len(b) == 0 {
			return false, err
		}
		p := part{exchange.Chunk{Hash: l.Hash, Offset: at, Bytes: b}, l.Size, l.Thumb}
		if err := w.frame(one, frameBlob, p.encode()); err != nil {
			return false, err
		}
		at += int64(len(b))
	}
	return true, nil
}

// gather holds parts back until there are enough for one writing to the disk.
type gather struct {
	parts []part
	bytes int
}

// blob takes up a part of a blob that is lacking here.
func (x *opener) blob(ctx context.Context, content []byte) error {
	p, err := parsePart(content)
	if err != nil || !x.admitted || x.r.Revoked {
		return err
	}
	if n := len(x.gather.parts); n > 0 {
		last := &x.gather.parts[n-1]
		if last.Hash == p.Hash && last.Offset+int64(len(last.Bytes)) == p.Offset {
			last.Bytes = append(last.Bytes, p.Bytes...)
			return x.enough(ctx, len(p.Bytes))
		}
	}
	have, size, err := x.s.BlobHeld(ctx, p.Hash)
	end := p.Offset + int64(len(p.Bytes))
	switch {
	case err != nil:
		return err
	case size > 0 && end <= have:
		return nil // held already
	case size == 0 || p.Offset > have:
		// Nothing here names it: what names it is yet to come, or was erased. Or the part before is on another file.
		x.wait(p)
		return nil
	}
	p.Bytes, p.Offset = p.Bytes[have-p.Offset:], have
	x.gather.parts = append(x.gather.parts, p)
	return x.enough(ctx, len(p.Bytes))
}

func (x *opener) wait(p part) {
	if x.waiting == nil {
		x.waiting = map[journal.Hash]bool{}
	}
	if !x.waiting[p.Hash] && len(x.waiting) < maxLacks {
		x.waiting[p.Hash] = true
		x.r.Unnamed++
	}
}

func (x *opener) enough(ctx context.Context, more int) error {
	if x.gather.bytes += more; x.gather.bytes < gathered {
		return nil
	}
	return x.store(ctx)
}

// store hands what was gathered to the replica.
func (x *opener) store(ctx context.Context) error {
	parts := x.gather.parts
	x.gather = gather{}
	if len(parts) == 0 {
		return nil
	}
	chunks := make([]exchange.Chunk, len(parts))
	for i, p := range parts {
		chunks[i] = p.Chunk
	}
	have, refused, err := x.s.StoreCarried(ctx, x.r.Maker, chunks)
	if err != nil {
		return err
	}
	x.r.Refused = append(x.r.Refused, refused...)
	for i, p := range parts {
		switch {
		case have[i] < 0 && !p.thumb:
			if x.full == nil {
				x.full = map[journal.Hash]bool{}
			}
			if !x.full[p.Hash] {
				x.full[p.Hash] = true
				x.r.NoRoom++
			}
		case have[i] == p.size && !p.thumb:
			x.r.Photos++
		}
	}
	return nil
}

// noteLacks notes what the maker has said that it lacks, of scopes of which it holds something that is held here.
func (x *opener) noteLacks(ctx context.Context, good []exchange.Head) error {
	for scope, lacked := range x.lacks {
		heads := slices.DeleteFunc(slices.Clone(good), func(h exchange.Head) bool { return h.Chain.Scope != scope })
		if len(heads) > 0 {
			if err := x.s.NoteLacked(ctx, x.r.Maker, scope, heads, lacked); err != nil {
				return err
			}
		}
	}
	return nil
}

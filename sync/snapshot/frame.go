package snapshot

import (
	"crypto/sha256"
	"fmt"
	"math"
	"sync"

	"cantal.fr/buron/sync/journal"
	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"
)

// Record is one merged record.
type Record struct {
	Kind     string
	ID       uuid.UUID
	Personal bool   // an operation said so: it is sealed at rest, whatever its kind
	Cells    []Cell // in the order of their fields
}

// Cell is one field: the versions that nothing held replaces, and the dots that were named as replaced before
// their entries had arrived.
type Cell struct {
	Field    string
	Versions []Version
	Pending  []journal.Dot
}

// Version is one value of a field, with the entry that wrote it.
type Version struct {
	Dot   journal.Dot
	HLC   journal.HLC
	Value any
	Into  uuid.UUID // the record into which this one was merged; nil but for a version of « archived »
}

// Flags of a record.
const flagPersonal = 1

// Builder gathers records into frames.
type Builder struct {
	incarnations table[journal.Incarnation]
	names        table[string]
	stamps       table[stamp]
	heads, body  []byte // stamps and records, encoded
	records      int
	frames       [][]byte
	parts        []Part
}

// minStamp is the fewest bytes that a stamp takes: its own head, place, number, tag after its length, clock.
const minStamp = 1 + 1 + 1 + 9 + 1

type stamp struct {
	dot journal.Dot
	hlc journal.HLC
}

// table numbers values in the order in which they are first named.
type table[K comparable] struct {
	list []K
	at   map[K]int
}

func (t *table[K]) place(k K) (n int, known bool) {
	if n, known = t.at[k]; known {
		return n, true
	}
	if t.at == nil {
		t.at = map[K]int{}
	}
	n = len(t.list)
	t.list, t.at[k] = append(t.list, k), n
	return n, false
}

// Add takes one more record. The error is ErrTooLarge where the format has no room for it.
func (b *Builder) Add(rec *Record) error {
	before := len(b.body)
	kind, _ := b.names.place(rec.Kind)
	flags := uint64(0)
	if rec.Personal {
		flags = flagPersonal
	}
	b.body = appendHead(appendHead(b.body, cborArray, 4), cborUint, uint64(kind))
	b.body = appendHead(appendBytes(b.body, rec.ID[:]), cborUint, flags)
	b.body = appendHead(b.body, cborArray, uint64(len(rec.Cells)))
	if len(rec.Cells) > maxCells {
		return ErrTooLarge
	}
	for i := range rec.Cells {
		if err := b.cell(&rec.Cells[i]); err != nil {
			return err
		}
	}
	if len(b.body)-before > maxRecord {
		return fmt.Errorf("%w: record %s", ErrTooLarge, rec.ID)
	}
	b.records++
	if len(b.body)+len(b.heads) >= FrameBytes {
		return b.close()
	}
	return nil
}

func (b *Builder) cell(c *Cell) error {
	if len(c.Versions) > maxVersions || len(c.Pending) > maxVersions {
		return ErrTooLarge
	}
	size := uint64(2)
	if len(c.Pending) > 0 {
		size = 3
	}
	field, _ := b.names.place(c.Field)
	b.body = appendHead(appendHead(b.body, cborArray, size), cborUint, uint64(field))
	b.body = appendHead(b.body, cborArray, uint64(len(c.Versions)))
	for i := range c.Versions {
		v := &c.Versions[i]
		parts := uint64(2)
		if v.Into != uuid.Nil {
			parts = 3
		}
		at, known := b.stamps.place(stamp{v.Dot, v.HLC})
		if !known {
			b.heads = appendHead(b.dot(appendHead(b.heads, cborArray, 4), v.Dot), cborUint, uint64(v.HLC))
		}
		var err error
		if b.body, err = appendValue(appendHead(appendHead(b.body, cborArray, parts), cborUint, uint64(at)), v.Value); err != nil {
			return err
		}
		if parts == 3 {
			b.body = appendBytes(b.body, v.Into[:])
		}
	}
	if size == 3 {
		b.body = appendHead(b.body, cborArray, uint64(len(c.Pending)))
		for _, d := range c.Pending {
			b.body = b.dot(appendHead(b.body, cborArray, 3), d)
		}
	}
	return nil
}

func (b *Builder) dot(to []byte, d journal.Dot) []byte {
	n, _ := b.incarnations.place(d.Incarnation)
	to = appendHead(appendHead(to, cborUint, uint64(n)), cborUint, d.Seq)
	return appendBytes(to, d.Tag[:])
}

// close packs the records gathered so far.
func (b *Builder) close() error {
	raw := appendHead(make([]byte, 0, len(b.body)+len(b.heads)+4<<10), cborMap, 4)
	raw = appendHead(appendHead(raw, cborUint, 0), cborArray, uint64(len(b.incarnations.list)))
	for _, i := range b.incarnations.list {
		raw = appendBytes(raw, i[:])
	}
	raw = appendHead(appendHead(raw, cborUint, 1), cborArray, uint64(len(b.names.list)))
	for _, n := range b.names.list {
		raw = appendText(raw, n)
	}
	raw = append(appendHead(appendHead(raw, cborUint, 2), cborArray, uint64(len(b.stamps.list))), b.heads...)
	raw = append(appendHead(appendHead(raw, cborUint, 3), cborArray, uint64(b.records)), b.body...)
	if len(raw) > MaxFrame || len(b.frames) == MaxFrames {
		return ErrTooLarge
	}
	packed, err := pack(raw)
	if err != nil {
		return err
	}
	b.frames = append(b.frames, packed)
	b.parts = append(b.parts, Part{sha256.Sum256(packed), len(packed)})
	*b = Builder{frames: b.frames, parts: b.parts, heads: b.heads[:0], body: b.body[:0]}
	return nil
}

// Frames returns the frames of what was added, as they travel, and what a header says of them.
func (b *Builder) Frames() ([][]byte, []Part, error) {
	if b.records > 0 {
		if err := b.close(); err != nil {
			return nil, nil, err
		}
	}
	return b.frames, b.parts, nil
}

// Frame reads the records of a frame that was checked, and gives each to take. A record and what it holds are
// valid until take returns; texts and byte strings stay. The error is ErrForm where it is not of the format.
func Frame(packed []byte, take func(*Record) error) error {
	raw, err := unpack(packed)
	if err != nil {
		return err
	}
	f := &frame{reader: reader{s: string(raw)}}
	f.bad = f.expect(cborMap) != 4 || f.bad
	f.tables()
	f.key(3)
	n := f.array(MaxFrame)
	for range n {
		f.record()
		if f.bad {
			return ErrForm
		}
		if err := take(&f.rec); err != nil {
			return err
		}
	}
	if !f.end() {
		return ErrForm
	}
	return nil
}

// frame is one that is being read. Its slices are used again for the next record.
type frame struct {
	reader
	incarnations []journal.Incarnation
	names        []string
	stamps       []stamp
	rec          Record
	cells        []Cell
	versions     []Version
	pending      []journal.Dot
}

func (f *frame) tables() {
	f.key(0)
	f.incarnations = make([]journal.Incarnation, f.arrayOf(MaxFrame, 1+len(journal.Incarnation{})))
	for i := range f.incarnations {
		f.exact(f.incarnations[i][:])
	}
	f.key(1)
	f.names = make([]string, f.arrayOf(MaxFrame, 2))
	for i := range f.names {
		f.names[i] = f.text(journal.MaxFieldName)
		f.bad = f.bad || f.names[i] == ""
	}
	f.key(2)
	f.stamps = make([]stamp, f.arrayOf(MaxFrame, minStamp))
	for i := range f.stamps {
		f.bad = f.array(4) != 4 || f.bad
		f.stamps[i].dot = f.dot()
		f.stamps[i].hlc = journal.HLC(f.expect(cborUint))
		if f.bad {
			return
		}
	}
}

// dot reads the three parts of a dot.
func (f *frame) dot() (d journal.Dot) {
	if i := f.index(len(f.incarnations)); !f.bad {
		d.Incarnation = f.incarnations[i]
	}
	d.Seq = f.expect(cborUint)
	f.exact(d.Tag[:])
	f.bad = f.bad || d.Seq == 0 || d.Seq > math.MaxInt64
	return d
}

func (f *frame) name() string {
	if i := f.index(len(f.names)); !f.bad {
		return f.names[i]
	}
	return ""
}

func (f *frame) record() {
	f.cells, f.versions, f.pending = f.cells[:0], f.versions[:0], f.pending[:0]
	f.bad = f.array(4) != 4 || f.bad
	f.rec.Kind = f.name()
	f.exact(f.rec.ID[:])
	flags := f.expect(cborUint)
	f.rec.Personal = flags == flagPersonal
	n := f.array(maxCells)
	if f.bad = f.bad || flags > flagPersonal; f.bad {
		return
	}
	for i := range n {
		c := f.cell()
		f.bad = f.bad || (i > 0 && c.Field <= f.cells[i-1].Field)
		if f.bad {
			return
		}
		f.cells = append(f.cells, c)
	}
	f.rec.Cells = f.cells
}

func (f *frame) cell() (c Cell) {
	size := f.array(3)
	c.Field = f.name()
	n := f.array(maxVersions)
	if f.bad = f.bad || size < 2; f.bad {
		return c
	}
	from := len(f.versions)
	for range n {
		var v Version
		parts := f.array(3)
		if i := f.index(len(f.stamps)); !f.bad {
			v.Dot, v.HLC = f.stamps[i].dot, f.stamps[i].hlc
		}
		v.Value = f.wholeValue()
		if parts == 3 {
			f.exact(v.Into[:])
		}
		if f.bad = f.bad || parts < 2; f.bad {
			return c
		}
		f.versions = append(f.versions, v)
	}
	c.Versions = f.versions[from:len(f.versions):len(f.versions)]
	if size == 3 {
		from, n = len(f.pending), f.array(maxVersions)
		for range n {
			f.bad = f.array(3) != 3 || f.bad
			if f.pending = append(f.pending, f.dot()); f.bad {
				return c
			}
		}
		c.Pending = f.pending[from:len(f.pending):len(f.pending)]
	}
	f.bad = f.bad || (len(c.Versions) == 0 && len(c.Pending) == 0)
	return c
}

// encoders and decoders are kept for the next frame: their tables cost more than a small one.
var encoders, decoders sync.Pool

func pack(raw []byte) ([]byte, error) {
	enc, ok := encoders.Get().(*zstd.Encoder)
	if !ok {
		var err error
		enc, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(FrameBytes<<1))
		if err != nil {
			return nil, fmt.Errorf("snapshot: compress: %w", err)
		}
	}
	defer encoders.Put(enc)
	return enc.EncodeAll(raw, nil), nil
}

func unpack(packed []byte) ([]byte, error) {
	dec, ok := decoders.Get().(*zstd.Decoder)
	if !ok {
		var err error
		if dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxFrame)); err != nil {
			return nil, fmt.Errorf("snapshot: decompress: %w", err)
		}
	}
	defer decoders.Put(dec)
	raw, err := dec.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	return raw, nil
}

package replica

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// A record's row holds the values shown, which are queried, and its cells: who wrote each of them, and what else
// survives. What a cell shows is not written again there. Of a record that one entry wrote, the cells are that
// entry's name.
//
//	cells    = packedCells, stamps, exception…
//	stamps   = how many, then for each: writer, sequence number, tag (8 bytes), instant (8 bytes)
//	exception= name, how many versions, version…, how many pending, pending…
//	version  = stamp and form in one number, then the value or the record merged into where the form has one
//	pending  = writer, sequence number, tag
//
// Numbers are unsigned varints, names and values stand after their length. A field without an exception has
// the one version that is shown, by the first stamp.

// packedCells stands before cells in this form. Those of earlier versions begin with a CBOR array, sealed ones
// with sealedCells.
const packedCells = 0x02

// Forms of a version: where its value is.
const (
	valueShown   = 0 // among the values shown
	valueCleared = 1
	valueBeside  = 2 // after it, in CBOR
	mergedInto   = 4 // added where a record is named after it
	formBits     = 3
)

// numbering gives a writer a small number, and naming gives it back: twelve bytes and more of each record are
// names of writers otherwise.
type (
	numbering func(journal.Incarnation) (uint64, error)
	naming    func(uint64) (journal.Incarnation, error)
)

// packFields returns the values shown as they are queried, images left out, with what is sealed of others; ""
// for nothing.
func packFields(f record.Fields, sealed string) ([]byte, error) {
	names := make([]string, 0, len(f))
	for name, v := range f {
		if _, image := v.([]byte); !image && name != sealedField {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	payload := make([]byte, 0, 256)
	var err error
	for _, name := range names {
		if payload, err = appendMember(payload, codeOf(name), f[name]); err != nil {
			return nil, err
		}
	}
	if sealed != "" {
		if payload, err = appendMember(payload, sealedField, sealed); err != nil {
			return nil, err
		}
	}
	return appendElement(nil, jsonObject, payload), nil
}

// unpackFields reads what packFields wrote.
func unpackFields(b []byte) (record.Fields, error) {
	kind, payload, rest, err := readElement(b)
	if err != nil || kind != jsonObject || len(rest) > 0 {
		return nil, fmt.Errorf("%w: fields", ErrDamaged)
	}
	out := make(record.Fields, 16)
	if err := readMembers(out, payload, nameOfCode, 0); err != nil {
		return nil, fmt.Errorf("%w: fields", ErrDamaged)
	}
	return out, nil
}

// shows reports whether a value is read back from the values shown as it was.
func (c *cell) shows(v version) bool {
	return c.field != MergedInto && c.field != sealedField && readsBack(v.value)
}

func readsBack(v any) bool {
	switch v := v.(type) {
	case bool, int64, string:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return e != nil && !readsBack(e) })
	case map[string]any:
		for _, e := range v {
			if e != nil && !readsBack(e) {
				return false
			}
		}
		return true
	}
	return false
}

// plain reports whether the cell is one version that is shown and nothing else.
func (c *cell) plain() bool {
	return len(c.versions) == 1 && len(c.pending) == 0 && c.versions[0].into == uuid.Nil && c.shows(c.versions[0])
}

// stamps returns the entries that wrote the surviving versions, the one of most plain cells first.
func (s *state) stamps() []version {
	var out []version
	plain := map[journal.Dot]int{}
	for i := range s.cells {
		c := &s.cells[i]
		for _, v := range c.versions {
			if _, known := plain[v.dot]; !known {
				plain[v.dot] = 0
				out = append(out, version{dot: v.dot, hlc: v.hlc})
			}
		}
		if c.plain() {
			plain[c.versions[0].dot]++
		}
	}
	slices.SortFunc(out, func(a, b version) int { return journal.CompareDots(a.dot, b.dot) })
	slices.SortStableFunc(out, func(a, b version) int { return plain[b.dot] - plain[a.dot] })
	return out
}

// packCells returns the cells of a record whose shown values stand beside them.
func (s *state) packCells(number numbering) ([]byte, error) {
	stamps := s.stamps()
	index := make(map[journal.Dot]uint64, len(stamps))
	b := binary.AppendUvarint([]byte{packedCells}, uint64(len(stamps)))
	var err error
	for i, v := range stamps {
		if b, err = appendDot(b, v.dot, number); err != nil {
			return nil, err
		}
		b = binary.BigEndian.AppendUint64(b, uint64(v.hlc))
		index[v.dot] = uint64(i)
	}
	for i := range s.cells {
		c := &s.cells[i]
		if c.plain() && index[c.versions[0].dot] == 0 {
			continue
		}
		if b, err = c.pack(b, index, number); err != nil {
			return nil, fmt.Errorf("cells of %s: %w", s.id, err)
		}
	}
	return b, nil
}

func appendDot(b []byte, d journal.Dot, number numbering) ([]byte, error) {
	n, err := number(d.Incarnation)
	b = binary.AppendUvarint(binary.AppendUvarint(b, n), d.Seq)
	return append(b, d.Tag[:]...), err
}

func appendCounted(b, v []byte) []byte { return append(binary.AppendUvarint(b, uint64(len(v))), v...) }

// pack appends an exception.
func (c *cell) pack(b []byte, index map[journal.Dot]uint64, number numbering) ([]byte, error) {
	slices.SortFunc(c.versions, func(a, b version) int { return journal.CompareDots(a.dot, b.dot) })
	slices.SortFunc(c.pending, journal.CompareDots)
	c.places = nil // they are others now
	shown, _ := c.shown()
	b = binary.AppendUvarint(appendCounted(b, []byte(c.field)), uint64(len(c.versions)))
	for _, v := range c.versions {
		form := uint64(valueBeside)
		switch {
		case v.value == nil:
			form = valueCleared
		case v.dot == shown.dot && c.shows(v):
			form = valueShown
		}
		if v.into != uuid.Nil {
			form |= mergedInto
		}
		b = binary.AppendUvarint(b, index[v.dot]<<formBits|form)
		if form&^mergedInto == valueBeside {
			value, err := cellCodec.enc.Marshal(v.value)
			if err != nil {
				return nil, err
			}
			b = appendCounted(b, value)
		}
		if v.into != uuid.Nil {
			b = append(b, v.into[:]...)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(c.pending)))
	for _, d := range c.pending {
		var err error
		if b, err = appendDot(b, d, number); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// unpacker reads packed cells and remembers the first failure.
type unpacker struct {
	b    []byte
	name naming
	err  error
}

func (u *unpacker) fail(err error) {
	if u.err == nil {
		u.err = err
	}
	u.b = nil
}

func (u *unpacker) number() uint64 {
	n, size := binary.Uvarint(u.b)
	if size <= 0 {
		u.fail(ErrDamaged)
		return 0
	}
	u.b = u.b[size:]
	return n
}

// count reads how many things follow, each of which takes a byte at least.
func (u *unpacker) count() int {
	n := u.number()
	if n > uint64(len(u.b)) {
		u.fail(ErrDamaged)
		return 0
	}
	return int(n)
}

func (u *unpacker) take(n int) []byte {
	if n > len(u.b) {
		u.fail(ErrDamaged)
		return make([]byte, min(n, 16))
	}
	v := u.b[:n]
	u.b = u.b[n:]
	return v
}

func (u *unpacker) dot() (d journal.Dot) {
	writer := u.number()
	if d.Seq = u.number(); d.Seq > math.MaxInt64 {
		u.fail(ErrDamaged)
	}
	copy(d.Tag[:], u.take(len(d.Tag)))
	if u.err == nil {
		var err error
		if d.Incarnation, err = u.name(writer); err != nil {
			u.fail(err)
		}
	}
	return d
}

// unpackCells reads what packCells wrote, with the values shown as they stood beside it.
func (s *state) unpackCells(b []byte, f record.Fields, name naming) error {
	u := &unpacker{b: b[1:], name: name}
	stamps := make([]version, u.count())
	for i := range stamps {
		stamps[i].dot = u.dot()
		stamps[i].hlc = journal.HLC(binary.BigEndian.Uint64(u.take(8)))
	}
	s.cells = make([]cell, 0, len(f))
	for len(u.b) > 0 {
		s.cells = append(s.cells, u.cell(f, stamps))
	}
	if u.err != nil {
		return fmt.Errorf("%w: cells of %s", u.err, s.id)
	}
	excepted := s.cells // in order, as they were written
	for _, field := range slices.Sorted(maps.Keys(f)) {
		_, known := slices.BinarySearchFunc(excepted, field, func(c cell, f string) int { return cmp.Compare(c.field, f) })
		if known || field == MergedInto {
			continue
		}
		if len(stamps) == 0 {
			return fmt.Errorf("%w: cells of %s", ErrDamaged, s.id)
		}
		v := stamps[0]
		v.value = f[field]
		s.cells = append(s.cells, cell{field: field, versions: []version{v}})
	}
	slices.SortFunc(s.cells, func(a, b cell) int { return cmp.Compare(a.field, b.field) })
	return nil
}

// cell reads an exception.
func (u *unpacker) cell(f record.Fields, stamps []version) cell {
	c := cell{field: string(u.take(u.count()))}
	c.versions = make([]version, u.count())
	for i := range c.versions {
		n := u.number()
		at, form := n>>formBits, n&(1<<formBits-1)
		if at >= uint64(len(stamps)) {
			u.fail(ErrDamaged)
			return c
		}
		v := &c.versions[i]
		*v = stamps[at]
		switch form &^ mergedInto {
		case valueShown:
			v.value = f[c.field]
		case valueBeside:
			if err := cellCodec.dec.Unmarshal(u.take(u.count()), &v.value); err != nil {
				u.fail(ErrDamaged)
			}
		}
		if form&mergedInto != 0 {
			copy(v.into[:], u.take(len(v.into)))
		}
	}
	c.pending = make([]journal.Dot, u.count())
	for i := range c.pending {
		c.pending[i] = u.dot()
	}
	return c
}

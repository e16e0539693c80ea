package journal

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"
)

// quick reads the CBOR that this package itself writes: shortest forms, keys in order, scalars. Whatever else a
// body holds is left to the general decoder, which is five times slower; what both read, they read alike, as
// TestQuickReadsLikeTheCodec checks.
type quick struct {
	b   []byte
	bad bool
}

// Major types of CBOR, and the simple values that a body may hold.
const (
	cborUint, cborInt, cborBytes, cborText, cborArray, cborMap = 0, 1, 2, 3, 4, 5

	cborFalse, cborTrue, cborNull = 0xf4, 0xf5, 0xf6
)

// head reads the beginning of an item: its major type and its number, in the shortest form.
func (q *quick) head() (major byte, n uint64) {
	if q.bad || len(q.b) == 0 {
		q.bad = true
		return 0, 0
	}
	major, low := q.b[0]>>5, q.b[0]&31
	size := 0
	switch {
	case low < 24:
		q.b = q.b[1:]
		return major, uint64(low)
	case low <= 27:
		size = 1 << (low - 24)
	}
	if size == 0 || len(q.b) < 1+size || major > cborMap {
		q.bad = true
		return 0, 0
	}
	var wide [8]byte
	copy(wide[8-size:], q.b[1:])
	n = binary.BigEndian.Uint64(wide[:])
	if (size == 1 && n < 24) || (size > 1 && n>>(4*size) == 0) {
		q.bad = true
	}
	q.b = q.b[1+size:]
	return major, n
}

// expect reads the beginning of an item of one type.
func (q *quick) expect(want byte) uint64 {
	major, n := q.head()
	q.bad = q.bad || major != want
	return n
}

func (q *quick) take(n uint64) []byte {
	if q.bad || n > uint64(len(q.b)) {
		q.bad = true
		return nil
	}
	v := q.b[:n]
	q.b = q.b[n:]
	return v
}

func (q *quick) text() string {
	v := q.take(q.expect(cborText))
	q.bad = q.bad || !utf8.Valid(v)
	return string(v)
}

// value reads a scalar.
func (q *quick) value() any {
	if q.bad || len(q.b) == 0 {
		q.bad = true
		return nil
	}
	switch q.b[0] {
	case cborFalse, cborTrue:
		v := q.b[0] == cborTrue
		q.b = q.b[1:]
		return v
	case cborNull:
		q.b = q.b[1:]
		return nil
	}
	switch q.b[0] >> 5 {
	case cborText:
		return q.text()
	case cborBytes:
		return append([]byte{}, q.take(q.expect(cborBytes))...)
	case cborUint, cborInt:
		major, n := q.head()
		if q.bad = q.bad || n > math.MaxInt64; major == cborInt {
			return -1 - int64(n)
		}
		return int64(n)
	}
	q.bad = true
	return nil
}

// quickBody is decodeBody where the body has the usual form; ok is false where it may still be a body.
func quickBody(raw []byte, head OpHead) (op Op, ok bool) {
	if head.Flags&Blobs != 0 {
		return op, false // what must stand beside the flag is for the other decoder to see
	}
	q := &quick{b: raw}
	op.OpHead = head
	var refs []Dot
	before := -1
	for n := q.expect(cborMap); n > 0 && !q.bad; n-- {
		key := q.expect(cborUint)
		if int(key) <= before {
			return op, false
		}
		before = int(key)
		switch key {
		case 0:
			refs = q.refs()
		case 1:
			op.Cells = q.cells(refs)
		case 2:
			q.id(&op.UndoOf)
		case 4:
			q.id(&op.MergeInto)
		default:
			return op, false
		}
	}
	return op, !q.bad && len(q.b) == 0 && op.Cells != nil
}

func (q *quick) id(to *uuid.UUID) {
	v := q.take(q.expect(cborBytes))
	q.bad = q.bad || !exact(to[:], v)
}

func (q *quick) refs() []Dot {
	n := q.expect(cborArray)
	if q.bad || n > MaxRefs {
		q.bad = true
		return nil
	}
	out := make([]Dot, n)
	for i := range out {
		if q.expect(cborArray) != 3 {
			q.bad = true
		}
		in := q.take(q.expect(cborBytes))
		out[i].Seq = q.expect(cborUint)
		tag := q.take(q.expect(cborBytes))
		if q.bad || out[i].Seq > math.MaxInt64 || !exact(out[i].Incarnation[:], in) || !exact(out[i].Tag[:], tag) {
			q.bad = true
			return nil
		}
	}
	return out
}

func (q *quick) cells(refs []Dot) []Cell {
	n := q.expect(cborMap)
	if q.bad || n > uint64(len(q.b)) || n > maxItems {
		q.bad = true
		return nil
	}
	out := make([]Cell, 0, n)
	for range n {
		c := Cell{Field: q.text()}
		parts := q.expect(cborArray)
		if q.bad || parts < 1 || parts > 2 {
			q.bad = true
			return nil
		}
		c.Value = q.value()
		if parts == 2 {
			c.Parents = q.parents(refs)
		}
		if q.bad || checkCell(c) != nil {
			q.bad = true
			return nil
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Cell) int { return cmp.Compare(a.Field, b.Field) })
	for i := 1; i < len(out); i++ {
		q.bad = q.bad || out[i].Field == out[i-1].Field
	}
	return out
}

func (q *quick) parents(refs []Dot) []Dot {
	n := q.expect(cborArray)
	if q.bad || n > uint64(len(q.b)) || n > maxItems {
		q.bad = true
		return nil
	}
	out := make([]Dot, n)
	for i := range out {
		r := q.expect(cborUint)
		if q.bad || r >= uint64(len(refs)) {
			q.bad = true
			return nil
		}
		out[i] = refs[r]
	}
	return out
}

// quickHead reads a head of the usual form, without a genesis; ok is false where it may still be a head. What it
// returns shares the bytes of raw.
func quickHead(raw []byte) (w wireHead, ok bool) {
	q := &quick{b: raw}
	before := -1
	for n := q.expect(cborMap); n > 0 && !q.bad; n-- {
		key := q.expect(cborUint)
		if q.bad || key > 7 || int(key) <= before {
			return w, false
		}
		before = int(key)
		switch key {
		case 0:
			w.Version = q.expect(cborUint)
		case 1:
			w.Incarnation = q.take(q.expect(cborBytes))
		case 2:
			w.Scope = q.text()
		case 3:
			w.Seq = q.expect(cborUint)
		case 4:
			w.HLC = q.expect(cborUint)
		case 5:
			w.Operator = q.take(q.expect(cborBytes))
		case 6:
			w.Action = q.take(q.expect(cborBytes))
		case 7:
			w.Ops = q.ops()
		}
	}
	return w, !q.bad && len(q.b) == 0
}

func (q *quick) ops() []wireOp {
	n := q.expect(cborArray)
	if q.bad || n > MaxOps {
		q.bad = true
		return nil
	}
	out := make([]wireOp, n)
	for i := range out {
		if q.expect(cborArray) != 3 {
			q.bad = true
		}
		kind := q.take(q.expect(cborText))
		if i > 0 && string(kind) == out[i-1].Kind {
			out[i].Kind = out[i-1].Kind
		} else {
			q.bad = q.bad || !utf8.Valid(kind)
			out[i].Kind = string(kind)
		}
		out[i].ID = q.take(q.expect(cborBytes))
		out[i].Flags = q.expect(cborUint)
		if q.bad {
			return nil
		}
	}
	return out
}

package snapshot

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Major types of CBOR, and the simple values that stand in a snapshot.
const (
	cborUint, cborInt, cborBytes, cborText, cborArray, cborMap = 0, 1, 2, 3, 4, 5

	cborFalse, cborTrue, cborNull = 0xf4, 0xf5, 0xf6
)

// appendHead begins an item, in the shortest form.
func appendHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

func appendBytes(b, v []byte) []byte { return append(appendHead(b, cborBytes, uint64(len(v))), v...) }

func appendText(b []byte, v string) []byte {
	return append(appendHead(b, cborText, uint64(len(v))), v...)
}

// appendValue appends the value of a field: those of journal.Cell.
func appendValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, cborNull), nil
	case bool:
		if v {
			return append(b, cborTrue), nil
		}
		return append(b, cborFalse), nil
	case int64:
		if v < 0 {
			return appendHead(b, cborInt, uint64(-1-v)), nil
		}
		return appendHead(b, cborUint, uint64(v)), nil
	case string:
		return appendText(b, v), nil
	case []byte:
		return appendBytes(b, v), nil
	case []any:
		b = appendHead(b, cborArray, uint64(len(v)))
		for _, one := range v {
			var err error
			if b, err = appendValue(b, one); err != nil {
				return nil, err
			}
		}
		return b, nil
	case map[string]any:
		b = appendHead(b, cborMap, uint64(len(v)))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			var err error
			if b, err = appendValue(appendText(b, k), v[k]); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
	return nil, fmt.Errorf("snapshot: no field can hold a %T", v)
}

// reader reads CBOR in its shortest forms. Texts share the bytes of what is read: one copy is made of a frame.
// What is not of the format makes it bad, and it reads nothing more.
type reader struct {
	s   string
	at  int
	bad bool
}

// head reads the beginning of an item: its major type and its number.
func (r *reader) head() (major byte, n uint64) {
	if r.bad || r.at >= len(r.s) {
		r.bad = true
		return 0, 0
	}
	first := r.s[r.at]
	r.at++
	major, low := first>>5, first&31
	if low < 24 {
		r.bad = major > cborMap
		return major, uint64(low)
	}
	size := 0
	if low <= 27 {
		size = 1 << (low - 24)
	}
	if size == 0 || len(r.s)-r.at < size || major > cborMap {
		r.bad = true
		return 0, 0
	}
	for range size {
		n = n<<8 | uint64(r.s[r.at])
		r.at++
	}
	if (size == 1 && n < 24) || (size > 1 && n>>(4*size) == 0) {
		r.bad = true
	}
	return major, n
}

func (r *reader) expect(want byte) uint64 {
	major, n := r.head()
	r.bad = r.bad || major != want
	return n
}

// array reads the beginning of an array of at most most items, each of which takes a byte at least.
func (r *reader) array(most int) int { return r.arrayOf(most, 1) }

// arrayOf is array of items that take so many bytes each at least: who makes room for them makes it for no more than
// there may be.
func (r *reader) arrayOf(most, each int) int {
	n := r.expect(cborArray)
	if r.bad || n > uint64(most) || n > uint64(len(r.s)-r.at)/uint64(each) {
		r.bad = true
		return 0
	}
	return int(n)
}

// roomAtFirst is the number of items of a list or an object for which room is made before they are read: what says how
// many there are may lie, and lists stand in lists.
const roomAtFirst = 64

func (r *reader) take(n uint64) string {
	if r.bad || n > uint64(len(r.s)-r.at) {
		r.bad = true
		return ""
	}
	v := r.s[r.at : r.at+int(n)]
	r.at += int(n)
	return v
}

func (r *reader) text(most int) string {
	v := r.take(r.expect(cborText))
	r.bad = r.bad || len(v) > most || !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0
	return v
}

// exact fills to from a byte string that must be as long.
func (r *reader) exact(to []byte) {
	v := r.take(r.expect(cborBytes))
	r.bad = r.bad || len(v) != len(to)
	copy(to, v)
}

// index reads a place in a table of n.
func (r *reader) index(n int) int {
	i := r.expect(cborUint)
	if r.bad || i >= uint64(n) {
		r.bad = true
		return 0
	}
	return int(i)
}

// key reads a key of a map, which must be the one that comes next.
func (r *reader) key(want uint64) { r.bad = r.expect(cborUint) != want || r.bad }

// wholeValue reads the value of a field, which takes so many bytes at most: in memory a list takes sixteen times more.
func (r *reader) wholeValue() any {
	all := r.s
	r.s = all[:min(len(all), r.at+maxValue)]
	v := r.value(0)
	r.s = all
	return v
}

func (r *reader) value(depth int) any {
	if r.bad || r.at >= len(r.s) {
		r.bad = true
		return nil
	}
	first := r.s[r.at]
	switch first {
	case cborFalse, cborTrue:
		r.at++
		return first == cborTrue
	case cborNull:
		r.at++
		return nil
	}
	switch first >> 5 {
	case cborText:
		return r.text(MaxFrame)
	case cborBytes:
		return []byte(r.take(r.expect(cborBytes)))
	case cborUint, cborInt:
		major, n := r.head()
		if r.bad = r.bad || n > math.MaxInt64; major == cborInt {
			return -1 - int64(n)
		}
		return int64(n)
	}
	if depth >= maxDepth {
		r.bad = true
		return nil
	}
	if first>>5 == cborArray {
		n := r.array(MaxFrame)
		out := make([]any, 0, min(n, roomAtFirst))
		for range n {
			if out = append(out, r.value(depth+1)); r.bad {
				return nil
			}
		}
		return out
	}
	return r.object(depth)
}

// object reads a map whose keys are texts, in order.
func (r *reader) object(depth int) any {
	n := r.expect(cborMap)
	if r.bad || n > uint64(len(r.s)-r.at) {
		r.bad = true
		return nil
	}
	out := make(map[string]any, min(n, roomAtFirst))
	before := ""
	for i := range n {
		k := r.text(MaxFrame)
		r.bad = r.bad || (i > 0 && k <= before)
		before = k
		if out[k] = r.value(depth + 1); r.bad {
			return nil
		}
	}
	return out
}

// end reports whether all was read and nothing of it was bad.
func (r *reader) end() bool { return !r.bad && r.at == len(r.s) }

package replica

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"
)

// version is one value of a field, with the entry that wrote it.
type version struct {
	dot   journal.Dot
	hlc   journal.HLC
	value any
	into  uuid.UUID // the record into which this one was merged; nil but for a version of « archived »
}

// cell is one field of a record: the versions that nothing held replaces, and the dots that were named
// as replaced before their entries arrived.
type cell struct {
	field    string
	versions []version
	pending  []journal.Dot
	loose    bool                // it is in no digest until countIn
	places   map[journal.Dot]int // in pending, where these are many
}

// fewDots is the number of dots up to which one after the other is looked at.
const fewDots = 64

// awaits returns the place of a dot in pending, less than zero where it is none.
func (c *cell) awaits(d journal.Dot) int {
	if len(c.pending) < fewDots {
		return slices.Index(c.pending, d)
	}
	if c.places == nil {
		c.places = make(map[journal.Dot]int, len(c.pending))
		for i, p := range c.pending {
			c.places[p] = i
		}
	}
	if i, ok := c.places[d]; ok {
		return i
	}
	return -1
}

// await remembers a dot that is named as replaced before its entry arrives, once.
func (c *cell) await(d journal.Dot) {
	if c.places != nil {
		c.places[d] = len(c.pending)
	}
	c.pending = append(c.pending, d)
}

// arrives reports whether a dot was awaited, and forgets it. The order of those that are is nothing.
func (c *cell) arrives(d journal.Dot) bool {
	i := c.awaits(d)
	if i < 0 {
		return false
	}
	last := len(c.pending) - 1
	c.pending[i] = c.pending[last]
	if c.places != nil {
		c.places[c.pending[i]] = i
		delete(c.places, d)
	}
	c.pending = c.pending[:last]
	return true
}

// touch says that an operation of an entry wrote on the record.
type touch struct {
	entry int64
	op    int
}

// state is a record while it is folded.
type state struct {
	number  int64 // 0 until it is stored
	id      uuid.UUID
	kind    string
	scope   string
	cells   []cell // ordered by field
	touches []touch
	again   bool // it was folded again without an entry that says so
	private bool // sealed at rest
	loose   bool // some cell is
	dirty   bool
	before  *state // where a scope is folded again in place: what stands on the disk
}

// cell returns the field's cell, made if need be.
func (s *state) cell(field string) *cell {
	i, ok := slices.BinarySearchFunc(s.cells, field, func(c cell, f string) int { return cmp.Compare(c.field, f) })
	if !ok {
		s.cells = slices.Insert(s.cells, i, cell{field: field})
	}
	return &s.cells[i]
}

// makeCells makes the cells of several fields at once, in order: one by one, each would move all that follow it.
func (s *state) makeCells(in []journal.Cell) {
	if len(in) < 2 {
		return
	}
	out := make([]cell, 0, len(s.cells)+len(in))
	rest := s.cells
	for _, c := range in {
		for len(rest) > 0 && rest[0].field < c.Field {
			out, rest = append(out, rest[0]), rest[1:]
		}
		if len(rest) == 0 || rest[0].field != c.Field {
			out = append(out, cell{field: c.Field})
		}
	}
	s.cells = append(out, rest...)
}

// find returns the field's cell, nil where there is none.
func (s *state) find(field string) *cell {
	i, ok := slices.BinarySearchFunc(s.cells, field, func(c cell, f string) int { return cmp.Compare(c.field, f) })
	if !ok {
		return nil
	}
	return &s.cells[i]
}

// shown returns the version that is shown: the greatest instant, then incarnation, then hash. It is the
// same on every device, and only decides what is shown until a person does.
func (c *cell) shown() (version, bool) {
	if len(c.versions) == 0 {
		return version{}, false
	}
	return slices.MaxFunc(c.versions, compareVersions), true
}

func compareVersions(a, b version) int {
	return cmp.Or(cmp.Compare(a.hlc, b.hlc), bytes.Compare(a.dot.Incarnation[:], b.dot.Incarnation[:]), bytes.Compare(a.dot.Tag[:], b.dot.Tag[:]))
}

// conflict reports whether the surviving versions differ in value.
func (c *cell) conflict() bool {
	for _, v := range c.versions[min(1, len(c.versions)):] {
		if !reflect.DeepEqual(v.value, c.versions[0].value) {
			return true
		}
	}
	return false
}

func (c *cell) dots() []journal.Dot {
	out := make([]journal.Dot, len(c.versions))
	for i, v := range c.versions {
		out[i] = v.dot
	}
	return out
}

// latest returns the instant of the last version that survives.
func (s *state) latest() (at journal.HLC) {
	for i := range s.cells {
		for _, v := range s.cells[i].versions {
			at = max(at, v.hlc)
		}
	}
	return at
}

// fields returns the values shown. A cleared field is absent.
func (s *state) fields() record.Fields {
	out := make(record.Fields, len(s.cells))
	for i := range s.cells {
		if v, ok := s.cells[i].shown(); ok && v.value != nil {
			out[s.cells[i].field] = v.value
		}
	}
	delete(out, MergedInto) // nobody's to set
	if into := s.into(); into != uuid.Nil {
		out[MergedInto] = into.String()
	}
	return out
}

func (s *state) conflicts() int {
	n := 0
	for i := range s.cells {
		if s.cells[i].conflict() {
			n++
		}
	}
	return n
}

// cellCodec reads and writes values that stand in cells; its modes are constants of this package.
var cellCodec = func() (m struct {
	enc cbor.EncMode
	dec cbor.DecMode
}) {
	var err1, err2 error
	m.enc, err1 = cbor.CoreDetEncOptions().EncMode()
	m.dec, err2 = cbor.DecOptions{IntDec: cbor.IntDecConvertSignedOrFail, DefaultMapType: reflect.TypeFor[map[string]any]()}.DecMode()
	if err1 != nil || err2 != nil {
		panic("replica: cbor options")
	}
	return m
}()

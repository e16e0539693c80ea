package replica

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

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
	dirty   bool
}

// cell returns the field's cell, made if need be.
func (s *state) cell(field string) *cell {
	i, ok := slices.BinarySearchFunc(s.cells, field, func(c cell, f string) int { return cmp.Compare(c.field, f) })
	if !ok {
		s.cells = slices.Insert(s.cells, i, cell{field: field})
	}
	return &s.cells[i]
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

// json returns the values shown as they are queried, without images.
func (s *state) json(f record.Fields) (string, error) {
	b := make([]byte, 0, 512)
	b = append(b, '{')
	for i := range s.cells { // in the order of their names already
		name := s.cells[i].field
		v, ok := f[name]
		if _, image := v.([]byte); image || !ok || name == MergedInto {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		var err1, err2 error
		b, err1 = appendJSON(b, name)
		b, err2 = appendJSON(append(b, ':'), v)
		if err := errors.Join(err1, err2); err != nil {
			return "", fmt.Errorf("fields of %s: %w", s.id, err)
		}
	}
	if f.Has(MergedInto) { // it is no cell; what is merged has others
		b = append(append(append(b, `,"`+MergedInto+`":"`...), f.Text(MergedInto)...), '"')
	}
	return string(append(b, '}')), nil
}

// appendJSON appends what json.Marshal makes of a value, without reflection for those that are most frequent.
func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case string:
		if plainText(v) {
			return append(append(append(b, '"'), v...), '"'), nil
		}
	}
	out, err := json.Marshal(v)
	return append(b, out...), err
}

// plainText reports whether nothing in a text is written otherwise in JSON.
func plainText(v string) bool {
	for _, c := range v {
		if c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == '\u2028' || c == '\u2029' || c == utf8.RuneError || c == 0x7f {
			return false
		}
	}
	return true
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

// Stored forms. Fields of one entry share a stamp, so that a new record names its author once.
type storedCells struct {
	_      struct{} `cbor:",toarray"`
	Stamps []storedStamp
	Cells  []storedCell
}

type storedStamp struct {
	_           struct{} `cbor:",toarray"`
	Incarnation []byte
	Seq         uint64
	Tag         []byte
	HLC         uint64
}

type storedCell struct {
	_        struct{} `cbor:",toarray"`
	Field    string
	Versions []storedVersion
	Pending  []storedStamp
}

type storedVersion struct {
	_     struct{} `cbor:",toarray"`
	Stamp int
	Value any
}

// cellCodec reads and writes stored cells; its modes are constants of this package.
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

func (s *state) encode() ([]byte, error) {
	out := storedCells{Cells: make([]storedCell, len(s.cells))}
	index := make(map[journal.Dot]int, 2)
	for i := range s.cells {
		c := &s.cells[i]
		sc := storedCell{Field: c.field, Versions: make([]storedVersion, len(c.versions))}
		slices.SortFunc(c.versions, func(a, b version) int { return journal.CompareDots(a.dot, b.dot) })
		slices.SortFunc(c.pending, journal.CompareDots)
		for j, v := range c.versions {
			n, ok := index[v.dot]
			if !ok {
				n = len(out.Stamps)
				index[v.dot] = n
				out.Stamps = append(out.Stamps, stampOf(v.dot, v.hlc))
			}
			sc.Versions[j] = storedVersion{Stamp: n, Value: v.value}
		}
		for _, d := range c.pending {
			sc.Pending = append(sc.Pending, stampOf(d, 0))
		}
		out.Cells[i] = sc
	}
	if merges, ok := s.storedMerges(index); ok {
		out.Cells = append(out.Cells, merges)
	}
	b, err := cellCodec.enc.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("cells of %s: %w", s.id, err)
	}
	return b, nil
}

func stampOf(d journal.Dot, h journal.HLC) storedStamp {
	return storedStamp{Incarnation: slices.Clone(d.Incarnation[:]), Seq: d.Seq, Tag: slices.Clone(d.Tag[:]), HLC: uint64(h)}
}

func (t storedStamp) dot() (d journal.Dot, err error) {
	d.Seq = t.Seq
	if copy(d.Incarnation[:], t.Incarnation) != len(d.Incarnation) || copy(d.Tag[:], t.Tag) != len(d.Tag) {
		return d, ErrDamaged
	}
	return d, nil
}

func (s *state) decode(b []byte) error {
	var in storedCells
	if err := cellCodec.dec.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("%w: cells of %s: %w", ErrDamaged, s.id, err)
	}
	dots := make([]journal.Dot, len(in.Stamps))
	for i, t := range in.Stamps {
		var err error
		if dots[i], err = t.dot(); err != nil {
			return err
		}
	}
	s.cells = make([]cell, 0, len(in.Cells))
	for _, sc := range in.Cells {
		if sc.Field == mergesField {
			if err := s.readMerges(sc, dots); err != nil {
				return err
			}
			continue
		}
		c := cell{field: sc.Field, versions: make([]version, len(sc.Versions))}
		for j, v := range sc.Versions {
			if v.Stamp < 0 || v.Stamp >= len(dots) {
				return ErrDamaged
			}
			c.versions[j] = version{dot: dots[v.Stamp], hlc: journal.HLC(in.Stamps[v.Stamp].HLC), value: v.Value}
		}
		for _, t := range sc.Pending {
			d, err := t.dot()
			if err != nil {
				return err
			}
			c.pending = append(c.pending, d)
		}
		s.cells = append(s.cells, c)
	}
	return nil
}

package replica

import (
	"encoding/json"
	"fmt"
	"strings"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// What versions of the schema before 8 wrote in the rows of records. It is read until repack has written it
// anew, which waits for the data key where the row is sealed.

// Fields of one entry share a stamp.
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

func (t storedStamp) dot() (d journal.Dot, err error) {
	d.Seq = t.Seq
	if copy(d.Incarnation[:], t.Incarnation) != len(d.Incarnation) || copy(d.Tag[:], t.Tag) != len(d.Tag) {
		return d, ErrDamaged
	}
	return d, nil
}

// decodeOlder reads the cells of a record as versions before 8 of the schema kept them, every value among them.
func (s *state) decodeOlder(b []byte) error {
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

// mergesField is the field under which such cells keep what versions of « archived » merged into. No
// operation can set a field without a name.
const mergesField = ""

func (s *state) readMerges(sc storedCell, dots []journal.Dot) error {
	c := s.find(archived)
	for _, stored := range sc.Versions {
		b, _ := stored.Value.([]byte)
		if c == nil || stored.Stamp < 0 || stored.Stamp >= len(dots) || len(b) != len(uuid.Nil) {
			return ErrDamaged
		}
		for i := range c.versions {
			if c.versions[i].dot == dots[stored.Stamp] {
				copy(c.versions[i].into[:], b)
			}
		}
	}
	return nil
}

// parseOlderFields reads the text of JSON in which the values shown stood, and those sealed among them.
func parseOlderFields(b []byte) (record.Fields, error) {
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	var f map[string]any
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("%w: fields: %w", ErrDamaged, err)
	}
	for k, v := range f {
		f[k] = whole(v)
	}
	return f, nil
}

func whole(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return v.String()
		}
		return n
	case []any:
		for i, e := range v {
			v[i] = whole(e)
		}
	case map[string]any:
		for k, e := range v {
			v[k] = whole(e)
		}
	}
	return v
}

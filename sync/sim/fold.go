package sim

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/big"
	"reflect"
	"slices"

	"cantal.fr/buron/sync/trust"
)

// The plain definition of the merged state: of all the versions that the entries held give a field, those
// that no entry held replaces. An entry replaces the versions that it names for that field, and any earlier
// one of its own branch. Nothing here is incremental, and nothing depends on an order.

// place names a field of a record.
type place struct {
	id    name16
	field string
}

// value is one version of a field.
type value struct {
	entry *entry
	value any
}

// state is the merged state that the entries held amount to.
type state struct {
	records map[name16]*merged
	parts   map[string][]part // by scope: what its digest is made of
}

type merged struct {
	kind, scope string
	cells       map[string][]value // survivors, the one that is shown last
}

type part struct {
	kind  string
	place place
	dots  []dot
}

// counts says which entries are merged: those of an author who has been put out are not.
func fold(held map[hash32]*entry, counts func(*entry) bool) *state {
	s := &state{records: map[name16]*merged{}, parts: map[string][]part{}}
	all := map[place][]value{}
	named := map[place]map[dot]bool{}
	for _, e := range held {
		if e.critical || !counts(e) {
			continue
		}
		for _, op := range e.ops {
			if op.hollow {
				continue
			}
			if s.records[op.id] == nil {
				s.records[op.id] = &merged{kind: op.kind, scope: e.scope, cells: map[string][]value{}}
			}
			for _, w := range op.cells {
				p := place{op.id, w.field}
				all[p] = append(all[p], value{e, w.value})
				for _, d := range w.parents {
					if named[p] == nil {
						named[p] = map[dot]bool{}
					}
					named[p][d] = true
				}
			}
		}
	}
	for p, versions := range all {
		var left []value
		for _, v := range versions {
			replaced := named[p][v.entry.dot()] || slices.ContainsFunc(versions, func(o value) bool { return follows(held, o.entry, v.entry) })
			if !replaced {
				left = append(left, v)
			}
		}
		slices.SortFunc(left, func(a, b value) int {
			return cmp.Or(cmp.Compare(a.entry.hlc, b.entry.hlc), bytes.Compare(a.entry.incarnation[:], b.entry.incarnation[:]), bytes.Compare(a.entry.hash[:8], b.entry.hash[:8]))
		})
		s.add(p, left)
	}
	return s
}

func (s *state) add(p place, left []value) {
	m := s.records[p.id]
	if len(left) == 0 {
		return
	}
	m.cells[p.field] = left
	var dots []dot
	for _, v := range left {
		dots = append(dots, v.entry.dot())
	}
	s.parts[m.scope] = append(s.parts[m.scope], part{m.kind, p, dots})
}

// follows reports whether later stands on the branch that goes on from earlier.
func follows(held map[hash32]*entry, later, earlier *entry) bool {
	if later.incarnation != earlier.incarnation || later.scope != earlier.scope || later.seq <= earlier.seq {
		return false
	}
	for e := later; e != nil && e.seq > earlier.seq; e = held[e.prev] {
		if e.prev == earlier.hash {
			return true
		}
	}
	return false
}

// conflict reports whether versions differ in value.
func conflict(versions []value) bool {
	for _, v := range versions {
		if !reflect.DeepEqual(v.value, versions[0].value) {
			return true
		}
	}
	return false
}

// digest sums up a scope as FORMAT.md says.
func (s *state) digest(scope string) hash32 {
	total := new(big.Int)
	for _, p := range s.parts[scope] {
		slices.SortFunc(p.dots, compareDots)
		b := append([]byte(p.kind+"\n"), p.place.id[:]...)
		b = append(b, p.place.field+"\n"...)
		for _, d := range p.dots {
			b = append(b, d.incarnation[:]...)
			b = binary.BigEndian.AppendUint64(b, d.seq)
			b = append(b, d.tag[:]...)
		}
		h := sum("buron cell v1\n", b)
		total.Add(total, new(big.Int).SetBytes(h[:]))
	}
	total.Mod(total, new(big.Int).Lsh(big.NewInt(1), 256))
	var out hash32
	total.FillBytes(out[:])
	return out
}

func compareDots(a, b dot) int {
	return cmp.Or(bytes.Compare(a.incarnation[:], b.incarnation[:]), cmp.Compare(a.seq, b.seq), bytes.Compare(a.tag[:], b.tag[:]))
}

// keyOf returns the key that opened the chains of an entry's incarnation.
func (l *life) keyOf(e *entry) trust.Key { return l.keyIn(e.incarnation) }

// keyIn returns the key of an incarnation, zero where no piece has named it.
func (l *life) keyIn(incarnation name16) trust.Key {
	k, _ := trust.KeyOf(l.judged.keys[incarnation])
	return k
}

// author returns who wrote an entry, nil for somebody unknown.
func (l *life) author(e *entry) *member {
	return l.readers[l.keyOf(e)]
}

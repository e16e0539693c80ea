package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// archived is the field that puts a record aside; its versions also say into which record it was merged.
const archived = "archived"

// MergedInto is the name under which the fields of a merged record hold the id of the one that is shown in
// its place. Nobody sets it: it follows from the operations that merged.
const MergedInto = "merged_into"

// smaller reports whether an id stands before another: of merged records the smallest stays.
func smaller(a, b uuid.UUID) bool { return bytes.Compare(a[:], b[:]) < 0 }

// mergeOf returns the record into which an operation merges by this cell. An operation that would merge
// into a greater id only archives: else two of them could send readers round in a circle.
func mergeOf(op journal.Op, c journal.Cell) uuid.UUID {
	if c.Field != archived || c.Value != true || !smaller(op.MergeInto, op.ID) {
		return uuid.Nil
	}
	return op.MergeInto
}

// into returns the record into which this one is merged, nil where it is not. Of several, since people who
// were apart may merge differently, it is the one with the smallest id: the same on every device.
func (s *state) into() (into uuid.UUID) {
	c := s.find(archived)
	if c == nil {
		return into
	}
	if v, ok := c.shown(); !ok || v.value != true {
		return into // somebody took it out again
	}
	for _, v := range c.versions {
		if v.into != uuid.Nil && (into == uuid.Nil || smaller(v.into, into)) {
			into = v.into
		}
	}
	return into
}

// shelfOf returns what the column archived holds: 1 for a record that was put aside, 2 for one that is
// shown by another.
func shelfOf(f record.Fields) int {
	switch {
	case f.Has(MergedInto):
		return 2
	case f.Bool(archived):
		return 1
	}
	return 0
}

// mergeOp makes an operation archive its record as a duplicate. It names every version that its author saw,
// of all fields: what others wrote meanwhile is then known not to have been seen, and is reviewed.
func (b *batch) mergeOp(s *state, op *journal.Op, c Change, refs int) {
	op.MergeInto = c.MergeInto
	merge := journal.Cell{Field: archived, Value: true}
	name := func(dots []journal.Dot) {
		for _, d := range dots {
			own := d.Incarnation == b.Incarnation() && !b.isForked(s.scope)
			if !own && refs+len(merge.Parents) < journal.MaxRefs && !slices.Contains(merge.Parents, d) {
				merge.Parents = append(merge.Parents, d)
			}
		}
	}
	seen := func(c *cell, said Seen) []journal.Dot {
		if said != nil {
			return said[c.field]
		}
		return c.dots()
	}
	if a := s.find(archived); a != nil {
		name(seen(a, c.Seen)) // first: what it replaces must not be left out where there are too many
	}
	for i := range s.cells {
		name(seen(&s.cells[i], c.Seen))
	}
	op.Cells = append(op.Cells, merge)
	slices.SortFunc(op.Cells, func(a, b journal.Cell) int { return strings.Compare(a.Field, b.Field) })
}

// unseen returns the fields of a merged record with a version that nobody who merged it had seen.
func (s *state) unseen() []string {
	a := s.find(archived)
	if a == nil || s.into() == uuid.Nil {
		return nil
	}
	known := func(d journal.Dot) bool {
		return slices.Contains(a.pending, d) || slices.ContainsFunc(a.versions, func(v version) bool {
			return v.into != uuid.Nil && (v.dot == d || v.dot.Incarnation == d.Incarnation && d.Seq < v.dot.Seq)
		})
	}
	var out []string
	for i := range s.cells {
		c := &s.cells[i]
		if c.field != archived && slices.ContainsFunc(c.versions, func(v version) bool { return !known(v.dot) }) {
			out = append(out, c.field)
		}
	}
	return out
}

// readEdges returns, for every merged record, the one that is shown in its place, where that is held. They
// are few, and read from an index of their own. What names a record of another kind or scope leads nowhere:
// else who may write one scope could speak for another.
func readEdges(ctx context.Context, q querier) (map[uuid.UUID]uuid.UUID, error) {
	rows, err := q.QueryContext(ctx, `SELECT record.id, json_extract(record.fields, '$.merged_into') FROM record
		JOIN record AS shown ON shown.id = unhex(replace(json_extract(record.fields, '$.merged_into'), '-', '')) AND shown.kind = record.kind AND shown.scope = record.scope
		WHERE record.archived = 2`)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out map[uuid.UUID]uuid.UUID
	for rows.Next() {
		var id []byte
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, translate(err)
		}
		into, err := uuid.Parse(text)
		if err != nil || len(id) != len(into) {
			return nil, ErrDamaged
		}
		if out == nil {
			out = map[uuid.UUID]uuid.UUID{}
		}
		out[uuid.UUID(id)] = into
	}
	return out, translate(rows.Err())
}

// edges is readEdges, without asking the database where it is known to have none. Inside a transaction it asks.
func (r *Replica) edges(ctx context.Context, q querier) (map[uuid.UUID]uuid.UUID, error) {
	reads := q == querier(r.read)
	at := r.commits.Load() + 1
	if reads && r.unmerged.Load() == at {
		return nil, nil
	}
	out, err := readEdges(ctx, q)
	if err == nil && len(out) == 0 && reads {
		r.unmerged.Store(at)
	}
	return out, err
}

// end follows merges to the record that is shown. It comes to an end: each step goes to a smaller id.
func end(edges map[uuid.UUID]uuid.UUID, id uuid.UUID) uuid.UUID {
	for {
		into, ok := edges[id]
		if !ok {
			return id
		}
		id = into
	}
}

// under returns the records that are shown by this one, by id.
func under(edges map[uuid.UUID]uuid.UUID, id uuid.UUID) []uuid.UUID {
	if _, merged := edges[id]; merged || len(edges) == 0 {
		return nil
	}
	into := make(map[uuid.UUID][]uuid.UUID, len(edges))
	for from, to := range edges {
		into[to] = append(into[to], from)
	}
	out := slices.Clone(into[id])
	for i := 0; i < len(out); i++ {
		out = append(out, into[out[i]]...)
	}
	slices.SortFunc(out, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return out
}

// Merged returns the records that are shown by this one.
func (r *Replica) Merged(ctx context.Context, id uuid.UUID) ([]uuid.UUID, error) {
	edges, err := r.edges(ctx, r.read)
	return under(edges, id), err
}

// withMerged adds to records those that they are shown by or show: who erases one erases its duplicates.
func (b *batch) withMerged(ids []uuid.UUID) ([]uuid.UUID, error) {
	if err := b.flush(); err != nil {
		return nil, err
	}
	edges, err := b.edges(b.ctx, b.write)
	if err != nil || len(edges) == 0 {
		return ids, err
	}
	out := slices.Clone(ids)
	for _, id := range ids {
		shown := end(edges, id)
		for _, m := range append(under(edges, shown), shown) {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out, nil
}

// expand lets a condition on a reference find what refers to the records merged into the one it names.
func (r *Replica) expand(ctx context.Context, q querier, where []Cond) ([]Cond, error) {
	var edges map[uuid.UUID]uuid.UUID
	read, out := false, where
	for i, c := range where {
		text, ok := c.Value.(string)
		if !ok || len(text) != 36 {
			continue
		}
		id, err := uuid.Parse(text)
		if err != nil {
			continue
		}
		if !read {
			if edges, err = r.edges(ctx, q); err != nil {
				return nil, err
			}
			read = true
		}
		merged := under(edges, id)
		if len(merged) == 0 {
			continue
		}
		list := []any{text}
		for _, m := range merged {
			list = append(list, m.String())
		}
		if &out[0] == &where[0] {
			out = slices.Clone(where)
		}
		out[i].Value = list
	}
	return out, nil
}

// resolved reads records, with the references to merged ones turned to those that are shown.
func (r *Replica) resolved(ctx context.Context, q querier, query string, args ...any) ([]record.Record, error) {
	found, err := r.records(ctx, q, query, args...)
	if err != nil || len(found) == 0 {
		return found, err
	}
	edges, err := r.edges(ctx, q)
	if err != nil || len(edges) == 0 {
		return found, err
	}
	for _, rec := range found {
		resolve(edges, rec.Kind, rec.Fields)
	}
	return found, nil
}

// resolve turns the references of a record.
func resolve(edges map[uuid.UUID]uuid.UUID, k record.Kind, f record.Fields) {
	s, _ := record.Of(k)
	for _, field := range s.Fields {
		switch field.Type {
		case record.Ref:
			if to, ok := turned(edges, f[field.Name]); ok {
				f[field.Name] = to
			}
		case record.Refs:
			list := slices.Clone(f.List(field.Name))
			changed := false
			for i, v := range list {
				if to, ok := turned(edges, v); ok {
					list[i], changed = to, true
				}
			}
			if changed {
				f[field.Name] = list
			}
		}
	}
}

func turned(edges map[uuid.UUID]uuid.UUID, v any) (string, bool) {
	text, _ := v.(string)
	if len(text) != 36 {
		return "", false
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return "", false
	}
	to := end(edges, id)
	return to.String(), to != id
}

// survivor returns the id under which a record is shown: its own, or of the one that it was merged into as far as that is held.
func (r *Replica) survivor(ctx context.Context, id uuid.UUID) (uuid.UUID, error) {
	rec, ok, err := r.Book(ctx).Get(id)
	if err != nil || !ok {
		return id, err
	}
	return rec.ID, nil
}

// heldSurvivor is held for a reader: of a merged record it is the one that is shown.
func (b *batch) heldSurvivor(id uuid.UUID) (*state, error) {
	s, err := b.held(id)
	for err == nil {
		into := s.into()
		if into == uuid.Nil {
			break
		}
		next, missing := b.held(into)
		if errors.Is(missing, ErrUnknown) || missing == nil && (next.kind != s.kind || next.scope != s.scope) {
			break
		}
		s, err = next, missing
	}
	return s, err
}

// mergedUnder returns the records under whose merged duplicates a code stands: a label that is stuck on a
// machine stays good when its second record is merged.
func (r *Replica) mergedUnder(ctx context.Context, code string) ([]record.Record, error) {
	var out []record.Record
	for _, c := range codes {
		for _, f := range c.fields {
			found, err := r.records(ctx, r.read, fmt.Sprintf("%s FROM record WHERE archived = 2 AND kind = '%s' AND upper(%s) = upper(?)", recordColumns, c.kind, column(f)), code)
			if err != nil {
				return nil, err
			}
			for _, rec := range found {
				shown, ok, err := r.Book(ctx).Get(rec.ID)
				if err != nil {
					return nil, err
				}
				if ok && !shown.Fields.Bool(archived) && !slices.ContainsFunc(out, func(o record.Record) bool { return o.ID == shown.ID }) {
					out = append(out, shown)
				}
			}
		}
	}
	return out, nil
}

package replica

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// Mark says who wrote something, when and on which device.
type Mark struct {
	At           time.Time // as the author's clock showed it
	Key          trust.Key
	DeviceName   string
	Operator     uuid.UUID
	OperatorName string
	ClockLead    time.Duration // how far the author's clock was ahead of ours when it arrived; 0 under ten minutes
}

// clockLead is the lead from which a clock is shown to be wrong.
const clockLead = 10 * time.Minute

// View is a record as a screen shows it.
type View struct {
	record.Record
	Seen      Seen     // to be handed back with an edit
	Conflicts []string // fields with several values
	Created   Mark
	Changed   Mark
	Joined    []Joined    // photos and documents
	Lauzes    int         // 1 here, 2 on a neighbour too, 3 at the central
	Merged    []uuid.UUID // duplicates that are shown by this record
	Sealed    bool        // its personal fields are absent, since the data key is not on this device: it can be read in part only
}

// Get returns a record with what its screen shows: of one that was merged, the one that is shown in its
// place. The error is ErrUnknown where it is not held.
func (r *Replica) Get(ctx context.Context, id uuid.UUID) (View, error) {
	id, err := r.survivor(ctx, id)
	if err != nil {
		return View{}, err
	}
	v, err := r.view(ctx, id)
	if err != nil {
		return v, err
	}
	edges, err := r.edges(ctx, r.read)
	if len(edges) > 0 {
		v.Merged = under(edges, id)
		resolve(edges, v.Kind, v.Fields)
	}
	if err == nil && len(v.Merged) > 0 {
		v.Joined, err = r.joinedOfAll(ctx, id, v.Merged)
	}
	return v, err
}

// view is Get of the record itself, merged or not.
func (r *Replica) view(ctx context.Context, id uuid.UUID) (View, error) {
	s, err := r.stateOf(ctx, id)
	sealed := errors.Is(err, ErrSealed)
	if err != nil && !sealed {
		return View{}, err
	}
	v := View{Record: record.Record{ID: id, Kind: record.Kind(s.kind), Scope: s.scope, Fields: s.fields()}, Seen: Seen{}, Sealed: sealed}
	if sealed {
		found, err := r.records(ctx, r.read, recordColumns+" FROM record WHERE number = ?", s.number)
		if err != nil || len(found) == 0 {
			return v, errors.Join(err, ErrSealed)
		}
		v.Record = found[0]
	}
	for i := range s.cells {
		c := &s.cells[i]
		v.Seen[c.field] = c.dots()
		if c.conflict() {
			v.Conflicts = append(v.Conflicts, c.field)
		}
	}
	written, err := r.writings(ctx, s)
	if err != nil {
		return v, err
	}
	if len(written) > 0 {
		v.Created, v.Changed = r.mark(ctx, written[0]), r.mark(ctx, written[len(written)-1])
		if begun, err := r.begun(ctx, s.scope); err != nil {
			return v, err
		} else if begun {
			v.Created = Mark{} // it may not be here yet
			if last := s.latest(); written[len(written)-1].entry.HLC < last {
				v.Changed = Mark{At: last.Time()}
			}
		}
	}
	if v.Joined, err = r.joined(ctx, s, written); err != nil {
		return v, err
	}
	v.Lauzes, err = r.lauzes(ctx, s.number)
	return v, err
}

// writing is one operation on a record with its entry.
type writing struct {
	entry    *journal.Entry
	op       int
	number   int64 // local, in order of arrival
	received time.Time
}

// writings returns the operations on a record, the oldest first by their authors' clocks. Those that a snapshot covers
// are among them as far as they are held.
func (r *Replica) writings(ctx context.Context, s *state) ([]writing, error) {
	rows, err := r.read.QueryContext(ctx, `SELECT stored, op, entry.id, received FROM touch JOIN entry ON entry.id = touch.entry WHERE touch.record = ?1
		UNION SELECT stored, op, entry.id, received FROM shelf JOIN entry ON entry.id = shelf.entry JOIN chain ON chain.id = entry.chain
		WHERE shelf.record = ?2 AND standing = ?3 AND scope = ?4`, s.number, s.id[:], waiting, s.scope)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []writing
	for rows.Next() {
		var b []byte
		var w writing
		var ms int64
		if err := rows.Scan(&b, &w.op, &w.number, &ms); err != nil {
			return nil, translate(err)
		}
		if w.entry, err = r.parse(b); err != nil {
			return nil, err
		}
		if w.received = time.UnixMilli(ms); w.entry.Ops[w.op].Kind == s.kind {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b writing) int {
		return cmp.Or(cmp.Compare(a.entry.HLC, b.entry.HLC), slices.Compare(a.entry.Hash[:], b.entry.Hash[:]))
	})
	return out, translate(rows.Err())
}

func (r *Replica) mark(ctx context.Context, w writing) Mark {
	m := Mark{At: w.entry.HLC.Time(), Operator: w.entry.Operator}
	if key, ok, err := r.AuthorOf(ctx, w.entry.Incarnation); err == nil && ok {
		m.Key, m.DeviceName = key, r.Roster().Name(key)
	}
	if m.Operator != uuid.Nil {
		if rec, ok, err := r.Book(ctx).Get(m.Operator); err == nil && ok {
			m.OperatorName = rec.Fields.Text("name")
		}
	}
	if lead := m.At.Sub(w.received); lead >= clockLead && w.entry.HLC.Read() {
		m.ClockLead = lead
	}
	return m
}

// Event is one line of a record's history: a field that was set, and to what.
type Event struct {
	Mark
	Field  string
	Value  any // nil where the field was cleared
	Action [8]byte
	// Merged is the duplicate that this was written on, nil where it was the record itself.
	Merged uuid.UUID
	// Into is the record into which this merged it, nil elsewhere.
	Into uuid.UUID
	// Parallel says that its author, or the author of another change, could not see what the other wrote.
	Parallel bool

	hlc journal.HLC
}

// history returns what was done to one record, its duplicates left out.
func (r *Replica) history(ctx context.Context, id uuid.UUID) ([]Event, error) {
	s, err := r.stateOf(ctx, id)
	if err != nil {
		return nil, err
	}
	written, err := r.writings(ctx, s)
	if err != nil {
		return nil, err
	}
	var out []Event
	shown, err := r.spells(ctx, s.scope)
	if err != nil {
		return nil, err
	}
	side := r.parallel(written, shown)
	for i, w := range slices.Backward(written) {
		op, err := w.entry.Op(w.op)
		if err != nil {
			continue // erased or of a newer version: there is nothing to show
		}
		m := r.mark(ctx, w)
		for _, c := range op.Cells {
			out = append(out, Event{Mark: m, Field: c.Field, Value: c.Value, Action: w.entry.ActionName(), Into: mergeOf(op, c), Parallel: side[i][c.Field], hlc: w.entry.HLC})
		}
	}
	return out, nil
}

// Version is one of several values of a field.
type Version struct {
	Mark
	Value any
	Dot   journal.Dot
	Shown bool // the one that is shown until someone decides
}

// Conflict is a field to decide on.
type Conflict struct {
	ID       uuid.UUID
	Kind     record.Kind
	Scope    string
	Field    string
	Versions []Version // the one that is shown first
}

// CountConflicts returns how many fields there are to decide on.
func (r *Replica) CountConflicts(ctx context.Context) (int, error) {
	var n int
	err := r.read.QueryRowContext(ctx, "SELECT coalesce(sum(conflicts), 0) FROM record WHERE conflicts > 0 AND archived < 2").Scan(&n)
	return n, translate(err)
}

// Conflicts returns the fields to decide on, ordered by record.
func (r *Replica) Conflicts(ctx context.Context) ([]Conflict, error) {
	ids, err := column1[[]byte](ctx, r.read, "SELECT id FROM record WHERE conflicts > 0 AND archived < 2 ORDER BY id")
	if err != nil {
		return nil, err
	}
	var out []Conflict
	for _, b := range ids {
		s, err := r.stateOf(ctx, uuid.UUID(b))
		if errors.Is(err, ErrSealed) {
			continue // there is nothing to decide between
		}
		if err != nil {
			return nil, err
		}
		written, err := r.writings(ctx, s)
		if err != nil {
			return nil, err
		}
		for i := range s.cells {
			if c := &s.cells[i]; c.conflict() {
				out = append(out, Conflict{s.id, record.Kind(s.kind), s.scope, c.field, r.versions(ctx, c, written)})
			}
		}
	}
	return out, nil
}

func (r *Replica) versions(ctx context.Context, c *cell, written []writing) []Version {
	shown, _ := c.shown()
	var out []Version
	for _, v := range c.versions {
		n := Version{Value: v.value, Dot: v.dot, Shown: v.dot == shown.dot, Mark: Mark{At: v.hlc.Time()}}
		for _, w := range written {
			if w.entry.Dot() == v.dot {
				n.Mark = r.mark(ctx, w)
			}
		}
		out = append(out, n)
	}
	slices.SortStableFunc(out, func(a, b Version) int { return boolInt(b.Shown) - boolInt(a.Shown) })
	return out
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Overruled returns the conflicts in which a value of this device is not the one shown.
func (r *Replica) Overruled(ctx context.Context) ([]Conflict, error) {
	all, err := r.Conflicts(ctx)
	if err != nil {
		return nil, err
	}
	mine := r.Identity().Public()
	return slices.DeleteFunc(all, func(c Conflict) bool {
		return !slices.ContainsFunc(c.Versions, func(v Version) bool { return v.Key == mine && !v.Shown })
	}), nil
}

// Resolve keeps one of the values of a field: a new edit that names all of them, and so settles it on every
// device that it reaches.
func (r *Replica) Resolve(ctx context.Context, operator, id uuid.UUID, field string, keep journal.Dot) (Saved, error) {
	s, err := r.stateOf(ctx, id)
	if err != nil {
		return Saved{}, err
	}
	c := s.find(field)
	if c == nil {
		return Saved{}, ErrUnknown
	}
	i := slices.IndexFunc(c.versions, func(v version) bool { return v.dot == keep })
	if i < 0 {
		return Saved{}, ErrUnknown
	}
	return r.Save(ctx, operator, Change{ID: id, Set: record.Fields{field: c.versions[i].value}, Seen: Seen{field: c.dots()}})
}

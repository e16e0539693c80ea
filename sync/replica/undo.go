package replica

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Undo takes an action back: the fields it set get the values they had before, as a new edit, and the
// records it made are archived. What others have changed since is left to them.
func (r *Replica) Undo(ctx context.Context, operator uuid.UUID, saved Saved) error {
	if saved.Action == ([8]byte{}) {
		return nil
	}
	var changes []Change
	for i, id := range saved.IDs {
		c, err := r.undoOf(ctx, id, saved, i)
		if err != nil {
			return err
		}
		if len(c.Set) > 0 {
			changes = append(changes, c)
		}
	}
	_, err := r.Save(ctx, operator, changes...)
	return err
}

func (r *Replica) undoOf(ctx context.Context, id uuid.UUID, saved Saved, n int) (Change, error) {
	c, action := Change{ID: id, Set: record.Fields{}}, saved.Action
	view, err := r.view(ctx, id)
	if err != nil {
		return c, err
	}
	c.Seen = view.Seen
	if begun, err := r.begun(ctx, view.Scope); err != nil || begun {
		return c, errors.Join(err, r.undoBegun(ctx, &c, saved, n))
	}
	events, err := r.history(ctx, id)
	if err != nil {
		return c, err
	}
	first := true
	for i, e := range events {
		if e.Action != action {
			first = false
			continue
		}
		if _, twice := c.Set[e.Field]; twice || newerChange(events[:i], e.Field, action) {
			continue
		}
		was := before(events[i+1:], e.Field, action)
		c.Set[e.Field], c.MergeInto = was.Value, cmp.Or(c.MergeInto, was.Into)
	}
	created := !slices.ContainsFunc(events, func(e Event) bool { return e.Action != action })
	if first && created {
		c.Set = record.Fields{"archived": true}
	}
	return c, nil
}

// newerChange reports whether the field was set again after the action.
func newerChange(newer []Event, field string, action [8]byte) bool {
	return slices.ContainsFunc(newer, func(e Event) bool { return e.Field == field && e.Action != action })
}

// before returns what last set a field before the action, nothing where nothing did.
func before(older []Event, field string, action [8]byte) Event {
	for _, e := range older {
		if e.Field == field && e.Action != action {
			return e
		}
	}
	return Event{}
}

// errUndoLater is returned where nothing here tells what an action replaced.
var errUndoLater = errors.New("l'historique de cette fiche n'est pas encore arrivé en entier sur cet appareil\u00a0: rien n'est annulé. Échangez avec le central, puis recommencez")

// undoBegun is undoOf where the record may come from a snapshot: its history does not tell yet what the action
// replaced, and whether it made the record. Who saved knows.
func (r *Replica) undoBegun(ctx context.Context, c *Change, saved Saved, n int) error {
	if n >= len(saved.was) {
		return errUndoLater
	}
	was := saved.was[n]
	s, err := r.stateOf(ctx, c.ID)
	if err != nil {
		return err
	}
	written, err := r.writings(ctx, s)
	if err != nil {
		return err
	}
	alone := was == nil
	for _, w := range written {
		if w.entry.ActionName() != saved.Action {
			continue
		}
		op, err := w.entry.Op(w.op)
		if err != nil {
			continue // erased: there is nothing to take back
		}
		own := w.entry.Dot()
		alone = alone && !slices.ContainsFunc(s.cells, func(c cell) bool {
			return slices.ContainsFunc(c.versions, func(v version) bool { return v.dot != own })
		})
		for _, in := range op.Cells {
			if now := s.find(in.Field); now == nil || !slices.Contains(now.dots(), own) {
				continue // others have changed it since
			}
			if c.Set[in.Field] = was[in.Field]; in.Field == archived {
				c.MergeInto = was.ID(MergedInto)
			}
		}
	}
	if alone && len(c.Set) > 0 {
		c.Set = record.Fields{archived: true}
	}
	return nil
}

// replaced returns what an operation replaces of a record, for Undo.
func replaced(op journal.Op, before record.Fields) record.Fields {
	out := record.Fields{}
	for _, c := range op.Cells {
		out[c.Field] = before[c.Field]
		if c.Field == archived && before.Has(MergedInto) {
			out[MergedInto] = before[MergedInto]
		}
	}
	return out
}

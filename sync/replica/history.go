package replica

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"cantal.fr/buron/sync/journal"
	"github.com/google/uuid"
)

// History returns what was done to a record and to the duplicates that were merged into it, the newest first
// by the authors' clocks.
func (r *Replica) History(ctx context.Context, id uuid.UUID) ([]Event, error) {
	id, err := r.survivor(ctx, id)
	if err != nil {
		return nil, err
	}
	out, err := r.history(ctx, id)
	if err != nil {
		return nil, err
	}
	merged, err := r.Merged(ctx, id)
	if err != nil || len(merged) == 0 {
		return out, err
	}
	for _, m := range merged {
		more, err := r.history(ctx, m)
		if err != nil {
			return nil, err
		}
		for i := range more {
			more[i].Merged = m
		}
		out = append(out, more...)
	}
	slices.SortStableFunc(out, func(a, b Event) int { return cmp.Compare(b.hlc, a.hlc) })
	return out, nil
}

// Origin says who made a record, whether it has been merged or not.
func (r *Replica) Origin(ctx context.Context, id uuid.UUID) (Mark, error) {
	v, err := r.view(ctx, id)
	return v.Created, err
}

// parallel says of each field that each writing sets whether another writing stands beside it: of two
// devices, neither of which had seen what the other wrote. Of one field it is known everywhere, since who
// sets it names what it replaces. Of different fields nothing in an entry tells, so that only what is
// certain is marked: what came in after this device wrote, although it is older. What came in while a snapshot was
// shown may have been seen by it.
func (r *Replica) parallel(written []writing, shown spells) []map[string]bool {
	self := r.Incarnation()
	out := make([]map[string]bool, len(written))
	ops := make([]journal.Op, len(written))
	for i, w := range written {
		out[i] = map[string]bool{}
		ops[i], _ = w.entry.Op(w.op) // an erased one sets nothing
	}
	for j, own := range written {
		for i, older := range written[:j] {
			if own.entry.Incarnation != self || older.entry.Incarnation == self || older.number < own.number || shown.one(own.number, older.number) {
				continue
			}
			for _, k := range []int{i, j} {
				for _, c := range ops[k].Cells {
					out[k][c.Field] = true
				}
			}
		}
	}
	for field, at := range setters(ops) {
		past := pasts(written, ops, field, at)
		for n, i := range at {
			for _, k := range at[:n] {
				if !past[i][k] && !past[k][i] {
					out[i][field], out[k][field] = true, true
				}
			}
		}
	}
	return out
}

// setters returns, by field, the places of the operations that set it, in their order.
func setters(ops []journal.Op) map[string][]int {
	out := map[string][]int{}
	for i, op := range ops {
		for _, c := range op.Cells {
			out[c.Field] = append(out[c.Field], i)
		}
	}
	return out
}

// pasts returns, for each writing that set a field, the earlier ones that its author had seen.
func pasts(written []writing, ops []journal.Op, field string, at []int) map[int]map[int]bool {
	out := map[int]map[int]bool{}
	var of func(i int) map[int]bool
	of = func(i int) map[int]bool {
		if p, ok := out[i]; ok {
			return p
		}
		past := map[int]bool{}
		out[i] = past
		w := written[i]
		cell := ops[i].Cells[slices.IndexFunc(ops[i].Cells, func(c journal.Cell) bool { return c.Field == field })]
		for _, k := range at {
			d := written[k].entry.Dot()
			own := d.Incarnation == w.entry.Incarnation && d.Seq < w.entry.Seq
			if k != i && (own || slices.Contains(cell.Parents, d)) {
				past[k] = true
				maps.Copy(past, of(k))
			}
		}
		return past
	}
	for _, i := range at {
		of(i)
	}
	return out
}

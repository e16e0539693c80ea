package exchange

import (
	"context"
	"maps"
	"slices"

	"cantal.fr/buron/sync/journal"
)

// Bodies that are owed: a device that obeyed an erasure by a delegate which had been ended already gets them
// back from those who had not obeyed. They travel as entries do, in pieces of which the rest is held.

// maxBare is the number of places of which one exchange speaks.
const maxBare = 64

// bareHeads returns the places where bodies are missing here, by scope, as far as the peer may speak of them.
func (v view) bareHeads(ctx context.Context) ([]scopeHeads, error) {
	bare, err := v.s.Bare(ctx, maxBare)
	if err != nil {
		return nil, err
	}
	var out []scopeHeads
	for _, h := range bare {
		if !v.mayGive(h.Chain.Scope) || !v.me.MayRead(h.Chain.Scope) {
			continue
		}
		i := slices.IndexFunc(out, func(s scopeHeads) bool { return s.Scope == h.Chain.Scope })
		if i < 0 {
			i, out = len(out), append(out, scopeHeads{Scope: h.Chain.Scope})
		}
		out[i].Heads = append(out[i].Heads, wireHeads([]Head{h})...)
	}
	return out, nil
}

// refill asks for the bodies that are owed here, then brings those that are owed there.
func (r *run) refill(ctx context.Context) error {
	if err := r.fetchBodies(ctx); err != nil {
		return err
	}
	theirs, err := headsOf(r.bare)
	if err != nil {
		return err
	}
	w, b := r.view(), &parcel{run: r}
	for _, c := range slices.SortedFunc(maps.Keys(theirs), compareChains) { // in a fixed order, as in lacking
		heads := theirs[c]
		for _, h := range heads[:min(len(heads), maxBare)] {
			if !w.mayGive(c.Scope) {
				continue
			}
			pieces, _, err := r.s.Missing(ctx, c, []journal.Hash{h.Hash}, 1, BatchBytes)
			if err != nil {
				return err
			}
			b.pieces = append(b.pieces, pieces...)
			if err := b.send(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) fetchBodies(ctx context.Context) error {
	for last := -1; ; {
		bare, err := r.s.Bare(ctx, maxBare)
		if err != nil || len(bare) == 0 || len(bare) == last {
			return err // nobody owes us more than this peer can give
		}
		last = len(bare)
		var wants []want
		for _, h := range bare {
			if r.mayTake(h.Chain.Scope) {
				wants = append(wants, want{Scope: h.Chain.Scope, Incarnation: slices.Clone(h.Chain.Incarnation[:]), Have: [][]byte{slices.Clone(h.Hash[:])}})
			}
		}
		if len(wants) == 0 {
			return nil
		}
		a, err := r.ask(ctx, request{Ask: askGet, Wants: wants, Reads: readsColumns})
		if err != nil {
			return err
		}
		if _, _, _, err := r.takeIn(ctx, packed{a.Pieces, a.Columns}); err != nil {
			return err
		}
	}
}

package exchange

import (
	"context"
	"maps"
	"slices"
)

// Bodies that are owed: a device that obeyed an erasure by a delegate which had been ended already gets them
// back from those who had not obeyed. They travel as entries do, in pieces of which the rest is held.

// maxBare is the number of places of which one message speaks.
const maxBare = 64

// bareHeads returns the places where bodies are missing here, by scope, as far as the peer may speak of them: first
// those in its own chains, of which it may hold the only ones. More says that there are more of these than are told.
func (v view) bareHeads(ctx context.Context) (out []scopeHeads, more bool, err error) {
	bare, err := v.s.Bare(ctx)
	if err != nil || len(bare) == 0 {
		return nil, false, err
	}
	var own, rest []Head
	for _, h := range bare {
		ok, err := v.shows(ctx, h.Chain)
		if err != nil {
			return nil, false, err
		}
		if !ok || !v.me.MayRead(h.Chain.Scope) {
			continue
		}
		author, _, err := v.s.AuthorOf(ctx, h.Chain.Incarnation)
		if err != nil {
			return nil, false, err
		}
		if v.s.Roster().GoesOnFrom(v.peer.Key, author) {
			own = append(own, h)
		} else {
			rest = append(rest, h)
		}
	}
	for _, h := range append(some(v.s, own), some(v.s, rest)...) {
		i := slices.IndexFunc(out, func(s scopeHeads) bool { return s.Scope == h.Chain.Scope })
		if i < 0 {
			i, out = len(out), append(out, scopeHeads{Scope: h.Chain.Scope})
		}
		out[i].Heads = append(out[i].Heads, wireHeads([]Head{h})...)
	}
	return out, len(own) > maxBare, nil
}

// some returns as many places as a message speaks of, others from one exchange to the next: of some nobody may hold the
// bodies any more, and they must not hide the rest.
func some(s Store, places []Head) []Head {
	if len(places) <= maxBare {
		return places
	}
	from := int(s.Now().UnixMilli() % int64(len(places)))
	return slices.Concat(places[from:], places[:from])[:maxBare]
}

// owes returns the scopes in which the peer lacks bodies that are held here: it is brought them after this, and its
// receipt says nothing of them.
func (r *run) owes(ctx context.Context, bare []scopeHeads) (map[string]bool, error) {
	out := map[string]bool{}
	theirs, err := headsOf(bare)
	if err != nil {
		return nil, err
	}
	for c, heads := range theirs {
		for _, h := range heads {
			pieces, err := r.s.Following(ctx, c, h.Hash)
			if err != nil {
				return nil, err
			}
			for _, p := range pieces {
				for i, op := range p.Entries[0].Ops {
					out[c.Scope] = out[c.Scope] || p.Entries[0].Bodies[i] != nil && r.s.Roster().Voided(c.Scope, op.ID)
				}
			}
		}
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
			pieces, err := r.s.Following(ctx, c, h.Hash)
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

// fetchBodies asks for the bodies that are owed here, as long as some come.
func (r *run) fetchBodies(ctx context.Context) error {
	due := func() ([]Head, error) {
		bare, err := r.s.Bare(ctx)
		return slices.DeleteFunc(slices.Clone(bare), func(h Head) bool { return !r.mayTake(h.Chain.Scope) }), err
	}
	for {
		bare, err := due()
		if err != nil || len(bare) == 0 {
			return err
		}
		var wants []want
		for _, h := range some(r.s, bare) {
			wants = append(wants, want{Scope: h.Chain.Scope, Incarnation: slices.Clone(h.Chain.Incarnation[:]), Have: [][]byte{slices.Clone(h.Hash[:])}})
		}
		a, err := r.ask(ctx, request{Ask: askGet, Wants: wants, One: true, Reads: readsColumns})
		if err != nil {
			return err
		}
		if _, _, _, err := r.takeIn(ctx, packed{a.Pieces, a.Columns}); err != nil {
			return err
		}
		if left, err := due(); err != nil || len(left) >= len(bare) {
			return err // nobody owes us more than this peer can give
		}
	}
}

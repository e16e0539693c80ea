package replica

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// bare remembers where bodies are missing that an erasure no longer explains.
type bare struct {
	roster *trust.Roster // for which it was looked up
	commit int64
	at     []exchange.Head
}

// Bare implements exchange.Store. As long as no delegate was ended that had erased afterwards, it reads nothing.
func (r *Replica) Bare(ctx context.Context, limit int) ([]exchange.Head, error) {
	roster, commit := r.Roster(), r.commits.Load()
	scopes := roster.VoidedScopes()
	if len(scopes) == 0 {
		return nil, nil
	}
	r.mu.Lock()
	known := r.bare
	r.mu.Unlock()
	if known.roster != roster || known.commit != commit {
		known = bare{roster: roster, commit: commit}
		for _, scope := range scopes {
			at, err := r.bareIn(ctx, roster, scope)
			if err != nil {
				return nil, translate(err)
			}
			known.at = append(known.at, at...)
		}
		r.mu.Lock()
		r.bare = known
		r.mu.Unlock()
	}
	return known.at[:min(len(known.at), limit)], nil
}

func (r *Replica) bareIn(ctx context.Context, roster *trust.Roster, scope string) ([]exchange.Head, error) {
	rows, err := r.read.QueryContext(ctx, "SELECT stored FROM entry JOIN chain ON chain.id = entry.chain WHERE scope = ?", scope)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []exchange.Head
	for rows.Next() {
		var stored []byte
		if err := rows.Scan(&stored); err != nil {
			return nil, err
		}
		e, err := r.parse(stored)
		if err != nil {
			return nil, err
		}
		if e.Sealed == nil && slices.ContainsFunc(owed(roster, e), func(o bool) bool { return o }) {
			out = append(out, exchange.Head{Chain: e.Chain(), Seq: e.Seq - 1, Hash: e.Prev})
		}
	}
	slices.SortFunc(out, func(a, b exchange.Head) int {
		return cmp.Or(strings.Compare(string(a.Chain.Incarnation[:]), string(b.Chain.Incarnation[:])), cmp.Compare(a.Seq, b.Seq))
	})
	return out, rows.Err()
}

// owed says of each operation whether its body is missing and should not be.
func owed(roster *trust.Roster, e *journal.Entry) []bool {
	out := make([]bool, len(e.Ops))
	for i, op := range e.Ops {
		out[i] = e.Bodies[i] == nil && roster.Voided(e.Scope, op.ID)
	}
	return out
}

// refill takes from entries that are held already the bodies that are missing here, and folds their records
// again.
func (b *batch) refill(k *chain, entries []*journal.Entry) error {
	if k == nil || !slices.Contains(b.roster.VoidedScopes(), k.Scope) {
		return nil
	}
	for _, e := range entries {
		if !e.Hollow() {
			if err := b.refillEntry(k, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *batch) refillEntry(k *chain, from *journal.Entry) error {
	held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE chain = ? AND seq = ? AND hash = ?", k.id, from.Seq, from.Hash[:])
	if err != nil || len(held) == 0 {
		return err
	}
	e, back := held[0], []int(nil)
	if e.Sealed != nil {
		return nil // what is missing can be seen once the key is back
	}
	for i, o := range owed(b.roster, e.Entry) {
		if o && e.Refill(from, i) {
			back = append(back, i)
		}
	}
	if len(back) == 0 {
		return nil
	}
	if err := b.flush(); err != nil {
		return err
	}
	if err := b.restore(e.number, e.Entry); err != nil {
		return err
	}
	for _, i := range back {
		if err := b.noteBlobs(e.Entry, e.number, i); err != nil {
			return err
		}
		if e.stands != merged {
			if _, err := b.st.shelve.ExecContext(b.ctx, e.Ops[i].ID[:], e.number, i); err != nil {
				return err
			}
			continue
		}
		if err := b.refoldRecord(e.Ops[i], e.Scope, touch{e.number, i}, true); err != nil {
			return err
		}
	}
	return nil
}

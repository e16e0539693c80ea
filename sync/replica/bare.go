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

// bare remembers where bodies are missing that are owed.
type bare struct {
	roster *trust.Roster // for which it was looked up
	commit int64
	at     []exchange.Head
}

// owing says which missing bodies are owed to this device: those of records that a delegate erased after its end, and
// those that it dropped as a public terminal, in scopes that it may read by now.
type owing struct {
	roster *trust.Roster
	back   []string // those scopes
}

func (r *Replica) owing(ctx context.Context, q querier, roster *trust.Roster) (owing, error) {
	dropped, err := column1[string](ctx, q, "SELECT DISTINCT scope FROM dropped JOIN chain ON chain.id = dropped.chain")
	if err != nil || len(dropped) == 0 {
		return owing{roster: roster}, err
	}
	self := r.Self()
	return owing{roster, slices.DeleteFunc(dropped, func(scope string) bool { return !self.MayRead(scope) })}, nil
}

func (o owing) scopes() []string {
	out := append(o.roster.VoidedScopes(), o.back...)
	slices.Sort(out)
	return slices.Compact(out)
}

// of says of each operation of an entry whether its body is missing and should not be.
func (o owing) of(e *journal.Entry) []bool {
	out := make([]bool, len(e.Ops))
	for i, op := range e.Ops {
		out[i] = e.Bodies[i] == nil && (o.roster.Voided(e.Scope, op.ID) || slices.Contains(o.back, e.Scope) && !o.roster.Erased(e.Scope, op.ID))
	}
	return out
}

// Bare implements exchange.Store.
func (r *Replica) Bare(ctx context.Context) ([]exchange.Head, error) {
	roster, commit := r.Roster(), r.commits.Load()
	r.mu.Lock()
	known := r.bare
	r.mu.Unlock()
	if known.roster != roster || known.commit != commit {
		o, err := r.owing(ctx, r.read, roster)
		if err != nil {
			return nil, translate(err)
		}
		known = bare{roster: roster, commit: commit}
		for _, scope := range o.scopes() {
			at, err := r.bareIn(ctx, o, scope)
			if err != nil {
				return nil, translate(err)
			}
			known.at = append(known.at, at...)
		}
		r.mu.Lock()
		r.bare = known
		r.mu.Unlock()
	}
	return known.at, nil
}

func (r *Replica) bareIn(ctx context.Context, owing owing, scope string) ([]exchange.Head, error) {
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
		if e.Sealed == nil && slices.ContainsFunc(owing.of(e), func(o bool) bool { return o }) {
			out = append(out, exchange.Head{Chain: e.Chain(), Seq: e.Seq - 1, Hash: e.Prev})
		}
	}
	slices.SortFunc(out, func(a, b exchange.Head) int {
		return cmp.Or(strings.Compare(string(a.Chain.Incarnation[:]), string(b.Chain.Incarnation[:])), cmp.Compare(a.Seq, b.Seq))
	})
	return out, rows.Err()
}

// refill takes from entries that are held already the bodies that are missing here, and folds their records
// again.
func (b *batch) refill(k *chain, author trust.Key, entries []*journal.Entry) error {
	if k == nil || len(entries) == 0 {
		return nil
	}
	owing, err := b.owing(b.ctx, b.write, b.roster)
	if err != nil || !slices.Contains(owing.scopes(), k.Scope) {
		return err
	}
	some := false
	for _, e := range entries {
		// Of one that is hollow too, some bodies may be there: what lacks here and what lacks there need not be the same.
		back, err := b.refillEntry(k, owing, e)
		if err != nil {
			return err
		}
		some = some || back
	}
	// What was dropped could not be judged when a role changed; nor could it be told whether a body that was missing is an
	// edit by one who may only create.
	if some {
		err = b.judgeAgain(b.roster, author, k)
	}
	if err != nil || !slices.Contains(owing.back, k.Scope) {
		return err
	}
	held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE chain = ? AND chain IN (SELECT chain FROM dropped)", k.id)
	if err != nil || slices.ContainsFunc(held, func(e heldEntry) bool { return e.Sealed != nil || slices.Contains(owing.of(e.Entry), true) }) {
		return err
	}
	_, err = b.write.ExecContext(b.ctx, "DELETE FROM dropped WHERE chain = ?", k.id) // all of it is back
	return err
}

func (b *batch) refillEntry(k *chain, owing owing, from *journal.Entry) (some bool, err error) {
	held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE chain = ? AND seq = ? AND hash = ?", k.id, from.Seq, from.Hash[:])
	if err != nil || len(held) == 0 {
		return false, err
	}
	e, back := held[0], []int(nil)
	if out, err := b.entryOutOfReach(from); err != nil || out || e.Sealed != nil {
		return false, err // what is missing can be seen once the key is back
	}
	for i, o := range owing.of(e.Entry) {
		if o && e.Refill(from, i) {
			back = append(back, i)
		}
	}
	if len(back) == 0 {
		return false, nil
	}
	if err := b.flush(); err != nil {
		return false, err
	}
	if err := b.restore(e.number, e.Entry); err != nil {
		return false, err
	}
	if e.stands == merged && !readable(e.Entry) {
		// Hollow it counted; what has come back is of a form that this version cannot read.
		return true, b.restand(restanding{e, newer})
	}
	for _, i := range back {
		if err := b.noteBlobs(e.Entry, e.number, i); err != nil {
			return false, err
		}
		if e.stands != merged {
			if _, err := b.st.shelve.ExecContext(b.ctx, e.Ops[i].ID[:], e.number, i); err != nil {
				return false, err
			}
			continue
		}
		if err := b.refoldRecord(recordKey{e.Scope, e.Ops[i].Kind, e.Ops[i].ID}, move{touch{e.number, i}, true}); err != nil {
			return false, err
		}
	}
	return true, nil
}

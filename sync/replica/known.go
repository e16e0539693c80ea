package replica

import (
	"context"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Known returns up to where a peer is known to hold the chains of a scope. A forked chain is left out: of its
// branches, held_by does not say which.
func (r *Replica) Known(ctx context.Context, scope string, peer trust.Key) ([]exchange.Head, error) {
	rows, err := r.read.QueryContext(ctx, `SELECT chain.incarnation, entry.seq, entry.hash FROM held_by
		JOIN chain ON chain.id = held_by.chain JOIN entry ON entry.chain = chain.id AND entry.seq = held_by.seq
		WHERE held_by.peer = ? AND chain.scope = ? AND chain.forked = 0 ORDER BY chain.incarnation`, peer[:], scope)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []exchange.Head
	for rows.Next() {
		h := exchange.Head{Chain: journal.Chain{Scope: scope}}
		var i, hash []byte
		if err := rows.Scan(&i, &h.Seq, &hash); err != nil {
			return nil, translate(err)
		}
		copy(h.Chain.Incarnation[:], i)
		copy(h.Hash[:], hash)
		out = append(out, h)
	}
	return out, translate(rows.Err())
}

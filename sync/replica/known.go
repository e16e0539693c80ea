package replica

import (
	"context"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Known returns up to where a peer is known to hold the chains of a scope. A forked chain is left out: it has
// no one end.
func (r *Replica) Known(ctx context.Context, scope string, peer trust.Key) ([]exchange.Head, error) {
	rows, err := r.read.QueryContext(ctx, `SELECT incarnation, seq, hash FROM chain JOIN held_by ON held_by.chain = chain.id
		WHERE peer = ? AND scope = ? AND NOT forked ORDER BY incarnation`, peer[:], scope)
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

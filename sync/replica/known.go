package replica

import (
	"context"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/trust"
)

// Known returns up to where a peer is known to hold the chains of a scope. A forked chain is left out: it has
// no one end.
func (r *Replica) Known(ctx context.Context, scope string, peer trust.Key) ([]exchange.Head, error) {
	return r.headsOf(ctx, scope, `SELECT incarnation, seq, hash FROM chain JOIN held_by ON held_by.chain = chain.id
		WHERE peer = ? AND scope = ? AND NOT forked ORDER BY incarnation`, peer[:], scope)
}

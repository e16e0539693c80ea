package replica

import (
	"context"
	"database/sql"
	"errors"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

var _ exchange.Store = (*Replica)(nil)

// Scopes returns the scopes of which at least one chain is held.
func (r *Replica) Scopes(ctx context.Context) ([]string, error) {
	return column1[string](ctx, r.read, "SELECT DISTINCT scope FROM chain ORDER BY scope")
}

// column1 reads the first column of a query.
func column1[T any](ctx context.Context, q querier, query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, translate(err)
		}
		out = append(out, v)
	}
	return out, translate(rows.Err())
}

// chainsIn returns the chains of a query for incarnation and scope.
func chainsIn(ctx context.Context, q querier, query string, args ...any) ([]journal.Chain, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []journal.Chain
	for rows.Next() {
		var in []byte
		var c journal.Chain
		if err := rows.Scan(&in, &c.Scope); err != nil {
			return nil, translate(err)
		}
		copy(c.Incarnation[:], in)
		out = append(out, c)
	}
	return out, translate(rows.Err())
}

// Heads returns the ends of the branches of a scope's chains, by incarnation and hash.
func (r *Replica) Heads(ctx context.Context, scope string) ([]exchange.Head, error) {
	return r.headsOf(ctx, scope, `SELECT chain.incarnation, tip.seq, tip.hash FROM chain JOIN tip ON tip.chain = chain.id
		WHERE chain.scope = ? ORDER BY chain.incarnation, tip.hash`, scope)
}

// headsOf reads heads of one scope: incarnation, sequence number and hash.
func (r *Replica) headsOf(ctx context.Context, scope, query string, args ...any) ([]exchange.Head, error) {
	rows, err := r.read.QueryContext(ctx, query, args...)
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

// chainNumber returns the local number of a chain, 0 where none of it is held.
func (r *Replica) chainNumber(ctx context.Context, c journal.Chain) (number int64, forked bool, err error) {
	err = r.read.QueryRowContext(ctx, "SELECT id, forked FROM chain WHERE incarnation = ? AND scope = ?", c.Incarnation[:], c.Scope).Scan(&number, &forked)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return number, forked, translate(err)
}

// Queries that find an entry by its hash. Left to itself, the planner reads a whole chain in another index.
const (
	seekHolds = "SELECT EXISTS (SELECT 1 FROM chain JOIN entry INDEXED BY entry_hash ON entry.chain = chain.id WHERE incarnation = ? AND scope = ? AND hash = ?)"
	seekEntry = "SELECT seq FROM entry INDEXED BY entry_hash WHERE chain = ? AND hash = ?"
)

// Holds reports whether the entry with this hash is held.
func (r *Replica) Holds(ctx context.Context, c journal.Chain, h journal.Hash) (bool, error) {
	var held bool
	err := r.read.QueryRowContext(ctx, seekHolds, c.Incarnation[:], c.Scope, h[:]).Scan(&held)
	return held, translate(err)
}

// AuthorOf returns the key that opened an incarnation's chains.
func (r *Replica) AuthorOf(ctx context.Context, i journal.Incarnation) (trust.Key, bool, error) {
	var b []byte
	err := r.read.QueryRowContext(ctx, "SELECT key FROM author WHERE incarnation = ?", i[:]).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return trust.Key{}, false, nil
	}
	if err != nil {
		return trust.Key{}, false, translate(err)
	}
	k, ok := trust.KeyOf(b)
	return k, ok, nil
}

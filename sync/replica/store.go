package replica

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

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

// Heads returns the ends of the branches of a scope's chains, by incarnation and hash.
func (r *Replica) Heads(ctx context.Context, scope string) ([]exchange.Head, error) {
	rows, err := r.read.QueryContext(ctx, `SELECT chain.incarnation, tip.seq, tip.hash FROM chain JOIN tip ON tip.chain = chain.id
		WHERE chain.scope = ? ORDER BY chain.incarnation, tip.hash`, scope)
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

// Holds reports whether the entry with this hash is held.
func (r *Replica) Holds(ctx context.Context, c journal.Chain, h journal.Hash) (bool, error) {
	number, _, err := r.chainNumber(ctx, c)
	if err != nil || number == 0 {
		return false, err
	}
	var n int
	err = r.read.QueryRowContext(ctx, "SELECT count(*) FROM entry WHERE chain = ? AND hash = ?", number, h[:]).Scan(&n)
	return n > 0, translate(err)
}

// link is an entry's place on its branch.
type link struct {
	seq        uint64
	hash, prev journal.Hash
}

// branch returns the links from a head back to the first entry, the head first. Without a fork it is the
// chain itself, read in one go.
func (r *Replica) branch(ctx context.Context, number int64, h exchange.Head) ([]link, error) {
	rows, err := r.read.QueryContext(ctx, "SELECT seq, hash, substr(stored, 1, 32) FROM entry WHERE chain = ? AND seq <= ? ORDER BY seq DESC", number, h.Seq)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []link
	want := h.Hash
	for rows.Next() {
		var l link
		var hash, prev []byte
		if err := rows.Scan(&l.seq, &hash, &prev); err != nil {
			return nil, translate(err)
		}
		copy(l.hash[:], hash)
		copy(l.prev[:], prev)
		if l.hash == want {
			out = append(out, l)
			want = l.prev
		}
	}
	return out, translate(rows.Err())
}

// Locate returns the hashes on the way back from a head at distances 1, 2, 4…, and the first one.
func (r *Replica) Locate(ctx context.Context, h exchange.Head) ([]journal.Hash, error) {
	number, _, err := r.chainNumber(ctx, h.Chain)
	if err != nil || number == 0 {
		return nil, err
	}
	links, err := r.branch(ctx, number, h)
	if err != nil || len(links) == 0 {
		return nil, err
	}
	var out []journal.Hash
	for step := 1; step < len(links); step *= 2 {
		out = append(out, links[step].hash)
	}
	if last := links[len(links)-1].hash; len(out) == 0 || out[len(out)-1] != last {
		out = append(out, last)
	}
	return out, nil
}

// Missing returns what one who has the entries of have, and all before them, lacks of a chain.
func (r *Replica) Missing(ctx context.Context, c journal.Chain, have []journal.Hash, maxEntries, maxBytes int) ([]journal.Piece, bool, error) {
	number, forked, err := r.chainNumber(ctx, c)
	if err != nil || number == 0 {
		return nil, false, err
	}
	if !forked {
		return r.missingLine(ctx, number, c, have, maxEntries, maxBytes)
	}
	return r.missingBranches(ctx, number, c, have, maxEntries, maxBytes)
}

// missingLine serves a chain of one branch: what comes after the highest entry that the other has.
func (r *Replica) missingLine(ctx context.Context, number int64, c journal.Chain, have []journal.Hash, maxEntries, maxBytes int) ([]journal.Piece, bool, error) {
	var from uint64
	for _, h := range have {
		var seq uint64
		err := r.read.QueryRowContext(ctx, "SELECT seq FROM entry WHERE chain = ? AND hash = ?", number, h[:]).Scan(&seq)
		if err == nil {
			from = max(from, seq)
		} else if !errors.Is(err, sql.ErrNoRows) {
			return nil, false, translate(err)
		}
	}
	rows, err := r.read.QueryContext(ctx, "SELECT stored FROM entry WHERE chain = ? AND seq > ? ORDER BY seq", number, from)
	if err != nil {
		return nil, false, translate(err)
	}
	defer rows.Close()
	cut := newCutter(c, maxEntries, maxBytes)
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, false, translate(err)
		}
		if more, err := cut.add(b); err != nil || more {
			return cut.pieces, true, err
		}
	}
	return cut.pieces, false, translate(rows.Err())
}

// missingBranches serves a forked chain: every entry that is neither in have nor before it, in order of
// sequence number, cut wherever it does not follow the one before.
func (r *Replica) missingBranches(ctx context.Context, number int64, c journal.Chain, have []journal.Hash, maxEntries, maxBytes int) ([]journal.Piece, bool, error) {
	heads, err := r.Heads(ctx, c.Scope)
	if err != nil {
		return nil, false, err
	}
	skip, wanted := map[journal.Hash]bool{}, map[journal.Hash]bool{}
	var lines [][]link
	for _, h := range heads {
		if h.Chain != c {
			continue
		}
		links, err := r.branch(ctx, number, h)
		if err != nil {
			return nil, false, err
		}
		lines = append(lines, links)
		known := false
		for _, l := range links {
			known = known || slices.Contains(have, l.hash)
			if known {
				skip[l.hash] = true
			}
		}
	}
	slices.SortFunc(lines, func(a, b []link) int { return cmp.Compare(len(a), len(b)) })
	cut := newCutter(c, maxEntries, maxBytes)
	for _, links := range lines {
		for _, l := range slices.Backward(links) {
			if skip[l.hash] || wanted[l.hash] {
				continue
			}
			wanted[l.hash] = true
			var b []byte
			if err := r.read.QueryRowContext(ctx, "SELECT stored FROM entry WHERE chain = ? AND seq = ? AND hash = ?", number, l.seq, l.hash[:]).Scan(&b); err != nil {
				return nil, false, translate(err)
			}
			if more, err := cut.add(b); err != nil || more {
				return cut.pieces, true, err
			}
		}
	}
	return cut.pieces, false, nil
}

// cutter gathers entries into pieces that end signed, within limits.
type cutter struct {
	chain          journal.Chain
	entries, bytes int // what is left of the limits
	pieces         []journal.Piece
	open           []*journal.Entry // since the last signed entry
	openBytes      int
}

func newCutter(c journal.Chain, maxEntries, maxBytes int) *cutter {
	return &cutter{chain: c, entries: maxEntries, bytes: maxBytes}
}

// add takes one stored entry. More is true once the limits are reached: what was gathered after the last
// signed entry is left for another answer.
func (k *cutter) add(stored []byte) (more bool, err error) {
	e, err := journal.ParseStored(stored)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	k.open, k.openBytes = append(k.open, e), k.openBytes+len(stored)
	if e.Signature == nil {
		return false, nil
	}
	// At least one run always goes out, however long: else nothing ever would.
	if len(k.pieces) > 0 && (len(k.open) > k.entries || k.openBytes > k.bytes) {
		return true, nil
	}
	k.entries, k.bytes = k.entries-len(k.open), k.bytes-k.openBytes
	last := len(k.pieces) - 1
	if last >= 0 && len(k.pieces[last].Entries)+len(k.open) <= journal.MaxPiece && k.follows(k.pieces[last]) {
		k.pieces[last].Entries = append(k.pieces[last].Entries, k.open...)
	} else {
		k.pieces = append(k.pieces, journal.Piece{Chain: k.chain, Prev: k.open[0].Prev, Entries: k.open})
	}
	k.open, k.openBytes = nil, 0
	return k.entries <= 0 || k.bytes <= 0, nil
}

func (k *cutter) follows(p journal.Piece) bool {
	return p.Entries[len(p.Entries)-1].Hash == k.open[0].Prev
}

// Acknowledge notes that the peer holds everything up to these heads.
func (r *Replica) Acknowledge(ctx context.Context, peer trust.Key, heads []exchange.Head) error {
	if len(heads) == 0 {
		return nil
	}
	return r.inBatch(ctx, func(b *batch) error {
		for _, h := range heads {
			k, err := b.chainOf(h.Chain, false)
			if err != nil {
				return err
			}
			if k == nil {
				continue
			}
			if _, err := b.write.ExecContext(ctx, `INSERT INTO held_by (peer, chain, seq, at) VALUES (?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET at = excluded.at, seq = excluded.seq WHERE excluded.seq > seq`,
				peer[:], k.id, h.Seq, b.o.Now().UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
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

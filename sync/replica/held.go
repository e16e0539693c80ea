package replica

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// metEvery is how old the note of an exchange may be: what says nothing but that a minute has passed spares a
// durable write.
const metEvery = 30 * time.Second

// Acknowledge notes that the peer was met, and that it holds everything up to these heads.
func (r *Replica) Acknowledge(ctx context.Context, peer trust.Key, heads []exchange.Head) error {
	if len(heads) == 0 {
		return nil
	}
	news, err := r.unnoted(ctx, peer, heads)
	if err != nil {
		return err
	}
	now := r.o.Now()
	if len(news) == 0 {
		var at int64
		if err := r.read.QueryRowContext(ctx, "SELECT coalesce((SELECT at FROM met WHERE peer = ?), 0)", peer[:]).Scan(&at); err != nil {
			return translate(err)
		}
		if since := now.Sub(time.UnixMilli(at)); since >= 0 && since < metEvery {
			return nil
		}
	}
	return r.inBatch(ctx, func(b *batch) error {
		for _, h := range news {
			if err := b.noteHeld(peer, h); err != nil {
				return err
			}
		}
		_, err := b.write.ExecContext(ctx, "INSERT INTO met (peer, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", peer[:], now.UnixMilli())
		return err
	})
}

// heldHead is the end up to which a peer holds one branch of a chain.
type heldHead struct {
	peer trust.Key
	seq  uint64
	hash journal.Hash
}

// heldOf returns up to where peers are known to hold a chain, by branch.
func heldOf(ctx context.Context, q querier, number int64) ([]heldHead, error) {
	rows, err := q.QueryContext(ctx, "SELECT peer, seq, hash FROM held_by WHERE chain = ?", number)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []heldHead
	for rows.Next() {
		var h heldHead
		var peer, hash []byte
		if err := rows.Scan(&peer, &h.seq, &hash); err != nil {
			return nil, translate(err)
		}
		copy(h.peer[:], peer)
		copy(h.hash[:], hash)
		out = append(out, h)
	}
	return out, translate(rows.Err())
}

// unnoted returns the heads that say more of the peer than is noted already.
func (r *Replica) unnoted(ctx context.Context, peer trust.Key, heads []exchange.Head) ([]exchange.Head, error) {
	const query = `SELECT EXISTS (SELECT 1 FROM held_by WHERE chain = chain.id AND peer = ?1
		AND (hash = ?2 OR (NOT forked AND seq >= ?3))) FROM chain WHERE incarnation = ?4 AND scope = ?5`
	var out []exchange.Head
	for _, h := range heads {
		var noted bool
		switch err := r.read.QueryRowContext(ctx, query, peer[:], h.Hash[:], h.Seq, h.Chain.Incarnation[:], h.Chain.Scope).Scan(&noted); {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return nil, translate(err)
		case !noted:
			out = append(out, h)
		}
	}
	return out, nil
}

// noteHeld notes one end, in place of those before it on its branch.
func (b *batch) noteHeld(peer trust.Key, h exchange.Head) error {
	k, err := b.chainOf(h.Chain, false)
	if err != nil || k == nil {
		return err
	}
	if !k.forked {
		if _, err := b.write.ExecContext(b.ctx, "DELETE FROM held_by WHERE chain = ? AND peer = ? AND seq < ?", k.id, peer[:], h.Seq); err != nil {
			return err
		}
	} else if err := b.forgetBefore(k.id, peer, h); err != nil {
		return err
	}
	_, err = b.write.ExecContext(b.ctx, "INSERT OR IGNORE INTO held_by (chain, peer, hash, seq) VALUES (?, ?, ?, ?)", k.id, peer[:], h.Hash[:], h.Seq)
	return err
}

func (b *batch) forgetBefore(number int64, peer trust.Key, h exchange.Head) error {
	held, err := heldOf(b.ctx, b.write, number)
	if err != nil {
		return err
	}
	links, err := links(b.ctx, b.write, number)
	if err != nil {
		return err
	}
	before := ancestry(links, []journal.Hash{h.Hash})
	for _, o := range held {
		if o.peer == peer && before[o.hash] && o.hash != h.Hash {
			if _, err := b.write.ExecContext(b.ctx, "DELETE FROM held_by WHERE chain = ? AND peer = ? AND hash = ?", number, peer[:], o.hash[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Pending returns how many entries of this device are not known to be at the central, or at any
// neighbour as long as no central was ever met.
func (r *Replica) Pending(ctx context.Context) (int, error) {
	seen, err := r.LastSeen(ctx)
	if err != nil {
		return 0, err
	}
	centrals := r.keysOf(record.Central)
	met := slices.ContainsFunc(centrals, func(k trust.Key) bool { return !seen[k].IsZero() })
	keys := r.ownKeys()
	args := make([]any, len(keys))
	for i := range keys {
		args[i] = keys[i][:]
	}
	rows, err := r.read.QueryContext(ctx, `SELECT chain.id, forked FROM author JOIN chain USING (incarnation)
		WHERE author.key IN (?`+strings.Repeat(", ?", len(keys)-1)+`) AND scope <> 'control'`, args...)
	if err != nil {
		return 0, translate(err)
	}
	defer rows.Close()
	own := map[int64]bool{}
	for rows.Next() {
		var number int64
		var forked bool
		if err := rows.Scan(&number, &forked); err != nil {
			return 0, translate(err)
		}
		own[number] = forked
	}
	if err := rows.Err(); err != nil {
		return 0, translate(err)
	}
	pending := 0
	for number, forked := range own {
		held, err := heldOf(ctx, r.read, number)
		if err != nil {
			return 0, err
		}
		held = slices.DeleteFunc(held, func(h heldHead) bool { return met && !slices.Contains(centrals, h.peer) })
		n, err := r.unheldBy(ctx, number, forked, held)
		if err != nil {
			return 0, err
		}
		pending += n
	}
	return pending, nil
}

// ownKeys returns the key of this device, and those under which it wrote before.
func (r *Replica) ownKeys() []trust.Key {
	l := r.life.Load()
	return append([]trust.Key{l.id.Public()}, l.former...)
}

// unheldBy counts the entries of a chain that are after or beside all of these ends.
func (r *Replica) unheldBy(ctx context.Context, number int64, forked bool, held []heldHead) (n int, err error) {
	if forked {
		all, err := links(ctx, r.read, number)
		return len(all) - len(ancestry(all, hashesOf(held))), err
	}
	var upTo uint64
	for _, h := range held {
		upTo = max(upTo, h.seq)
	}
	err = r.read.QueryRowContext(ctx, "SELECT count(*) FROM entry WHERE chain = ? AND seq > ?", number, upTo).Scan(&n)
	return n, translate(err)
}

func hashesOf(held []heldHead) []journal.Hash {
	out := make([]journal.Hash, len(held))
	for i, h := range held {
		out[i] = h.hash
	}
	return out
}

func (r *Replica) keysOf(role record.Role) []trust.Key {
	var out []trust.Key
	for _, d := range r.Roster().Devices() {
		if d.Role == role {
			out = append(out, d.Key)
		}
	}
	return out
}

// lauzes says where a record is: 1 on this device, 2 on a neighbour too, 3 at the central, all that was
// written on it counted.
func (r *Replica) lauzes(ctx context.Context, number int64) (int, error) {
	if r.Self().Role == record.Central {
		return 3, nil
	}
	total, counts, err := r.heldTouches(ctx, number)
	if err != nil {
		return 0, err
	}
	if total == 0 {
		return 3, nil // of a snapshot: a central has signed for it
	}
	lauzes, roster := 1, r.Roster()
	for key, n := range counts {
		switch d, ok := roster.Device(key); {
		case n < total:
		case ok && d.Role == record.Central:
			lauzes = 3
		default:
			lauzes = max(lauzes, 2)
		}
	}
	return lauzes, nil
}

// heldTouches returns how many entries wrote on a record, and how many of them each peer holds. Where a chain
// has branches, holding one of them says nothing of the others.
func (r *Replica) heldTouches(ctx context.Context, number int64) (total int, counts map[trust.Key]int, err error) {
	rows, err := r.read.QueryContext(ctx, `SELECT entry.chain, entry.seq, entry.hash, forked FROM touch JOIN entry ON entry.id = touch.entry
		JOIN chain ON chain.id = entry.chain WHERE touch.record = ?`, number)
	if err != nil {
		return 0, nil, translate(err)
	}
	defer rows.Close()
	type written struct {
		forked bool
		on     []heldHead // without a peer
	}
	chains := map[int64]*written{}
	for rows.Next() {
		var c int64
		var h heldHead
		var hash []byte
		var forked bool
		if err := rows.Scan(&c, &h.seq, &hash, &forked); err != nil {
			return 0, nil, translate(err)
		}
		copy(h.hash[:], hash)
		if chains[c] == nil {
			chains[c] = &written{forked: forked}
		}
		chains[c].on = append(chains[c].on, h)
		total++
	}
	if err := rows.Err(); err != nil {
		return 0, nil, translate(err)
	}
	counts = map[trust.Key]int{}
	for c, w := range chains {
		held, err := heldOf(ctx, r.read, c)
		if err != nil {
			return 0, nil, err
		}
		var all map[journal.Hash]link
		if w.forked && len(held) > 0 {
			if all, err = links(ctx, r.read, c); err != nil {
				return 0, nil, err
			}
		}
		byPeer := map[trust.Key][]heldHead{}
		for _, h := range held {
			byPeer[h.peer] = append(byPeer[h.peer], h)
		}
		for peer, ends := range byPeer {
			has := func(e heldHead) bool { return e.seq <= ends[0].seq }
			if w.forked {
				before := ancestry(all, hashesOf(ends))
				has = func(e heldHead) bool { return before[e.hash] }
			}
			for _, e := range w.on {
				if has(e) {
					counts[peer]++
				}
			}
		}
	}
	return total, counts, nil
}

// LastSeen returns when this device last exchanged with each peer.
func (r *Replica) LastSeen(ctx context.Context) (map[trust.Key]time.Time, error) {
	rows, err := r.read.QueryContext(ctx, "SELECT peer, at FROM met")
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	out := map[trust.Key]time.Time{}
	for rows.Next() {
		var peer []byte
		var at int64
		if err := rows.Scan(&peer, &at); err != nil {
			return nil, translate(err)
		}
		if k, ok := trust.KeyOf(peer); ok {
			out[k] = time.UnixMilli(at)
		}
	}
	return out, translate(rows.Err())
}

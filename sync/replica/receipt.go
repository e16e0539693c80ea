package replica

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// KeepReceipt keeps what a device has signed of this one's chains, in place of what it had signed before. The
// same once more spares a durable write.
func (r *Replica) KeepReceipt(ctx context.Context, f exchange.Receipt) error {
	if !f.Valid(r.territory, r.Identity().Public()) {
		return journal.ErrSignature
	}
	heads := packHeads(f.Heads)
	var same bool
	if err := r.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM receipt WHERE signer = ? AND scope = ? AND heads = ?)",
		f.Signer[:], f.Scope, heads).Scan(&same); err != nil || same {
		return translate(err)
	}
	return r.inBatch(ctx, func(b *batch) error {
		_, err := b.write.ExecContext(ctx, "INSERT OR REPLACE INTO receipt (signer, scope, at, heads, signature) VALUES (?, ?, ?, ?, ?)",
			f.Signer[:], f.Scope, b.o.Now().UnixMilli(), heads, f.Signature)
		return err
	})
}

// headLen is the length of a head in the table of receipts.
const headLen = 16 + 8 + 32

func packHeads(heads []exchange.Head) []byte {
	out := make([]byte, 0, len(heads)*headLen)
	for _, h := range heads {
		out = append(out, h.Chain.Incarnation[:]...)
		out = binary.BigEndian.AppendUint64(out, h.Seq)
		out = append(out, h.Hash[:]...)
	}
	return out
}

func unpackHeads(scope string, b []byte) []exchange.Head {
	var out []exchange.Head
	for ; len(b) >= headLen; b = b[headLen:] {
		h := exchange.Head{Chain: journal.Chain{Scope: scope}, Seq: binary.BigEndian.Uint64(b[16:])}
		copy(h.Chain.Incarnation[:], b)
		copy(h.Hash[:], b[24:])
		out = append(out, h)
	}
	return out
}

// Receipts returns what other devices have signed that they hold of what this one writes and may not read.
func (r *Replica) Receipts(ctx context.Context) ([]exchange.Receipt, error) {
	return receipts(ctx, r.read)
}

func receipts(ctx context.Context, q querier) ([]exchange.Receipt, error) {
	rows, err := q.QueryContext(ctx, "SELECT signer, scope, at, heads, signature FROM receipt ORDER BY scope, at")
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []exchange.Receipt
	for rows.Next() {
		var f exchange.Receipt
		var signer, heads []byte
		var at int64
		if err := rows.Scan(&signer, &f.Scope, &at, &heads, &f.Signature); err != nil {
			return nil, translate(err)
		}
		copy(f.Signer[:], signer)
		f.At, f.Heads = time.UnixMilli(at), unpackHeads(f.Scope, heads)
		out = append(out, f)
	}
	return out, translate(rows.Err())
}

// delivery is a chain of this device of which more is delivered than was dropped.
type delivery struct {
	*chain
	from, to uint64 // bodies after from, up to to, are to be dropped
}

// DropDelivered drops the bodies of this device's own entries in scopes that it may not read, once a central or
// two other devices that may read them have signed that they hold them. What stays is the chain, and nothing in
// any file of what people wrote. It returns how many entries were emptied.
func (r *Replica) DropDelivered(ctx context.Context) (int, error) {
	if r.Sealed() {
		return 0, nil // what remains of an entry cannot be told from what is to go until the key is back
	}
	list, err := r.Receipts(ctx)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	if due, err := r.deliveries(ctx, r.read, list); err != nil || len(due) == 0 {
		return 0, translate(err)
	}
	n := 0
	err = r.inBatch(ctx, func(b *batch) error {
		list, err := receipts(ctx, b.write)
		if err != nil {
			return err
		}
		due, err := b.deliveries(ctx, b.write, list)
		if err != nil {
			return err
		}
		for _, d := range due {
			dropped, err := b.drop(d)
			if err != nil {
				return err
			}
			n += dropped
		}
		if n == 0 {
			return nil // another process was first
		}
		return b.toShred()
	})
	if err != nil {
		return 0, err
	}
	return n, r.shredAgain(ctx)
}

// deliveries returns the chains of this device of which bodies are to be dropped. A chain with branches is left
// alone: none of its receipts says which branch was meant to stay.
func (r *Replica) deliveries(ctx context.Context, q querier, list []exchange.Receipt) ([]delivery, error) {
	self := r.Self()
	if self.Role == "" {
		return nil, nil // before its admission, and after its end, it may read nothing: that proves nothing
	}
	keys := r.ownKeys()
	args := make([]any, len(keys))
	for i := range keys {
		args[i] = keys[i][:]
	}
	rows, err := q.QueryContext(ctx, `SELECT chain.id, incarnation, scope, coalesce(dropped.seq, 0) FROM author JOIN chain USING (incarnation)
		LEFT JOIN dropped ON dropped.chain = chain.id WHERE author.key IN (?`+strings.Repeat(", ?", len(keys)-1)+`) AND NOT forked ORDER BY chain.id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var own []delivery
	for rows.Next() {
		d := delivery{chain: &chain{}}
		var in []byte
		if err := rows.Scan(&d.id, &in, &d.Scope, &d.from); err != nil {
			return nil, err
		}
		copy(d.Incarnation[:], in)
		own = append(own, d)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var out []delivery
	for _, d := range own {
		if self.MayRead(d.Scope) {
			continue
		}
		if d.to, err = r.deliveredTo(ctx, q, d.chain, list); err != nil {
			return nil, err
		}
		kept, err := r.ungiven(ctx, q, d.chain)
		if err != nil {
			return nil, err
		}
		if kept > 0 {
			d.to = min(d.to, kept-1)
		}
		if d.to > d.from {
			out = append(out, d)
		}
	}
	return out, nil
}

// deliveredTo returns up to where a chain is held by a central, or by two other devices that may read it.
func (r *Replica) deliveredTo(ctx context.Context, q querier, k *chain, list []exchange.Receipt) (uint64, error) {
	roster, own := r.Roster(), r.ownKeys()
	var central uint64
	others := map[uuid.UUID]uint64{} // by admission: a device that goes on under another key is still one
	for _, f := range list {
		d, ok := roster.Device(f.Signer)
		if !ok || !d.MayRead(k.Scope) || f.Scope != k.Scope || slices.Contains(own, f.Signer) {
			continue
		}
		for _, h := range f.Heads {
			if h.Chain != k.Chain {
				continue
			}
			var seq uint64
			if err := q.QueryRowContext(ctx, seekEntry, k.id, h.Hash[:]).Scan(&seq); errors.Is(err, sql.ErrNoRows) {
				continue
			} else if err != nil {
				return 0, err
			}
			if d.Role == record.Central {
				central = max(central, seq)
			} else {
				others[d.RecordID] = max(others[d.RecordID], seq)
			}
		}
	}
	if at := slices.Sorted(maps.Values(others)); len(at) >= 2 {
		return max(central, at[len(at)-2]), nil
	}
	return central, nil
}

// drop empties the entries of a chain that were delivered.
func (b *batch) drop(d delivery) (int, error) {
	held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE chain = ? AND seq > ? AND seq <= ? ORDER BY seq", d.id, d.from, d.to)
	if err != nil {
		return 0, err
	}
	for _, e := range held {
		if err := b.flush(); err != nil {
			return 0, err
		}
		if _, err := b.st.unshelve.ExecContext(b.ctx, e.number); err != nil {
			return 0, err
		}
		for i, op := range e.Ops {
			if e.stands == merged {
				if err := b.refoldRecord(recordKey{e.Scope, op.Kind, op.ID}, move{touch{e.number, i}, false}); err != nil {
					return 0, err
				}
			}
			if err := b.eraseOp(e, i); err != nil {
				return 0, err
			}
		}
		if err := b.restore(e.number, e.Entry); err != nil {
			return 0, err
		}
	}
	_, err = b.write.ExecContext(b.ctx, "INSERT OR REPLACE INTO dropped (chain, seq) VALUES (?, ?)", d.id, d.to)
	return len(held), err
}

// droppedTo returns up to where the bodies of a chain were dropped here, 0 for none.
func (r *Replica) droppedTo(ctx context.Context, c journal.Chain) (seq uint64, err error) {
	err = r.read.QueryRowContext(ctx, `SELECT coalesce((SELECT seq FROM dropped JOIN chain ON chain.id = dropped.chain
		WHERE incarnation = ? AND scope = ?), 0)`, c.Incarnation[:], c.Scope).Scan(&seq)
	return seq, translate(err)
}

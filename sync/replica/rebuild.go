package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"cantal.fr/buron/sync/journal"
)

// rebuildPart is the number of entries folded before what they touched is written.
const rebuildPart = 2000

// Rebuild drops the merged tables and folds the journal again, in one transaction: if it is interrupted,
// nothing has changed.
func (r *Replica) Rebuild(ctx context.Context, progress func(done, total int)) error {
	err := r.inBatch(ctx, func(b *batch) error {
		if err := b.abandonSnapshots(); err != nil {
			return err
		}
		clear(b.digests)
		if _, err := b.write.ExecContext(ctx, "DELETE FROM touch; DELETE FROM shelf; DELETE FROM blob_use; DELETE FROM record; DELETE FROM scope_digest"); err != nil {
			return err
		}
		var total, last int64
		if err := b.write.QueryRowContext(ctx, "SELECT count(*), coalesce(max(id), 0) FROM entry").Scan(&total, &last); err != nil {
			return err
		}
		done, from := 0, int64(0)
		for from < last {
			n, next, err := b.refold(from)
			if err != nil {
				return err
			}
			if err := b.flush(); err != nil {
				return err
			}
			b.states, b.order = map[recordKey]*state{}, nil
			done, from = done+n, next
			if progress != nil {
				progress(done, int(total))
			}
		}
		return b.forgetWords()
	})
	if err != nil {
		return err
	}
	r.unsearched.Store(true)
	return r.indexWords(ctx)
}

// refold folds the entries that arrived after number from, at most rebuildPart of them.
func (b *batch) refold(from int64) (n int, last int64, err error) {
	if err := b.cancelled(); err != nil {
		return 0, from, err
	}
	rows, err := b.write.QueryContext(b.ctx, "SELECT entry.id, stored, standing FROM entry WHERE entry.id > ? ORDER BY entry.id LIMIT ?", from, rebuildPart)
	if err != nil {
		return 0, from, err
	}
	defer rows.Close()
	type item struct {
		id     int64
		entry  *journal.Entry
		stands standing
	}
	var items []item
	for rows.Next() {
		var it item
		var stored []byte
		if err := rows.Scan(&it.id, &stored, &it.stands); err != nil {
			return 0, from, err
		}
		if it.entry, err = b.parse(stored); err != nil {
			return 0, from, err
		}
		if it.entry.Sealed != nil {
			return 0, from, ErrSealed // what it says would be lost to the tables
		}
		items = append(items, it)
	}
	if err := rows.Close(); err != nil {
		return 0, from, err
	}
	for _, it := range items {
		k, err := b.chainOf(it.entry.Chain(), false)
		if err != nil {
			return 0, from, err
		}
		if err := b.foldEntry(k, it.entry, it.id, it.stands); err != nil {
			return 0, from, err
		}
		from = it.id
	}
	return len(items), from, nil
}

// StateDigests returns the digest of each scope's merged state: two devices that hold the same entries of a
// scope have the same.
func (r *Replica) StateDigests(ctx context.Context) (map[string]journal.Digest, error) {
	rows, err := r.read.QueryContext(ctx, "SELECT scope, digest FROM scope_digest")
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	out := map[string]journal.Digest{}
	for rows.Next() {
		var scope string
		var d []byte
		if err := rows.Scan(&scope, &d); err != nil {
			return nil, translate(err)
		}
		var digest journal.Digest
		copy(digest[:], d)
		out[scope] = digest
	}
	return out, translate(rows.Err())
}

// Verify checks the database's own integrity, then every chain: links, signatures, authors.
func (r *Replica) Verify(ctx context.Context, progress func(done, total int)) error {
	if err := r.verifyDatabase(ctx); err != nil {
		return err
	}
	var total int
	if err := r.read.QueryRowContext(ctx, "SELECT count(*) FROM entry").Scan(&total); err != nil {
		return translate(err)
	}
	scopes, err := r.Scopes(ctx)
	if err != nil {
		return err
	}
	done := 0
	for _, scope := range scopes {
		heads, err := r.Heads(ctx, scope)
		if err != nil {
			return err
		}
		for i, h := range heads {
			if i > 0 && heads[i-1].Chain == h.Chain {
				continue // another branch of a chain that was just checked whole
			}
			n, err := r.verifyChain(ctx, h.Chain)
			if err != nil {
				return err
			}
			done += n
			if progress != nil {
				progress(done, total)
			}
		}
	}
	return nil
}

// verifyChain checks all branches of a chain, in parts.
func (r *Replica) verifyChain(ctx context.Context, c journal.Chain) (int, error) {
	key, ok, err := r.AuthorOf(ctx, c.Incarnation)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, fmt.Errorf("%w: chain %s without its author", ErrDamaged, c.Incarnation)
	}
	dropped, err := r.droppedTo(ctx, c)
	if err != nil {
		return 0, err
	}
	n := 0
	var have []journal.Hash
	for {
		pieces, more, err := r.missing(ctx, r.newCutter(c, rebuildPart, 64<<20), have)
		if err != nil {
			return n, err
		}
		for i := range pieces {
			held := pieces[i].Entries[len(pieces[i].Entries)-1].Hash
			if err := pieces[i].Verify(r.territory, key[:]); err != nil && !r.explained(&pieces[i], dropped, err) {
				return n, fmt.Errorf("%s de %s\u00a0: %w", c.Scope, r.Roster().Name(key), err)
			}
			if held != pieces[i].Entries[len(pieces[i].Entries)-1].Hash {
				return n, fmt.Errorf("%w: %s", ErrDamaged, c.Scope)
			}
			n += len(pieces[i].Entries)
			have = append(have, held)
		}
		if !more || len(pieces) == 0 {
			return n, nil
		}
	}
}

// explained reports whether all that is wrong with a piece are bodies that were erased, or that this device
// dropped once they were delivered.
func (r *Replica) explained(p *journal.Piece, dropped uint64, err error) bool {
	roster := r.Roster()
	return errors.Is(err, journal.ErrHollow) && !slices.ContainsFunc(p.Entries, func(e *journal.Entry) bool {
		return e.Seq > dropped && unavailable(roster, e)
	})
}

// verifyDatabase has SQLite check its file. The check of FTS5 trusts what its connection remembers of the index, whoever
// has written since, unless that connection has begun to read it anew (xIntegrity of SQLite 3.54).
func (r *Replica) verifyDatabase(ctx context.Context) error {
	c, err := r.read.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	defer c.Close()
	var first sql.NullInt64
	if err := c.QueryRowContext(ctx, "SELECT (SELECT rowid FROM search LIMIT 1)").Scan(&first); err != nil {
		return translate(err)
	}
	var verdict string
	if err := c.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return translate(err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w (%s)", ErrDamaged, verdict)
	}
	return nil
}

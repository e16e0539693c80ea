package replica

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// Erase drops the bodies of records everywhere, for good: on this device when it returns, on the others as
// they hear of it. Only a delegate may. The reason is shown to people, and must not say who it was about.
func (r *Replica) Erase(ctx context.Context, ids []uuid.UUID, reason string) error {
	return r.inBatch(ctx, func(b *batch) error {
		byScope := map[string][]uuid.UUID{}
		for _, id := range ids {
			s, err := b.held(id)
			if err != nil {
				return err
			}
			byScope[s.scope] = append(byScope[s.scope], id)
		}
		return b.eraseAll(byScope, reason)
	})
}

// eraseAll says that records are erased, by scope.
func (b *batch) eraseAll(byScope map[string][]uuid.UUID, reason string) error {
	for _, scope := range slices.Sorted(maps.Keys(byScope)) {
		all, err := b.withMerged(byScope[scope])
		if err != nil {
			return err
		}
		for ids := range slices.Chunk(all, trust.MaxErased) {
			fields, err := trust.Erasure{Scope: scope, Records: ids, Reason: reason}.Fields()
			if err != nil {
				return err
			}
			if _, err := b.say(statement{trust.ErasureKind, fields}); err != nil {
				return err
			}
		}
	}
	return nil
}

// eraseNew drops what the roster says is erased and the one before did not.
func (b *batch) eraseNew(before *trust.Roster) error {
	some := false
	for _, e := range b.roster.Erasures() {
		news := false
		for _, id := range e.Records {
			if before.Erased(e.Scope, id) {
				continue
			}
			err := b.eraseRecord(e.Scope, id)
			if errors.Is(err, ErrSealed) {
				err = b.putOff()
			}
			if err != nil {
				return err
			}
			some, news = true, true
		}
		if !news {
			continue // obeyed before: frames that came since do not hold it, or leave it out when they are loaded
		}
		if err := b.dropSnapshot(e.Scope); err != nil {
			return err
		}
	}
	if !some {
		return nil
	}
	return b.toShred()
}

// toShred notes that the files still hold what this transaction drops for good, and makes the search let go of its words.
func (b *batch) toShred() error {
	b.shreds = true
	// A search index without content only notes that a row is gone: its words stay until the parts that hold
	// them are merged.
	if _, err := b.write.ExecContext(b.ctx, "INSERT INTO search (search) VALUES ('optimize')"); err != nil {
		return err
	}
	_, err := b.st.setMeta.ExecContext(b.ctx, metaShred, []byte{1})
	return err
}

// eraseRecord drops a record and the bodies of all operations on it, merged or not.
func (b *batch) eraseRecord(scope string, id uuid.UUID) error {
	if err := b.flush(); err != nil {
		return err
	}
	if out, err := b.outOfReach(scope, id); err != nil || out {
		return cmp.Or(err, ErrSealed) // all of it or nothing: what had not been reached would not be found again
	}
	touches, err := b.shelved(scope, id)
	if err != nil {
		return err
	}
	kinds, err := kindsOf(b.ctx, b.write, scope, id)
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		s, err := b.state(recordKey{scope, kind, id})
		if err != nil {
			return err
		}
		merged, err := b.touchesOf(s.number)
		if err != nil {
			return err
		}
		touches = append(touches, merged...)
		digest, err := b.digest(s.scope)
		if err != nil {
			return err
		}
		s.takeFrom(digest)
		if err := b.erasedWhileShown(s, len(merged) > 0); err != nil {
			return err
		}
		if err := b.dropRecord(s); err != nil {
			return err
		}
	}
	var others []restanding
	for _, t := range touches {
		held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE id = ?", t.entry)
		if err != nil || len(held) != 1 {
			return errors.Join(err, ErrDamaged)
		}
		if held[0].Sealed != nil {
			return ErrSealed
		}
		if kind := held[0].Ops[t.op].Kind; !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind) // of what stands aside or waits
		}
		if err := b.eraseOp(held[0], t.op); err != nil {
			return err
		}
		if err := b.restore(t.entry, held[0].Entry); err != nil {
			return err
		}
		if held[0].stands == aside || held[0].stands == newer {
			other, err := b.judgeErased(held[0])
			if err != nil {
				return err
			}
			others = append(others, other...)
		}
	}
	for _, kind := range kinds {
		if err := b.dropDrafts(kind, id); err != nil {
			return err
		}
	}
	return b.restand(others...)
}

// judgeErased asks the roster again of an entry that is not merged and was written on a record that is erased now: the
// rest of the action may count without it, and may be read without what this version could not read of it.
func (b *batch) judgeErased(e heldEntry) ([]restanding, error) {
	author, err := b.opened(e.Incarnation)
	if err != nil {
		return nil, err
	}
	k, err := b.chainOf(e.Chain(), false)
	if err != nil {
		return nil, err
	}
	return b.judgeEntry(b.roster, author, k, e)
}

// kindsOf returns the kinds under which a scope holds a record of this id: one, but for forgeries.
func kindsOf(ctx context.Context, q querier, scope string, id uuid.UUID) ([]string, error) {
	return column1[string](ctx, q, "SELECT kind FROM record WHERE id = ? AND scope = ? ORDER BY kind", id[:], scope)
}

func (b *batch) shelved(scope string, id uuid.UUID) ([]touch, error) {
	return b.touches(`SELECT shelf.entry, op FROM shelf JOIN entry ON entry.id = shelf.entry JOIN chain ON chain.id = entry.chain
		WHERE record = ? AND scope = ? ORDER BY shelf.entry`, id[:], scope)
}

// dropDrafts forgets the drafts of this device that may quote an erased record: those of its own form, and
// where it is a person's all of them, since a name may have been copied.
func (b *batch) dropDrafts(kind string, id uuid.UUID) error {
	schema, _ := record.Of(record.Kind(kind))
	where, args := "key LIKE '%' || ? || '%'", []any{id.String()}
	if schema.Personal {
		where, args = "key LIKE 'draft%'", nil
	}
	_, err := b.write.ExecContext(b.ctx, "DELETE FROM setting WHERE "+where, args...)
	return err
}

// metaShred notes, in the transaction that erases or drops, that the files are still to be shredded: a power cut in
// between must not leave it undone.
const metaShred = "shred"

// shred makes sure that no byte of what was just erased is left in the files.
func (r *Replica) shred(ctx context.Context, before, after *trust.Roster) error {
	if len(before.Erasures()) == len(after.Erasures()) {
		return nil
	}
	return r.shredFiles(ctx)
}

// readShred looks for that note: another process may have died, or found a reader in its way and ended.
func (r *Replica) readShred(ctx context.Context, q querier) error {
	var due bool
	if err := q.QueryRowContext(ctx, "SELECT count(*) FROM meta WHERE key = ?", metaShred).Scan(&due); err != nil || !due {
		return translate(err)
	}
	r.mu.Lock()
	r.unshredded = true
	r.mu.Unlock()
	return nil
}

// shredAgain tries once more where a reader, a full disk or a power cut stood in the way.
func (r *Replica) shredAgain(ctx context.Context) error {
	r.mu.Lock()
	due := r.unshredded
	r.mu.Unlock()
	if !due {
		return nil
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.shredFiles(ctx)
}

// shredFiles writes the database anew and empties its log. secure_delete overwrites rows that are deleted, but
// not where they stood before their page was filled and they were moved to another. The erasure itself is
// committed already: what fails here is tried again.
func (r *Replica) shredFiles(ctx context.Context) error {
	var busy, log, moved int
	_, err := r.write.ExecContext(ctx, "VACUUM")
	if err == nil {
		err = r.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
	}
	if err == nil && busy == 0 {
		_, err = r.write.ExecContext(ctx, "DELETE FROM meta WHERE key = ?", metaShred)
	}
	r.mu.Lock()
	r.unshredded = err != nil || busy != 0
	r.mu.Unlock()
	if err != nil {
		r.o.Log.Warn("erased text may still stand in the files; it is tried again", "err", err)
	}
	return nil
}

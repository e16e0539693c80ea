package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/seal"

	"filippo.io/age"
	"github.com/google/uuid"
)

// Keys of meta.
const (
	metaSeal     = "seal"           // name of the data key; absent until this version has opened the folder
	metaWrapped  = "seal.recovery"  // the data key, sealed to the territory's recovery key
	metaWrapTo   = "seal.recipient" // the recipient that it is sealed to
	metaDeferred = "seal.deferred"  // control was obeyed without the key: what is personal is still to be judged
	metaUnshred  = "seal.unshred"   // what was sealed just now may still stand open in the files
)

// KeyStore says where the data key is kept, as people read it; "" where it is not on this device.
func (r *Replica) KeyStore() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.place)
}

// Sealed reports whether the data key is not on this device: what is personal cannot be read, written or
// passed on.
func (r *Replica) Sealed() bool { return r.box.Load() == nil }

// useKey puts a data key to use.
func (r *Replica) useKey(k seal.Key, place seal.Place) error {
	box, err := k.Box()
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.place = place
	r.mu.Unlock()
	r.box.Store(box)
	return nil
}

// openSeal finds the data key. A folder that this version opens for the first time gets one, and what is
// personal in it is sealed. Where the key is not to be found, the replica opens all the same.
func (r *Replica) openSeal(ctx context.Context) error {
	id, err := metaText(ctx, r.write, metaSeal)
	if err != nil {
		return err
	}
	if id == "" {
		if err := r.inBatch(ctx, (*batch).sealAll); err != nil {
			r.box.Store(nil)
			return err
		}
		if id, err = metaText(ctx, r.write, metaSeal); err != nil {
			return err
		}
	}
	if r.Sealed() {
		k, place, err := r.o.Keys.Load(r.home, id)
		if err != nil {
			r.o.Log.Warn("what is personal is sealed", "err", err)
			return nil
		}
		if err := r.useKey(k, place); err != nil {
			return err
		}
	}
	return r.afterKey(ctx)
}

// afterKey does what had to wait for the key.
func (r *Replica) afterKey(ctx context.Context) error {
	deferred, err := metaText(ctx, r.write, metaDeferred)
	if err == nil && deferred != "" {
		err = errors.Join(r.inBatch(ctx, (*batch).judgeDeferred), r.shredAgain(ctx)) // of what was erased, sealed bytes are left
	}
	if err != nil {
		return err
	}
	if err := r.repack(ctx); err != nil {
		// A full disk does not keep anyone from working: what stands otherwise is read, and the next opening tries again.
		r.o.Log.Warn("what an earlier version wrote takes more room than it need", "err", err)
	}
	unshred, err := metaText(ctx, r.write, metaUnshred)
	if err != nil || unshred == "" {
		return err
	}
	if err := r.shredOpen(ctx); err != nil {
		// A disk that is nearly full, or another process in the way: the next opening tries again.
		r.o.Log.Warn("what stood open before it was sealed is not shredded yet", "err", err)
	}
	return nil
}

// shredOpen overwrites what stood open before it was sealed: every page is written anew, and the log cut.
func (r *Replica) shredOpen(ctx context.Context) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.shredFiles(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	done := !r.unshredded
	r.mu.Unlock()
	if !done {
		return nil // a reader stands in the way: the next opening does it
	}
	_, err := r.write.ExecContext(ctx, "DELETE FROM meta WHERE key = ?", metaUnshred)
	return translate(err)
}

// metaText reads a text of meta, "" where there is none.
func metaText(ctx context.Context, q querier, key string) (string, error) {
	var b []byte
	err := q.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return string(b), translate(err)
}

// sealAll makes the data key and seals what an earlier version wrote, in one transaction. The key is kept
// before anything is sealed under it.
func (b *batch) sealAll() error {
	if id, err := metaText(b.ctx, b.write, metaSeal); err != nil || id != "" {
		return err // another process was first
	}
	k, err := seal.NewKey(b.o.Random)
	if err != nil {
		return err
	}
	place, err := b.o.Keys.Keep(b.home, k)
	if err != nil {
		return err
	}
	if err := b.useKey(k, place); err != nil {
		return err
	}
	if _, err := b.st.setMeta.ExecContext(b.ctx, metaSeal, []byte(k.ID())); err != nil {
		return err
	}
	some, err := b.sealEntries()
	if err != nil {
		return err
	}
	drafts, err := b.sealDrafts()
	if err != nil || !some && !drafts {
		return err
	}
	_, err = b.st.setMeta.ExecContext(b.ctx, metaUnshred, []byte("1"))
	return err
}

// sealEntries writes private entries again, and the records that they made.
func (b *batch) sealEntries() (some bool, err error) {
	for from, last := int64(0), false; !last; {
		held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE id > ? ORDER BY id LIMIT ?", from, rebuildPart)
		if err != nil {
			return false, err
		}
		last = len(held) < rebuildPart
		for _, e := range held {
			from = e.number
			if !privateEntry(e.Entry) {
				continue
			}
			some = true
			if err := b.restore(e.number, e.Entry); err != nil {
				return false, err
			}
			for _, op := range e.Ops {
				s, err := b.state(recordKey{e.Scope, op.Kind, op.ID})
				if err != nil {
					return false, err
				}
				s.private = s.private || privateOp(e.Scope, op)
				s.dirty = s.number != 0
			}
		}
		if err := b.flush(); err != nil {
			return false, err
		}
		b.states, b.order = map[recordKey]*state{}, nil
	}
	return some, nil
}

// restore writes an entry that is held once more.
func (b *batch) restore(number int64, e *journal.Entry) error {
	stored, err := b.stored(e)
	if err != nil {
		return err
	}
	_, err = b.st.setStored.ExecContext(b.ctx, stored, number)
	return err
}

func (b *batch) sealDrafts() (some bool, err error) {
	keys, err := column1[string](b.ctx, b.write, "SELECT key FROM setting WHERE key LIKE 'draft%'")
	if err != nil {
		return false, err
	}
	for _, key := range keys {
		if !privateSetting(key) {
			continue
		}
		var value string
		if err := b.write.QueryRowContext(b.ctx, "SELECT value FROM setting WHERE key = ?", key).Scan(&value); err != nil {
			return false, err
		}
		if value, err = b.sealSetting(key, value); err != nil {
			return false, err
		}
		if _, err := b.write.ExecContext(b.ctx, "UPDATE setting SET value = ? WHERE key = ?", value, key); err != nil {
			return false, err
		}
		some = true
	}
	return some, nil
}

// putOff notes that control says something about what cannot be read now.
func (b *batch) putOff() error {
	_, err := b.st.setMeta.ExecContext(b.ctx, metaDeferred, []byte("1"))
	return err
}

// outOfReach reports whether a record cannot be folded without the data key: its row is sealed, or an entry that wrote on it.
// Of an action by a program of other manners one operation may be personal and another not.
func (b *batch) outOfReach(scope string, id uuid.UUID) (bool, error) {
	if !b.Sealed() {
		return false, nil
	}
	rows, err := column1[int64](b.ctx, b.write, "SELECT count(*) FROM record WHERE id = ? AND scope = ? AND substr(cells, 1, 1) = ?", id[:], scope, []byte{sealedCells})
	if err != nil || rows[0] > 0 {
		return err == nil, err
	}
	held, err := b.heldEntries(`SELECT id, stored, standing FROM entry WHERE id IN
		(SELECT entry FROM touch JOIN record ON record.number = touch.record WHERE record.id = ?1 AND record.scope = ?2
		UNION SELECT shelf.entry FROM shelf JOIN entry ON entry.id = shelf.entry JOIN chain ON chain.id = entry.chain WHERE shelf.record = ?1 AND chain.scope = ?2)`, id[:], scope)
	return slices.ContainsFunc(held, func(e heldEntry) bool { return e.Sealed != nil }), err
}

// entryOutOfReach is outOfReach of any record of an entry.
func (b *batch) entryOutOfReach(e *journal.Entry) (bool, error) {
	if !b.Sealed() {
		return false, nil
	}
	if err := b.flush(); err != nil {
		return false, err
	}
	for _, op := range e.Ops {
		if out, err := b.outOfReach(e.Scope, op.ID); err != nil || out {
			return out, err
		}
	}
	return false, nil
}

// judgeDeferred obeys control again in all that was put off: what it puts aside, merges and erases.
func (b *batch) judgeDeferred() error {
	if _, err := b.write.ExecContext(b.ctx, "DELETE FROM meta WHERE key = ?", metaDeferred); err != nil {
		return err
	}
	return b.obeyAll()
}

// wrapKey seals the data key to the territory's recovery key, once that is known here.
func (r *Replica) wrapKey(ctx context.Context) error {
	to := r.Roster().Recovery()
	wrapped, err := metaText(ctx, r.read, metaWrapTo)
	if err != nil || to == "" || to == wrapped || r.Sealed() {
		return err
	}
	id, err := metaText(ctx, r.read, metaSeal)
	if err != nil {
		return err
	}
	k, _, err := r.o.Keys.Load(r.home, id)
	if err != nil {
		return nil // in use, and out of reach a moment later: the next opening does it
	}
	sealed, err := k.Wrap(to)
	if err != nil {
		r.o.Log.Warn("the territory's recovery key is not one", "err", err)
		return nil
	}
	return r.inBatch(ctx, func(b *batch) error {
		if _, err := b.st.setMeta.ExecContext(ctx, metaWrapped, sealed); err != nil {
			return err
		}
		_, err := b.st.setMeta.ExecContext(ctx, metaWrapTo, []byte(to))
		return err
	})
}

// Recoverable reports whether the territory's recovery file opens this replica's data key.
func (r *Replica) Recoverable(ctx context.Context) (bool, error) {
	wrapped, err := metaText(ctx, r.read, metaWrapped)
	return wrapped != "", err
}

// ErrNoWrap is returned where the recovery file cannot help: the data key was never sealed to it.
var ErrNoWrap = errors.New("le fichier de secours de ce territoire n'ouvre pas les champs personnels de cet appareil")

// RestoreKey puts the data key back where it is kept, from the copy that one of the territory's recovery keys opens,
// and does what had to wait for it.
func (r *Replica) RestoreKey(ctx context.Context, recovery ...age.Identity) error {
	wrapped, err := metaText(ctx, r.read, metaWrapped)
	if err != nil {
		return err
	}
	id, err := metaText(ctx, r.read, metaSeal)
	if err != nil {
		return err
	}
	if wrapped == "" || len(recovery) == 0 {
		return ErrNoWrap
	}
	k, err := seal.Unwrap([]byte(wrapped), recovery...)
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrNoWrap, err)
	}
	if k.ID() != id {
		return ErrNoWrap
	}
	place, err := r.o.Keys.Keep(r.home, k)
	if err != nil {
		return err
	}
	if err := r.useKey(k, place); err != nil {
		return err
	}
	if err := r.afterKey(ctx); err != nil {
		return err
	}
	if err := r.upgraded(ctx); err != nil {
		return err
	}
	r.tell(Notice{Remote: true})
	return nil
}

// SealedSentence says to people that what is personal cannot be read here, and what to do; "" where it can.
func (r *Replica) SealedSentence(ctx context.Context) (string, error) {
	if !r.Sealed() {
		return "", nil
	}
	const what = "Noms et signatures sont scellés\u00a0: leur clé n'est pas sur cet appareil. Ils ne sont ni lus, ni écrits, ni transmis d'ici\u00a0; le reste fonctionne. "
	ok, err := r.Recoverable(ctx)
	if ok {
		return what + "Ouvrez Buron dans la session où il a été installé, ou demandez à la coordination le fichier de secours et sa phrase et faites «\u00a0buron doctor --recovery FICHIER\u00a0».", err
	}
	return what + "Remettez le fichier " + seal.File + " d'une sauvegarde dans le dossier des données, ou rejoignez le territoire dans un autre dossier (--data).", err
}

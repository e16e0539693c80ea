package replica

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/snapshot"
	"cantal.fr/buron/sync/trust"
)

// reasonSnapshot is the reason of a refusal of a snapshot.
const reasonSnapshot = "snapshot"

// Why a snapshot is not taken, beside what is wrong with its bytes.
var (
	errSnapshotSigner  = errors.New("snapshot: not signed by a central of this territory")
	errSnapshotStale   = errors.New("snapshot: control has said more since it was made")
	errSnapshotControl = errors.New("snapshot: it was folded under control that is not held here")
	errSnapshotScope   = errors.New("snapshot: of a scope that this device may not read, or of another than was asked for")
	errSnapshotOwn     = errors.New("snapshot: it covers entries under this device's own name that it never wrote")
	errSnapshotElse    = errors.New("snapshot: another exchange brings the scope, or has brought it")
	errSnapshotFold    = errors.New("snapshot: the history that it covers gives something else")
	errSnapshotLost    = errors.New("snapshot: who signed it has lost some of the history that it covers")
)

// SetByJournal says whether first exchanges go by the history alone, and no snapshot is asked for.
func (r *Replica) SetByJournal(on bool) { r.byJournal.Store(on) }

// WantsSnapshot reports whether so much of a scope's entries, as these ends count them, is lacking here: half, left to
// itself. A device that lacks less goes by the history: it would have to fold what it holds beside a snapshot once more.
func (r *Replica) WantsSnapshot(ctx context.Context, scope string, theirs []exchange.Head) (bool, error) {
	if r.byJournal.Load() || r.Sealed() || r.Self().Role == record.Central || !r.Self().MayRead(scope) {
		return false, nil
	}
	if shown, err := keptSnapshotOf(ctx, r.read, scope, snapshotShown); err != nil || shown != nil {
		return false, err
	}
	mine, err := headsNow(ctx, r.read, scope)
	if err != nil {
		return false, err
	}
	lacking, all := beyond(mine, theirs)
	return lacking > 0 && 100*lacking >= all*int64(r.o.SnapshotLack), nil
}

// fitSnapshot reports why a snapshot may not be taken, as control and chains stand; nil where it may.
func (b *batch) fitSnapshot(scope string, raw, signature []byte) (snapshot.Header, error) {
	h, err := snapshot.Verify(b.territory, raw, signature)
	if err != nil {
		return h, err
	}
	if d, ok := b.roster.Device(h.Signer); !ok || d.Role != record.Central || !d.MayRead(scope) {
		return h, errSnapshotSigner
	}
	if h.Scope != scope || !mayHold(b.roster, b.ownKeys()[0], scope) {
		return h, errSnapshotScope
	}
	now, err := headsNow(b.ctx, b.write, trust.Control)
	if err != nil {
		return h, err
	}
	if !slices.Equal(now, h.Control) {
		then, held, err := b.rosterAt(b.ctx, b.write, h.Control)
		switch {
		case err != nil:
			return h, err
		case !held:
			return h, errSnapshotControl
		case len(changedBounds(then, b.roster)) > 0:
			return h, errSnapshotStale
		}
	}
	for _, x := range h.Vector {
		author, err := b.opened(x.Incarnation)
		if err != nil {
			return h, err
		}
		if x.Incarnation != b.Incarnation() && !slices.Contains(b.ownKeys(), author) {
			continue
		}
		k, err := b.chainOf(journal.Chain{Incarnation: x.Incarnation, Scope: scope}, false)
		if err != nil {
			return h, err
		}
		if k == nil {
			return h, errSnapshotOwn
		}
		if held, err := b.holds(k, x.Seq, x.Hash); err != nil || !held {
			return h, errors.Join(err, errSnapshotOwn)
		}
	}
	return h, nil
}

// BeginSnapshot checks a header, and keeps it until its frames are here. Frames of the same snapshot that came before
// the line was cut are not asked for again; those of another are dropped.
func (r *Replica) BeginSnapshot(ctx context.Context, sender trust.Key, scope string, header, signature []byte) (have, all int, refused *exchange.Refusal, err error) {
	refused, err = r.orRefused(ctx, sender, scope, func(b *batch) error {
		if shown, err := b.shownOf(scope); err != nil || shown != nil {
			return cmp.Or(err, errSnapshotElse)
		}
		id := snapshot.ID(header)
		if before, err := b.metaBytes(b.ctx, metaRefused+scope); err != nil || bytes.Equal(before, id[:]) {
			return cmp.Or(err, errSnapshotElse)
		}
		h, err := b.fitSnapshot(scope, header, signature)
		if err != nil {
			return err
		}
		k, err := keptSnapshotOf(b.ctx, b.write, scope, snapshotArriving)
		if err != nil {
			return err
		}
		all = len(h.Parts)
		if k != nil && bytes.Equal(k.raw, header) {
			return b.write.QueryRowContext(b.ctx, "SELECT count(*) FROM snapshot_frame WHERE scope = ?", scope).Scan(&have)
		}
		if err := b.dropSnapshot(scope); err != nil {
			return err
		}
		_, err = b.write.ExecContext(b.ctx, "INSERT INTO snapshot (scope, state, header, signature, at) VALUES (?, ?, ?, ?, ?)",
			scope, snapshotArriving, header, signature, b.o.Now().UnixMilli())
		return err
	})
	return have, all, refused, err
}

// orRefused does what concerns a snapshot in one transaction. Where the snapshot is at fault, nothing of it stays, and
// the refusal is kept.
func (r *Replica) orRefused(ctx context.Context, sender trust.Key, scope string, f func(*batch) error) (*exchange.Refusal, error) {
	err := r.inBatch(ctx, f)
	if errors.Is(err, errSnapshotControl) || errors.Is(err, errSnapshotOwn) {
		// Nobody is at fault: what comes by the history settles it.
		return nil, r.inBatch(ctx, func(b *batch) error { return b.dropSnapshot(scope) })
	}
	if errors.Is(err, errSnapshotElse) {
		return nil, nil
	}
	why := refusedSnapshot(err)
	if why == "" {
		return nil, err
	}
	refusal := r.snapshotRefusal(sender, scope, why)
	err = r.inBatch(ctx, func(b *batch) error {
		if err := b.noteRefused(scope); err != nil {
			return err
		}
		if err := b.dropSnapshot(scope); err != nil {
			return err
		}
		if err := b.keepRefusal(refusal); err != nil {
			return err
		}
		return b.pruneRefusals(sender)
	})
	return &refusal, err
}

// metaRefused and a scope name the last snapshot of it that was refused once all its frames were here.
const metaRefused = "snapshot.refused."

// noteRefused notes that a snapshot that is here whole is refused, so that it is not brought again.
func (b *batch) noteRefused(scope string) error {
	k, err := keptSnapshotOf(b.ctx, b.write, scope, snapshotArriving)
	if err != nil || k == nil {
		return err
	}
	var n int
	if err := b.write.QueryRowContext(b.ctx, "SELECT count(*) FROM snapshot_frame WHERE scope = ?", scope).Scan(&n); err != nil || n < len(k.Parts) {
		return err
	}
	_, err = b.st.setMeta.ExecContext(b.ctx, metaRefused+scope, k.id())
	return err
}

// refusedSnapshot words what is wrong with a snapshot, "" where it is not at fault.
func refusedSnapshot(err error) string {
	for _, c := range []struct {
		is       error
		sentence string
	}{
		{snapshot.ErrSignature, "sa signature ne correspond pas. Prévenez la coordination"},
		{errSnapshotSigner, "elle n'est pas signée par un central de ce territoire. Prévenez la coordination"},
		{snapshot.ErrTerritory, "elle vient d'un autre territoire. Rien n'est à faire ici"},
		{errSnapshotStale, "elle est plus ancienne que des décisions de la coordination déjà connues ici. Rien n'est à faire"},
		{errSnapshotScope, "elle n'est pas destinée à cet appareil. Rien n'est à faire ici"},
		{snapshot.ErrFrame, "elle est abîmée ou incomplète. Rien n'est à faire"},
		{snapshot.ErrForm, "elle est abîmée ou incomplète. Rien n'est à faire"},
		{snapshot.ErrTooLarge, "elle est trop grande. Rien n'est à faire"},
	} {
		if errors.Is(err, c.is) {
			return "refusée\u00a0: " + c.sentence + ". Les saisies viennent de l'historique, une à une."
		}
	}
	if errors.Is(err, errSnapshotLost) {
		return "écartée\u00a0: le central a été remis dans un état plus ancien, et n'a plus toutes les saisies dont elle vient. Ce qui est affiché vient de l'historique\u00a0; ce qui manque revient avec l'appareil qui l'a encore. Prévenez la coordination."
	}
	if errors.Is(err, errSnapshotFold) {
		return "écartée\u00a0: l'historique ne donne pas les mêmes fiches. Ce qui est affiché vient de l'historique. Prévenez la coordination."
	}
	return ""
}

func (r *Replica) snapshotRefusal(sender trust.Key, scope, why string) exchange.Refusal {
	from := r.Roster().Name(sender)
	return exchange.Refusal{
		At: r.o.Now(), Sender: sender, SenderName: from, Scope: scope, Reason: reasonSnapshot,
		Sentence: fmt.Sprintf("Copie d'ensemble de «\u00a0%s\u00a0» apportée par «\u00a0%s\u00a0» %s", scope, from, why),
	}
}

// TakeFrames checks frames against the header that was begun with, and keeps them, sealed.
func (r *Replica) TakeFrames(ctx context.Context, sender trust.Key, scope string, from int, frames [][]byte) (*exchange.Refusal, error) {
	return r.orRefused(ctx, sender, scope, func(b *batch) error {
		k, err := b.arriving(sender, scope)
		if err != nil {
			return err
		}
		id := k.id()
		for i, f := range frames {
			if err := k.Check(from+i, f); err != nil {
				return err
			}
			sealed, err := b.sealFrame(scope, id, from+i, f)
			if err != nil {
				return err
			}
			if _, err := b.write.ExecContext(b.ctx, "INSERT OR REPLACE INTO snapshot_frame (scope, number, bytes) VALUES (?, ?, ?)", scope, from+i, sealed); err != nil {
				return err
			}
		}
		return nil
	})
}

// arriving returns the snapshot of a scope that a sender has begun to bring.
func (b *batch) arriving(sender trust.Key, scope string) (*keptSnapshot, error) {
	k, err := keptSnapshotOf(b.ctx, b.write, scope, snapshotArriving)
	if err != nil || k != nil && k.Signer == sender {
		return k, err
	}
	shown, err := b.shownOf(scope)
	if err == nil && k == nil && shown == nil {
		err = errSnapshotStale // control has ended it meanwhile
	}
	return nil, cmp.Or(err, errSnapshotElse)
}

// LoadSnapshot shows the records of a snapshot in place of what was merged of its scope, in one transaction: where it
// is cut short, nothing has changed and the frames are still here. What this device holds and the snapshot does not
// cover is folded on top; the rest of what it holds waits, with what is still to come, for the comparison.
func (r *Replica) LoadSnapshot(ctx context.Context, sender trust.Key, scope string) (loaded bool, refused *exchange.Refusal, err error) {
	refused, err = r.orRefused(ctx, sender, scope, func(b *batch) error {
		err := b.loadSnapshot(sender, scope)
		loaded = err == nil
		return err
	})
	if loaded = loaded && err == nil; loaded {
		r.unverified.Store(true)
	}
	return loaded, refused, err
}

func (b *batch) loadSnapshot(sender trust.Key, scope string) error {
	k, err := b.arriving(sender, scope)
	if err != nil {
		return err
	}
	// Control may have moved on while the frames were coming.
	if _, err := b.fitSnapshot(scope, k.raw, k.signature); err != nil {
		return err
	}
	sealed, err := column1[[]byte](b.ctx, b.write, "SELECT bytes FROM snapshot_frame WHERE scope = ? ORDER BY number", scope)
	if err != nil {
		return err
	}
	if len(sealed) != len(k.Parts) {
		return snapshot.ErrFrame
	}
	had, err := b.clearScope(scope)
	if err != nil {
		return err
	}
	expected := k.Digest
	if err := b.insertRecords(k, sealed, had, &expected); err != nil {
		return err
	}
	digest, err := b.digest(scope)
	if err != nil {
		return err
	}
	*digest = expected
	for _, q := range []string{"DELETE FROM snapshot_frame WHERE scope = ?1", "UPDATE snapshot SET state = ?2, expected = ?3 WHERE scope = ?1"} {
		if _, err := b.write.ExecContext(b.ctx, q, scope, snapshotShown, expected[:]); err != nil {
			return err
		}
	}
	b.shown = nil // it is read again
	b.notice.Remote = true
	if err := b.noteSpell(scope); err != nil {
		return err
	}
	return b.foldBeside(scope, had)
}

// clearScope takes the records of a scope out of the merged tables, and their words out of the search. It returns
// which they were.
func (b *batch) clearScope(scope string) (had map[recordKey]bool, err error) {
	if err := b.flush(); err != nil {
		return nil, err
	}
	b.states, b.order = map[recordKey]*state{}, nil
	if had, err = b.recordsIn(scope); err != nil {
		return nil, err
	}
	for _, q := range []string{
		"DELETE FROM search WHERE rowid IN (SELECT number FROM record WHERE scope = ?)",
		"DELETE FROM touch WHERE record IN (SELECT number FROM record WHERE scope = ?)",
		"DELETE FROM record WHERE scope = ?",
	} {
		if _, err := b.write.ExecContext(b.ctx, q, scope); err != nil {
			return nil, err
		}
	}
	return had, nil
}

// recordsIn returns the names of the merged records of a scope.
func (b *batch) recordsIn(scope string) (map[recordKey]bool, error) {
	rows, err := b.write.QueryContext(b.ctx, "SELECT id, kind FROM record WHERE scope = ?", scope)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[recordKey]bool{}
	for rows.Next() {
		var id []byte
		k := recordKey{scope: scope}
		if err := rows.Scan(&id, &k.kind); err != nil {
			return nil, err
		}
		copy(k.id[:], id)
		out[k] = true
	}
	return out, rows.Err()
}

// foldBeside goes through the entries of a scope that were held before its snapshot was loaded: what the snapshot
// covers waits, the rest is folded on top of it. Of the records that were here and that the snapshot leaves out, what
// is held stays shown: nobody is to miss what they saw yesterday because something on it stands aside at the central.
func (b *batch) foldBeside(scope string, left map[recordKey]bool) error {
	for from := int64(0); ; {
		held, err := b.heldOfScope(scope, from, "standing = 0")
		if err != nil || len(held) == 0 {
			return err
		}
		for _, e := range held {
			from = e.number
			k, err := b.chainOf(e.Chain(), false)
			if err != nil {
				return err
			}
			waits, err := b.waits(k, e.Entry, false)
			if err != nil {
				return err
			}
			if waits {
				if err := b.putToWait(e); err != nil {
					return err
				}
			}
			for i, op := range e.Ops {
				if waits && !left[recordKey{scope, op.Kind, op.ID}] {
					continue
				}
				if err := b.foldOp(k, e.Entry, e.number, i); err != nil {
					return err
				}
			}
			if err := b.relieve(); err != nil {
				return err
			}
		}
	}
}

// putToWait takes an entry for one whose merged state is shown already.
func (b *batch) putToWait(e heldEntry) error {
	if _, err := b.write.ExecContext(b.ctx, "UPDATE entry SET standing = ? WHERE id = ?", waiting, e.number); err != nil {
		return err
	}
	for i := range e.Ops {
		if _, err := b.st.shelve.ExecContext(b.ctx, e.Ops[i].ID[:], e.number, i); err != nil {
			return err
		}
	}
	return nil
}

// heldPart is the number of entries of a scope that are in memory at once.
const heldPart = 16

// heldOfScope returns the next entries of a scope after a number, among those that fit a condition.
func (b *batch) heldOfScope(scope string, after int64, which string) ([]heldEntry, error) {
	held, err := b.heldEntries("SELECT entry.id, stored, standing FROM entry JOIN chain ON chain.id = entry.chain WHERE scope = ? AND entry.id > ? AND "+which+
		" ORDER BY entry.id LIMIT ?", scope, after, heldPart)
	if err == nil && slices.ContainsFunc(held, func(e heldEntry) bool { return e.Sealed != nil }) {
		err = ErrSealed
	}
	return held, err
}

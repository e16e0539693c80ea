package replica

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/snapshot"
	"cantal.fr/buron/sync/trust"
)

// shownScope is a scope whose records come from a snapshot that is still to be checked.
type shownScope struct {
	*keptSnapshot
	heads map[journal.Incarnation][]snapshot.Head
}

// shownOf returns the snapshot whose records are shown of a scope, nil where there is none.
func (b *batch) shownOf(scope string) (*shownScope, error) {
	if b.shown == nil {
		list, err := keptSnapshots(b.ctx, b.write, snapshotShown)
		if err != nil {
			return nil, err
		}
		b.shown = map[string]*shownScope{}
		for _, k := range list {
			s := &shownScope{k, map[journal.Incarnation][]snapshot.Head{}}
			for _, h := range k.Vector {
				s.heads[h.Incarnation] = append(s.heads[h.Incarnation], h)
			}
			b.shown[k.Scope] = s
		}
	}
	return b.shown[scope], nil
}

// waits reports whether an entry may be one that the shown snapshot of its scope covers: what it says is shown then,
// and must not be folded a second time. Where its chain has branches of which the end is not held yet, that is
// decided when all is here. One that is just coming in leads to no end that is held already.
func (b *batch) waits(k *chain, e *journal.Entry, coming bool) (bool, error) {
	s, err := b.shownOf(e.Scope)
	if err != nil || s == nil {
		return false, err
	}
	heads := s.heads[e.Incarnation]
	for _, h := range heads {
		if e.Seq > h.Seq {
			continue
		}
		held, err := b.holds(k, h.Seq, h.Hash)
		if held && coming {
			continue
		}
		if err != nil || !held || !k.forked {
			return err == nil, err
		}
		if before, err := b.upTo(k, h.Hash); err != nil || before[e.Hash] {
			return err == nil, err
		}
	}
	return false, nil
}

// refoldLater is refoldRecord where the record comes from a snapshot: not all that wrote on it is known. One more
// entry is folded on top; one less counts no more when the history is folded.
func (b *batch) refoldLater(r recordKey, m move) error {
	if !m.in {
		_, err := b.write.ExecContext(b.ctx, "DELETE FROM touch WHERE entry = ? AND record IN (SELECT number FROM record WHERE id = ? AND kind = ? AND scope = ?)",
			m.entry, r.id[:], r.kind, r.scope)
		return err
	}
	e, err := b.again(m.entry)
	if err != nil {
		return err
	}
	k, err := b.chainOf(e.Chain(), false)
	if err == nil {
		err = b.foldOp(k, e, m.entry, m.op)
	}
	return errors.Join(err, b.flush())
}

// erasedWhileShown takes a record that is being erased out of what the history is to give. Where this device has
// written on it since, what the snapshot said of it is not known any more, and nothing can be compared.
func (b *batch) erasedWhileShown(s *state, touched bool) error {
	k, err := b.shownOf(s.scope)
	if err != nil || k == nil || k.expected == nil || s.number == 0 {
		return err
	}
	var to any
	if !touched {
		var d journal.Digest
		copy(d[:], k.expected)
		s.takeFrom(&d)
		k.expected = d[:]
		to = k.expected
	} else {
		k.expected = nil
	}
	_, err = b.write.ExecContext(b.ctx, "UPDATE snapshot SET expected = ? WHERE scope = ?", to, s.scope)
	return err
}

// Unverified is a scope whose records come from a snapshot, and whose history is still on its way.
type Unverified struct {
	Scope   string
	Signer  trust.Key
	Name    string // of the device that signed it
	Records int
	Made    time.Time // by the signer's clock
}

// ErrUnverified is returned where the whole history of people's scopes is asked for and is still on its way.
var ErrUnverified = errors.New("l'historique des personnes n'est pas encore arrivé en entier sur cet appareil\u00a0: échangez avec le central, puis recommencez")

// Sentence says it to people.
func (u Unverified) Sentence() string {
	return fmt.Sprintf("Les fiches de «\u00a0%s\u00a0» viennent d'une copie d'ensemble signée par «\u00a0%s\u00a0», à vérifier\u00a0: leur historique arrive. Elles se lisent et se modifient déjà.", u.Scope, u.Name)
}

// Unverified returns the scopes that are shown from a snapshot and to be checked.
func (r *Replica) Unverified(ctx context.Context) ([]Unverified, error) {
	list, err := keptSnapshots(ctx, r.read, snapshotShown)
	out := make([]Unverified, 0, len(list))
	for _, k := range list {
		out = append(out, Unverified{k.Scope, k.Signer, r.Roster().Name(k.Signer), k.Records, k.At})
	}
	return out, err
}

// SettleSnapshots compares the snapshots whose whole history is held with what it gives, which is what counts from
// then on; and forgets what came of a snapshot that the history has overtaken. Where the central that signed one has
// lost what it covers, it is left with a word to people.
func (r *Replica) SettleSnapshots(ctx context.Context, heard exchange.Heard) error {
	arriving, err := keptSnapshots(ctx, r.read, snapshotArriving)
	if err != nil {
		return err
	}
	for _, k := range arriving {
		wanted, err := r.WantsSnapshot(ctx, k.Scope, headsOf(k.Scope, k.Vector))
		if err == nil && !wanted {
			err = r.inBatch(ctx, func(b *batch) error { return b.dropSnapshot(k.Scope) })
		}
		if err != nil {
			return err
		}
	}
	shown, err := keptSnapshots(ctx, r.read, snapshotShown)
	if err != nil || len(shown) == 0 || r.Sealed() {
		r.unverified.Store(len(shown) > 0)
		return err
	}
	for _, k := range shown {
		if err := r.settleSnapshot(ctx, k, heard); err != nil {
			return err
		}
	}
	return nil
}

func headsOf(scope string, vector []snapshot.Head) []exchange.Head {
	out := make([]exchange.Head, len(vector))
	for i, h := range vector {
		out[i] = exchange.Head{Chain: journal.Chain{Incarnation: h.Incarnation, Scope: scope}, Seq: h.Seq, Hash: h.Hash}
	}
	return out
}

// believed reports whether a snapshot may still be shown: who signed it is a central as ever, and this device reads its
// scope. One that is suspended for now keeps what it has.
func (r *Replica) believed(k *keptSnapshot) bool {
	d, ok := r.Roster().Device(k.Signer)
	self := r.Self()
	return ok && d.Role == record.Central && d.MayRead(k.Scope) && (self.Role == "" || self.MayRead(k.Scope))
}

// ShownSnapshots implements exchange.Snapshots.
func (r *Replica) ShownSnapshots(ctx context.Context) ([][]byte, error) {
	list, err := keptSnapshots(ctx, r.read, snapshotShown)
	var out [][]byte
	for _, k := range list {
		out = append(out, k.id())
	}
	return out, err
}

// lostBy reports whether the central that signed a snapshot, of which some history is not held here, does not hold it
// either, for its database was put back, once or more often: all that it has of the scope is here. Somebody else may have
// it yet.
func (r *Replica) lostBy(ctx context.Context, k *keptSnapshot, heard exchange.Heard) (bool, error) {
	theirs, compared := heard.Heads[k.Scope]
	peer, _ := r.Roster().Device(heard.Peer)
	if !compared || peer.Role != record.Central || !r.Roster().Related(heard.Peer, k.Signer) ||
		!slices.ContainsFunc(heard.Shown, func(id []byte) bool { return bytes.Equal(id, k.id()) }) {
		return false, nil // one that came in this very exchange may cover more than was told before
	}
	return r.allHeld(ctx, theirs)
}

func (r *Replica) allHeld(ctx context.Context, heads []exchange.Head) (bool, error) {
	for _, h := range heads {
		if held, err := r.Holds(ctx, h.Chain, h.Hash); err != nil || !held {
			return false, err
		}
	}
	return true, nil
}

func (r *Replica) settleSnapshot(ctx context.Context, k *keptSnapshot, heard exchange.Heard) error {
	if !r.believed(k) {
		return r.onShown(ctx, k, (*batch).leaveSnapshot)
	}
	if held, err := r.allHeld(ctx, headsOf(k.Scope, k.Vector)); err != nil {
		return err
	} else if !held {
		lost, err := r.lostBy(ctx, k, heard)
		if err != nil || !lost {
			return err
		}
		return r.onShown(ctx, k, func(b *batch, s *shownScope) error {
			if held, err := b.holdsAll(k); err != nil || held {
				return err // it has come meanwhile, from elsewhere: it is compared next time
			}
			if err := b.leaveSnapshot(s); err != nil {
				return err
			}
			return b.keepRefusal(b.snapshotRefusal(k.Signer, k.Scope, refusedSnapshot(errSnapshotLost)))
		})
	}
	return r.onShown(ctx, k, func(b *batch, s *shownScope) error {
		same, err := b.checkSnapshot(s)
		if err != nil || same {
			return err
		}
		return b.keepRefusal(b.snapshotRefusal(k.Signer, k.Scope, refusedSnapshot(errSnapshotFold)))
	})
}

// onShown does something about a snapshot where it is still the one that is shown of its scope: another process may have
// been first.
func (r *Replica) onShown(ctx context.Context, k *keptSnapshot, do func(*batch, *shownScope) error) error {
	return r.inBatch(ctx, func(b *batch) error {
		s, err := b.shownOf(k.Scope)
		if err != nil || s == nil || !bytes.Equal(s.id(), k.id()) {
			return err
		}
		return do(b, s)
	})
}

// holdsAll reports whether all that a snapshot covers is held.
func (b *batch) holdsAll(k *keptSnapshot) (bool, error) {
	for _, h := range k.Vector {
		c, err := b.chainOf(journal.Chain{Incarnation: h.Incarnation, Scope: k.Scope}, false)
		if err != nil || c == nil {
			return false, err
		}
		if held, err := b.holds(c, h.Seq, h.Hash); err != nil || !held {
			return false, err
		}
	}
	return true, nil
}

// checkSnapshot folds a scope from its history: first what the snapshot covers, whose digest must be that of the
// snapshot, then the rest. What is left of the snapshot's records is dropped; those that the history gives alike
// stay as they are.
func (b *batch) checkSnapshot(s *shownScope) (same bool, err error) {
	if err := b.flush(); err != nil {
		return false, err
	}
	scope := s.Scope
	then, held, err := b.rosterAt(b.ctx, b.write, s.Control)
	if err != nil {
		return false, err
	}
	owing, err := b.owing(b.ctx, b.write, b.roster)
	if err != nil {
		return false, err
	}
	whole := !slices.Contains(owing.scopes(), scope) // else bodies are missing that the snapshot's maker had
	comparable := held && s.expected != nil && len(changedBounds(then, b.roster)) == 0 && whole
	covered, err := b.covered(s)
	if err != nil {
		return false, err
	}
	digest, err := b.beginAgain(s)
	if err != nil {
		return false, err
	}
	defer func() { b.renewal = nil }()
	var failed error
	newers, err := b.foldAgain(scope, func(e heldEntry) bool {
		if comparable && covered[e.number] {
			var since bool
			since, failed = b.mayCountSince(then, e)
			comparable = !since && failed == nil
		}
		return covered[e.number]
	})
	if err = cmp.Or(err, failed); err != nil {
		return false, err
	}
	given, err := b.withoutAside(scope, *digest, covered)
	if err != nil {
		return false, err
	}
	var expected journal.Digest
	copy(expected[:], s.expected)
	same = !comparable || newers || given == expected
	if _, err := b.foldAgain(scope, func(e heldEntry) bool { return !covered[e.number] }); err != nil {
		return false, err
	}
	invented, err := b.endShown(scope)
	return same && !b.renewal.otherwise && !(invented && whole), err
}

// mayCountSince reports whether an action of several operations may count only since one of them was erased. What that one
// was is not known any more, so that nobody can tell whether the action stood aside where the snapshot was made.
func (b *batch) mayCountSince(then *trust.Roster, e heldEntry) (bool, error) {
	erased, left := false, false
	for _, op := range e.Ops {
		now := b.roster.Erased(e.Scope, op.ID)
		erased, left = erased || now && !then.Erased(e.Scope, op.ID), left || !now
	}
	if !erased || !left {
		return false, nil
	}
	author, err := b.opened(e.Incarnation)
	return err == nil && b.roster.Bounded(author), err
}

// covered returns the numbers of the entries that a snapshot covers.
func (b *batch) covered(s *shownScope) (map[int64]bool, error) {
	out := map[int64]bool{}
	for in, heads := range s.heads {
		k, err := b.chainOf(journal.Chain{Incarnation: in, Scope: s.Scope}, false)
		if err != nil || k == nil {
			return nil, errors.Join(err, ErrDamaged)
		}
		all, err := links(b.ctx, b.write, k.id)
		if err != nil {
			return nil, err
		}
		ends := make([]journal.Hash, len(heads))
		for i, h := range heads {
			ends[i] = h.Hash
		}
		for h := range ancestry(all, ends) {
			out[all[h].id] = true
		}
	}
	return out, nil
}

// leaveSnapshot goes back to the history as far as it is held. What it would have been compared with may never come.
func (b *batch) leaveSnapshot(s *shownScope) error {
	scope := s.Scope
	if err := b.flush(); err != nil {
		return err
	}
	if _, err := b.beginAgain(s); err != nil {
		return err
	}
	defer func() { b.renewal = nil }()
	if _, err := b.foldAgain(scope, func(heldEntry) bool { return true }); err != nil {
		return err
	}
	_, err := b.endShown(scope)
	return err
}

// withoutAside takes out of a digest the records on which something that was covered stands aside: no snapshot has them.
func (b *batch) withoutAside(scope string, d journal.Digest, covered map[int64]bool) (journal.Digest, error) {
	ids, err := asideRecords(b.ctx, b.write, scope, covered)
	if err != nil {
		return d, err
	}
	for id := range ids {
		kinds, err := kindsOf(b.ctx, b.write, scope, id)
		if err != nil {
			return d, err
		}
		for _, kind := range kinds {
			k := recordKey{scope, kind, id}
			if !b.renewal.seen[k] {
				continue // of the snapshot: the history has given nothing of it
			}
			s, err := b.state(k)
			if err != nil {
				return d, err
			}
			s.takeFrom(&d)
		}
	}
	return d, nil
}

package replica

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/snapshot"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// States of a snapshot, as the database keeps them.
const (
	snapshotMade     = 0 // by this device, a central: kept for who asks
	snapshotArriving = 1 // frames are still to come
	snapshotShown    = 2 // its records are shown, to be checked: the history is on its way
)

// Rules of the snapshots that a central makes and others ask for.
const (
	snapshotLeast = 2000 // records from which a snapshot is the shorter way
	snapshotLack  = 50   // hundredths of a scope's entries
	snapshotStale = 500  // entries since one was made, and a quarter of what it covers, from which another is made
)

// keptSnapshot is a snapshot as the database has it.
type keptSnapshot struct {
	snapshot.Header
	raw, signature []byte
	state          int
	expected       []byte // digest that the history is to have; nil where that cannot be known any more
}

func (k *keptSnapshot) id() []byte {
	sum := snapshot.ID(k.raw)
	return sum[:]
}

// keptSnapshots returns the snapshots in one state.
func keptSnapshots(ctx context.Context, q querier, state int) ([]*keptSnapshot, error) {
	rows, err := q.QueryContext(ctx, "SELECT header, signature, state, expected FROM snapshot WHERE state = ? ORDER BY scope", state)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []*keptSnapshot
	for rows.Next() {
		k := new(keptSnapshot)
		if err := rows.Scan(&k.raw, &k.signature, &k.state, &k.expected); err != nil {
			return nil, translate(err)
		}
		if k.Header, err = snapshot.Parse(k.raw); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		out = append(out, k)
	}
	return out, translate(rows.Err())
}

// keptSnapshotOf returns a scope's snapshot in a state, nil where there is none.
func keptSnapshotOf(ctx context.Context, q querier, scope string, state int) (*keptSnapshot, error) {
	list, err := keptSnapshots(ctx, q, state)
	i := slices.IndexFunc(list, func(k *keptSnapshot) bool { return k.Scope == scope })
	if err != nil || i < 0 {
		return nil, err
	}
	return list[i], nil
}

// begun reports whether a scope is shown from a snapshot whose history is still on its way.
func (r *Replica) begun(ctx context.Context, scope string) (yes bool, err error) {
	err = r.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM snapshot WHERE scope = ? AND state = ?)", scope, snapshotShown).Scan(&yes)
	return yes, translate(err)
}

// dropSnapshot forgets a scope's snapshot, unless it is the one whose records are shown.
func (b *batch) dropSnapshot(scope string) error {
	if _, err := b.write.ExecContext(b.ctx, "DELETE FROM snapshot_frame WHERE scope = ?", scope); err != nil {
		return err
	}
	_, err := b.write.ExecContext(b.ctx, "DELETE FROM snapshot WHERE scope = ? AND state <> ?", scope, snapshotShown)
	return err
}

// sealFrame returns a frame as the database keeps it: it may hold names, whatever the scope.
func (r *Replica) sealFrame(scope string, id []byte, n int, frame []byte) ([]byte, error) {
	box := r.box.Load()
	if box == nil {
		return nil, ErrSealed
	}
	return box.Seal(frame, "snapshot", scope, string(id), fmt.Sprint(n)), nil
}

func (r *Replica) openFrame(scope string, id []byte, n int, sealed []byte) ([]byte, error) {
	box := r.box.Load()
	if box == nil {
		return nil, ErrSealed
	}
	frame, err := box.Open(sealed, "snapshot", scope, string(id), fmt.Sprint(n))
	if err != nil {
		return nil, fmt.Errorf("%w: frame %d of the snapshot of %s: %w", ErrDamaged, n, scope, err)
	}
	return frame, nil
}

// Snapshot returns the header of this device's snapshot of a scope, made now where there is none or too much has
// changed since. It is nil on a device that is no central, and of a scope that is no work to fold.
func (r *Replica) Snapshot(ctx context.Context, scope string) (header, signature []byte, err error) {
	if r.Sealed() || r.Self().Role != record.Central || !r.Self().MayRead(scope) || scope == trust.Control {
		return nil, nil, nil
	}
	r.snapshotting.Lock()
	defer r.snapshotting.Unlock()
	if shown, err := keptSnapshotOf(ctx, r.read, scope, snapshotShown); err != nil || shown != nil {
		return nil, nil, err // what is not checked here is not vouched for
	}
	if slices.Contains(r.Roster().VoidedScopes(), scope) {
		return nil, nil, nil // bodies may be missing here that others still have
	}
	k, err := keptSnapshotOf(ctx, r.read, scope, snapshotMade)
	if err == nil && k != nil {
		var serves bool
		if serves, err = r.serves(ctx, k); err == nil && serves {
			return k.raw, k.signature, nil
		}
	}
	if last, ok := r.roomless[scope]; ok && err == nil {
		var heads []exchange.Head
		if heads, err = r.Heads(ctx, scope); err == nil && !outgrown(last, heads) {
			return nil, nil, nil
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return r.makeSnapshot(ctx, scope)
}

// outgrown reports whether so much was written since a vector that what was made of it is to be made again.
func outgrown(vector []snapshot.Head, heads []exchange.Head) bool {
	since, all := beyond(vector, heads)
	return since > snapshotStale+all/4
}

// PrepareSnapshots makes the snapshots that are lacking or that too much has changed since, so that whoever asks
// need not wait. On a device that is no central it does nothing.
func (r *Replica) PrepareSnapshots(ctx context.Context) error {
	if r.Self().Role != record.Central {
		return nil
	}
	scopes, err := column1[string](ctx, r.read, "SELECT scope FROM scope_digest ORDER BY scope")
	for _, s := range scopes {
		if err == nil {
			_, _, err = r.Snapshot(ctx, s)
		}
	}
	return err
}

// serves reports whether a snapshot made before is still worth giving: control says the same, and not so much was
// written since.
func (r *Replica) serves(ctx context.Context, k *keptSnapshot) (bool, error) {
	heads, err := r.Heads(ctx, k.Scope)
	if err != nil {
		return false, err
	}
	if outgrown(k.Vector, heads) {
		return false, nil
	}
	control, err := r.Heads(ctx, trust.Control)
	if err != nil || sameHeads(k.Control, control) {
		return err == nil, err
	}
	then, held, err := r.rosterAt(ctx, r.read, k.Control)
	return err == nil && held && !movedSince(then, r.Roster(), k.Scope), err
}

// beyond returns how many entries the heads have after a vector, and how many there are up to the heads.
func beyond(vector []snapshot.Head, heads []exchange.Head) (after, all int64) {
	held := map[journal.Incarnation]uint64{}
	for _, h := range vector {
		held[h.Incarnation] = max(held[h.Incarnation], h.Seq)
	}
	for _, h := range heads {
		all += int64(h.Seq)
		if at := held[h.Chain.Incarnation]; h.Seq > at {
			after += int64(h.Seq - at)
		}
	}
	return after, all
}

func headsAs(heads []exchange.Head) []snapshot.Head {
	out := make([]snapshot.Head, len(heads))
	for i, h := range heads {
		out[i] = snapshot.Head{Incarnation: h.Chain.Incarnation, Seq: h.Seq, Hash: h.Hash}
	}
	slices.SortFunc(out, snapshot.CompareHeads)
	return out
}

func sameHeads(vector []snapshot.Head, heads []exchange.Head) bool {
	return slices.Equal(vector, headsAs(heads))
}

// rosterAt returns the roster of the control entries up to a vector; held is false where they are not all here.
func (r *Replica) rosterAt(ctx context.Context, q querier, vector []snapshot.Head) (at *trust.Roster, held bool, err error) {
	byChain := map[journal.Incarnation][]journal.Hash{}
	for _, h := range vector {
		byChain[h.Incarnation] = append(byChain[h.Incarnation], h.Hash)
	}
	var entries []*journal.Entry
	for in, hashes := range byChain {
		var number int64
		err := q.QueryRowContext(ctx, "SELECT id FROM chain WHERE incarnation = ? AND scope = ?", in[:], trust.Control).Scan(&number)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, translate(err)
		}
		list, err := r.storedEntries(ctx, q, "SELECT stored FROM entry WHERE chain = ? ORDER BY id", number)
		if err != nil {
			return nil, false, err
		}
		before := map[journal.Hash]bool{}
		for _, h := range hashes {
			if !slices.ContainsFunc(list, func(e *journal.Entry) bool { return e.Hash == h }) {
				return nil, false, nil
			}
			before[h] = true
		}
		for _, e := range slices.Backward(list) { // an entry stands after the one that it follows
			if before[e.Hash] {
				before[e.Prev] = true
				entries = append(entries, e)
			}
		}
	}
	return trust.NewRoster(r.territory, entries), true, nil
}

// movedSince reports whether control has ended, released or erased something since that may bear on a scope.
func movedSince(before, after *trust.Roster, scope string) bool {
	return len(changedBounds(before, after)) > 0 || erasedSince(before, after, scope)
}

func erasedSince(before, after *trust.Roster, scope string) bool {
	return slices.ContainsFunc(after.Erasures(), func(e trust.Erasure) bool {
		return e.Scope == scope && slices.ContainsFunc(e.Records, func(id uuid.UUID) bool { return !before.Erased(scope, id) })
	})
}

// makeSnapshot folds nothing: it writes down what is merged. It reads from one state of the database, without
// keeping anybody from writing; what control has said meanwhile makes it begin again.
func (r *Replica) makeSnapshot(ctx context.Context, scope string) (header, signature []byte, err error) {
	for range 3 {
		h, frames, err := r.readSnapshot(ctx, scope)
		if err != nil || h == nil {
			return nil, nil, r.noRoom(h, err)
		}
		raw, signature, err := snapshot.Sign(r.territory, r.Identity().Key, *h)
		if err != nil {
			return nil, nil, r.noRoom(h, err)
		}
		kept, err := r.keepSnapshot(ctx, *h, raw, signature, frames)
		if err != nil || kept {
			return raw, signature, err
		}
	}
	return nil, nil, nil
}

// noRoom notes that the format has no room for a scope, so that it is not read again whenever somebody asks. Other
// failures stay what they are.
func (r *Replica) noRoom(h *snapshot.Header, err error) error {
	if !errors.Is(err, snapshot.ErrTooLarge) {
		return err
	}
	r.o.Log.Warn("no snapshot", "scope", h.Scope, "err", err)
	r.roomless[h.Scope] = h.Vector
	return nil
}

// keepSnapshot writes a snapshot down in place of the one before. It returns false where control has moved on.
func (r *Replica) keepSnapshot(ctx context.Context, h snapshot.Header, raw, signature []byte, frames [][]byte) (kept bool, err error) {
	id := sha256.Sum256(raw)
	err = r.inBatch(ctx, func(b *batch) error {
		now, err := headsNow(b.ctx, b.write, trust.Control)
		if err != nil || !slices.Equal(now, h.Control) {
			return err // what was erased in between must not be written down
		}
		if err := b.dropSnapshot(h.Scope); err != nil {
			return err
		}
		kept = true
		for n, f := range frames {
			sealed, err := b.sealFrame(h.Scope, id[:], n, f)
			if err != nil {
				return err
			}
			if _, err := b.write.ExecContext(b.ctx, "INSERT INTO snapshot_frame (scope, number, bytes) VALUES (?, ?, ?)", h.Scope, n, sealed); err != nil {
				return err
			}
		}
		_, err = b.write.ExecContext(b.ctx, "INSERT INTO snapshot (scope, state, header, signature, at) VALUES (?, ?, ?, ?, ?)",
			h.Scope, snapshotMade, raw, signature, b.o.Now().UnixMilli())
		return err
	})
	return kept, err
}

func headsNow(ctx context.Context, q querier, scope string) ([]snapshot.Head, error) {
	rows, err := q.QueryContext(ctx, "SELECT chain.incarnation, tip.seq, tip.hash FROM chain JOIN tip ON tip.chain = chain.id WHERE chain.scope = ?", scope)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	out := []snapshot.Head{}
	for rows.Next() {
		var h snapshot.Head
		var in, hash []byte
		if err := rows.Scan(&in, &h.Seq, &hash); err != nil {
			return nil, translate(err)
		}
		copy(h.Incarnation[:], in)
		copy(h.Hash[:], hash)
		out = append(out, h)
	}
	slices.SortFunc(out, snapshot.CompareHeads)
	return out, translate(rows.Err())
}

// readSnapshot gathers a scope's records, nil where they are few.
func (r *Replica) readSnapshot(ctx context.Context, scope string) (*snapshot.Header, [][]byte, error) {
	tx, err := r.read.BeginTx(ctx, nil)
	if err != nil {
		return nil, nil, translate(err)
	}
	defer func() { _ = tx.Rollback() }() // it has written nothing
	h := &snapshot.Header{Scope: scope, Signer: r.Identity().Public(), At: r.o.Now()}
	if h.Vector, err = headsNow(ctx, tx, scope); err != nil {
		return nil, nil, err
	}
	if h.Control, err = headsNow(ctx, tx, trust.Control); err != nil {
		return nil, nil, err
	}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM record WHERE scope = ? LIMIT ?)", scope, r.o.SnapshotLeast).Scan(&n); err != nil || n < r.o.SnapshotLeast {
		return nil, nil, translate(err)
	}
	var unread bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM entry JOIN chain ON chain.id = entry.chain WHERE scope = ? AND standing > 0 AND standing = ?)", scope, newer).Scan(&unread); err != nil || unread {
		return nil, nil, translate(err) // a device that reads it would find something else
	}
	var digest []byte
	if err := tx.QueryRowContext(ctx, "SELECT digest FROM scope_digest WHERE scope = ?", scope).Scan(&digest); err != nil {
		return nil, nil, translate(err)
	}
	copy(h.Digest[:], digest)
	out, err := r.recordsOf(ctx, tx, h)
	if err != nil {
		return h, nil, err
	}
	if h.Records < r.o.SnapshotLeast {
		return nil, nil, nil
	}
	frames, parts, err := out.Frames()
	h.Parts = parts
	return h, frames, err
}

// recordsOf packs the records of a scope in the order of their names. Those of which something stands aside are left
// out: they come with the history, which is judged where it arrives.
func (r *Replica) recordsOf(ctx context.Context, tx *sql.Tx, h *snapshot.Header) (*snapshot.Builder, error) {
	aside, err := asideRecords(ctx, tx, h.Scope, nil)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, "SELECT id, kind, fields, cells FROM record WHERE scope = ? ORDER BY id, kind", h.Scope)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	out := new(snapshot.Builder)
	for rows.Next() {
		s := &state{scope: h.Scope}
		var id []byte
		var p packed
		if err := rows.Scan(&id, &s.kind, &p.fields, &p.cells); err != nil {
			return nil, translate(err)
		}
		copy(s.id[:], id)
		if err := r.decode(s, p, r.writerName(ctx)); err != nil {
			return nil, err
		}
		if aside[s.id] {
			s.takeFrom(&h.Digest)
			continue
		}
		if err := out.Add(s.record()); err != nil {
			return nil, err
		}
		h.Records++
	}
	return out, translate(rows.Err())
}

// asideRecords returns the records on which something is held, in the entries that are meant, that is not merged and
// is not only waiting; nil means all entries.
func asideRecords(ctx context.Context, q querier, scope string, meant map[int64]bool) (map[uuid.UUID]bool, error) {
	rows, err := q.QueryContext(ctx, `SELECT record, shelf.entry FROM shelf JOIN entry ON entry.id = shelf.entry JOIN chain ON chain.id = entry.chain
		WHERE scope = ? AND standing IN (?, ?)`, scope, aside, newer)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	out := map[uuid.UUID]bool{}
	for rows.Next() {
		var id []byte
		var entry int64
		if err := rows.Scan(&id, &entry); err != nil {
			return nil, translate(err)
		}
		if len(id) == len(uuid.Nil) && (meant == nil || meant[entry]) {
			out[uuid.UUID(id)] = true
		}
	}
	return out, translate(rows.Err())
}

// takeFrom takes a record's cells out of a digest.
func (s *state) takeFrom(d *journal.Digest) {
	for i := range s.cells {
		c := &s.cells[i]
		if len(c.versions) > 0 && !c.loose {
			d.Sub(journal.CellDigest(s.kind, s.id, c.field, c.dots()))
		}
		c.loose = false
	}
}

// record returns a merged record in the form of snapshots.
func (s *state) record() *snapshot.Record {
	out := &snapshot.Record{Kind: s.kind, ID: s.id, Personal: s.private, Cells: make([]snapshot.Cell, 0, len(s.cells))}
	for i := range s.cells {
		c := &s.cells[i]
		if len(c.versions) == 0 && len(c.pending) == 0 {
			continue
		}
		x := snapshot.Cell{Field: c.field, Versions: make([]snapshot.Version, len(c.versions)), Pending: slices.Clone(c.pending)}
		for j, v := range c.versions {
			x.Versions[j] = snapshot.Version{Dot: v.dot, HLC: v.hlc, Value: v.value, Into: v.into}
		}
		slices.SortFunc(x.Versions, func(a, b snapshot.Version) int { return journal.CompareDots(a.Dot, b.Dot) })
		slices.SortFunc(x.Pending, journal.CompareDots)
		out.Cells = append(out.Cells, x)
	}
	return out
}

// stateFrom returns a record of a snapshot as it is folded into.
func stateFrom(scope string, rec *snapshot.Record) *state {
	s := &state{id: rec.ID, kind: rec.Kind, scope: scope, private: rec.Personal, cells: make([]cell, len(rec.Cells))}
	n := 0
	for i := range rec.Cells {
		n += len(rec.Cells[i].Versions)
	}
	all := make([]version, 0, n)
	for i := range rec.Cells {
		c := &rec.Cells[i]
		from := len(all)
		for _, v := range c.Versions {
			all = append(all, version{dot: v.Dot, hlc: v.HLC, value: v.Value, into: v.Into})
		}
		s.cells[i] = cell{field: c.Field, versions: all[from:len(all):len(all)], pending: slices.Clone(c.Pending)}
	}
	return s
}

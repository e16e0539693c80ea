package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// Seen holds, by field, the versions that the author of an edit had before their eyes.
type Seen map[string][]journal.Dot

// Change is what a person wants of one record.
type Change struct {
	ID    uuid.UUID // nil for a new record
	Kind  record.Kind
	Scope string        // of a new record; "" for record.ScopeOf
	Set   record.Fields // nil clears a field
	// MergeInto archives the record as a duplicate of this one, whose id is smaller.
	MergeInto uuid.UUID
	Seen      Seen // nil: what is held now

	Attach []Attachment      // photos and documents to be joined; ErrTooBig, blob.ErrPicture
	refs   []journal.BlobRef // what Attach became
}

// Saved names what an action wrote.
type Saved struct {
	Action [8]byte     // zero where nothing was written
	IDs    []uuid.UUID // one per change, in order

	was []record.Fields // what each change replaced, nil where it made a record
}

// Save checks changes and writes them as one action: when it returns without error they are on the
// disk, all of them. The error is record.Problems where a rule is broken, ErrForbidden where the role
// of the device does not allow it, ErrUnknown where a record is not held, ErrDisk on a full disk. A
// field that is set to what it shows already writes nothing.
func (r *Replica) Save(ctx context.Context, operator uuid.UUID, changes ...Change) (Saved, error) {
	var saved Saved
	changes, made, err := r.prepareBlobs(changes)
	if err != nil {
		r.removeBlobs(made)
		return saved, err
	}
	err = r.inBatch(ctx, func(b *batch) error {
		if err := b.settleBlobs(made); err != nil {
			return err
		}
		var err error
		saved, err = b.save(operator, changes)
		return err
	})
	if err != nil {
		r.removeBlobs(made)
	}
	return saved, err
}

// maxBulk is the number of changes of one transaction of SaveBulk.
const maxBulk = journal.MaxOps

// SaveBulk writes many changes in transactions of a thousand. What was written before an error stays.
// Progress, which may be nil, is called with the number of changes on the disk.
func (r *Replica) SaveBulk(ctx context.Context, operator uuid.UUID, changes []Change, progress func(done int)) (Saved, error) {
	all := Saved{IDs: make([]uuid.UUID, 0, len(changes))}
	for parts := slices.Collect(slices.Chunk(changes, maxBulk)); len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		saved, err := r.Save(ctx, operator, part...)
		if errors.Is(err, journal.ErrLimit) && len(part) > 1 {
			// Long records: a thousand of them do not fit into one entry.
			parts = append([][]Change{part[:len(part)/2], part[len(part)/2:]}, parts...)
			continue
		}
		if err != nil {
			return all, err
		}
		all.IDs, all.was = append(all.IDs, saved.IDs...), append(all.was, saved.was...)
		if saved.Action != ([8]byte{}) {
			all.Action = saved.Action
		}
		if progress != nil {
			progress(len(all.IDs))
		}
	}
	return all, nil
}

// save is Save inside a transaction.
func (b *batch) save(operator uuid.UUID, changes []Change) (Saved, error) {
	saved := Saved{IDs: make([]uuid.UUID, len(changes)), was: make([]record.Fields, len(changes))}
	byScope := map[string][]journal.Op{}
	self, book := b.Self(), &txBook{b}
	changes, first := oncePerRecord(changes)
	for i, c := range changes {
		if first[i] != i {
			saved.IDs[i], saved.was[i] = c.ID, saved.was[first[i]]
			continue
		}
		scope, op, before, err := b.operation(self, book, c)
		if err != nil {
			return saved, err
		}
		saved.IDs[i] = op.ID
		if before != nil {
			saved.was[i] = replaced(op, before)
		}
		if len(op.Cells) > 0 {
			byScope[scope] = append(byScope[scope], op)
		}
	}
	if len(byScope) == 0 {
		return saved, nil
	}
	var shared [8]byte // an entry that is alone is its action
	if len(byScope) > 1 {
		if _, err := io.ReadFull(b.o.Random, shared[:]); err != nil {
			return saved, fmt.Errorf("replica: draw an action: %w", err)
		}
	}
	for _, scope := range slices.Sorted(maps.Keys(byScope)) {
		e, err := b.writeEntry(scope, operator, shared, byScope[scope])
		if err != nil {
			return saved, err
		}
		saved.Action = e.ActionName()
	}
	return saved, nil
}

// oncePerRecord puts several changes of one record into the first of them, the later values over the
// earlier ones, and returns for each change the place of the one that it went into.
func oncePerRecord(changes []Change) ([]Change, []int) {
	out, first, at := slices.Clone(changes), make([]int, len(changes)), map[uuid.UUID]int{}
	for i, c := range out {
		first[i] = i
		j, again := at[c.ID]
		if c.ID == uuid.Nil || !again {
			at[c.ID] = i
			continue
		}
		first[i] = j
		out[j].Set, out[j].Seen = out[j].Set.Clone(), maps.Clone(out[j].Seen)
		if c.MergeInto != uuid.Nil {
			out[j].MergeInto = c.MergeInto
		}
		maps.Copy(out[j].Set, c.Set)
		out[j].refs = slices.Concat(out[j].refs, c.refs)
		if out[j].Seen != nil {
			maps.Copy(out[j].Seen, c.Seen)
		}
	}
	return out, first
}

// operation turns a change into an operation with only the fields that differ. Before is what its record showed, nil for
// a new one.
func (b *batch) operation(self trust.Device, book record.Book, c Change) (scope string, op journal.Op, before record.Fields, err error) {
	set := c.Set.Clone()
	delete(set, MergedInto)
	if c.MergeInto != uuid.Nil {
		delete(set, archived)
	}
	var s *state
	if c.ID != uuid.Nil {
		if s, err = b.held(c.ID); err != nil {
			return "", op, nil, err
		}
		before = s.fields()
		c.Kind, c.Scope = record.Kind(s.kind), s.scope
	}
	record.Derive(c.Kind, before, set, book)
	after := before.Clone()
	for name, v := range set {
		if v == nil {
			delete(after, name)
			continue
		}
		after[name] = v
	}
	if problems := record.Check(c.Kind, before, after, book); len(problems) > 0 {
		return "", op, nil, problems
	}
	if s == nil {
		scope, op, err = b.creation(self, book, c, after)
		return scope, op, nil, err
	}
	op.OpHead = journal.OpHead{Kind: s.kind, ID: s.id, Flags: flagsOf(c.Kind)}
	nameBlobs(&op, c.refs)
	refs := 0
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if cell, ok := b.edit(s, name, set[name], c.Seen, refs); ok {
			op.Cells = append(op.Cells, cell)
			refs += len(cell.Parents)
		}
	}
	if c.MergeInto != uuid.Nil {
		b.mergeOp(s, &op, c, refs)
	}
	if len(op.Cells) == 0 || self.MayWrite(s.scope, c.Kind, true) {
		return s.scope, op, before, nil
	}
	// Who may only create may still correct what it has created, as long as nobody else wrote on it.
	own, err := b.ownAlone(s)
	edits := slices.ContainsFunc(op.Cells, func(c journal.Cell) bool { return len(c.Parents) > 0 })
	if err == nil && (!own || edits || !self.MayWrite(s.scope, c.Kind, false)) {
		err = fmt.Errorf("%w: %s in %s", ErrForbidden, c.Kind, s.scope)
	}
	return s.scope, op, before, err
}

func (b *batch) creation(self trust.Device, book record.Book, c Change, after record.Fields) (string, journal.Op, error) {
	var op journal.Op
	if c.Scope == "" {
		var err error
		if c.Scope, err = record.ScopeOf(c.Kind, after, book); err != nil {
			return "", op, err
		}
	}
	if !self.MayWrite(c.Scope, c.Kind, false) {
		return "", op, fmt.Errorf("%w: %s in %s", ErrForbidden, c.Kind, c.Scope)
	}
	id, err := journal.NewID(c.Scope, string(c.Kind), b.o.Now(), b.o.Random)
	if err != nil {
		return "", op, err
	}
	op.OpHead = journal.OpHead{Kind: string(c.Kind), ID: id, Flags: flagsOf(c.Kind)}
	nameBlobs(&op, c.refs)
	op.Cells = trust.Cells(after)
	if len(op.Cells) == 0 {
		return "", op, record.Problems{}
	}
	return c.Scope, op, nil
}

func flagsOf(k record.Kind) (f journal.Flags) {
	s, _ := record.Of(k)
	if s.Personal {
		f |= journal.Personal
	}
	if s.Act {
		f |= journal.Once
	}
	return f
}

// edit returns the cell that sets a field, naming the versions that the author saw; false where the
// field shows that value already and nothing else is to be replaced.
//
// Refs is how many versions the operation names already.
func (b *batch) edit(s *state, name string, value any, seen Seen, refs int) (journal.Cell, bool) {
	c, parents := s.find(name), seen[name]
	switch {
	case c == nil && len(parents) == 0:
		// A photo that is shown here may have been joined to a duplicate: it is taken off where it is shown.
		return journal.Cell{Field: name, Value: value}, value != nil || joins(name)
	case c == nil:
		// What was seen is set aside by now, and may count again one day: it is replaced all the same.
	default:
		if seen == nil {
			parents = c.dots()
		}
		if shown, ok := c.shown(); ok && reflect.DeepEqual(shown.value, value) && !c.conflict() {
			return journal.Cell{}, false
		}
	}
	named := make([]journal.Dot, 0, len(parents))
	for _, p := range parents {
		if len(named) == journal.MaxRefs-refs {
			break // the rest stays to be decided, by another edit
		}
		// What this chain wrote itself is replaced unnamed, unless the chain has branches.
		if p.Incarnation != b.Incarnation() || b.isForked(s.scope) {
			named = append(named, p)
		}
	}
	return journal.Cell{Field: name, Value: value, Parents: named}, true
}

func (b *batch) isForked(scope string) bool {
	k, err := b.chainOf(journal.Chain{Incarnation: b.Incarnation(), Scope: scope}, false)
	return err == nil && k != nil && k.forked
}

// held returns a record that is held, for an edit.
func (b *batch) held(id uuid.UUID) (*state, error) {
	for k, s := range b.states {
		if k.id == id && known(k.kind) && len(s.cells) > 0 {
			return s, nil
		}
	}
	k, err := nameOf(b.ctx, b.write, id)
	if err != nil {
		return nil, err
	}
	return b.state(k)
}

// writeEntry signs, stores and folds one entry of this device.
func (b *batch) writeEntry(scope string, operator uuid.UUID, action [8]byte, ops []journal.Op) (*journal.Entry, error) {
	k, err := b.chainOf(journal.Chain{Incarnation: b.Incarnation(), Scope: scope}, true)
	if err != nil {
		return nil, err
	}
	hlc, err := b.tick()
	if err != nil {
		return nil, err
	}
	d := journal.Draft{Incarnation: b.Incarnation(), Scope: scope, HLC: hlc, Operator: operator, Action: action, Ops: ops}
	if len(k.tips) == 0 {
		d.Seq, d.Prev = 1, journal.GenesisHash(b.territory, k.Chain)
		if d.Genesis, err = b.genesis(); err != nil {
			return nil, err
		}
	} else {
		last := slices.MaxFunc(k.tips, func(x, y tip) int { return int(int64(x.seq) - int64(y.seq)) })
		d.Seq, d.Prev = last.seq+1, last.hash
	}
	e, err := journal.Sign(b.territory, b.Identity().Key, d, b.o.Random)
	if err != nil {
		return nil, err
	}
	number, err := b.append(k, e, merged)
	if err != nil {
		return nil, err
	}
	if err := b.lookAhead([]*journal.Entry{e}); err != nil {
		return nil, err
	}
	return e, b.foldEntry(k, e, number, merged)
}

func (b *batch) genesis() (*journal.Genesis, error) {
	key := b.Identity().Public()
	recipient, err := trust.RecipientBytes(b.Identity().Age.Recipient().String())
	if err != nil {
		return nil, err
	}
	return &journal.Genesis{Key: key[:], Nonce: b.life.Load().nonce, Age: recipient, App: trust.AppVersion}, nil
}

// txBook looks records up inside the transaction that writes.
type txBook struct{ b *batch }

func (t *txBook) Get(id uuid.UUID) (record.Record, bool, error) {
	s, err := t.b.heldSurvivor(id)
	if errors.Is(err, ErrUnknown) {
		return record.Record{}, false, nil
	}
	if err != nil {
		return record.Record{}, false, err
	}
	return record.Record{ID: s.id, Kind: record.Kind(s.kind), Scope: s.scope, Fields: s.fields()}, true, nil
}

func (t *txBook) Find(k record.Kind, field string, value any) ([]record.Record, error) {
	if err := t.b.flush(); err != nil {
		return nil, err
	}
	return t.b.find(t.b.ctx, t.b.write, k, field, value)
}

// querier is what reads: a pool, or the connection of a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

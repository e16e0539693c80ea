package replica

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// standing says what becomes of an entry that is held.
type standing int64

// Standings of entries, as the database keeps them.
const (
	merged standing = 0
	aside  standing = 1 // written after its author's end: kept and passed on, for the coordination to review
	newer  standing = 2 // of a version that this one cannot read: merged after an upgrade

	waiting standing = 3 // covered by a snapshot whose records are shown: merged when its history is complete
)

func standingOf(v trust.Verdict, e *journal.Entry) standing {
	switch {
	case !readable(e):
		return newer
	case v == trust.Aside:
		return aside
	}
	return merged
}

// readable reports whether this version understands the entry whole: an action is merged whole or not yet.
func readable(e *journal.Entry) bool {
	if e.Critical {
		return false
	}
	for i := range e.Ops {
		if _, err := e.Op(i); err != nil && !errors.Is(err, journal.ErrHollow) {
			return false
		}
	}
	return true
}

// catchUp reads control again where another process has written since.
func (r *Replica) catchUp(ctx context.Context) error {
	var version int64
	if err := r.st.dataVersion.QueryRowContext(ctx).Scan(&version); err != nil {
		return err
	}
	r.mu.Lock()
	same := r.seen == version
	r.seen = version
	r.mu.Unlock()
	if same {
		return nil
	}
	r.memory = memory{}
	if err := r.refreshLife(ctx); err != nil {
		return err
	}
	r.unsearched.Store(true)
	return r.refreshRoster(ctx, r.write)
}

// within returns what tells whether an entry stands at or before a cut of its chain, on the cut's branch.
// Where the chain has branches and the cut's entry is not held, none does yet.
func (b *batch) within(k *chain, e *journal.Entry) func(trust.Cut) bool {
	return func(c trust.Cut) bool {
		if c.Incarnation != e.Incarnation || c.Scope != e.Scope || e.Seq > c.Seq {
			return false
		}
		if k == nil || !k.forked {
			return e.Seq < c.Seq || c.Hash == e.Hash
		}
		if c.Hash == e.Hash {
			return true
		}
		if held, err := b.holds(k, c.Seq, c.Hash); err != nil || !held {
			return false
		}
		before, err := b.upTo(k, c.Hash)
		return err == nil && before[e.Hash]
	}
}

// upTo returns the entries of a chain with branches up to one that is held, itself included. What stands before that
// one does not change any more: it is looked up once a batch.
func (b *batch) upTo(k *chain, h journal.Hash) (map[journal.Hash]bool, error) {
	if known := b.ways[h]; known != nil {
		return known, nil
	}
	all, err := links(b.ctx, b.write, k.id)
	if err != nil {
		return nil, err
	}
	if b.ways == nil {
		b.ways = map[journal.Hash]map[journal.Hash]bool{}
	}
	b.ways[h] = ancestry(all, []journal.Hash{h})
	return b.ways[h], nil
}

// obeyControl makes the control entries that were appended count: what their authors end is put aside, what
// they release is merged, what they erase is dropped.
func (b *batch) obeyControl() error {
	if len(b.control) == 0 {
		return nil
	}
	before := b.roster
	b.roster = before.With(b.control)
	b.control = nil
	for _, k := range changedBounds(before, b.roster) {
		if err := b.judgeAuthor(k); err != nil {
			return err
		}
	}
	return b.eraseNew(before)
}

// changedBounds returns the keys whose end, or what they are granted, is another under the second roster. A key that was
// granted nothing under the first may be this device's own, under which it has written on.
func changedBounds(before, after *trust.Roster) []trust.Key {
	var out []trust.Key
	seen := map[trust.Key]bool{}
	for _, k := range append(before.Granted(), after.Granted()...) {
		if !seen[k] && before.Bounds(k) != after.Bounds(k) {
			out = append(out, k)
		}
		seen[k] = true
	}
	return out
}

func (b *batch) judgeAuthor(author trust.Key) error {
	chains, err := chainsIn(b.ctx, b.write, `SELECT chain.incarnation, chain.scope FROM chain JOIN author USING (incarnation)
		WHERE author.key = ? AND chain.scope <> 'control' ORDER BY chain.id`, author[:])
	if err != nil {
		return err
	}
	for _, c := range chains {
		k, err := b.chainOf(c, false)
		if err == nil && k != nil {
			err = b.judgeAgain(b.roster, author, k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// heldEntry is an entry of a chain with its local number.
type heldEntry struct {
	*journal.Entry
	number int64
	stands standing
}

// judgeAgain asks the roster again of every entry of a chain, and folds again the records of those that
// stand otherwise than before.
func (b *batch) judgeAgain(roster *trust.Roster, author trust.Key, k *chain) error {
	held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE chain = ? ORDER BY id", k.id)
	if err != nil {
		return err
	}
	var others []restanding
	for _, e := range held {
		if e.stands == waiting {
			continue // it is judged when its history is complete
		}
		if e.Sealed != nil {
			if err := b.putOff(); err != nil {
				return err
			}
			continue
		}
		other, err := b.judgeEntry(roster, author, k, e)
		if err != nil {
			return err
		}
		others = append(others, other...)
	}
	return b.restand(others...)
}

// restanding is an entry that is held, with what becomes of it from now on.
type restanding struct {
	heldEntry
	now standing
}

// judgeEntry asks the roster again of an entry that is held, and returns it where it stands otherwise now.
func (b *batch) judgeEntry(roster *trust.Roster, author trust.Key, k *chain, e heldEntry) ([]restanding, error) {
	verdict, err := roster.Judge(author, e.Entry, b.within(k, e.Entry))
	if err != nil {
		verdict = trust.Aside // what let it in once is taken back
	}
	now := standingOf(verdict, e.Entry)
	if now == e.stands {
		return nil, nil
	}
	if out, err := b.entryOutOfReach(e.Entry); err != nil || out {
		return nil, errors.Join(err, b.putOff())
	}
	return []restanding{{e, now}}, nil
}

// fieldsOf returns the fields of the record that the entry sets, in order.
func (e heldEntry) fieldsOf(s *state) []string {
	for i, head := range e.Ops {
		if head.ID != s.id || head.Kind != s.kind {
			continue
		}
		op, err := e.Op(i)
		if err != nil {
			return nil
		}
		out := make([]string, len(op.Cells))
		for j, c := range op.Cells {
			out[j] = c.Field
		}
		return out
	}
	return nil
}

func (b *batch) heldEntries(query string, args ...any) ([]heldEntry, error) {
	rows, err := b.write.QueryContext(b.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []heldEntry
	for rows.Next() {
		var h heldEntry
		var stored []byte
		if err := rows.Scan(&h.number, &stored, &h.stands); err != nil {
			return nil, err
		}
		if h.Entry, err = b.parse(stored); err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

// restand merges entries that were not, and takes others out of the merged state. What they wrote on is folded again once: a
// device may have written thousands of times on one record before it is ended.
func (b *batch) restand(list ...restanding) error {
	if len(list) == 0 {
		return nil
	}
	if err := b.flush(); err != nil {
		return err
	}
	moves := map[recordKey][]move{}
	var order []recordKey
	b.parsed = map[int64]*journal.Entry{}
	defer func() { b.parsed, b.lately = nil, heldEntry{} }()
	for _, e := range list {
		b.parsed[e.number] = e.Entry
		now, err := b.stand(e)
		if err != nil {
			return err
		}
		if now != merged && e.stands != merged {
			continue
		}
		for i, op := range e.Ops {
			k := recordKey{e.Scope, op.Kind, op.ID}
			if moves[k] == nil {
				order = append(order, k)
			}
			moves[k] = append(moves[k], move{touch{e.number, i}, now == merged})
		}
	}
	for _, k := range order {
		if err := errors.Join(b.refoldRecord(k, moves[k]...), b.relieve()); err != nil {
			return err
		}
	}
	return nil
}

// stand notes what becomes of an entry, and returns it: what a snapshot covers waits.
func (b *batch) stand(e restanding) (standing, error) {
	if e.now == merged {
		k, err := b.chainOf(e.Chain(), false)
		if err != nil {
			return e.now, err
		}
		if waits, err := b.waits(k, e.Entry, false); err != nil {
			return e.now, err
		} else if waits {
			e.now = waiting
		}
	}
	if _, err := b.write.ExecContext(b.ctx, "UPDATE entry SET standing = ? WHERE id = ?", e.now, e.number); err != nil {
		return e.now, err
	}
	if _, err := b.st.unshelve.ExecContext(b.ctx, e.number); err != nil {
		return e.now, err
	}
	for i, op := range e.Ops {
		if err := b.noteBlobs(e.Entry, e.number, i); err != nil {
			return e.now, err // those of an entry that can be read only now
		}
		if e.now == merged {
			continue
		}
		if _, err := b.st.shelve.ExecContext(b.ctx, op.ID[:], e.number, i); err != nil {
			return e.now, err
		}
	}
	return e.now, nil
}

// again returns an entry that is held. While many records are folded again it is read once for those that stand together: an
// action may have written on a thousand.
func (b *batch) again(number int64) (*journal.Entry, error) {
	if e := b.parsed[number]; e != nil {
		return e, nil
	}
	if b.lately.Entry != nil && b.lately.number == number {
		return b.lately.Entry, nil
	}
	held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE id = ?", number)
	if err != nil || len(held) != 1 {
		return nil, errors.Join(err, ErrDamaged)
	}
	if b.parsed != nil {
		b.lately = held[0]
	}
	return held[0].Entry, nil
}

// move is an operation that is merged from now on, or is not any more.
type move struct {
	touch
	in bool
}

// refoldRecord makes a record again from the entries that wrote on it: with some more, or without some.
func (b *batch) refoldRecord(k recordKey, moves ...move) error {
	if err := b.dropSnapshot(k.scope); err != nil {
		return err // it says otherwise
	}
	if shown, err := b.shownOf(k.scope); err != nil {
		return err
	} else if shown != nil {
		for _, m := range moves {
			if err := b.refoldLater(k, m); err != nil {
				return err
			}
		}
		return nil
	}
	s, err := b.state(k)
	if err != nil {
		return err
	}
	digest, err := b.digest(k.scope)
	if err != nil {
		return err
	}
	s.takeFrom(digest)
	s.cells, s.again, s.dirty = nil, true, true
	touches, err := b.touchesOf(s.number)
	if err != nil {
		return err
	}
	for _, m := range moves {
		if m.in {
			touches = append(touches, m.touch)
		} else if _, err := b.write.ExecContext(b.ctx, "DELETE FROM touch WHERE record = ? AND entry = ?", s.number, m.entry); err != nil {
			return err
		}
	}
	out := map[int64]bool{}
	for _, m := range moves {
		out[m.entry] = !m.in
	}
	slices.SortFunc(touches, func(a, b touch) int { return cmp.Compare(a.entry, b.entry) })
	for _, t := range slices.Compact(touches) {
		if out[t.entry] {
			continue
		}
		e, err := b.again(t.entry)
		if err != nil {
			return err
		}
		k, err := b.chainOf(e.Chain(), false)
		if err != nil {
			return err
		}
		if err := b.foldOp(k, e, t.entry, t.op); err != nil {
			return err
		}
	}
	if len(s.cells)+len(s.touches) == 0 {
		return b.dropRecord(s) // an operation that sets nothing is one all the same: its body may be erased
	}
	return b.flush()
}

func (b *batch) touchesOf(record int64) ([]touch, error) {
	return b.touches("SELECT entry, op FROM touch WHERE record = ? ORDER BY entry", record)
}

func (b *batch) touches(query string, args ...any) ([]touch, error) {
	rows, err := b.write.QueryContext(b.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []touch
	for rows.Next() {
		var t touch
		if err := rows.Scan(&t.entry, &t.op); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// dropRecord forgets a record of which nothing is merged any more.
func (b *batch) dropRecord(s *state) error {
	delete(b.states, s.key())
	for i, o := range b.order {
		if o == s {
			b.order = append(b.order[:i:i], b.order[i+1:]...)
			break
		}
	}
	b.noticeKind(s.kind)
	if s.number == 0 {
		return nil
	}
	for _, q := range []string{"DELETE FROM touch WHERE record = ?", "DELETE FROM record WHERE number = ?", "DELETE FROM search WHERE rowid = ?"} {
		if _, err := b.write.ExecContext(b.ctx, q, s.number); err != nil {
			return err
		}
	}
	return nil
}

// readAgain merges what an earlier version of the program could not read.
func (b *batch) readAgain() error {
	held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE standing = ? ORDER BY id", newer)
	if err != nil {
		return err
	}
	said, others := false, []restanding(nil)
	for _, e := range held {
		if !readable(e.Entry) {
			continue
		}
		said = said || e.Scope == trust.Control
		var key []byte
		if err := b.st.author.QueryRowContext(b.ctx, e.Incarnation[:]).Scan(&key); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		author, _ := trust.KeyOf(key)
		k, err := b.chainOf(e.Chain(), false)
		if err != nil {
			return err
		}
		verdict, err := b.roster.Judge(author, e.Entry, b.within(k, e.Entry))
		if err != nil {
			continue // of a kind that its author may not write: it stays what it is
		}
		if now := standingOf(verdict, e.Entry); now != e.stands {
			others = append(others, restanding{e, now})
		}
	}
	if err := b.restand(others...); err != nil {
		return err
	}
	if said {
		return b.obeyAll()
	}
	return nil
}

// obeyAll obeys all that control says, whatever was obeyed before.
func (b *batch) obeyAll() error {
	for _, k := range b.roster.Granted() {
		if err := b.judgeAuthor(k); err != nil {
			return err
		}
	}
	return b.eraseNew(trust.NewRoster(b.territory, nil))
}

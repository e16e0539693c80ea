package replica

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// batch is one write transaction: entries appended and folded, records written once at its end.
type batch struct {
	*Replica
	ctx       context.Context
	cancelled func() error // why the caller no longer waits, nil as long as it does
	*memory
	states  map[recordKey]*state
	ahead   span            // what was looked up for several records at once
	order   []*state        // in the order in which they were first touched
	moved   []*chain        // whose tips are to be written
	changed map[string]bool // scopes whose digest is to be written
	heard   bool            // the clock was moved by another's entry
	started string          // what was drawn for this start
	shreds  bool            // the files are to be shredded
	forked  bool            // entries under this device's name came from elsewhere
	notice  Notice
	blobs   blobWork
	roster  *trust.Roster                          // what it was when the batch began, and what the batch has added
	control []*journal.Entry                       // entries of control appended since roster was made
	ways    map[journal.Hash]map[journal.Hash]bool // upTo
	parsed  map[int64]*journal.Entry               // entries that restand is at, by number
	lately  heldEntry                              // the last other one that again has read
	trees   map[int64]tree                         // of chains with branches, by number
	unsure  map[*chain]trust.Key                   // chains with branches that grew, of authors with an end somewhere
	renewal *renewal                               // a scope that is folded again in place, nil where there is none
	named   map[journal.Dot][]string               // what the entries set that the operation under way names, as far as it was asked
}

// memory is what one batch leaves for the next, as long as no other process writes between them.
type memory struct {
	chains   map[journal.Chain]*chain
	digests  map[string]*journal.Digest
	clock    journal.HLC
	ticked   bool // the clock was read
	numbered writers
	shown    map[string]*shownScope // scopes shown from a snapshot; nil until it was asked
}

// chain is what a batch knows of a chain.
type chain struct {
	journal.Chain
	id     int64
	forked bool
	tips   []tip
	moved  bool  // an entry was appended since the tips were written
	stored []tip // as the database has them, where moved
}

type tip struct {
	seq  uint64
	hash journal.Hash
}

// inBatch runs f in one immediate transaction: either all of it is on the disk when it returns, or none.
func (r *Replica) inBatch(ctx context.Context, f func(*batch) error) error {
	notice, err := r.commit(ctx, f)
	if err == nil && (len(notice.Kinds) > 0 || notice.Remote) {
		// Nothing is held any more: whoever listens may read, search and write.
		r.tell(notice)
	}
	return err
}

// commit is inBatch without telling those who subscribed.
func (r *Replica) commit(ctx context.Context, f func(*batch) error) (Notice, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	// Neither the beginning nor the end is left to a context that may be cancelled: a transaction that began
	// all the same would stay open, and nothing could be written any more.
	end := context.WithoutCancel(ctx)
	if err := ctx.Err(); err != nil {
		return Notice{}, err
	}
	if _, err := r.st.begin.ExecContext(end); err != nil {
		return Notice{}, translate(err)
	}
	err := r.catchUp(end)
	// What is remembered of the last batch is taken out, and put back only if this one is written.
	m := r.memory
	r.memory = memory{}
	if m.chains == nil {
		m = memory{chains: map[journal.Chain]*chain{}, digests: map[string]*journal.Digest{}, numbered: newWriters()}
	}
	// The driver starts a goroutine for each statement of a context that can be cancelled: entries and parts are
	// where a batch looks whether it was.
	b := &batch{Replica: r, ctx: end, cancelled: ctx.Err, memory: &m, states: map[recordKey]*state{}, changed: map[string]bool{}}
	before := r.Roster()
	b.roster = before
	if err == nil {
		err = f(b)
	}
	if err == nil {
		err = b.obeyControl()
	}
	if err == nil {
		err = b.flush()
	}
	if err == nil {
		_, err = r.st.commit.ExecContext(end)
	}
	if err != nil {
		_, _ = r.write.ExecContext(end, "ROLLBACK") // fails where the database has rolled back itself
		return Notice{}, translate(err)
	}
	r.memory = m
	r.commits.Add(1)
	if b.forked {
		r.forked.Store(true)
	}
	if b.shreds {
		r.mu.Lock()
		r.unshredded = true
		r.mu.Unlock()
	}
	if len(b.notice.Kinds) > 0 {
		r.unsearched.Store(true)
	}
	r.removeBlobs(b.blobs.gone)
	if b.started != "" {
		if err := r.writeStart(b.started); err != nil {
			r.o.Log.Warn("the start stays noted beside the one before", "err", err)
		}
	}
	if b.roster != before {
		if err := r.refreshRoster(end, r.write); err != nil {
			return Notice{}, err
		}
		if err := r.shred(end, before, b.roster); err != nil {
			return Notice{}, err
		}
	}
	return b.notice, nil
}

// chainOf returns a chain with its tips; add makes it if it is not known.
func (b *batch) chainOf(c journal.Chain, add bool) (*chain, error) {
	if known := b.chains[c]; known != nil {
		return known, nil
	}
	k := &chain{Chain: c}
	err := b.st.chainOf.QueryRowContext(b.ctx, c.Incarnation[:], c.Scope).Scan(&k.id, &k.forked)
	if errors.Is(err, sql.ErrNoRows) {
		if !add {
			return nil, nil
		}
		res, err := b.st.addChain.ExecContext(b.ctx, c.Incarnation[:], c.Scope)
		if err != nil {
			return nil, err
		}
		if k.id, err = res.LastInsertId(); err != nil {
			return nil, err
		}
		b.chains[c] = k
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := b.st.tips.QueryContext(b.ctx, k.id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t tip
		var h []byte
		if err := rows.Scan(&t.seq, &h); err != nil {
			return nil, err
		}
		copy(t.hash[:], h)
		k.tips = append(k.tips, t)
	}
	b.chains[c] = k
	return k, rows.Err()
}

// append stores an entry that follows a held one, or opens its chain, and moves the tips.
func (b *batch) append(k *chain, e *journal.Entry, stands standing) (int64, error) {
	if err := b.cancelled(); err != nil {
		return 0, err
	}
	if !k.moved {
		b.moved, k.stored, k.moved = append(b.moved, k), slices.Clone(k.tips), true
	}
	i := slices.IndexFunc(k.tips, func(t tip) bool { return t.hash == e.Prev })
	switch {
	case i >= 0:
		k.tips[i] = tip{e.Seq, e.Hash}
	case len(k.tips) > 0:
		// It follows an entry that another one follows already: the chain has two branches from here on.
		k.forked = true
		if _, err := b.st.fork.ExecContext(b.ctx, k.id); err != nil {
			return 0, err
		}
		fallthrough
	default:
		k.tips = append(k.tips, tip{e.Seq, e.Hash})
	}
	stored, err := b.stored(e)
	if err != nil {
		return 0, err
	}
	res, err := b.st.addEntry.ExecContext(b.ctx, k.id, e.Seq, e.Hash[:], len(e.Signature) > 0, b.o.Now().UnixMilli(), stored, stands)
	if err != nil {
		return 0, err
	}
	if e.Genesis != nil {
		if _, err := b.st.addAuthor.ExecContext(b.ctx, e.Incarnation[:], []byte(e.Genesis.Key)); err != nil {
			return 0, err
		}
	}
	if e.Scope == trust.Control {
		b.control = append(b.control, e)
	}
	if t := b.trees[k.id]; t != nil {
		t.add(e.Seq, e.Hash, e.Prev)
	}
	return res.LastInsertId()
}

// holds reports whether the chain has the entry.
func (b *batch) holds(k *chain, seq uint64, h journal.Hash) (bool, error) {
	if slices.ContainsFunc(k.tips, func(t tip) bool { return t.hash == h }) {
		return true, nil
	}
	if !k.forked && len(k.tips) > 0 && seq > k.tips[0].seq {
		return false, nil
	}
	var id int64
	err := b.st.holds.QueryRowContext(b.ctx, k.id, seq, h[:]).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// heldDot reports whether the version that a dot names was merged before the entry that is folded: when the
// journal is folded again, later ones are on the disk already. An entry that never set the field is none.
func (b *batch) heldDot(s *state, field string, d journal.Dot, folding int64) (bool, error) {
	sets, known := b.named[d]
	if !known {
		var err error
		if sets, err = b.setBy(s, d, folding); err != nil {
			return false, err
		}
		if b.named == nil {
			b.named = map[journal.Dot][]string{}
		}
		b.named[d] = sets
	}
	_, found := slices.BinarySearch(sets, field)
	return found, nil
}

// setBy returns the fields of a record that the entry of a dot sets, in order; none where it is not merged yet.
func (b *batch) setBy(s *state, d journal.Dot, folding int64) ([]string, error) {
	k, err := b.chainOf(journal.Chain{Incarnation: d.Incarnation, Scope: s.scope}, false)
	if err != nil || k == nil {
		return nil, err
	}
	held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE chain = ? AND seq = ? AND substr(hash, 1, 8) = ? AND standing = 0", k.id, d.Seq, d.Tag[:])
	if err != nil {
		return nil, err
	}
	for _, e := range held {
		if e.Dot() == d && b.foldedBefore(s.scope, e.number, folding) {
			return e.fieldsOf(s), nil
		}
	}
	return nil, nil
}

// foldedBefore reports whether an entry was folded before the one that is folded now.
func (b *batch) foldedBefore(scope string, number, folding int64) bool {
	if b.renewal != nil && b.renewal.scope == scope {
		return b.renewal.folded[number]
	}
	return number < folding
}

// recordKey is a record's whole name. The id alone is not one: its binding to scope and kind is short enough
// for one who searches to find a second record that fits it.
type recordKey struct {
	scope, kind string
	id          uuid.UUID
}

func (s *state) key() recordKey { return recordKey{s.scope, s.kind, s.id} }

// state returns a record to fold into, empty where it is new.
func (b *batch) state(k recordKey) (*state, error) {
	if s := b.states[k]; s != nil {
		return s, nil
	}
	s := &state{id: k.id, kind: k.kind, scope: k.scope}
	if b.ahead.absent(k.id) {
		b.states[k] = s
		b.order = append(b.order, s)
		return s, nil
	}
	var p packed
	err := b.st.findRecord.QueryRowContext(b.ctx, k.id[:], k.kind, k.scope).Scan(&s.number, &p.fields, &p.cells)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return nil, err
	default:
		if err := b.decode(s, p, b.writerName); err != nil {
			return nil, err
		}
	}
	b.renewal.renewed(s)
	b.states[k] = s
	b.order = append(b.order, s)
	return s, nil
}

// digest returns the digest of a scope, to be changed in place.
func (b *batch) digest(scope string) (*journal.Digest, error) {
	b.changed[scope] = true
	if d := b.digests[scope]; d != nil {
		return d, nil
	}
	d := new(journal.Digest)
	var stored []byte
	err := b.st.getDigest.QueryRowContext(b.ctx, scope).Scan(&stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	copy(d[:], stored)
	b.digests[scope] = d
	return d, nil
}

// flush writes what was folded.
func (b *batch) flush() error {
	b.ahead = span{}
	if err := b.countIn(); err != nil {
		return err
	}
	if err := b.storeNew(); err != nil {
		return err
	}
	for _, s := range b.order {
		if s.dirty {
			if err := b.store(s); err != nil {
				return err
			}
		}
	}
	if err := b.writeTips(); err != nil {
		return err
	}
	for scope := range b.changed {
		d := b.digests[scope]
		if *d == (journal.Digest{}) {
			// Of a scope of which nothing is merged there is no trace.
			if _, err := b.write.ExecContext(b.ctx, "DELETE FROM scope_digest WHERE scope = ?", scope); err != nil {
				return err
			}
			continue
		}
		if _, err := b.st.setDigest.ExecContext(b.ctx, scope, d[:]); err != nil {
			return err
		}
	}
	clear(b.changed)
	if b.heard {
		b.heard = false
		if _, err := b.st.setMeta.ExecContext(b.ctx, "clock", binary.BigEndian.AppendUint64(nil, uint64(b.clock))); err != nil {
			return err
		}
	}
	// Another flush of the same batch writes what changed since.
	for _, s := range b.order {
		s.dirty, s.touches, s.again, s.before = false, nil, false, nil
	}
	return nil
}

// mostStates is the number of records that a batch holds in memory before it writes them.
const mostStates = 1500

// relieve writes what was folded, and lets go of it, once it is much: a delivery of thousands of records would
// otherwise stand in memory whole.
func (b *batch) relieve() error {
	if len(b.states) < mostStates {
		return nil
	}
	ahead := b.ahead
	if err := b.flush(); err != nil {
		return err
	}
	for k, s := range b.states {
		if s.number != 0 && ahead.to != uuid.Nil {
			ahead.held[k.id] = s.number
		}
	}
	b.states, b.order, b.ahead = map[recordKey]*state{}, nil, ahead
	return nil
}

// writeTips writes the ends of the chains that grew: once for all the entries of a batch.
func (b *batch) writeTips() error {
	for _, k := range b.moved {
		gone := slices.DeleteFunc(slices.Clone(k.stored), func(t tip) bool { return slices.Contains(k.tips, t) })
		for _, t := range k.tips {
			var err error
			switch {
			case slices.Contains(k.stored, t):
			case len(gone) > 0:
				_, err = b.st.moveTip.ExecContext(b.ctx, t.seq, t.hash[:], k.id, gone[0].hash[:])
				gone = gone[1:]
			default:
				_, err = b.st.addTip.ExecContext(b.ctx, k.id, t.seq, t.hash[:])
			}
			if err != nil {
				return err
			}
		}
		k.stored, k.moved = nil, false
	}
	b.moved = nil
	return nil
}

func (b *batch) noticeKind(kind string) {
	if b.notice.Kinds == nil {
		b.notice.Kinds = map[record.Kind]bool{}
	}
	b.notice.Kinds[record.Kind(kind)] = true
}

// observe moves the device's clock past an entry.
func (b *batch) observe(h journal.HLC) error {
	if err := b.loadClock(); err != nil {
		return err
	}
	now := journal.Observe(b.clock, h, b.o.Now())
	b.heard = b.heard || now != b.clock
	b.clock = now
	return nil
}

// tick returns the instant of a new entry.
func (b *batch) tick() (journal.HLC, error) {
	if err := b.loadClock(); err != nil {
		return 0, err
	}
	b.clock = journal.Tick(b.clock, b.corrected(b.o.Now()))
	return b.clock, nil
}

// loadClock reads the clock inside the transaction: another process may have moved it. What this device
// wrote itself moved it without a note: its own last entries tell.
func (b *batch) loadClock() error {
	if b.ticked {
		return nil
	}
	var stored []byte
	if err := b.st.getMeta.QueryRowContext(b.ctx, "clock").Scan(&stored); err != nil {
		return err
	}
	if len(stored) != 8 {
		return ErrDamaged
	}
	b.clock = journal.HLC(binary.BigEndian.Uint64(stored))
	self := b.Incarnation()
	own, err := b.heldEntries(`SELECT entry.id, stored, standing FROM chain JOIN tip ON tip.chain = chain.id
		CROSS JOIN entry INDEXED BY entry_hash ON entry.chain = chain.id AND entry.hash = tip.hash WHERE chain.incarnation = ?`, self[:])
	if err != nil {
		return err
	}
	for _, e := range own {
		b.clock = max(b.clock, e.HLC)
	}
	b.ticked = true
	return nil
}

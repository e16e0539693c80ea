package replica

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"reflect"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// renewal is a scope that is folded again while its records stay where they are: of each, what is on the disk counts
// from the first time on that the fold has written it.
type renewal struct {
	scope  string
	seen   map[recordKey]bool
	folded map[int64]bool // entries that were folded, whatever their numbers

	// What a version said that stood on the disk, by its name, until its entry is folded: digests of scopes are of names
	// alone, and a snapshot may tell other values. Whatever control has said since, an entry says what it said.
	still     map[versionName][sha256.Size]byte
	otherwise bool
}

// versionName names a version of a field.
type versionName struct {
	recordKey
	field string
	dot   journal.Dot
}

// sum sums up what a version says.
func (v version) sum() [sha256.Size]byte {
	b, _ := cellCodec.enc.Marshal([]any{v.value, uint64(v.hlc), v.into[:]}) // values of fields have a form each
	return sha256.Sum256(b)
}

// replaces compares what stands on the disk with what replaces it.
func (w *renewal) replaces(s *state) {
	if w == nil || s.before == nil {
		return
	}
	for i := range s.before.cells {
		c := &s.before.cells[i]
		for _, v := range c.versions {
			w.still[versionName{s.key(), c.field, v.dot}] = v.sum()
		}
		if now := s.find(c.field); now != nil {
			for _, v := range now.versions {
				w.comes(s, c.field, v)
			}
		}
	}
}

// comes compares a version with what stood on the disk under its name.
func (w *renewal) comes(s *state, field string, v version) {
	if w == nil || len(w.still) == 0 {
		return
	}
	name := versionName{s.key(), field, v.dot}
	if sum, ok := w.still[name]; ok {
		w.otherwise = w.otherwise || sum != v.sum()
		delete(w.still, name)
	}
}

// beginAgain makes ready for the scope to be folded again in place: nothing waits any more, and nothing counts yet. It
// returns the scope's digest, which is that of nothing.
func (b *batch) beginAgain(s *shownScope) (*journal.Digest, error) {
	if err := b.stopWaiting(s); err != nil {
		return nil, err
	}
	b.states, b.order = map[recordKey]*state{}, nil
	b.renewal = &renewal{scope: s.Scope, seen: map[recordKey]bool{}, folded: map[int64]bool{}, still: map[versionName][sha256.Size]byte{}}
	digest, err := b.digest(s.Scope)
	if err == nil {
		*digest = journal.Digest{}
	}
	return digest, err
}

// endShown drops what is left of a snapshot once its scope was folded again. Invented is that of dropUnseen.
func (b *batch) endShown(scope string) (invented bool, err error) {
	if invented, err = b.dropUnseen(); err != nil {
		return invented, err
	}
	_, err = b.write.ExecContext(b.ctx, "DELETE FROM snapshot WHERE scope = ?", scope)
	b.shown = nil
	b.notice.Remote = true
	return invented, errors.Join(err, b.noteSpell(scope))
}

// stopWaiting judges the entries that waited: they are merged, or stand aside.
func (b *batch) stopWaiting(s *shownScope) error {
	delete(b.shown, s.Scope) // nothing waits any more
	const which = "SELECT entry.id FROM entry JOIN chain ON chain.id = entry.chain WHERE standing = ?1 AND scope = ?2"
	if _, err := b.write.ExecContext(b.ctx, "DELETE FROM shelf WHERE entry IN ("+which+")", waiting, s.Scope); err != nil {
		return err
	}
	for from := int64(0); ; {
		held, err := b.heldOfScope(s.Scope, from, "standing = 3")
		if err != nil || len(held) == 0 {
			return err
		}
		for _, e := range held {
			from = e.number
			k, err := b.chainOf(e.Chain(), false)
			if err != nil {
				return err
			}
			author, err := b.opened(e.Incarnation)
			if err != nil {
				return err
			}
			verdict, err := b.roster.Judge(author, e.Entry, b.within(k, e.Entry))
			if err != nil {
				verdict = trust.Aside // what let it in once is taken back
			}
			stands := standingOf(verdict, e.Entry)
			if _, err := b.write.ExecContext(b.ctx, "UPDATE entry SET standing = ? WHERE id = ?", stands, e.number); err != nil {
				return err
			}
			for i := range e.Ops {
				if stands == merged {
					break
				}
				if _, err := b.st.shelve.ExecContext(b.ctx, e.Ops[i].ID[:], e.number, i); err != nil {
					return err
				}
			}
		}
	}
}

// opened returns the key that opened an incarnation, zero where none is held.
func (b *batch) opened(i journal.Incarnation) (trust.Key, error) {
	var stored []byte
	err := b.st.author.QueryRowContext(b.ctx, i[:]).Scan(&stored)
	if errors.Is(err, sql.ErrNoRows) {
		return trust.Key{}, nil
	}
	k, _ := trust.KeyOf(stored)
	return k, err
}

// foldAgain folds the merged entries of a scope that are meant, and reports whether some of those meant are of a
// version that cannot be read.
func (b *batch) foldAgain(scope string, meant func(heldEntry) bool) (newers bool, err error) {
	for from := int64(0); ; {
		held, err := b.heldOfScope(scope, from, "standing IN (0, 2)")
		if err != nil {
			return newers, err
		}
		if len(held) == 0 {
			return newers, b.flushAll()
		}
		for _, e := range held {
			from = e.number
			if err := b.cancelled(); err != nil {
				return newers, err
			}
			if !meant(e) {
				continue
			}
			if e.stands == newer {
				newers = true
				continue
			}
			k, err := b.chainOf(e.Chain(), false)
			if err != nil {
				return newers, err
			}
			for i := range e.Ops {
				if err := b.foldOp(k, e.Entry, e.number, i); err != nil {
					return newers, err
				}
			}
			b.renewal.folded[e.number] = true
			if err := b.relieve(); err != nil {
				return newers, err
			}
		}
	}
}

// flushAll writes what was folded, and lets go of it.
func (b *batch) flushAll() error {
	err := b.flush()
	b.states, b.order = map[recordKey]*state{}, nil
	return err
}

// dropUnseen drops the records of the scope that the history has not given. Invented reports whether there was one that
// no entry held explains, merged, aside or erased: the snapshot is to blame for it, whatever control has said since.
func (b *batch) dropUnseen() (invented bool, err error) {
	rows, err := b.write.QueryContext(b.ctx, "SELECT number, id, kind FROM record WHERE scope = ?", b.renewal.scope)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	var gone []*state
	for rows.Next() {
		s := &state{scope: b.renewal.scope}
		var id []byte
		if err := rows.Scan(&s.number, &id, &s.kind); err != nil {
			return false, err
		}
		if copy(s.id[:], id); !b.renewal.seen[s.key()] {
			gone = append(gone, s)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(gone) == 0 {
		return false, err
	}
	explained, err := asideRecords(b.ctx, b.write, b.renewal.scope, nil)
	if err != nil {
		return false, err
	}
	for _, s := range gone {
		invented = invented || !explained[s.id] && !b.roster.Erased(s.scope, s.id)
		if err := b.dropRecord(s); err != nil {
			return false, err
		}
	}
	return invented, nil
}

// renewed prepares a record that the fold comes to for the first time: what is on the disk is only compared with.
func (w *renewal) renewed(s *state) {
	if w == nil || s.scope != w.scope {
		return
	}
	s.again = true // search may know its words
	if !w.seen[s.key()] {
		w.seen[s.key()] = true
		s.before, s.cells = &state{cells: s.cells, private: s.private}, nil
	}
}

// unchanged reports whether the fold has given what is on the disk already.
func (s *state) unchanged() bool {
	o := s.before
	if o == nil || s.number == 0 || len(s.cells) != len(o.cells) || s.private != o.private {
		return false
	}
	for i := range s.cells {
		a, c := &s.cells[i], &o.cells[i]
		if a.field != c.field || len(a.versions) != len(c.versions) || len(a.pending) != len(c.pending) {
			return false
		}
		for _, v := range a.versions {
			if !slices.ContainsFunc(c.versions, func(x version) bool {
				return x.dot == v.dot && x.hlc == v.hlc && x.into == v.into && reflect.DeepEqual(x.value, v.value)
			}) {
				return false
			}
		}
		for _, d := range a.pending {
			if !slices.Contains(c.pending, d) {
				return false
			}
		}
	}
	return true
}

// abandonSnapshots goes back to the history alone, as far as it is held: for a journal that is folded again.
func (b *batch) abandonSnapshots() error {
	if _, err := b.shownOf(""); err != nil {
		return err
	}
	for _, s := range b.shown {
		if err := b.stopWaiting(s); err != nil {
			return err
		}
		if _, err := b.write.ExecContext(b.ctx, "DELETE FROM snapshot WHERE scope = ?", s.Scope); err != nil {
			return err
		}
		if err := b.noteSpell(s.Scope); err != nil {
			return err
		}
	}
	b.shown = nil
	return nil
}

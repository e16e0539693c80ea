package replica

import (
	"database/sql"
	"errors"
	"slices"

	"cantal.fr/buron/sync/journal"
	"github.com/google/uuid"
)

// foldEntry merges the operations of an entry that was just appended; those of one that is not to be merged
// go on the shelf.
func (b *batch) foldEntry(k *chain, e *journal.Entry, number int64, stands standing) error {
	for i := range e.Ops {
		if err := b.noteBlobs(e, number, i); err != nil {
			return err
		}
		if stands != merged {
			if _, err := b.st.shelve.ExecContext(b.ctx, e.Ops[i].ID[:], number, i); err != nil {
				return err
			}
			continue
		}
		if err := b.foldOp(k, e, number, i); err != nil {
			return err
		}
	}
	return nil
}

// foldOp merges one operation; one without its body, which an erasure explains, leaves no trace.
func (b *batch) foldOp(k *chain, e *journal.Entry, number int64, i int) error {
	op, err := e.Op(i)
	if errors.Is(err, journal.ErrHollow) {
		return nil
	}
	if err != nil {
		return err
	}
	s, err := b.state(recordKey{e.Scope, op.Kind, op.ID})
	if err != nil {
		return err
	}
	s.makeCells(op.Cells)
	b.named = nil // each entry that is named is read once, however many fields name it
	for _, c := range op.Cells {
		if err := b.foldCell(k, s, e, number, c, mergeOf(op, c)); err != nil {
			return err
		}
	}
	s.private = s.private || op.Flags&journal.Personal != 0
	s.touches = append(s.touches, touch{number, i})
	s.dirty = true
	return nil
}

// foldCell merges one value. Whatever the order of arrival, what stays are the versions that no held
// version names, and that no later one of the same branch follows.
func (b *batch) foldCell(k *chain, s *state, e *journal.Entry, number int64, in journal.Cell, into uuid.UUID) error {
	c := s.cell(in.Field)
	digest, err := b.digest(s.scope)
	if err != nil {
		return err
	}
	if !c.loose {
		if len(c.versions) > 0 {
			digest.Sub(journal.CellDigest(s.kind, s.id, c.field, c.dots()))
		}
		c.loose, s.loose = true, true
	}
	own := version{dot: e.Dot(), hlc: e.HLC, value: in.Value, into: into}
	b.renewal.comes(s, c.field, own)
	replaced := c.arrives(own.dot)
	for _, p := range in.Parents {
		if slices.ContainsFunc(c.versions, func(v version) bool { return v.dot == p }) || c.awaits(p) >= 0 {
			continue
		}
		held, err := b.heldDot(s, in.Field, p, number)
		if err != nil {
			return err
		}
		if !held {
			c.await(p)
		}
	}
	kept := c.versions[:0]
	for _, v := range c.versions {
		gone := slices.Contains(in.Parents, v.dot)
		if !gone && v.dot.Incarnation == e.Incarnation && v.dot.Seq < e.Seq {
			if gone, err = b.before(k, v.dot, e); err != nil {
				return err
			}
		}
		if !gone {
			kept = append(kept, v)
		}
	}
	c.versions = kept
	if !replaced {
		c.versions = append(c.versions, own)
	}
	return nil
}

// countIn puts what was folded back into the digests: once for a cell, since one may hold thousands of versions.
func (b *batch) countIn() error {
	for _, s := range b.order {
		if !s.loose {
			continue
		}
		digest, err := b.digest(s.scope)
		if err != nil {
			return err
		}
		for i := range s.cells {
			if c := &s.cells[i]; c.loose {
				if len(c.versions) > 0 {
					digest.Add(journal.CellDigest(s.kind, s.id, c.field, c.dots()))
				}
				c.loose = false
			}
		}
		s.loose = false
	}
	return nil
}

// before reports whether the entry that d names is on the branch that leads to e. Where the chain has
// one branch only, every earlier entry is.
func (b *batch) before(k *chain, d journal.Dot, e *journal.Entry) (bool, error) {
	if !k.forked {
		return true, nil
	}
	if e.Seq-d.Seq > fewSteps {
		t, err := b.treeOf(k)
		if err != nil {
			return false, err
		}
		at := t.at(e.Prev, d.Seq)
		return [8]byte(at[:8]) == d.Tag, nil
	}
	at := e.Prev
	for seq := e.Seq - 1; seq > d.Seq; seq-- {
		var prev []byte
		err := b.st.prevOf.QueryRowContext(b.ctx, k.id, seq, at[:]).Scan(&prev)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		copy(at[:], prev)
	}
	return [8]byte(at[:8]) == d.Tag, nil
}

// fewSteps is the number of entries up to which a branch is walked back by queries.
const fewSteps = 32

// tree is a chain with branches, as it is held: each entry knows the one before it and one further back, so that a long way
// back takes few steps. An author could else write a chain on which each entry is as dear as all before it.
type tree map[journal.Hash]node

type node struct {
	seq        uint64
	prev, jump journal.Hash
}

// treeOf returns the tree of a chain, read once a batch.
func (b *batch) treeOf(k *chain) (tree, error) {
	if t := b.trees[k.id]; t != nil {
		return t, nil
	}
	rows, err := b.write.QueryContext(b.ctx, "SELECT seq, hash, substr(stored, 1, 32) FROM entry WHERE chain = ? ORDER BY seq", k.id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	t := tree{}
	for rows.Next() {
		var seq uint64
		var hash, prev []byte
		if err := rows.Scan(&seq, &hash, &prev); err != nil {
			return nil, err
		}
		if len(hash) != len(journal.Hash{}) || len(prev) != len(journal.Hash{}) {
			return nil, ErrDamaged
		}
		t.add(seq, journal.Hash(hash), journal.Hash(prev))
	}
	if b.trees == nil {
		b.trees = map[int64]tree{}
	}
	b.trees[k.id] = t
	return t, rows.Err()
}

// add notes an entry, after the one before it. Jumps are as in Myers' applicative random-access stack.
func (t tree) add(seq uint64, hash, prev journal.Hash) {
	n := node{seq, prev, prev}
	if p, ok := t[prev]; ok {
		j, far := t[p.jump]
		if further := t[j.jump]; far && p.seq-j.seq == j.seq-further.seq {
			n.jump = j.jump
		}
	}
	t[hash] = n
}

// at returns the entry of a number on the way back from one that is held, zero where there is none.
func (t tree) at(from journal.Hash, seq uint64) journal.Hash {
	for {
		n, ok := t[from]
		switch {
		case !ok || n.seq < seq:
			return journal.Hash{}
		case n.seq == seq:
			return from
		}
		if j, ok := t[n.jump]; ok && j.seq >= seq {
			from = n.jump
		} else {
			from = n.prev
		}
	}
}

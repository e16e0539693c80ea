package sim

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// hold returns what a device holds, but for what it dropped once others had it.
func (l *life) hold(n *node) (map[hash32]*entry, error) {
	return l.judged.hold(l.ctx, n.r, n.disk.dropped)
}

// actDrop has a device, a public terminal most of the time, drop what it wrote and others have signed for.
func (l *life) actDrop() string {
	n := l.one()
	for _, o := range l.up() {
		if o.role == record.Kiosk && !l.random.chance(3) {
			n = o
		}
	}
	if n == nil {
		return ""
	}
	before, err := l.hold(n)
	if err != nil {
		l.fail(err)
		return ""
	}
	receipts, err := n.r.Receipts(l.ctx)
	l.fail(err)
	if l.random.chance(6) {
		n.disk.left = 1 + l.random.IntN(2)
	}
	count, err := n.r.DropDelivered(l.ctx)
	n.disk.left = 0
	switch {
	case count > 0: // the power may be gone since
		l.fault("delivered entries dropped")
		if e := l.dropped(n, before, receipts); e != nil {
			l.fail(fmt.Errorf("%s: %w", n.label, e))
		}
	case err != nil && !n.disk.dead && !(n.full && errors.Is(err, replica.ErrDisk)):
		l.fail(fmt.Errorf("%s cannot drop what was delivered: %w", n.label, err))
	}
	if n.disk.dead {
		l.outage(n, "as it drops what was delivered")
	}
	if count == 0 {
		return ""
	}
	return fmt.Sprintf("%s, %d entries", n.label, count)
}

// dropped judges what a device has just dropped: entries of its own, in scopes that it may not read, which a central or
// two others had signed for and hold.
func (l *life) dropped(n *node, before map[hash32]*entry, receipts []exchange.Receipt) error {
	lines := map[journal.Chain][]*entry{}
	for _, e := range before {
		if by := l.author(e); by != nil && n.member.wasEver(by) {
			c := journal.Chain{Incarnation: e.incarnation, Scope: e.scope}
			lines[c] = append(lines[c], e)
		}
	}
	law, some := l.readLaw(before), false
	for _, c := range slices.SortedFunc(maps.Keys(lines), func(a, b journal.Chain) int {
		return cmp.Or(bytes.Compare(a.Incarnation[:], b.Incarnation[:]), cmp.Compare(a.Scope, b.Scope))
	}) {
		line := lines[c]
		slices.SortFunc(line, func(a, b *entry) int { return cmp.Compare(a.seq, b.seq) })
		gone, err := l.droppedOf(n, c, line)
		if err != nil {
			return err
		}
		if len(gone) == 0 {
			continue
		}
		some = true
		last := gone[len(gone)-1]
		n.disk.dropped[c] = slices.Clip(n.disk.dropped[c]) // copies of the disk have their own
		for _, e := range gone {
			n.disk.dropped[c] = append(n.disk.dropped[c], journal.Hash(e.hash))
		}
		if law.reads(n.id.Public(), c.Scope) {
			return fmt.Errorf("it drops entries of %s, which it may read", c.Scope)
		}
		if err := l.signedFor(n, c, line, last, law, receipts); err != nil {
			return err
		}
		if l.putBack(n, last) {
			for _, e := range gone {
				l.strand(e) // whoever had signed for it was put back since to before it came: nobody here can know
			}
		}
		n.past = slices.DeleteFunc(n.past, func(m mark) bool { return slices.ContainsFunc(gone, func(e *entry) bool { return e.bears(m) }) })
	}
	hollow := func(e *entry) bool { return slices.ContainsFunc(e.ops, func(op operation) bool { return op.hollow }) }
	if !some && !slices.ContainsFunc(slices.Concat(slices.Collect(maps.Values(lines))...), hollow) {
		return fmt.Errorf("it says that it dropped entries, and still sends all of them")
	}
	return nil
}

// droppedOf returns the entries at the beginning of a chain that a device sends no more.
func (l *life) droppedOf(n *node, c journal.Chain, line []*entry) ([]*entry, error) {
	for i := range line {
		var have []journal.Hash
		if i > 0 {
			have = []journal.Hash{journal.Hash(line[i-1].hash)}
		} else if line[0].seq > 1 {
			have = []journal.Hash{journal.Hash(line[0].prev)}
		}
		sent, err := l.judged.sent(l.ctx, n.r, c, have)
		if err != nil {
			return nil, err
		}
		if len(sent) == len(line)-i {
			return line[:i], nil
		}
	}
	return line, nil
}

// signedFor checks that a central or two other devices have signed that they hold a chain up to an entry.
func (l *life) signedFor(n *node, c journal.Chain, line []*entry, last *entry, law *law, receipts []exchange.Receipt) error {
	others := map[*member]bool{}
	for _, f := range receipts {
		signer := l.readers[f.Signer]
		if f.Scope != c.Scope || signer == nil || !law.reads(f.Signer, c.Scope) || n.member.wasEver(signer) || !l.signed(n, f) {
			continue
		}
		if !slices.ContainsFunc(f.Heads, func(h exchange.Head) bool {
			return h.Chain == c && slices.ContainsFunc(line, func(e *entry) bool { return e.hash == hash32(h.Hash) && e.seq >= last.seq })
		}) {
			continue
		}
		central := slices.ContainsFunc(law.standing(f.Signer), func(a admission) bool { return a.role == record.Central })
		if others[signer.admittedAs()] = true; central || len(others) > 1 {
			return l.holdsIndeed(signer, last)
		}
	}
	return fmt.Errorf("it drops %s up to %d, for which %d others have signed", c.Scope, last.seq, len(others))
}

// holdsIndeed checks that one who has signed for an entry holds it, where its disk was never put back or copied.
func (l *life) holdsIndeed(signer *member, e *entry) error {
	for _, n := range l.nodes {
		if n.member != signer || n.r == nil || n.twin {
			continue
		}
		held, err := l.hold(n)
		if err != nil {
			return err
		}
		if held[e.hash] == nil {
			return fmt.Errorf("it drops %s/%d, for which %s has signed and which it does not hold", e.scope, e.seq, n.label)
		}
	}
	return nil
}

// putBack reports whether some other disk that was put back or copied does not hold an entry, or cannot be asked.
func (l *life) putBack(by *node, e *entry) bool {
	return slices.ContainsFunc(l.nodes, func(n *node) bool {
		if n == by || !n.twin || n.r != nil && !mayRead(n.member, e.scope) {
			return false
		}
		if n.r == nil {
			return true
		}
		held, err := l.hold(n)
		l.fail(err)
		return held[e.hash] == nil
	})
}

// signed checks the signature of a receipt to a device, under any key that it has had.
func (l *life) signed(n *node, f exchange.Receipt) bool {
	sum := sha256.New()
	for _, h := range f.Heads {
		sum.Write(h.Chain.Incarnation[:])
		sum.Write(binary.BigEndian.AppendUint64(nil, h.Seq))
		sum.Write(h.Hash[:])
	}
	for m := n.member; m != nil; m = m.from {
		key := m.id.Public()
		b := slices.Concat([]byte("buron receipt v1\n"), l.judged.territory[:], key[:], []byte(f.Scope), sum.Sum(nil))
		if ed25519.Verify(f.Signer[:], b, f.Signature) {
			return true
		}
	}
	return false
}

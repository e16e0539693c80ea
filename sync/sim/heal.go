package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"github.com/google/uuid"
)

// heal mends network, power and disks, lets everybody exchange, and judges what came of the life.
func (l *life) heal() error {
	l.allVectors()
	clear(l.blocked)
	l.dropFlights(nil)
	for _, n := range l.nodes {
		if n.full {
			if err := n.disk.empty(l.ctx); err != nil {
				return err
			}
		}
		if n.r == nil {
			l.restart(n)
		}
	}
	if l.report.Err != nil {
		return nil
	}
	for _, n := range l.nodes {
		if n.orphan && !n.admitted && l.random.chance(2) {
			l.confirmKey(n)
		}
	}
	if err := l.cutPapers(l.nodes...); err != nil {
		return err
	}
	if err := l.meet(); err != nil {
		return err
	}
	return errors.Join(l.judge(), l.resumed())
}

// maxRounds bounds the rounds after healing: two in most lives, more where what admits a device arrives after
// what it wrote.
const maxRounds = 8

// meet has everybody exchange with the central until a round moves nothing.
func (l *life) meet() error {
	moved, quiet := 1, 0
	if l.deputy != nil && l.revoked[l.deputy] {
		quiet = 2 // bodies that are owed come back without counting as entries that move
	}
	for round := 0; moved > 0 || quiet > 0; round++ {
		if moved == 0 {
			quiet--
		}
		if round == maxRounds {
			return fmt.Errorf("after healing, %d entries still move in round %d: sync makes no progress", moved, round)
		}
		moved = 0
		for _, n := range l.nodes[1:] {
			l.report.Exchanges++
			central := l.nodes[0]
			res, err := exchange.Run(l.ctx, n.r, central.id.Public(), nil, plain{central.server, n.id.Public()}, nil)
			l.follow(n)
			l.follow(central)
			moved += res.Received + res.Sent // what an outcast hands over too: the others have yet to get it
			moved += res.BlobsReceived + res.BlobsSent
			if err != nil && (l.endedAt(central, n) || errors.Is(err, exchange.ErrRevoked) && l.endedAt(n, n)) {
				continue // it is told so, or told nothing; or it knows, and the central has not heard yet
			}
			if errors.Is(err, exchange.ErrUnknown) && len(central.lineage()) > 2 {
				moved++ // its database was put back to before the key that vouches for its last one: others bring that back
				continue
			}
			if err != nil {
				return fmt.Errorf("after healing, %s cannot exchange: %w", n.label, err)
			}
			refused := slices.DeleteFunc(res.Refused, func(f exchange.Refusal) bool {
				if f.Reason != "blob" {
					return false
				}
				moved++ // a part was corrupted when it came: the whole is asked for again
				l.fault("corrupted blob refused")
				return true
			})
			rejected := slices.DeleteFunc(res.Rejected, func(f exchange.Refusal) bool {
				if len(n.disk.dropped[journal.Chain{Incarnation: f.Incarnation, Scope: f.Scope}]) > 0 && f.Reason == "link" {
					moved++ // it follows what it had delivered, to a copy of the central: that has yet to bring it
					return true
				}
				return l.waits(central, f)
			})
			if len(refused)+len(rejected) > 0 && l.admitted(central, n) {
				return fmt.Errorf("after healing, what %s and the central hold is refused: %v %v", n.label, refused, rejected)
			}
		}
	}
	return nil
}

// endedAt reports whether a device knows that another is admitted no more.
func (l *life) endedAt(by, n *node) bool {
	held, err := l.hold(by)
	l.fail(err)
	return l.readLaw(held).revoked(n.id.Public())
}

// admitted reports whether a device knows another to be admitted. One that lost its key is not, nor one whose
// database was put back to a day before its key, if what vouched for that key is gone with the rest.
func (l *life) admitted(by, n *node) bool {
	held, err := l.hold(by)
	l.fail(err)
	return len(l.readLaw(held).standing(n.id.Public())) > 0
}

// waits reports whether what a device refused is by one that lost its key and waits to be admitted: a database
// that was parted from its key twice holds what it wrote in between, and its last key alone may be admitted.
func (l *life) waits(by *node, f exchange.Refusal) bool {
	m := l.readers[l.keyIn(name16(f.Incarnation))]
	if f.Reason != "unknown" || m == nil {
		return false
	}
	held, err := l.hold(by)
	l.fail(err)
	return l.readLaw(held).waits(m)
}

// waits reports whether a member lost its key, or goes on from one that did, and nobody has admitted it since.
func (w *law) waits(m *member) bool {
	return len(w.standing(m.id.Public())) == 0 && slices.ContainsFunc(m.lineage(), func(o *member) bool { return o.orphan })
}

// judge checks the invariants on all devices.
func (l *life) judge() error {
	all := map[hash32]*entry{}
	held := map[*node]map[hash32]*entry{}
	var law *law
	var central map[hash32]*entry
	for i, n := range l.nodes {
		h, err := l.inspect(n)
		if err != nil {
			return err
		}
		if i == 0 {
			law, central = l.readLaw(h), h
		}
		held[n] = h
		for k, e := range h {
			by := l.author(e)
			waits := by != nil && law.waits(by)
			gone := n.disk.dropped[journal.Chain{Incarnation: e.incarnation, Scope: e.scope}]
			lost := slices.ContainsFunc(gone, func(h journal.Hash) bool { return central[hash32(h)] == nil })
			switch own := slices.Contains(n.lineage(), by); {
			case lost && !law.reads(n.id.Public(), e.scope):
				l.strand(e) // it follows what others held and have lost since, when their disk was put back
			case !law.revoked(n.id.Public()) && !waits && (own || law.reads(n.id.Public(), e.scope)):
				all[k] = e
			default:
				l.strand(e) // what it holds alone stays with it: nobody takes it in
			}
		}
	}
	for _, n := range l.nodes {
		begun, err := n.r.Unverified(l.ctx)
		if err != nil {
			return err
		}
		for _, u := range begun {
			if law.reads(n.id.Public(), u.Scope) {
				return fmt.Errorf("after healing, %s still shows %s from a snapshot", n.label, u.Scope)
			}
		}
		refused, err := n.r.Refusals(l.ctx)
		if err != nil {
			return err
		}
		for _, f := range refused {
			if strings.Contains(f.Sentence, "ne donne pas les mêmes fiches") { // no central signs what it has not merged
				return fmt.Errorf("after healing, %s accuses an honest snapshot: %s", n.label, f.Sentence)
			}
		}
		for k, e := range all {
			if held[n][k] == nil && law.reads(n.id.Public(), e.scope) {
				return fmt.Errorf("after healing, %s lacks %s/%d of %s", n.label, e.scope, e.seq, l.name(e))
			}
		}
	}
	if err := l.evenly(held, law); err != nil {
		return err
	}
	if err := l.confirmed(all, law); err != nil {
		return err
	}
	if err := l.papersEverywhere(all, law); err != nil {
		return err
	}
	n := pick(l.random, l.nodes)
	if err := n.r.Verify(l.ctx, nil); err != nil {
		return fmt.Errorf("%s does not verify: %w", n.label, err)
	}
	return l.foldsAgain(n)
}

// strand notes what is still to be found, though on a device that may not pass it on any more.
func (l *life) strand(e *entry) {
	for _, op := range e.ops {
		for _, c := range op.cells {
			if s, ok := c.value.(string); ok && len(s) >= markLen && l.marks[mark(s[:markLen])] != nil {
				l.marks[mark(s[:markLen])].gone = true
			}
		}
	}
}

func (l *life) name(e *entry) string {
	if m := l.author(e); m != nil {
		return m.name
	}
	return "somebody unknown"
}

// confirmed checks that every write that somebody saw confirmed is there, whole, and replaces what its author
// saw and nothing else.
func (l *life) confirmed(all map[hash32]*entry, law *law) error {
	said := map[[2]string][]*entry{} // by action and scope
	for _, e := range all {
		said[[2]string{e.action, e.scope}] = append(said[[2]string{e.action, e.scope}], e)
	}
	for _, w := range l.writes {
		if !w.confirmed {
			continue
		}
		list := said[[2]string{string(w.action[:]), w.scope}]
		if law.erased[name16(w.id)] {
			if w.late && len(list) > 0 {
				l.fault("late arrival on an erased record")
			}
			continue
		}
		switch {
		case len(list) == 0 && (w.gone || l.erased[w.id] && l.deputy != nil):
			continue // one who had been ended may have erased what it alone held
		case len(list) == 0:
			return fmt.Errorf("%s, which %s had confirmed, is lost", w.mark, w.by.label)
		case len(list) > 1:
			return fmt.Errorf("the action of %s is in %d entries of one scope", w.mark, len(list))
		case law.voided[name16(w.id)] && !list[0].bears(w.mark):
			continue // all who held it had obeyed
		case !list[0].bears(w.mark) || l.author(list[0]) != w.author:
			return fmt.Errorf("the action of %s by %s is not in its entry, by %s", w.mark, w.author.name, l.name(list[0]))
		}
		if err := replaces(all, list[0], w); err != nil {
			return fmt.Errorf("%s of %s: %w", w.mark, w.by.label, err)
		}
	}
	return nil
}

// evenly checks that of what a delegate erased after its end, either everybody has the body or nobody.
func (l *life) evenly(held map[*node]map[hash32]*entry, law *law) error {
	if len(law.voided) == 0 {
		return nil
	}
	type body struct {
		entry hash32
		op    int
	}
	has, lacks := map[body]*node{}, map[body]*node{}
	for _, n := range l.nodes {
		for k, e := range held[n] {
			for i, op := range e.ops {
				if !law.voided[op.id] || !law.reads(n.id.Public(), e.scope) {
					continue
				}
				l.voided[op.id] = true
				if op.hollow {
					lacks[body{k, i}] = n
				} else {
					has[body{k, i}] = n
				}
			}
		}
	}
	for range l.voided {
		l.fault("record erased by a delegate after its end")
	}
	for b, n := range lacks {
		if has[b] != nil {
			e := held[n][b.entry]
			return fmt.Errorf("after healing, %s lacks a body of %s/%d of %s that a delegate erased after its end, and %s has it", n.label, e.scope, e.seq, l.name(e), has[b].label)
		}
	}
	return nil
}

// replaces checks the versions that an entry names against those that its author saw.
func replaces(all map[hash32]*entry, e *entry, w *write) error {
	for _, op := range e.ops {
		if op.id != name16(w.id) || w.id == uuid.Nil {
			continue
		}
		for _, c := range op.cells {
			seen, ok := w.seen[c.field]
			if !ok {
				continue
			}
			had, named := map[dot]bool{}, map[dot]bool{}
			for _, d := range seen {
				had[d] = true
			}
			for _, d := range c.parents {
				named[d] = true
				if !had[d] {
					return fmt.Errorf("its %s replaces %x/%d, which its author did not see", c.field, d.incarnation[:4], d.seq)
				}
			}
			for _, v := range all {
				d := v.dot()
				if had[d] && !named[d] && v.scope == e.scope && !follows(all, e, v) {
					return fmt.Errorf("its %s does not replace %x/%d, which its author saw", c.field, d.incarnation[:4], d.seq)
				}
			}
		}
	}
	return nil
}

package sim

import (
	"errors"
	"fmt"
	"slices"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// speaker returns the central or one of its copies that can speak for the territory.
func (l *life) speaker() *node {
	var able []*node
	for _, n := range l.up() {
		if n.role == record.Central && !n.full && n.r.Roster().MayAdmit(n.id.Public()) {
			able = append(able, n)
		}
	}
	if len(able) == 0 {
		return nil
	}
	return pick(l.random, able)
}

// said takes what a speaker answers: that the device or the record is not, or no more, what was thought is no failure.
func (l *life) said(err error) bool {
	if err != nil && !errors.Is(err, replica.ErrMoot) && !errors.Is(err, replica.ErrUnknown) && !errors.Is(err, replica.ErrEndedByRoot) {
		l.fail(err)
	}
	return err == nil
}

// actRevoke ends a device. It goes on writing until it hears of it.
func (l *life) actRevoke() string {
	central, n := l.speaker(), pick(l.random, l.nodes)
	if central == nil || n.role == record.Central || n.role == record.Coordination || len(l.revoked) >= 3 {
		return ""
	}
	how, end := "revoked", central.r.Revoke
	if l.random.chance(4) {
		how, end = "distrusted", central.r.Distrust
	}
	m := n.member
	if m.from != nil && l.random.chance(3) {
		m = m.from // a key that it has left, and others may go on from
	}
	if _, err := end(l.ctx, m.id.Public(), "perdu"); !l.said(err) {
		return ""
	}
	l.fail(l.findsAll(central))
	l.revoked[m] = true
	return m.name + " " + how
}

func (l *life) actReadmit() string {
	central, m := l.speaker(), l.oneRevoked()
	if central == nil || m == nil || !l.said(central.r.Readmit(l.ctx, m.id.Public())) {
		return ""
	}
	l.fail(l.findsAll(central))
	return m.name
}

func (l *life) actRelease() string {
	central, m := l.speaker(), l.oneRevoked()
	if central == nil || m == nil || !l.said(central.r.Release(l.ctx, m.id.Public())) {
		return ""
	}
	l.fail(l.findsAll(central))
	return m.name
}

// oneRevoked returns a device that was revoked once, in a fixed order.
func (l *life) oneRevoked() *member {
	for _, n := range l.nodes {
		for m := n.member; m != nil; m = m.from {
			if l.revoked[m] && m != l.deputy && l.random.chance(2) {
				return m
			}
		}
	}
	return nil
}

// ended reports whether something that the device was granted was ever ended.
func (l *life) ended(m *member) bool {
	return l.revoked[m] || len(m.former) > 0 || m.from != nil && l.ended(m.from)
}

// oneForRole returns a device whose role is to change: as often as not one that goes on under a key that nobody
// has confirmed, or the one that it inherits its role from.
func (l *life) oneForRole() *member {
	var heirs []*node
	for _, n := range l.nodes {
		if n.from != nil && !n.admitted && n.admittedAs() != nil {
			heirs = append(heirs, n)
		}
	}
	if len(heirs) == 0 || l.random.chance(2) {
		return pick(l.random, l.nodes).member
	}
	m := pick(l.random, heirs).member
	if len(m.former) == 0 || l.random.chance(4) {
		return m.admittedAs()
	}
	return m
}

// actRole gives a device another role. Until it hears of it, it writes under the one it had.
func (l *life) actRole() string { return l.anotherRole(l.oneForRole()) }

func (l *life) anotherRole(m *member) string {
	central := l.speaker()
	// Two centrals that take themselves for one could each give it a role: the later one counts, which is
	// more than a plain reading of the law knows.
	if central == nil || central.twin || m.role == record.Central || m.role == record.Coordination || l.orphaned(m) {
		return ""
	}
	role := pick(l.random, []record.Role{record.Agent, record.Host, record.Kiosk})
	places := []string{pick(l.random, []string{uaiA, uaiB, l.land.tiers})}
	if !l.changeRole(central, m, role, places) {
		return ""
	}
	if m.from != nil && !m.admitted && len(m.former) > 0 {
		l.fault("role changed of an heir whose inherited role had changed")
	}
	o := &office{role, places, append(slices.Clone(m.former), office{role: m.role, places: m.places})}
	l.seat(m, o)
	l.fault("role changed while entries travel")
	return fmt.Sprintf("%s is %s at %s", m.name, role, places)
}

// orphaned reports whether a database went on without the key of this device and is not admitted: it is to be
// under the role that it wrote under.
func (l *life) orphaned(m *member) bool {
	for _, x := range l.readers {
		for ; x.from != nil; x = x.from {
			if x.orphan && !x.admitted && (x == m || x.from == m) {
				return true
			}
		}
	}
	return false
}

// actErase drops a record everywhere, for good.
func (l *life) actErase() string {
	central := l.speaker()
	if central == nil {
		return ""
	}
	var ids []uuid.UUID
	for range 1 + l.random.IntN(2) {
		ref := pick(l.random, l.records[len(l.land.machines)-1:])
		if len(ids) == 0 || ids[0] != ref.id {
			ids = append(ids, ref.id)
		}
	}
	if !l.said(central.r.Erase(l.ctx, ids, "demande")) {
		return ""
	}
	for _, id := range ids {
		l.erased[id] = true
	}
	l.fault("erasure")
	return fmt.Sprint(ids)
}

// actLate erases a record while somebody who has not heard of it goes on writing about it: what they write arrives
// late, and stays nowhere.
func (l *life) actLate() string {
	central, n := l.speaker(), l.one()
	for _, o := range l.up() {
		if l.revoked[o.member] && l.random.chance(2) {
			n = o // what it writes is to stand aside, and is emptied all the same
		}
	}
	if central == nil || n == nil || n == central {
		return ""
	}
	var open []recordRef
	for _, ref := range l.records[len(l.land.machines):] {
		if l.erased[ref.id] || !mayEdit(n.member, ref, l.land.tiers) {
			continue
		}
		if open = append(open, ref); len(open) > 40 {
			open = open[1:]
		}
	}
	for range min(len(open), 6) {
		ref := pick(l.random, open)
		if _, err := central.r.Get(l.ctx, ref.id); err != nil {
			continue
		}
		w := &write{by: n, author: n.member, mark: l.newMark(), late: true}
		c, ok := l.editOf(n, w, ref)
		if !ok {
			continue
		}
		if !l.said(central.r.Erase(l.ctx, []uuid.UUID{ref.id}, "demande")) {
			return ""
		}
		l.erased[ref.id] = true
		l.fault("erasure")
		what := l.save(n, []replica.Change{c}, []*write{w})
		if w.confirmed {
			l.fault("offline edit of a record erased elsewhere")
		}
		return fmt.Sprintf("%s %s, erased at %s: %s", ref.kind, ref.id, central.label, what)
	}
	return ""
}

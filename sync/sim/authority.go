package sim

import (
	"errors"
	"fmt"
	"slices"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// speaker returns the central, or a copy of it, where it can speak for the territory.
func (l *life) speaker() *node {
	for _, n := range l.up() {
		if n.role == record.Central && !n.full && n.r.Roster().MayAdmit(n.id.Public()) {
			return n
		}
	}
	return nil
}

// said takes what a speaker answers: that the device is not, or no more, what was thought is no failure.
func (l *life) said(err error) bool {
	if err != nil && !errors.Is(err, replica.ErrUnknown) {
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
	l.revoked[m] = true
	return m.name + " " + how
}

func (l *life) actReadmit() string {
	central, m := l.speaker(), l.oneRevoked()
	if central == nil || m == nil || !l.said(central.r.Readmit(l.ctx, m.id.Public())) {
		return ""
	}
	return m.name
}

func (l *life) actRelease() string {
	central, m := l.speaker(), l.oneRevoked()
	if central == nil || m == nil || !l.said(central.r.Release(l.ctx, m.id.Public())) {
		return ""
	}
	return m.name
}

// oneRevoked returns a device that was revoked once, in a fixed order.
func (l *life) oneRevoked() *member {
	for _, n := range l.nodes {
		for m := n.member; m != nil; m = m.from {
			if l.revoked[m] && l.random.chance(2) {
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
func (l *life) actRole() string {
	central, m := l.speaker(), l.oneForRole()
	// Two centrals that take themselves for one could each give it a role: the later one counts, which is
	// more than a plain reading of the law knows.
	if central == nil || central.twin || m.role == record.Central || m.role == record.Coordination || l.orphaned(m) {
		return ""
	}
	role := pick(l.random, []record.Role{record.Agent, record.Host, record.Kiosk})
	places := []string{pick(l.random, []string{uaiA, uaiB, l.land.tiers})}
	if !l.said(central.r.ChangeRole(l.ctx, m.id.Public(), role, places)) {
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
	var refs []recordRef
	for range 1 + l.random.IntN(2) {
		ref := pick(l.random, l.records[len(l.land.machines)-1:])
		if len(ids) == 0 || ids[0] != ref.id {
			ids, refs = append(ids, ref.id), append(refs, ref)
		}
	}
	if !l.said(central.r.Erase(l.ctx, ids, "demande")) {
		return ""
	}
	for _, id := range ids {
		l.erased[id] = true
	}
	l.fault("erasure")
	if l.random.chance(2) {
		for _, n := range l.up() {
			if n != central && l.editUnheard(n, refs[0]) {
				break
			}
		}
	}
	return fmt.Sprint(ids)
}

// editUnheard has a device edit a record that was just erased elsewhere, where it has not heard of that: what it
// writes is to be in no file of anybody who has.
func (l *life) editUnheard(n *node, ref recordRef) bool {
	if len(l.forms(n.member)) == 0 {
		return false
	}
	w := &write{by: n, author: n.member, mark: l.newMark()}
	c, ok := l.editOf(n, w, map[uuid.UUID]bool{}, ref)
	if !ok {
		return false
	}
	l.say("  %s edits what it has not heard to be erased", n.label)
	l.save(n, []replica.Change{c}, []*write{w})
	if w.confirmed {
		l.fault("edit of a record erased elsewhere")
	}
	return true
}

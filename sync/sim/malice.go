package sim

import (
	"fmt"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
)

// actEquivocate has one device tell two others different things in the same place of its chain. Both are
// signed: both stay, and everybody ends with both.
func (l *life) actEquivocate() string {
	a, b := l.one(), l.one()
	if a == nil || a == b {
		return ""
	}
	p := l.pens["equivocator"]
	ref := pick(l.random, l.land.machines)
	d := draft{scope: "parc", kind: "equipment", id: name16(ref.id), field: "note"}
	prev, seq := p.genesis("parc"), uint64(1)
	if e, ok := p.ends["parc"]; ok {
		prev, seq = e, uint64(len(p.chains["parc"])+1)
	}
	kept := p.chains["parc"][:len(p.chains["parc"]):len(p.chains["parc"])]
	var last rawEntry
	var lastHash hash32
	for _, to := range []*node{a, b} {
		w := l.forged(p, "parc", false)
		d.value = string(w.mark)
		last, lastHash = p.entry(d, seq, prev, l.now.UnixMilli())
		l.bring(to, p.id.Public(), p.sign("parc", append(kept, last), lastHash).bytes())
	}
	p.chains["parc"], p.ends["parc"] = append(kept, last), lastHash
	l.fault("equivocation")
	return fmt.Sprintf("at %d, to %s and %s", seq, a.label, b.label)
}

// actNewer has a device of a newer version write what this one does not know.
func (l *life) actNewer() string {
	to := l.one()
	if to == nil {
		return ""
	}
	p := l.pens["newer"]
	w := l.forged(p, "parc", false)
	d := draft{scope: "parc", kind: "equipment", field: "note", value: string(w.mark)}
	what := ""
	switch l.random.IntN(6) {
	case 0:
		what, d.extra = "critical key", []pair{{40, "tomorrow"}}
	case 1:
		what, d.extra = "ignorable key", []pair{{70, "tomorrow"}}
	case 2:
		what, d.kind = "unknown kind", "hologram"
	case 3:
		what, d.id, d.field = "unknown field", name16(pick(l.random, l.land.machines).id), "aura"
	case 4:
		what, d.more = "ignorable key of a body", []pair{{64, []byte{1, 2, 3}}}
	case 5:
		what, d.scope, d.kind, w.scope = "unknown kind in the agenda", "agenda", "parade", "agenda"
	}
	if !mayRead(to.member, d.scope) {
		return ""
	}
	l.bring(to, p.id.Public(), p.write(d, l.now.UnixMilli()).bytes())
	l.fault("newer version: " + what)
	return what + " to " + to.label
}

// actStrip has a relay pass entries on without a body.
func (l *life) actStrip() string {
	from, to := l.one(), l.one()
	if from == nil {
		return ""
	}
	list := l.genuine(from)
	if len(list) == 0 {
		return ""
	}
	p := pick(l.random, list)
	e := &p.entries[l.random.IntN(len(p.entries))]
	e.bodies[l.random.IntN(len(e.bodies))] = nil
	l.bring(to, l.pens["mule"].id.Public(), p.bytes())
	l.fault("relay strips a body")
	return fmt.Sprintf("%s of %s to %s", p.scope, from.label, to.label)
}

// actTamper has a relay change the bytes of entries.
func (l *life) actTamper() string {
	from, to := l.one(), l.one()
	if from == nil {
		return ""
	}
	list := l.genuine(from)
	if len(list) == 0 {
		return ""
	}
	p := pick(l.random, list)
	what := "bits"
	b := p.bytes()
	switch l.random.IntN(4) {
	case 0:
		what, p.scope = "scope", "agenda"
		b = p.bytes()
	case 1:
		what = "cut"
		b = b[:l.random.IntN(len(b))]
	default:
		b = l.damage(b)
	}
	l.bring(to, l.pens["mule"].id.Public(), b)
	l.fault("relay corrupts")
	return fmt.Sprintf("%s of %s to %s: %s", p.scope, from.label, to.label, what)
}

// actGap has a relay pass on the end of a chain without what is before it, to one who lacks that.
func (l *life) actGap() string {
	from := l.one()
	if from == nil {
		return ""
	}
	list := l.genuine(from)
	if len(list) == 0 {
		return ""
	}
	p := list[len(list)-1]
	if n := len(p.entries); n > 1 {
		for _, e := range p.entries[:1+l.random.IntN(n-1)] {
			p.prev = e.hash(p.prev)
			p.entries = p.entries[1:]
		}
	} else if len(list) == 1 {
		return ""
	}
	c := journal.Chain{Incarnation: p.incarnation, Scope: p.scope}
	var lack []*node
	for _, n := range l.up() {
		if !mayRead(n.member, p.scope) {
			continue // it does not ask for it either
		}
		if held, err := n.r.Holds(l.ctx, c, p.prev); err != nil {
			l.fail(err)
		} else if !held {
			lack = append(lack, n)
		}
	}
	if len(lack) == 0 {
		return ""
	}
	to := pick(l.random, lack)
	l.bring(to, l.pens["mule"].id.Public(), p.bytes())
	l.fault("relay leaves a gap")
	return fmt.Sprintf("%s of %s to %s", p.scope, from.label, to.label)
}

// actOldCopy has a relay take a chain away, or bring one that was taken long ago: all that has become of it since
// must still hold. Sticks that people make are in stick.go.
func (l *life) actOldCopy() string {
	n := l.one()
	if n == nil {
		return ""
	}
	if len(l.copies) < 3 || len(l.copies) < 12 && l.random.chance(3) {
		if list := l.genuine(n); len(list) > 0 {
			l.copies = append(l.copies, list)
		}
		return "filled at " + n.label
	}
	list := pick(l.random, l.copies)
	var pieces [][]byte
	for _, p := range list {
		pieces = append(pieces, p.bytes())
	}
	l.bring(n, l.pens["mule"].id.Public(), pieces...)
	l.fault("old copy of a chain")
	return list[0].scope + " brought to " + n.label
}

// actUngranted has an admitted device write what its role does not allow.
func (l *life) actUngranted() string {
	to := l.one()
	if to == nil {
		return ""
	}
	p := newPen(l.land.id, l.pens["mule"].member, l.random)
	d := pick(l.random, []draft{
		{scope: "agenda", kind: "charter", field: "title"}, {scope: "staff", kind: "operator", field: "name"},
		{scope: "people/" + busAt, kind: "class_member", field: "family_name"}, {scope: "people/" + uaiA, kind: "class_member", field: "family_name"},
		{scope: "control", kind: "device", field: "name"}, {scope: "control", kind: "delegate", field: "name"},
		{scope: "parc", kind: "equipment", field: "note", boundTo: "agenda"},
	})
	w := l.forged(p, d.scope, true)
	d.value = string(w.mark)
	l.bring(to, p.member.id.Public(), p.write(d, l.now.UnixMilli()).bytes())
	l.fault("write without a grant")
	return fmt.Sprintf("%s in %s to %s", d.kind, d.scope, to.label)
}

// actStranger has a device that nobody admitted write, and an admitted one bring it.
func (l *life) actStranger() string {
	to := l.one()
	if to == nil {
		return ""
	}
	stranger := (&territory{}).join(l.random, "stranger", record.Coordination)
	p := newPen(l.land.id, stranger, l.random)
	w := l.forged(p, "parc", true)
	piece := p.write(draft{scope: "parc", kind: "equipment", field: "note", value: string(w.mark)}, l.now.UnixMilli()).bytes()
	l.bring(to, stranger.id.Public(), piece)
	l.bring(to, l.pens["mule"].id.Public(), piece)
	l.fault("stranger writes")
	return "to " + to.label
}

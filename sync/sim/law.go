package sim

import (
	"crypto/ed25519"
	"slices"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// law is the oracle's own reading of the control entries that a device holds: who was admitted as what, where
// that ends, and what is erased. In a life only honest delegates speak for the territory, but for one that erases after
// the root has ended it.
type law struct {
	admissions  map[trust.Key][]admission
	revocations map[trust.Key][]*revocation
	erased      map[name16]bool
	voided      map[name16]bool         // by one who had been ended, and by nobody else: who had not heard of the end obeyed
	twins       map[trust.Key]trust.Key // new key → the old one that vouches for it
}

type admission struct {
	id       name16
	inherits []name16 // of the keys before: what was written under them counts
	office
}

type revocation struct {
	grant name16 // zero for every admission
	cuts  []cut  // of the revocation and of its releases
	void  bool
	root  bool // the root has said it
}

// cut is the last entry of a chain that counts.
type cut struct {
	incarnation name16
	scope       string
	seq         uint64
	hash        hash32
}

func (l *life) readLaw(held map[hash32]*entry) *law {
	w := &law{map[trust.Key][]admission{}, map[trust.Key][]*revocation{}, map[name16]bool{}, map[name16]bool{}, map[trust.Key]trust.Key{}}
	made := map[name16]*revocation{}
	var releases []operation
	var erasures []erasure
	for _, e := range held {
		if e.scope != "control" || e.critical {
			continue
		}
		for _, op := range e.ops {
			key, _ := trust.KeyOf(bytesAt(op, "key"))
			switch op.kind {
			case "device":
				w.admissions[key] = append(w.admissions[key], admitted(op))
			case "revocation":
				v := &revocation{cuts: cutsOf(op), root: l.keyOf(e) == l.land.root}
				copy(v.grant[:], bytesAt(op, "grant"))
				made[op.id] = v
				w.revocations[key] = append(w.revocations[key], v)
			case "twin":
				if from, ok := l.vouchedFor(l.keyOf(e), op); ok {
					w.twins[l.keyOf(e)] = from
				}
			case "release":
				releases = append(releases, op)
			case "erasure":
				erasures = append(erasures, erasure{l.keyOf(e), e, op})
			}
		}
	}
	w.erase(held, erasures)
	for _, op := range releases {
		var of name16
		copy(of[:], bytesAt(op, "of"))
		if v := made[of]; v != nil {
			v.void = v.void || op.at("cuts") == nil
			v.cuts = append(v.cuts, cutsOf(op)...)
		}
	}
	return w
}

// erasure is what somebody has said to be erased.
type erasure struct {
	by trust.Key
	in *entry
	op operation
}

// erase notes what is erased: an erasure counts where its author had not been ended by the root, nor anyone that it goes
// on from.
func (w *law) erase(held map[hash32]*entry, list []erasure) {
	for _, x := range list {
		ended := false
		seen := map[trust.Key]bool{}
		for k, ok := x.by, true; ok && !seen[k]; k, ok = w.twins[k] {
			seen[k] = true
			ended = ended || slices.ContainsFunc(w.revocations[k], func(v *revocation) bool { return v.root && v.ends(held, x.in) })
		}
		ids, _ := x.op.at("records").([]any)
		for _, id := range ids {
			b, _ := id.([]byte)
			switch {
			case len(b) != 16:
			case ended:
				w.voided[name16(b)] = true
			default:
				w.erased[name16(b)] = true
			}
		}
	}
	for id := range w.erased {
		delete(w.voided, id)
	}
}

// vouchedFor returns the old key that has signed for a new one.
func (l *life) vouchedFor(key trust.Key, op operation) (trust.Key, bool) {
	from, ok := trust.KeyOf(bytesAt(op, "from"))
	signed := slices.Concat([]byte("buron twin v1\n"), l.judged.territory[:], key[:])
	return from, ok && ed25519.Verify(from[:], signed, bytesAt(op, "signature"))
}

// line returns a key and those that it goes on from, up to the first that a delegate admitted.
func (w *law) line(k trust.Key) []trust.Key {
	out := []trust.Key{k}
	for len(w.admissions[k]) == 0 {
		from, ok := w.twins[k]
		if !ok {
			break
		}
		k = from
		out = append(out, k)
	}
	return out
}

// standing returns the admissions that a key acts under.
func (w *law) standing(k trust.Key) (a []admission) {
	for _, k := range w.line(k) {
		a = w.admissions[k]
	}
	return a
}

// under returns the revocations that bear on what a key writes under each of its admissions, those included that
// it had inherited before its own.
func (w *law) under(k trust.Key) map[*admission][]*revocation {
	out := map[*admission][]*revocation{}
	var above []*revocation
	named := map[name16]bool{}
	own := true
	for seen := map[trust.Key]bool{}; !seen[k]; {
		seen[k] = true
		above = append(slices.Clone(above), w.revocations[k]...)
		for i := range w.admissions[k] {
			a := &w.admissions[k][i]
			if own || named[a.id] {
				out[a] = above
			}
			if own {
				for _, id := range a.inherits {
					named[id] = true
				}
			}
		}
		own = own && len(w.admissions[k]) == 0
		from, ok := w.twins[k]
		if !ok {
			break
		}
		k = from
	}
	return out
}

func (op operation) at(field string) any {
	for _, c := range op.cells {
		if c.field == field {
			return c.value
		}
	}
	return nil
}

func bytesAt(op operation, field string) []byte {
	b, _ := op.at(field).([]byte)
	return b
}

func admitted(op operation) admission {
	a := admission{id: op.id}
	role, _ := op.at("role").(string)
	a.role = record.Role(role)
	list, _ := op.at("places").([]any)
	for _, p := range list {
		s, _ := p.(string)
		a.places = append(a.places, s)
	}
	before, _ := op.at("inherits").([]any)
	for _, id := range before {
		if b, _ := id.([]byte); len(b) == 16 {
			a.inherits = append(a.inherits, name16(b))
		}
	}
	return a
}

func cutsOf(op operation) []cut {
	var out []cut
	list, _ := op.at("cuts").([]any)
	for _, e := range list {
		part, _ := e.([]any)
		if len(part) != 4 {
			continue
		}
		c := cut{seq: number(part[2])}
		in, _ := part[0].([]byte)
		copy(c.incarnation[:], in)
		c.scope, _ = part[1].(string)
		h, _ := part[3].([]byte)
		copy(c.hash[:], h)
		out = append(out, c)
	}
	return out
}

// ends reports whether the revocation puts the entry aside: it stands at no cut, and before none.
func (v *revocation) ends(held map[hash32]*entry, e *entry) bool {
	return !v.void && !slices.ContainsFunc(v.cuts, func(c cut) bool {
		if c.incarnation != e.incarnation || c.scope != e.scope || c.seq < e.seq {
			return false
		}
		if at := held[c.hash]; at != nil {
			return at == e || follows(held, at, e)
		}
		// The cut's entry is not held. It is further on, unless the chain has branches here.
		return e.seq < c.seq && !forked(held, e)
	})
}

// forked reports whether the chain of an entry has two branches.
func forked(held map[hash32]*entry, e *entry) bool {
	seen := map[uint64]bool{} // by number: where a branch began may have been dropped
	for _, o := range held {
		if o.incarnation == e.incarnation && o.scope == e.scope {
			if seen[o.seq] {
				return true
			}
			seen[o.seq] = true
		}
	}
	return false
}

// counts reports whether an entry is to be merged: for each of its operations there is an admission that grants
// it and that no revocation has ended before this entry.
func (w *law) counts(held map[hash32]*entry, key trust.Key, e *entry) bool {
	under := w.under(key)
	// What no delegate has admitted yet is held by its author alone, and counts there.
	if len(under) == 0 || e.scope == "control" {
		return true
	}
	for _, op := range e.ops {
		stands, ever := false, w.left(key)
		for a, revocations := range under {
			ever = ever || len(revocations) > 0
			stands = stands || mayWrite(&a.office, e.scope, op) && !slices.ContainsFunc(revocations, func(v *revocation) bool {
				return (v.grant == (name16{}) || v.grant == a.id) && v.ends(held, e)
			})
		}
		// What nobody may have written is refused, unless some took it in unread, as an erasure told them that is none.
		stands = stands || !ever && !w.voided[op.id]
		if !stands {
			return false
		}
	}
	return true
}

// left reports whether a key was admitted that goes on from an admitted one: what it inherited is behind it.
func (w *law) left(k trust.Key) bool {
	seen := map[trust.Key]bool{}
	admitted := 0
	for ok := true; ok && !seen[k]; k, ok = w.twins[k] {
		seen[k] = true
		if len(w.admissions[k]) > 0 {
			admitted++
		}
	}
	return admitted > 1
}

// revoked reports whether every admission of a device has ended.
func (w *law) revoked(key trust.Key) bool {
	return !slices.ContainsFunc(w.standing(key), func(a admission) bool { return w.current(key, a) })
}

// reads reports whether a device is given the entries of a scope under what it is now.
func (w *law) reads(key trust.Key, scope string) bool {
	return slices.ContainsFunc(w.standing(key), func(a admission) bool { return w.current(key, a) && reads(&a.office, scope) })
}

func (w *law) current(key trust.Key, a admission) bool {
	for _, k := range w.line(key) {
		if slices.ContainsFunc(w.revocations[k], func(v *revocation) bool { return !v.void && (v.grant == (name16{}) || v.grant == a.id) }) {
			return false
		}
	}
	return true
}

// mayWrite is the oracle's own table of who may write what.
func mayWrite(m *office, scope string, op operation) bool {
	edits := slices.ContainsFunc(op.cells, func(w written) bool { return len(w.parents) > 0 })
	create := func(kinds ...string) bool { return (!edits || op.hollow) && slices.Contains(kinds, op.kind) }
	switch own := reads(m, scope) && scope != "agenda" && scope != "staff"; m.role {
	case record.Coordination:
		return true
	case record.Agent:
		return own || scope == "agenda" && create("event")
	case record.Facilitator:
		return own && scope != "parc" || scope == "agenda" && slices.Contains([]string{"event", "workshop"}, op.kind) ||
			len(scope) > 7 && scope[:7] == "people/" && create("acknowledgement")
	case record.Host:
		return own || scope == "agenda" && slices.Contains([]string{"event", "workshop"}, op.kind)
	case record.Kiosk:
		return len(scope) > 7 && scope[:7] == "people/" && create("attendance", "acknowledgement")
	}
	return false
}

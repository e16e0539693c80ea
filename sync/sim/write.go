package sim

import (
	"errors"
	"fmt"
	"strings"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// form makes a new record of one kind: the scope that it must land in, its fields, and the one that bears
// the mark.
type form struct {
	kind   record.Kind
	scope  string
	field  string
	fields record.Fields
}

// forms lists what a role writes. Scopes are said here by hand, so that the product's are checked.
func (l *life) forms(m *member) []form {
	at := l.now.UnixMilli()
	sites := l.land.sites
	machine := form{record.Equipment, "parc", "note", record.Fields{"level": "socle", "status": "en_service"}}
	repair := form{record.Intervention, "parc", "description", record.Fields{"status": "ouverte", "equipment": pick(l.random, l.land.machines).id.String()}}
	event := form{record.Event, "agenda", "title", record.Fields{"type": "salon"}}
	person := form{record.Operator, "staff", "name", record.Fields{"role": "agent"}}
	there := func(site, scope string) form {
		return form{record.Equipment, "parc/" + scope, "note", record.Fields{"level": "socle", "site": sites[site].String()}}
	}
	act := func(site, scope string) form {
		return form{record.Attendance, "people/" + scope, "person_name", record.Fields{
			"act": "presence", "place": sites[site].String(), "workshop": sites["workshop"].String(), "at": at,
			"signature": []byte("\x89PNG signature"),
		}}
	}
	pupil := func(site, uai string) form {
		return form{record.ClassMember, "people/" + uai, "family_name", record.Fields{
			"site": sites[site].String(), "school_year": "2026-2027", "class": "3A", "first_name": "Ana"}}
	}
	switch m.role {
	case record.Coordination:
		return []form{machine, event, person, act("tiers", l.land.tiers), there("tiers", l.land.tiers), pupil("college", uaiA)}
	case record.Agent:
		out := []form{machine, machine, repair, event}
		for _, p := range m.places {
			switch p {
			case uaiA:
				out = append(out, pupil("college", uaiA))
			case uaiB:
				out = append(out, pupil("college2", uaiB))
			}
		}
		return out
	case record.Facilitator:
		return []form{event, there("bus", busAt), act("bus", busAt)}
	case record.Host:
		if m.places[0] != l.land.tiers {
			return []form{event}
		}
		return []form{event, there("tiers", l.land.tiers), act("tiers", l.land.tiers)}
	case record.Kiosk:
		return []form{act("tiers", l.land.tiers)}
	}
	return nil
}

// texts lists the fields of free text that an edit may set, choices those with codes.
var texts = map[record.Kind][]string{
	record.Equipment: {"note", "brand", "model"}, record.Intervention: {"description", "parts"}, record.Event: {"title", "description"},
	record.Operator: {"name"}, record.ClassMember: {"family_name"},
}

var choices = map[record.Kind][]string{
	record.Equipment: {"en_service", "en_panne", "en_stock"}, record.Intervention: {"ouverte", "en_cours", "resolue"},
	record.Event: {"programme", "reporte"},
}

// clearable lists a field that an edit may clear.
var clearable = map[record.Kind]string{record.Equipment: "brand", record.Intervention: "parts", record.Event: "description"}

// mayEdit says what each role edits: the oracle's own reading of who may.
func mayEdit(m *member, ref recordRef, tiers string) bool {
	if len(texts[ref.kind]) == 0 {
		return false
	}
	switch m.role {
	case record.Coordination:
		return true
	case record.Agent:
		return ref.scope == "parc" || strings.HasPrefix(ref.scope, "people/") && mayRead(m, ref.scope)
	case record.Facilitator:
		return ref.kind == record.Event || ref.scope == "parc/bus"
	case record.Host:
		return ref.kind == record.Event || strings.HasPrefix(ref.scope, "parc/") && mayRead(m, ref.scope)
	}
	return false
}

// actWrite has somebody record something: one change, or several as one action.
func (l *life) actWrite() string {
	n := l.one()
	if n == nil || len(l.forms(n.member)) == 0 {
		return ""
	}
	if _, err := n.r.Get(l.ctx, l.land.sites["workshop"]); errors.Is(err, replica.ErrUnknown) {
		return "" // it was just admitted and has not heard of the places
	}
	count := 1
	if l.random.chance(5) {
		count = 2 + l.random.IntN(3)
	}
	var changes []replica.Change
	var writes []*write
	touched := map[uuid.UUID]bool{}
	for range count {
		c, w, ok := l.change(n, touched)
		if ok {
			changes, writes = append(changes, c), append(writes, w)
		}
	}
	if len(changes) == 0 {
		return ""
	}
	return l.save(n, changes, writes)
}

// change draws a new record or an edit.
func (l *life) change(n *node, touched map[uuid.UUID]bool) (replica.Change, *write, bool) {
	w := &write{by: n, author: n.member, mark: l.newMark()}
	if l.random.chance(2) {
		if c, ok := l.edit(n, w, touched); ok {
			return c, w, true
		}
	}
	f := pick(l.random, l.forms(n.member))
	f.fields[f.field] = string(w.mark) + " été"
	w.scope, w.fields, w.seen = f.scope, []string{f.field}, map[string][]dot{}
	return replica.Change{Kind: f.kind, Set: f.fields}, w, true
}

func (l *life) edit(n *node, w *write, touched map[uuid.UUID]bool) (replica.Change, bool) {
	ref := l.subject(n)
	if touched[ref.id] || !mayEdit(n.member, ref, l.land.tiers) {
		return replica.Change{}, false
	}
	touched[ref.id] = true
	return l.editOf(n, w, ref)
}

// editOf draws an edit of one record, which the device must hold.
func (l *life) editOf(n *node, w *write, ref recordRef) (replica.Change, bool) {
	v, err := n.r.Get(l.ctx, ref.id)
	if err != nil {
		if !errors.Is(err, replica.ErrUnknown) {
			l.fail(err)
		}
		return replica.Change{}, false
	}
	field := pick(l.random, texts[ref.kind])
	c := replica.Change{ID: ref.id, Set: record.Fields{field: string(w.mark)}}
	if list := choices[ref.kind]; list != nil && l.random.chance(3) {
		c.Set["status"] = pick(l.random, list)
	}
	if other := clearable[ref.kind]; other != "" && other != field && l.random.chance(6) {
		c.Set[other] = nil
	}
	seen := v.Seen
	switch old, kept := n.screens[ref.id]; {
	case kept && l.random.chance(2):
		seen, c.Seen = old, old
	case l.random.chance(3):
		c.Seen = seen
	}
	w.scope, w.id, w.seen = ref.scope, ref.id, map[string][]dot{}
	for name := range c.Set {
		w.fields = append(w.fields, name)
		w.seen[name] = dotsOf(seen[name])
	}
	return c, true
}

func dotsOf(list []journal.Dot) []dot {
	var out []dot
	for _, d := range list {
		out = append(out, dot{d.Incarnation, d.Seq, d.Tag})
	}
	return out
}

// save writes, sometimes on a disk that is full, sometimes as the power goes.
func (l *life) save(n *node, changes []replica.Change, writes []*write) string {
	var marks []string
	for _, w := range writes {
		l.writes, l.marks[w.mark] = append(l.writes, w), w
		marks = append(marks, string(w.mark))
	}
	crash, squeezed := l.random.chance(30), n.full
	switch {
	case crash && l.random.chance(2):
		n.disk.left = 1 + l.random.IntN(2)
	case crash || l.random.chance(40):
		squeezed = true
		l.fail(n.disk.fill(l.ctx, l.random.IntN(3)))
	}
	saved, err := n.r.Save(l.ctx, uuid.Nil, changes...)
	what := fmt.Sprintf("%s %s", n.label, strings.Join(marks, ", "))
	switch {
	case err == nil:
		l.confirm(n, changes, writes, saved)
	case n.disk.dead:
		what += ", the power goes before the commit"
		l.fault("crash before commit")
	case l.ended(n.member) && errors.Is(err, replica.ErrForbidden):
		what += ", refused: it may not any more, or has not heard that it may"
	case squeezed && errors.Is(err, replica.ErrDisk):
		what += ", the disk is full"
		l.fault("disk full")
	default:
		l.fail(fmt.Errorf("%s could not write: %w", n.label, err))
	}
	if crash {
		if err == nil {
			l.fault("crash after commit")
			what += ", then the power goes"
		}
		l.halt(n)
		l.restart(n)
	} else if squeezed && !n.full {
		l.fail(n.disk.empty(l.ctx))
	}
	if err != nil {
		l.fail(l.absent(n, writes))
	}
	return what
}

// confirm notes what the device said was recorded.
func (l *life) confirm(n *node, changes []replica.Change, writes []*write, saved replica.Saved) {
	n.saved = &saved
	if l.revoked[n.member] {
		l.fault("revoked device goes on writing")
	}
	for i, w := range writes {
		w.confirmed, w.action = true, saved.Action
		n.past = append(n.past, w.mark)
		if w.id == uuid.Nil {
			w.id = saved.IDs[i]
			l.records = append(l.records, recordRef{w.id, changes[i].Kind, w.scope})
		}
	}
}

// absent checks that nothing is left of an action that failed.
func (l *life) absent(n *node, writes []*write) error {
	if n.r == nil {
		return nil
	}
	held, err := l.hold(n)
	if err != nil {
		return err
	}
	for _, e := range held {
		for _, w := range writes {
			if e.bears(w.mark) {
				return fmt.Errorf("%s holds %s of an action that failed", n.label, w.mark)
			}
		}
	}
	return nil
}

// actResolve has somebody decide between the values of a field.
func (l *life) actResolve() string {
	n := l.one()
	if n == nil || n.full {
		return ""
	}
	list, err := n.r.Conflicts(l.ctx)
	if err != nil {
		l.fail(err)
		return ""
	}
	if len(list) == 0 {
		return ""
	}
	c := pick(l.random, list)
	if !mayEdit(n.member, recordRef{c.ID, c.Kind, c.Scope}, l.land.tiers) {
		return ""
	}
	v := pick(l.random, c.Versions)
	if _, err = n.r.Resolve(l.ctx, uuid.Nil, c.ID, c.Field, v.Dot); !l.ended(n.member) || !errors.Is(err, replica.ErrForbidden) {
		l.fail(err)
	}
	return fmt.Sprintf("%s keeps %v of %s %s", n.label, v.Value, c.Kind, c.Field)
}

// actUndo has somebody take their last action back.
func (l *life) actUndo() string {
	n := l.one()
	if n == nil || n.saved == nil || n.full {
		return ""
	}
	saved := *n.saved
	n.saved = nil
	err := n.r.Undo(l.ctx, uuid.Nil, saved)
	var problems record.Problems
	if err != nil && !errors.As(err, &problems) && !errors.Is(err, replica.ErrUnknown) && !errors.Is(err, replica.ErrForbidden) {
		l.fail(err)
	}
	return n.label
}

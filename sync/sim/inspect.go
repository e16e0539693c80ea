package sim

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// inspect judges one device by itself: what it holds it may hold, and what it shows is what its entries
// amount to. It returns the entries.
func (l *life) inspect(n *node) (map[hash32]*entry, error) {
	// What the power or a full disk kept from being shredded is shredded as soon as the device looks around.
	if !n.full {
		if _, err := n.r.Poll(l.ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", n.label, err)
		}
		l.follow(n)
	}
	held, err := l.hold(n)
	w := l.readLaw(held)
	if err == nil {
		err = l.mayHold(n, held, w)
	}
	if err == nil {
		err = l.bytesOf(n, w)
	}
	begun := 0
	if err == nil {
		begun, err = l.begun(n)
	}
	if err == nil {
		err = l.papersOf(n, w)
	}
	if err == nil && begun == 0 {
		err = l.shows(n, fold(held, func(e *entry) bool { return w.counts(held, l.keyOf(e), e) }))
	}
	if err != nil {
		return held, fmt.Errorf("%s: %w", n.label, err)
	}
	return held, nil
}

// begun returns how many scopes a device shows from a snapshot whose history is still on its way: what it shows of them is
// not yet what its entries amount to.
func (l *life) begun(n *node) (int, error) {
	list, err := n.r.Unverified(l.ctx)
	if len(list) > 0 {
		l.fault("read from a snapshot")
	}
	return len(list), err
}

// mayHold checks every entry: known author, scope that the device may read or entry of its own, nothing
// hollow, no fork but where a disk was copied or its owner is a liar.
func (l *life) mayHold(n *node, held map[hash32]*entry, law *law) error {
	next := map[hash32]*entry{}
	for _, e := range held {
		by := l.author(e)
		own := by != nil && n.member.wasEver(by)
		if e.scope != "control" && (by == nil || len(law.standing(l.keyOf(e))) == 0 && !own) {
			return fmt.Errorf("it holds an entry of a device that nobody admitted")
		}
		if !mayRead(n.member, e.scope) && !own {
			return fmt.Errorf("it holds an entry of %s by %s", e.scope, by.name)
		}
		for _, op := range e.ops {
			if law.erased[op.id] && !op.hollow {
				return fmt.Errorf("it holds %s/%d of %s with a body that was erased", e.scope, e.seq, l.name(e))
			}
			if op.hollow && !law.erased[op.id] && !law.voided[op.id] {
				return fmt.Errorf("it holds %s/%d of %s without a body that nobody erased", e.scope, e.seq, by.name)
			}
		}
		if next[e.prev] != nil && (by == nil || !by.pen) {
			if !l.shared[e.incarnation] {
				return fmt.Errorf("%s has two entries in the place %d of its chain of %s", l.name(e), e.seq, e.scope)
			}
			if e.incarnation == name16(n.r.Incarnation()) && !n.full { // a full disk has no room for another key, nor for anything else
				return fmt.Errorf("it goes on under the key of %s, whose chain of %s has two branches at %d", l.name(e), e.scope, e.seq)
			}
		}
		next[e.prev] = e
	}
	return nil
}

// bytesOf searches the raw bytes of a disk for what must not be there.
func (l *life) bytesOf(n *node, law *law) error {
	found, err := marksIn(n.disk)
	if err != nil {
		return err
	}
	for m := range found {
		w := l.marks[m]
		switch {
		case w == nil:
			return fmt.Errorf("its disk holds %s, which nobody wrote", m)
		case w.forbidden:
			return fmt.Errorf("its disk holds %s, which %s had no right to write", m, w.author.name)
		case law.erased[name16(w.id)] && !n.full:
			return fmt.Errorf("its disk holds %s, which was erased", m)
		case !n.member.wasEver(w.author) && !mayRead(n.member, w.scope):
			return fmt.Errorf("its disk holds %s of %s", m, w.scope)
		}
	}
	return nil
}

// shows compares what the device shows with the state.
func (l *life) shows(n *node, want *state) error {
	byKind := map[string][]name16{}
	total := 0
	for id, m := range want.records {
		byKind[m.kind] = append(byKind[m.kind], id)
		if m.scope != "control" {
			total++
		}
	}
	if got, err := n.r.Records(l.ctx); err != nil || got != total {
		return fmt.Errorf("it counts %d records, not %d (%v)", got, total, err)
	}
	for kind, ids := range byKind {
		list, err := n.r.List(l.ctx, replica.Query{Kind: record.Kind(kind), Archived: true})
		if err != nil {
			return err
		}
		if len(list) != len(ids) {
			return fmt.Errorf("it lists %d %s, not %d", len(list), kind, len(ids))
		}
		for _, got := range list {
			if err := sameFields(got, want.records[got.ID]); err != nil {
				return err
			}
		}
	}
	if err := l.sameConflicts(n, want); err != nil {
		return err
	}
	if err := l.sameDigests(n, want); err != nil {
		return err
	}
	if err := l.sampleViews(n, want); err != nil {
		return err
	}
	if n.full {
		return nil // search writes what it has not indexed yet
	}
	return l.sampleSearch(n, want)
}

// sameFields compares the shown values of a record, images apart.
func sameFields(got record.Record, want *merged) error {
	if want == nil || want.scope != got.Scope {
		return fmt.Errorf("it shows %s %s, which no entry wrote there", got.Kind, got.ID)
	}
	count := 0
	for field, versions := range want.cells {
		v := versions[len(versions)-1].value
		if _, image := v.([]byte); image || v == nil {
			continue
		}
		count++
		if !reflect.DeepEqual(jsonValue(v), got.Fields[field]) {
			return fmt.Errorf("%s %s shows %v as %s, not %v", got.Kind, got.ID, got.Fields[field], field, v)
		}
	}
	if count != len(got.Fields) {
		return fmt.Errorf("%s %s shows %d fields, not %d", got.Kind, got.ID, len(got.Fields), count)
	}
	return nil
}

// plainValue turns maps into what the product gives.
func plainValue(v any) any {
	if list, ok := v.([]pair); ok {
		m := map[string]any{}
		for _, p := range list {
			k, _ := p.key.(string)
			m[k] = plainValue(p.value)
		}
		return m
	}
	return v
}

// jsonValue is a value as a list shows it: bytes inside a list are text there.
func jsonValue(v any) any {
	list, ok := v.([]any)
	if !ok {
		return plainValue(v)
	}
	out := make([]any, len(list))
	for i, e := range list {
		if b, ok := e.([]byte); ok {
			out[i] = base64.StdEncoding.EncodeToString(b)
			continue
		}
		out[i] = jsonValue(e)
	}
	return out
}

// sameConflicts compares the fields with several values: all survivors must be offered.
func (l *life) sameConflicts(n *node, want *state) error {
	list, err := n.r.Conflicts(l.ctx)
	if err != nil {
		return err
	}
	expected := 0
	for _, m := range want.records {
		for _, versions := range m.cells {
			if conflict(versions) {
				expected++
			}
		}
	}
	if count, err := n.r.CountConflicts(l.ctx); err != nil || count != expected || len(list) != expected {
		return fmt.Errorf("it counts %d conflicts and lists %d, not %d (%v)", count, len(list), expected, err)
	}
	for _, c := range list {
		var got []dot
		for _, v := range c.Versions {
			got = append(got, dot{v.Dot.Incarnation, v.Dot.Seq, v.Dot.Tag})
		}
		m := want.records[c.ID]
		if m == nil {
			return fmt.Errorf("it finds a conflict in %s, which no entry wrote", c.ID)
		}
		if err := sameDots(got, m.cells[c.Field]); err != nil {
			return fmt.Errorf("conflict on %s of %s: %w", c.Field, c.ID, err)
		}
		if shown := m.cells[c.Field]; !c.Versions[0].Shown || !reflect.DeepEqual(plainValue(shown[len(shown)-1].value), c.Versions[0].Value) {
			return fmt.Errorf("conflict on %s of %s: it shows %v", c.Field, c.ID, c.Versions[0].Value)
		}
	}
	return nil
}

func sameDots(got []dot, want []value) error {
	var expected []dot
	for _, v := range want {
		expected = append(expected, v.entry.dot())
	}
	slices.SortFunc(got, compareDots)
	slices.SortFunc(expected, compareDots)
	if !slices.Equal(got, expected) {
		return fmt.Errorf("it holds %d versions, not the %d that survive", len(got), len(expected))
	}
	return nil
}

// sameDigests compares the digest of each scope: it covers every version of every field.
func (l *life) sameDigests(n *node, want *state) error {
	got, err := n.r.StateDigests(l.ctx)
	if err != nil {
		return err
	}
	for scope := range want.parts {
		if _, ok := got[scope]; !ok {
			got[scope] = journal.Digest{}
		}
	}
	for scope, d := range got {
		if w := want.digest(scope); !bytes.Equal(d[:], w[:]) {
			return fmt.Errorf("the digest of %s is not that of what it holds", scope)
		}
	}
	return nil
}

// sampleViews compares some records whole, images and the versions to be named by an edit included.
func (l *life) sampleViews(n *node, want *state) error {
	for range 3 {
		ref := pick(l.random, l.records)
		v, err := n.r.Get(l.ctx, ref.id)
		m := want.records[ref.id]
		if m == nil {
			if err == nil {
				return fmt.Errorf("it shows %s, which no entry wrote", ref.id)
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("it does not show %s: %w", ref.id, err)
		}
		for field, versions := range m.cells {
			if err := sameDots(dotsOf(v.Seen[field]), versions); err != nil {
				return fmt.Errorf("%s of %s %s: %w", field, ref.kind, ref.id, err)
			}
			shown := versions[len(versions)-1].value
			if shown != nil && !reflect.DeepEqual(plainValue(shown), v.Fields[field]) {
				return fmt.Errorf("%s %s shows %v as %s", ref.kind, ref.id, v.Fields[field], field)
			}
		}
	}
	return nil
}

// searched are the fields that full-text search covers: never a personal one.
var searched = map[string][]string{
	"equipment": {"note", "brand", "model"}, "intervention": {"description", "parts"}, "event": {"title", "description"}, "operator": {"name"},
}

// sampleSearch looks some words up: those shown now are found, those replaced and those personal are not.
func (l *life) sampleSearch(n *node, want *state) error {
	for range min(4, len(l.writes)) {
		w := pick(l.random, l.writes)
		for kind, fields := range searched {
			var expected, got []uuid.UUID
			for id, m := range want.records {
				if m.kind == kind && slices.ContainsFunc(fields, func(f string) bool { return l.showsMark(m.cells[f], w.mark) }) {
					expected = append(expected, id)
				}
			}
			list, err := n.r.List(l.ctx, replica.Query{Kind: record.Kind(kind), Text: string(w.mark), Archived: true})
			if err != nil {
				return err
			}
			for _, r := range list {
				got = append(got, r.ID)
			}
			byBytes := func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
			slices.SortFunc(expected, byBytes)
			slices.SortFunc(got, byBytes)
			if !slices.Equal(expected, got) {
				return fmt.Errorf("search for %s finds %v, not %v", w.mark, got, expected)
			}
		}
	}
	return nil
}

func (l *life) showsMark(versions []value, m mark) bool {
	if len(versions) == 0 {
		return false
	}
	s, _ := versions[len(versions)-1].value.(string)
	return strings.HasPrefix(s, string(m))
}

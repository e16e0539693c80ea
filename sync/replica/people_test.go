package replica

import (
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

func TestSeveralFieldsAreSettledInOneActionAndTakenBack(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, time.Minute)
	ids := []uuid.UUID{save(t, a, machine("PC-1")), save(t, a, machine("PC-2"))}
	give(t, a, b)
	for _, id := range ids {
		save(t, b, Change{ID: id, Set: record.Fields{"status": "en_stock", "note": "b"}})
		save(t, a, Change{ID: id, Set: record.Fields{"status": "en_panne", "note": "a"}})
	}
	give(t, b, a)
	list := conflicts(t, a)
	if len(list) != 4 || list[0].Latest().Key != b.Identity().Public() {
		t.Fatalf("%d to decide", len(list))
	}
	var choices []Choice
	for _, c := range list {
		v, ok := c.From(a.Identity().Public())
		if !ok {
			t.Fatal("no version of a")
		}
		choices = append(choices, Choice{c.ID, c.Field, v.Dot})
	}
	saved, err := a.Settle(t.Context(), uuid.Nil, choices...)
	if err != nil || len(conflicts(t, a)) != 0 || text(t, a, ids[1], "note") != "a" {
		t.Fatalf("after Settle: %v", err)
	}
	if again, err := a.Settle(t.Context(), uuid.Nil, choices...); err != nil || again.Action != ([8]byte{}) {
		t.Errorf("what is settled is settled again: %v, %v", again, err)
	}
	events, err := a.History(t.Context(), ids[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		beside := e.Value == "en_stock" || e.Value == "en_panne" && e.Action != saved.Action
		if e.Field == "status" && e.Parallel != beside {
			t.Errorf("%v by %s: parallel = %v", e.Value, e.DeviceName, e.Parallel)
		}
	}
	if err := a.Undo(t.Context(), uuid.Nil, saved); err != nil {
		t.Fatal(err)
	}
	if got := text(t, a, ids[0], "status"); got != "en_stock" {
		t.Errorf("taken back, the status is %q", got)
	}
}

func TestDifferentFieldsAtOnceAreMarkedWhereItIsCertain(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, -time.Minute)
	id := save(t, a, machine("PC-1"))
	give(t, a, b)
	save(t, b, Change{ID: id, Set: record.Fields{"note": "b"}})
	save(t, a, Change{ID: id, Set: record.Fields{"brand": "a"}})
	give(t, b, a)
	give(t, a, b)
	late := f.admit("c", record.Coordination, 0)
	give(t, a, late)
	for r, want := range map[*Replica]int{a: 2, late: 0} {
		events, err := r.History(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range events {
			if e.Parallel {
				n++
			}
		}
		if n != want {
			t.Errorf("%s marks %d, want %d", r.Self().Name, n, want)
		}
	}
}

// acknowledge lets r know that the other holds all that it holds of its scopes.
func acknowledge(t testing.TB, r, other *Replica) {
	t.Helper()
	scopes, err := other.Scopes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, scope := range scopes {
		var heads []exchange.Head
		if heads, err = other.Heads(t.Context(), scope); err != nil {
			t.Fatal(err)
		}
		if err := r.Acknowledge(t.Context(), other.Identity().Public(), heads); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhereARecordIs(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, 0)
	admit(t, a, f.central, all(t, f.central, trust.Control))
	id := save(t, a, machine("PC-1"))
	give(t, a, b)
	acknowledge(t, a, b)
	save(t, a, Change{ID: id, Set: record.Fields{"note": "x"}})
	give(t, a, f.central)
	acknowledge(t, a, f.central)
	got, err := a.Holders(t.Context(), id)
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	if !got[0].Self || got[1].Role != record.Central || !got[1].Whole || got[2].Name != "b" || got[2].Whole {
		t.Errorf("holders: %+v", got)
	}
	for _, h := range got {
		if h.Since.Before(noon) {
			t.Errorf("%s since %v", h.Name, h.Since)
		}
	}
}

func TestAnErasureTakesMergedDuplicatesAlong(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, 0)
	id := save(t, a, machine("PC-1"))
	twin := save(t, a, machine("PC-1"))
	merge(t, a, nil, id, twin)
	for _, r := range []*Replica{f.central, b} {
		give(t, a, r)
	}
	if err := f.central.Erase(t.Context(), []uuid.UUID{id}, "demande"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.central.Get(t.Context(), twin); err == nil {
		t.Error("a merged duplicate outlives the erasure")
	}
}

func TestALeadingClockIsKnown(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, 3*time.Hour)
	id := save(t, b, machine("PC-1"))
	give(t, b, a)
	save(t, a, Change{ID: id, Set: record.Fields{"note": "x"}}) // its clock only follows b's
	leads, err := a.ClockLeads(t.Context())
	if err != nil || !WrongClock(leads[b.Identity().Public()]) || WrongClock(leads[a.Identity().Public()]) {
		t.Errorf("%v, %v", leads, err)
	}
	v, err := a.Get(t.Context(), id)
	if err != nil || v.Created.ClockLead == 0 || v.Changed.ClockLead != 0 {
		t.Errorf("b leads by %v, a by %v", v.Created.ClockLead, v.Changed.ClockLead)
	}
}

package replica

import (
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
)

func TestWhatWasReceivedIsCountedByDeviceAndKind(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, 0)
	id := save(t, b, machine("PC-1"))
	save(t, b, Change{ID: id, Set: record.Fields{"note": "deux fois"}})
	save(t, b, machine("PC-2"))
	save(t, a, machine("PC-3"))
	before := a.Now()
	if got, err := a.ReceivedSince(t.Context(), before.Add(-time.Hour)); err != nil || len(got) != 0 {
		t.Fatalf("before any exchange: %v, %v", got, err)
	}
	if heard, err := a.LastHeard(t.Context()); err != nil || !heard[b.Identity().Public()].IsZero() || heard[a.Identity().Public()].IsZero() {
		t.Fatalf("before any exchange: %v, %v", heard, err)
	}
	give(t, b, a)
	got, err := a.ReceivedSince(t.Context(), before.Add(-time.Hour))
	if err != nil || len(got) != 1 || got[0].Name != "b" || got[0].Kinds[record.Equipment] != 2 || len(got[0].Kinds) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	if heard, err := a.LastHeard(t.Context()); err != nil || !heard[b.Identity().Public()].Equal(got[0].Last) {
		t.Errorf("heard %v, not %v: %v", heard[b.Identity().Public()], got[0].Last, err)
	}
	if later, err := a.ReceivedSince(t.Context(), got[0].Last.Add(time.Millisecond)); err != nil || len(later) != 0 {
		t.Errorf("after the last arrival: %v, %v", later, err)
	}
}

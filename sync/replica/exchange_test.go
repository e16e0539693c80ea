package replica

import (
	"fmt"
	"testing"

	"cantal.fr/buron/sync/record"
)

func TestANeighbourThatWasToldNothingHoldsNothing(t *testing.T) {
	f := newField(t)
	b := f.admit("b", record.Agent, 0) // has not heard of a, which is admitted later
	a := f.admit("a", record.Agent, 0)
	id := save(t, a, machine("PC-1"))
	// The first answer says that a is a stranger, the second that control differs; then the line is cut.
	if _, err := meet(t, a, b, 2); err == nil {
		t.Fatal("the line was not cut")
	}
	if v, err := a.Get(t.Context(), id); err != nil || v.Lauzes != 1 {
		t.Errorf("%d lauzes, %v: b has never seen the record", v.Lauzes, err)
	}
	if n, err := a.Pending(t.Context()); err != nil || n != 1 {
		t.Errorf("%d pending, %v; want 1", n, err)
	}
}

func TestAForkInsideAReceivedPieceCanBeSent(t *testing.T) {
	f := newField(t)
	a, relay, fresh := f.admit("a", record.Agent, 0), f.admit("relais", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	give(t, f.central, a)
	give(t, f.central, relay)
	give(t, f.central, fresh)
	write := func(r *Replica, n int) {
		for i := range n {
			save(t, r, machine(fmt.Sprintf("PC-%d", i)))
		}
	}
	write(a, 300)
	twin := clone(t, a)
	write(a, 400)
	write(twin, 300)
	for _, r := range []*Replica{a, twin} { // in pieces of 500, of which the last entry alone keeps its signature
		if _, err := meet(t, r, relay, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := meet(t, fresh, relay, 0); err != nil {
		t.Fatalf("a new device gets nothing from who holds the fork: %v", err)
	}
	if n, _ := fresh.Count(t.Context(), Query{Kind: record.Equipment}); n != 1000 {
		t.Errorf("%d machines, want 1000", n)
	}
}

package replica

import (
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

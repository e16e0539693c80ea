package replica

import (
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
)

// A peer that holds one branch up to 8 does not hold the fourth entry of the other.
func TestHoldingOneBranchIsNotHoldingTheOther(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0)
	give(t, f.central, a)
	give(t, f.central, b)
	for range 3 {
		save(t, a, machine("PC-1"))
	}
	twin := clone(t, a)
	for range 5 {
		save(t, a, machine("PC-2"))
	}
	if _, err := meet(t, a, b, 0); err != nil {
		t.Fatal(err)
	}
	id := save(t, twin, machine("PC-3"))
	give(t, twin, a)
	if v, err := a.Get(t.Context(), id); err != nil || v.Lauzes != 1 {
		t.Errorf("%d lauzes, %v: b has never seen the record", v.Lauzes, err)
	}
	if n, err := a.Pending(t.Context()); err != nil || n != 1 {
		t.Errorf("%d pending, %v; want 1", n, err)
	}
}

func TestAnExchangeWithNothingNewIsAnExchange(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0)
	give(t, f.central, a)
	give(t, f.central, b)
	save(t, a, machine("PC-1"))
	if _, err := meet(t, a, b, 0); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	b.o.Now = func() time.Time { return later }
	if _, err := meet(t, a, b, 0); err != nil {
		t.Fatal(err)
	}
	changes := func() (n int) {
		b.writing.Lock()
		defer b.writing.Unlock()
		if err := b.write.QueryRowContext(t.Context(), "SELECT total_changes()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := changes()
	if _, err := meet(t, a, b, 0); err != nil {
		t.Fatal(err)
	}
	if n := changes() - before; n != 0 {
		t.Errorf("%d rows were written for an exchange in the same minute", n)
	}
	seen, err := b.LastSeen(t.Context())
	if at := seen[a.Identity().Public()]; err != nil || at.UnixMilli() != later.UnixMilli() {
		t.Errorf("last seen %v, %v; want %v", at, err, later)
	}
}

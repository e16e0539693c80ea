package node

import (
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// A central that nobody can bring back is replaced by one that was invited: devices go over to whichever central of
// the territory answers at the address, and to nobody else.
func TestAnotherCentralOfTheTerritoryTakesTheAddressOver(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	// Several, so that the right one is not the first of the list by chance alone.
	var relays []*replica.Replica
	for range 4 {
		relays = append(relays, f.join("relève", record.Central))
	}
	other := f.join("bureau", record.Coordination)
	if o := f.exchange(a); o.Err != nil {
		t.Fatal(o.Err)
	}
	f.stop()
	lost := f.central
	t.Cleanup(func() { f.central = lost })
	for _, r := range relays {
		f.central = r
		f.serve()
		id := save(t, a, record.Equipment, machine("PC-1"))
		if o := f.exchange(a); o.Err != nil || !holds(t, r, id) {
			t.Errorf("the central that took over is not exchanged with: %v", o.Err)
		}
		f.stop()
	}
	f.central = other
	f.serve()
	if o := f.exchange(a); o.Err == nil {
		t.Error("a device that is no central is taken for it")
	}
	f.stop()
}

package replica

import (
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// A public terminal that becomes a device of the place reads what it wrote and dropped, as every other reader does; it
// drops it again when it is a terminal once more.
func TestATerminalThatBecomesAReaderGetsBackWhatItDropped(t *testing.T) {
	f := newField(t)
	place := []string{"0150001V"}
	d := f.admit("borne", record.Kiosk, 0, place...)
	var ids []uuid.UUID
	for range 3 {
		ids = append(ids, save(t, d, Change{Kind: record.Attendance, Scope: "people/0150001V", Set: record.Fields{"act": "presence", "workshop": uuid.NewString(), "person_name": "Exemple", "at": noon.UnixMilli()}}))
	}
	is := func(role record.Role, dropped, held int) {
		t.Helper()
		if d.Self().Role != role {
			if err := f.central.ChangeRole(t.Context(), d.Identity().Public(), role, place); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			exchangeAll(t, d, f.central)
		}
		if n, err := d.DropDelivered(t.Context()); err != nil || n != dropped {
			t.Errorf("%s: %d entries dropped, not %d, %v", role, n, dropped, err)
		}
		n := 0
		for _, id := range ids {
			if _, err := d.Get(t.Context(), id); err == nil {
				n++
			}
		}
		if n != held {
			t.Errorf("%s: %d of %d records are here, not %d", role, n, len(ids), held)
		}
		if err := d.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	is(record.Kiosk, 3, 0)
	if err := f.central.Erase(t.Context(), ids[:1], "demande"); err != nil {
		t.Fatal(err)
	}
	is(record.Agent, 0, 2)
	if d := diffScope(dump(t, f.central), dump(t, d)); d != "" {
		t.Errorf("central and device differ: %s", d)
	}
	is(record.Kiosk, 3, 0)
}

// Two copies of a terminal take themselves for one: what one of them has dropped does not keep what it wrote since from
// those who hold what the other wrote in its place.
func TestWhatFollowsTheDroppedIsBroughtToWhoHoldsAnotherBranch(t *testing.T) {
	f := newField(t)
	first := f.admit("borne", record.Kiosk, 0, "0150001V")
	write := func(r *Replica) uuid.UUID {
		return save(t, r, Change{Kind: record.Attendance, Scope: "people/0150001V", Set: record.Fields{"act": "presence", "workshop": uuid.NewString(), "person_name": "Exemple", "at": noon.UnixMilli()}})
	}
	ids := []uuid.UUID{write(first)}
	for range 2 {
		exchangeAll(t, first, f.central)
	}
	copied := openCopy(t, copyOf(t, first, trust.KeyFile, startFile), Options{Machine: first.o.Machine})
	if n, err := copied.DropDelivered(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d entries dropped, %v", n, err)
	}
	ids = append(ids, write(first), write(copied))
	for range 3 {
		exchangeAll(t, first, f.central)
		exchangeAll(t, copied, f.central)
	}
	for i, id := range ids {
		if _, err := f.central.Get(t.Context(), id); err != nil {
			t.Errorf("%d is not at the central: %v", i, err)
		}
	}
}

// A device that has gone on under another key signs twice, and is one witness all the same.
func TestADeviceAndItsCopyAreOneWitness(t *testing.T) {
	f := newField(t)
	kiosk, office, other := f.admit("borne", record.Kiosk, 0, "0150001V"), f.admit("poste", record.Coordination, 0), f.admit("poste 2", record.Coordination, 0)
	give(t, f.central, kiosk)
	save(t, kiosk, Change{Kind: record.Attendance, Scope: "people/0150001V", Set: record.Fields{"act": "presence", "workshop": uuid.NewString(), "person_name": "Exemple", "at": noon.UnixMilli()}})
	copied := heirOf(t, office)
	give(t, copied, f.central)
	give(t, f.central, kiosk)
	dropped := func(want int, witnesses ...*Replica) {
		t.Helper()
		for _, w := range witnesses {
			for range 2 {
				if _, err := meet(t, kiosk, w, 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n, err := kiosk.DropDelivered(t.Context()); err != nil || n != want {
			t.Errorf("%d entries dropped, not %d, %v", n, want, err)
		}
	}
	dropped(0, office, copied)
	dropped(1, other)
}

package replica

import (
	"errors"
	"math/rand/v2"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// accomplice is a device that a delegate admits, with the control that says so.
func accomplice(t *testing.T, by *Replica, role record.Role) *Replica {
	t.Helper()
	id := newIdentity(t, "complice")
	d := trust.Device{Key: id.Public(), Age: id.Age.Recipient().String(), Role: role, Name: "complice"}
	if _, err := by.SaveControl(t.Context(), trust.DeviceKind, d.Fields()); err != nil {
		t.Fatal(err)
	}
	r, err := Create(t.Context(), t.TempDir(), id, by.Territory(), all(t, by, trust.Control), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// What a stolen delegate admits after its end is admitted nowhere: neither on a device that had taken it in before
// it heard of the end.
func TestWhoAStolenDelegateAdmitsAfterItsEndWritesNothing(t *testing.T) {
	t.Parallel()
	f := newField(t)
	x, near := f.delegate("poste volé"), f.admit("voisin", record.Coordination, 0)
	if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
		t.Fatal(err)
	}
	thief := accomplice(t, x, record.Coordination)
	forged := save(t, thief, machine("PC-1"))
	give(t, x, near)
	give(t, thief, near) // which has not heard of the end
	if got := tagOf(t, near, forged); got != "PC-1" {
		t.Fatalf("the neighbour had no reason not to take it: %q", got)
	}
	admit(t, near, f.central, all(t, f.central, trust.Control))
	if _, err := near.Get(t.Context(), forged); !errors.Is(err, ErrUnknown) {
		t.Errorf("who was never validly admitted is merged: %v", err)
	}
	if d := diffScope(dump(t, f.central), dump(t, near)); d != "" {
		t.Errorf("central and neighbour differ: %s", d)
	}
	// Admitted after all, by one who may: it counts on both.
	d := trust.Device{Key: thief.Identity().Public(), Age: thief.Identity().Age.Recipient().String(), Role: record.Agent, Name: "repenti"}
	if _, err := f.central.SaveControl(t.Context(), trust.DeviceKind, d.Fields()); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Replica{f.central, near} {
		admit(t, r, f.central, all(t, f.central, trust.Control))
		give(t, thief, r)
		if got := tagOf(t, r, forged); got != "PC-1" {
			t.Errorf("%s: admitted by a delegate, it counts not: %q", r.Self().Name, got)
		}
	}
}

// A role that a stolen delegate gives after its end counts nowhere; what was written under it is put aside everywhere,
// and what the device may write goes on arriving.
func TestWhatWasWrittenUnderAVoidRoleStopsNoChain(t *testing.T) {
	t.Parallel()
	inOrders(t, func(o *rand.Rand) {
		f := newField(t)
		x, agent := f.delegate("poste volé"), f.admit("agent", record.Agent, 0)
		one, two := f.blank(), f.blank()
		give(t, f.central, agent)
		before := save(t, agent, machine("PC-1"))
		if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
			t.Fatal(err)
		}
		d := agent.Self()
		if _, err := x.SaveControl(t.Context(), trust.DeviceKind, trust.Device{Key: d.Key, Age: d.Age, Role: record.Coordination, Name: d.Name}.Fields()); err != nil {
			t.Fatal(err)
		}
		admit(t, agent, x, all(t, x, trust.Control)) // which has not heard of the end
		void := save(t, agent, Change{Kind: record.Site, Set: record.Fields{"type": "college", "uai": "0150001V", "name": "Collège", "commune": "15001"}})
		admit(t, agent, f.central, all(t, f.central, trust.Control))
		after := save(t, agent, Change{Kind: record.Event, Set: record.Fields{"title": "Atelier", "type": "trophees"}})
		sameInAnyOrder(o, t, one, two, f.central, x, agent)
		for _, r := range []*Replica{one, two, agent} {
			if _, err := r.Get(t.Context(), void); !errors.Is(err, ErrUnknown) {
				t.Errorf("what the void role alone may write is merged: %v", err)
			}
			for _, id := range []uuid.UUID{before, after} {
				if _, err := r.Get(t.Context(), id); err != nil {
					t.Errorf("what the device may write: %v", err)
				}
			}
		}
		if err := f.central.Release(t.Context(), d.Key); err == nil {
			t.Error("the central, which holds nothing of it, released it")
		}
		admit(t, f.central, agent, all(t, agent, trust.Control))
		give(t, agent, f.central)
		if err := f.central.Release(t.Context(), d.Key); err != nil {
			t.Fatal(err)
		}
		admit(t, one, f.central, all(t, f.central, trust.Control))
		for _, r := range []*Replica{one, f.central} {
			if _, err := r.Get(t.Context(), void); err != nil {
				t.Errorf("the coordination released it: %v", err)
			}
		}
	})
}

// Two who replace one recovery file on two machines, apart: when they meet nothing is refused, and one file is the new
// one on both.
func TestARecoveryFileReplacedOnTwoMachinesIsOne(t *testing.T) {
	t.Parallel()
	f := newField(t)
	office := f.admit("poste", record.Coordination, 0)
	made := map[*Replica]trust.Key{}
	for _, r := range []*Replica{f.central, office} {
		if err := r.ReplaceRoot(t.Context(), f.root(), f.founding.Recovery().Seal.Recipient().String(), func(next *trust.Root) error {
			made[r] = next.Public()
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if res := exchangeAll(t, office, f.central); len(res.Refused)+len(res.Rejected) > 0 {
			t.Errorf("refused: %v, %v", res.Refused, res.Rejected)
		}
	}
	if res := exchangeAll(t, office, f.central); res.RoundTrips != 1 {
		t.Errorf("nothing to say took %d round trips", res.RoundTrips)
	}
	_, one, _ := f.central.Roster().Territory()
	if _, other, _ := office.Roster().Territory(); one != other || one != made[f.central] {
		t.Errorf("the root is %s and %s, not the first, %s", one.Tag(), other.Tag(), made[f.central].Tag())
	}
	for _, r := range []*Replica{f.central, office} {
		if err := r.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
}

package replica

import (
	"errors"
	"strings"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// entriesOf counts the control entries that a device holds.
func entriesOf(t testing.TB, r *Replica) (n int) {
	t.Helper()
	for _, p := range all(t, r, trust.Control) {
		n += len(p.Entries)
	}
	return n
}

// What the root has ended a delegate can neither readmit nor release, of the device nor of one that goes on from it: it
// is told so, and nothing is written. The root can.
func TestADelegateIsToldThatItTakesBackNothingOfTheRoots(t *testing.T) {
	t.Parallel()
	f := newField(t)
	office := f.admit("bureau", record.Coordination, 0)
	x := f.delegate("poste volé")
	before := save(t, x, machine("PC-1"))
	give(t, x, f.central)
	heir := heirOf(t, x)
	give(t, heir, f.central)
	if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
		t.Fatal(err)
	}
	late := save(t, x, machine("PC-2"))
	if _, err := x.Revoke(t.Context(), office.Identity().Public(), "par le voleur"); err != nil {
		t.Fatal(err)
	}
	give(t, x, f.central)
	held := entriesOf(t, f.central)
	for _, who := range []trust.Key{x.Identity().Public(), heir.Identity().Public()} {
		for what, err := range map[string]error{"Readmit": f.central.Readmit(t.Context(), who), "Release": f.central.Release(t.Context(), who)} {
			if !errors.Is(err, ErrEndedByRoot) || !strings.Contains(err.Error(), "buron root readmit "+x.Identity().Public().Tag()) {
				t.Errorf("%s of %s = %v", what, f.central.Roster().Name(who), err)
			}
		}
	}
	if n := entriesOf(t, f.central); n != held {
		t.Errorf("%d control entries were written that count for nothing", n-held)
	}
	if err := f.central.ReleaseByRoot(t.Context(), f.root(), x.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	if text(t, f.central, before, "tag") != "PC-1" || text(t, f.central, late, "tag") != "PC-2" {
		t.Error("what the root has released does not count")
	}
	if _, ok := f.central.Roster().Device(office.Identity().Public()); !ok {
		t.Error("what it said of others after its end counts")
	}
	if !f.central.Roster().Revoked(x.Identity().Public()) {
		t.Error("released, it is admitted again")
	}
	again := save(t, x, machine("PC-3"))
	give(t, x, f.central)
	if _, err := f.central.Get(t.Context(), again); !errors.Is(err, ErrUnknown) {
		t.Errorf("released once, it writes on: %v", err)
	}
	if err := f.central.ReadmitByRoot(t.Context(), f.root(), x.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	if text(t, f.central, again, "tag") != "PC-3" || !f.central.Roster().MayAdmit(x.Identity().Public()) {
		t.Error("readmitted by the root, it is not what it was")
	}
	if err := f.central.ReadmitByRoot(t.Context(), f.root(), x.Identity().Public()); !errors.Is(err, errNotEnded) {
		t.Errorf("readmitted twice: %v", err)
	}
}

// A device of its own that also goes on from one that the root has ended is a delegate's to suspend and release.
func TestWhatADelegateEndedItTakesBackBesideAnEndOfTheRoots(t *testing.T) {
	t.Parallel()
	f := newField(t)
	x := f.admit("poste", record.Agent, 0)
	save(t, x, machine("PC-1"))
	give(t, x, f.central)
	heir := heirOf(t, x)
	give(t, heir, f.central)
	if err := f.central.Confirm(t.Context(), heir.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
		t.Fatal(err)
	}
	if _, ended := f.central.Roster().EndedByRoot(heir.Identity().Public()); ended {
		t.Fatal("who was confirmed is ended with the one it goes on from")
	}
	if _, err := f.central.Revoke(t.Context(), heir.Identity().Public(), "perdu"); err != nil {
		t.Fatal(err)
	}
	late, err := heir.Save(t.Context(), uuid.Nil, machine("PC-2"))
	if err != nil {
		t.Fatal(err)
	}
	give(t, heir, f.central)
	if err := f.central.Release(t.Context(), heir.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	if text(t, f.central, late.IDs[0], "tag") != "PC-2" {
		t.Error("what was released does not count")
	}
}

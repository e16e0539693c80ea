package trust

import (
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
)

// succeed has one who holds the founding's recovery file replace it; the pen is that of the new root.
func succeed(t *testing.T, w *written, cuts ...Cut) (*pen, []*journal.Entry) {
	t.Helper()
	next, pieces, err := (&Root{w.f.Territory, w.f.root, w.f.next}).Succeed(cuts, "age1neuf", rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	return rootPen(t, w.f.Territory, next.key), []*journal.Entry{pieces[0].Entries[0], pieces[1].Entries[0]}
}

// Who has an old recovery file neither renames the territory nor has devices wrap their data keys for himself.
func TestAReplacedRootSaysNothingOfTheTerritory(t *testing.T) {
	w := agentHasWritten(t)
	founding := rootEntries(w.f)[0]
	_, taken := succeed(t, w, cutAt(founding))
	hash := keyHash(publicOf(w.f.next))
	old := &Root{w.f.Territory, w.f.root, w.f.next}
	said, err := old.speak(old.key, TerritoryKind, record.Fields{"name": "Ailleurs", "next": hash[:], "recovery": "age1voleur"}, rand.Reader, noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	forged := said.Entries[0]
	before := w.roster(taken...)
	r := w.roster(append(taken, forged)...)
	if name, _, _ := r.Territory(); name != "Cantal" {
		t.Errorf("the territory is called %q", name)
	}
	if r.Recovery() != before.Recovery() || r.Recovery() != "age1neuf" {
		t.Errorf("data keys are wrapped to %q", r.Recovery())
	}
}

// Two who replace one recovery file on two machines: everybody takes the same for the new one, and refuses nothing of
// what others have taken in.
func TestARecoveryFileReplacedTwiceIsOneEverywhere(t *testing.T) {
	w := agentHasWritten(t)
	founding := cutAt(rootEntries(w.f)[0])
	chosen := identity(t, "délégué")
	a, first := succeed(t, w, founding)
	b, second := succeed(t, w, founding)
	var said []*journal.Entry
	for _, p := range []*pen{a, b} {
		named := p.write(Control, DelegateKind, Cells(record.Fields{"key": bytesOf(chosen.Public())})...)
		said = append(said, named)
	}
	said = append(said, newPen(t, w.f.Territory, chosen).admit(deviceOf(identity(t, "tablette 4"), record.Agent)))
	said = append(said, first...)
	said = append(said, second...)
	r := w.roster(said...)
	_, root, _ := r.Territory()
	if (root == a.id.Public()) == (root == b.id.Public()) {
		t.Fatal("neither of the two is the root, or both are")
	}
	for i, e := range said {
		author, ok := r.keys[e.Incarnation]
		if !ok {
			t.Fatal("an entry of nobody")
		}
		if _, err := r.Judge(author, e, nil); err != nil {
			t.Errorf("statement %d, which others hold, is refused: %v", i, err)
		}
	}
	order := slices.Clone(said)
	slices.Reverse(order)
	if _, again, _ := w.roster(order...).Territory(); again != root {
		t.Error("in another order, another root")
	}
	intruder := newPen(t, w.f.Territory, identity(t, "x"))
	if _, err := r.Judge(intruder.id.Public(), intruder.write(Control, DelegateKind, Cells(record.Fields{"key": bytesOf(chosen.Public())})...), nil); err == nil {
		t.Error("any key speaks as a root")
	}
}

// A restored central that the root has named itself does not end with the one that it goes on from.
func TestADelegateThatIsNamedItselfDoesNotEndWithItsElder(t *testing.T) {
	w := agentHasWritten(t)
	restored := identity(t, "Central (copie)")
	p := newPen(t, w.f.Territory, restored)
	vouched := p.write(Control, TwinKind, Cells(TwinFields(w.f.Territory, w.central, restored))...)
	root := rootPen(t, w.f.Territory, w.f.root)
	ended := root.revoke(Revocation{Key: w.central.Public(), Cuts: []Cut{cutAt(w.control[len(w.control)-1])}})
	if w.roster(vouched, ended).MayAdmit(restored.Public()) {
		t.Fatal("the thief of a delegate goes on under another key")
	}
	named := root.write(Control, DelegateKind, Cells(record.Fields{"key": bytesOf(restored.Public())})...)
	r := w.roster(vouched, ended, named)
	if !r.MayAdmit(restored.Public()) {
		t.Error("named by the root, it may admit nobody")
	}
	if d, ok := w.roster(vouched, ended, named, p.admit(deviceOf(identity(t, "tablette 4"), record.Agent))).Device(w.agent.Public()); !ok || d.Role != record.Agent {
		t.Error("what the first said before its end does not count any more")
	}
	own := root.revoke(Revocation{Key: restored.Public()})
	if w.roster(vouched, ended, named, own).MayAdmit(restored.Public()) {
		t.Error("the root cannot end it")
	}
}

// Who may not admit makes nobody known: a stranger's statement does not slip in beside one that is refused.
func TestWhoNeverMightAdmitMakesNobodyKnown(t *testing.T) {
	w := agentHasWritten(t)
	stranger, twin := identity(t, "inconnu"), identity(t, "inconnu (copie)")
	forged := newPen(t, w.f.Territory, w.agent).admit(deviceOf(stranger, record.Coordination))
	vouched := newPen(t, w.f.Territory, twin).write(Control, TwinKind, Cells(TwinFields(w.f.Territory, stranger, twin))...)
	r := w.roster(forged, vouched)
	if _, err := r.Judge(twin.Public(), vouched, nil); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a copy of a stranger: %v", err)
	}
}

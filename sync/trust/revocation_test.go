package trust

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// rootPen writes as the root does when its recovery file is opened: in a chain of its own.
func rootPen(t *testing.T, terr journal.Territory, key ed25519.PrivateKey) *pen {
	t.Helper()
	id := identity(t, "racine")
	id.Key = key
	return newPen(t, terr, id)
}

func cutAt(e *journal.Entry) Cut { return Cut{e.Incarnation, e.Scope, e.Seq, e.Hash} }

// until returns what tells whether an entry of an unforked chain stands at or before a cut.
func until(e *journal.Entry) func(Cut) bool {
	return func(c Cut) bool {
		return c.Incarnation == e.Incarnation && c.Scope == e.Scope && (e.Seq < c.Seq || e.Hash == c.Hash)
	}
}

func (p *pen) revoke(v Revocation) *journal.Entry {
	return p.write(Control, RevocationKind, Cells(v.Fields())...)
}

func (p *pen) release(of uuid.UUID, cuts []Cut) *journal.Entry {
	return p.write(Control, ReleaseKind, Cells(ReleaseFields(of, cuts))...)
}

func verdict(t *testing.T, r *Roster, who *Identity, e *journal.Entry) Verdict {
	t.Helper()
	v, err := r.Judge(who.Public(), e, until(e))
	if err != nil {
		t.Fatalf("Judge(%s/%d) = %v", e.Scope, e.Seq, err)
	}
	return v
}

// territory with one agent who has written three times in parc and once at a place.
type written struct {
	f       *Founding
	central *Identity
	delegue *pen
	agent   *Identity
	control []*journal.Entry
	parc    []*journal.Entry
	people  *journal.Entry
}

func agentHasWritten(t *testing.T) *written {
	t.Helper()
	w := &written{agent: identity(t, "tablette 3")}
	w.f, w.central = found(t)
	w.delegue = newPen(t, w.f.Territory, w.central)
	w.control = append(slices.Clone(rootEntries(w.f)), w.delegue.admit(deviceOf(w.agent, record.Agent, "0150646X")))
	p := newPen(t, w.f.Territory, w.agent)
	for range 3 {
		w.parc = append(w.parc, p.write("parc", "equipment", journal.Cell{Field: "tag", Value: "PC"}))
	}
	w.people = p.write("people/0150646X", "class_member", journal.Cell{Field: "class", Value: "5e B"})
	return w
}

func (w *written) roster(more ...*journal.Entry) *Roster {
	return NewRoster(w.f.Territory, append(slices.Clone(w.control), more...))
}

func TestARevokedDeviceCountsUpToItsCut(t *testing.T) {
	w := agentHasWritten(t)
	revoked := w.delegue.revoke(Revocation{Key: w.agent.Public(), Cuts: []Cut{cutAt(w.parc[1])}, Reason: "perdue"})
	r := w.roster(revoked)
	if _, ok := r.Device(w.agent.Public()); ok || !r.Revoked(w.agent.Public()) {
		t.Error("a revoked device is still admitted")
	}
	got := []Verdict{verdict(t, r, w.agent, w.parc[0]), verdict(t, r, w.agent, w.parc[1]), verdict(t, r, w.agent, w.parc[2]), verdict(t, r, w.agent, w.people)}
	if want := []Verdict{Admitted, Admitted, Aside, Aside}; !slices.Equal(got, want) {
		t.Errorf("verdicts %v, want %v: up to the cut, and nothing of a chain that it does not name", got, want)
	}
}

func TestTheLowestCutWinsAndReleasesAddUp(t *testing.T) {
	w := agentHasWritten(t)
	low := w.delegue.revoke(Revocation{Key: w.agent.Public(), Cuts: []Cut{cutAt(w.parc[0])}})
	high := w.delegue.revoke(Revocation{Key: w.agent.Public(), Cuts: []Cut{cutAt(w.parc[1])}})
	r := w.roster(low, high)
	if verdict(t, r, w.agent, w.parc[0]) != Admitted || verdict(t, r, w.agent, w.parc[1]) != Aside {
		t.Error("the lowest cut-off does not win")
	}
	found := w.delegue.release(low.Ops[0].ID, []Cut{cutAt(w.parc[2])})
	r = w.roster(low, high, found)
	if verdict(t, r, w.agent, w.parc[1]) != Admitted || verdict(t, r, w.agent, w.parc[2]) != Aside {
		t.Error("a release of one revocation counts for the other too")
	}
	r = w.roster(low, high, w.delegue.release(low.Ops[0].ID, nil), w.delegue.release(high.Ops[0].ID, nil))
	if _, ok := r.Device(w.agent.Public()); !ok || verdict(t, r, w.agent, w.people) != Admitted {
		t.Error("released whole, the device is not back")
	}
}

func TestARoleEndsWhereAnotherBegins(t *testing.T) {
	w := agentHasWritten(t)
	first := w.control[len(w.control)-1].Ops[0].ID
	next := w.delegue.admit(deviceOf(w.agent, record.Host, "0150646X"))
	ended := w.delegue.revoke(Revocation{Key: w.agent.Public(), Grant: first, Cuts: []Cut{cutAt(w.parc[2])}})
	r := w.roster(next, ended)
	if d, ok := r.Device(w.agent.Public()); !ok || d.Role != record.Host {
		t.Fatalf("device = %+v, %t; want the new role", d, ok)
	}
	if verdict(t, r, w.agent, w.parc[2]) != Admitted || verdict(t, r, w.agent, w.people) != Admitted {
		t.Error("what was written under the first role, or may be under both, does not count")
	}
	p := newPen(t, w.f.Territory, w.agent)
	p.prev["parc"] = w.parc[2]
	p.in = w.parc[2].Incarnation
	if late := p.write("parc", "equipment", journal.Cell{Field: "tag", Value: "PC"}); verdict(t, r, w.agent, late) != Aside {
		t.Error("what was written under a role that had ended counts")
	}
}

func TestDelegatesEndDevicesAndOnlyTheRootEndsDelegates(t *testing.T) {
	w := agentHasWritten(t)
	r := w.roster(w.delegue.revoke(Revocation{Key: w.central.Public()}))
	if !r.MayAdmit(w.central.Public()) {
		t.Error("a delegate ended a delegate")
	}
	if _, err := r.Judge(w.agent.Public(), newPen(t, w.f.Territory, w.agent).revoke(Revocation{Key: w.central.Public()}), nil); !errors.Is(err, ErrNotGranted) {
		t.Errorf("an agent's revocation: %v, want ErrNotGranted", err)
	}
	root := rootPen(t, w.f.Territory, w.f.root)
	admission := w.control[len(w.control)-1]
	removed := root.revoke(Revocation{Key: w.central.Public(), Cuts: []Cut{cutAt(admission)}})
	after := w.delegue.admit(deviceOf(identity(t, "intrus"), record.Coordination))
	r = w.roster(removed, after)
	if r.MayAdmit(w.central.Public()) || len(r.Devices()) != 2 {
		t.Errorf("a removed delegate admits: %d devices", len(r.Devices()))
	}
	if _, ok := r.Device(w.agent.Public()); !ok {
		t.Error("what the delegate said before it was removed does not count any more")
	}
	if _, err := r.Judge(w.central.Public(), after, nil); err != nil {
		t.Errorf("a removed delegate's late statement is refused (%v): its chain would be stuck", err)
	}
}

func TestADelegateTakesBackNothingThatTheRootEnded(t *testing.T) {
	w := agentHasWritten(t)
	root := rootPen(t, w.f.Territory, w.f.root)
	ended := root.revoke(Revocation{Key: w.agent.Public()})
	if r := w.roster(ended, w.delegue.release(ended.Ops[0].ID, nil)); !r.Revoked(w.agent.Public()) {
		t.Error("a delegate took back what the root said")
	}
	if r := w.roster(ended, root.release(ended.Ops[0].ID, nil)); r.Revoked(w.agent.Public()) {
		t.Error("the root cannot take back what it said")
	}
}

func TestTheNextRootTakesOver(t *testing.T) {
	w := agentHasWritten(t)
	next := rootPen(t, w.f.Territory, w.f.next)
	taken := next.write(Control, SuccessionKind, journal.Cell{Field: "cuts", Value: cutList([]Cut{cutAt(rootEntries(w.f)[0])})})
	stolen := rootPen(t, w.f.Territory, w.f.root).write(Control, DelegateKind, journal.Cell{Field: "key", Value: bytesOf(w.agent.Public())})
	r := w.roster(taken, stolen)
	if r.MayAdmit(w.agent.Public()) {
		t.Error("the former root made a delegate after its end")
	}
	if _, root, _ := r.Territory(); root != next.id.Public() || !r.MayAdmit(w.central.Public()) {
		t.Error("the next root has not taken over, or the delegates of the first are gone")
	}
	intruder := rootPen(t, w.f.Territory, identity(t, "x").Key)
	if r := w.roster(intruder.write(Control, SuccessionKind, journal.Cell{Field: "cuts", Value: []any{}})); r.MayAdmit(intruder.id.Public()) {
		t.Error("any key may take over")
	}
}

func bytesOf(k Key) []byte { return append([]byte(nil), k[:]...) }

func TestATwinInheritsUntilItIsAdmitted(t *testing.T) {
	w := agentHasWritten(t)
	twin := identity(t, "tablette 3")
	p := newPen(t, w.f.Territory, twin)
	vouched := p.write(Control, TwinKind, Cells(TwinFields(w.f.Territory, w.agent, twin))...)
	wrote := p.write("parc", "equipment", journal.Cell{Field: "tag", Value: "PC"})
	r := w.roster(vouched)
	if _, err := r.Judge(twin.Public(), vouched, nil); err != nil {
		t.Fatalf("the twin's statement is refused: %v", err)
	}
	if d, ok := r.Device(twin.Public()); !ok || d.Role != record.Agent || !d.Twin || len(r.Devices()) != 3 {
		t.Errorf("twin = %+v, %t, of %d devices", d, ok, len(r.Devices()))
	}
	if verdict(t, r, twin, wrote) != Admitted {
		t.Error("what the twin wrote does not count")
	}
	revoked := w.delegue.revoke(Revocation{Key: w.agent.Public(), Cuts: []Cut{cutAt(w.parc[2])}})
	if r := w.roster(vouched, revoked); verdict(t, r, twin, wrote) != Aside || !r.Revoked(twin.Public()) {
		t.Error("a revoked device goes on under another key")
	}
	confirmed := w.delegue.admit(deviceOf(twin, record.Agent, "0150646X"))
	if r := w.roster(vouched, revoked, confirmed); verdict(t, r, twin, wrote) != Admitted {
		t.Error("confirmed, the twin still shares the other's end")
	}
	forged := newPen(t, w.f.Territory, identity(t, "x"))
	claim := forged.write(Control, TwinKind, Cells(TwinFields(w.f.Territory, w.agent, twin))...)
	if _, err := r.Judge(forged.id.Public(), claim, nil); !errors.Is(err, ErrTwin) {
		t.Errorf("a vouching for another key: %v, want ErrTwin", err)
	}
}

func TestATwinThatIsAdmittedItselfMayGoOnFromAnyKey(t *testing.T) {
	w := agentHasWritten(t)
	stranger, twin := identity(t, "sans clé"), identity(t, "sans clé (copie)")
	vouched := newPen(t, w.f.Territory, twin).write(Control, TwinKind, Cells(TwinFields(w.f.Territory, stranger, twin))...)
	if _, err := w.roster().Judge(twin.Public(), vouched, nil); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("from nobody to nobody: %v, want ErrUnknownKey", err)
	}
	if _, err := w.roster(w.delegue.admit(deviceOf(twin, record.Agent))).Judge(twin.Public(), vouched, nil); err != nil {
		t.Errorf("its chain of control would be stuck: %v", err)
	}
}

func TestErasuresAreADelegatesToMake(t *testing.T) {
	w := agentHasWritten(t)
	pupil := w.people.Ops[0].ID
	fields, err := Erasure{Scope: w.people.Scope, Records: []uuid.UUID{pupil}}.Fields()
	if err != nil {
		t.Fatal(err)
	}
	if r := w.roster(w.delegue.write(Control, ErasureKind, Cells(fields)...)); !r.Erased(w.people.Scope, pupil) || len(r.Erasures()) != 1 {
		t.Error("the record is not erased")
	}
	if r := w.roster(newPen(t, w.f.Territory, w.agent).write(Control, ErasureKind, Cells(fields)...)); r.Erased(w.people.Scope, pupil) {
		t.Error("an agent erased a record")
	}
	if _, err := (Erasure{Scope: Control, Records: []uuid.UUID{pupil}}).Fields(); !errors.Is(err, ErrErasure) {
		t.Errorf("an erasure of control: %v", err)
	}
}

func TestAuthorityIsTheSameInEveryOrder(t *testing.T) {
	w := agentHasWritten(t)
	twin := identity(t, "jumelle")
	entries := append(slices.Clone(w.control),
		newPen(t, w.f.Territory, twin).write(Control, TwinKind, Cells(TwinFields(w.f.Territory, w.agent, twin))...),
		w.delegue.revoke(Revocation{Key: w.agent.Public(), Cuts: []Cut{cutAt(w.parc[1])}}),
		w.delegue.admit(deviceOf(identity(t, "borne"), record.Kiosk, "bus")))
	entries = append(entries, w.delegue.release(entries[len(entries)-2].Ops[0].ID, []Cut{cutAt(w.people)}),
		rootPen(t, w.f.Territory, w.f.root).revoke(Revocation{Key: w.central.Public(), Cuts: []Cut{cutAt(entries[len(entries)-1])}}))
	sum := func(r *Roster) (out []string) {
		for _, d := range r.Devices() {
			out = append(out, d.Key.Tag(), string(d.Role))
			if d.Revoked || d.Twin {
				out = append(out, "!")
			}
		}
		for _, e := range append(slices.Clone(w.parc), w.people) {
			if verdict(t, r, w.agent, e) == Aside {
				out = append(out, "aside")
			}
		}
		return out
	}
	want := sum(NewRoster(w.f.Territory, entries))
	for range 30 {
		r, order := NewRoster(w.f.Territory, nil), slices.Clone(entries)
		for len(order) > 0 {
			i := int(randByte(t)) % len(order)
			r = r.With(order[i : i+1])
			order = slices.Delete(order, i, i+1)
		}
		if got := sum(r); !slices.Equal(got, want) {
			t.Fatalf("another order, other authority: %v, want %v", got, want)
		}
	}
}

func TestSignaturesLeadFromAKeyToThoseThatGoOnFromIt(t *testing.T) {
	w := agentHasWritten(t)
	second, third, thief := identity(t, "copie"), identity(t, "copie de la copie"), identity(t, "voleur")
	twin := func(from, to *Identity) *journal.Entry {
		return newPen(t, w.f.Territory, to).write(Control, TwinKind, Cells(TwinFields(w.f.Territory, from, to))...)
	}
	list := w.roster(twin(w.agent, second), twin(second, third)).Vouchers(third.Public())
	if len(list) != 2 || !VouchedBy(w.f.Territory, w.agent.Public(), third.Public(), list) {
		t.Errorf("%d signatures do not lead to the third key", len(list))
	}
	if VouchedBy(w.f.Territory, w.agent.Public(), thief.Public(), list) || VouchedBy(w.f.Territory, thief.Public(), third.Public(), list) {
		t.Error("somebody else's signatures count")
	}
	list[1].Signature[0] ^= 1
	if VouchedBy(w.f.Territory, w.agent.Public(), third.Public(), list) {
		t.Error("a wrong signature counts")
	}
}

package node

import (
	"testing"
	"time"

	"cantal.fr/buron/sync/probe"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// lodge is a place with a kiosk, and what a visitor needs to sign the charter there.
type lodge struct {
	*field
	office, kiosk *replica.Replica
	site, charter uuid.UUID
}

const visitor = "Zorglubette Martin-Dupuy"

func newLodge(t *testing.T) *lodge {
	t.Helper()
	f := newField(t)
	l := &lodge{field: f, office: f.join("accueil", record.Coordination), kiosk: f.join("borne", record.Kiosk, "0150001V")}
	l.site = save(t, l.office, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège"})
	l.charter = save(t, l.office, record.Charter, record.Fields{"version": "1", "text": "Texte", "status": "en_vigueur"})
	save(t, l.office, record.CharterAdoption, record.Fields{"site": l.site.String(), "charter": l.charter.String(), "vote_date": int64(20000)})
	f.exchange(l.office)
	f.exchange(l.kiosk)
	return l
}

func (l *lodge) sign() uuid.UUID {
	l.t.Helper()
	return save(l.t, l.kiosk, record.Acknowledgement, record.Fields{"act": "signature", "site": l.site.String(), "charter": l.charter.String(), "population": "eleve",
		"member": uuid.NewString(), "typed_name": visitor, "at": time.Now().UnixMilli()})
}

// named reports whether any file of a device's folder tells the visitor's name to one who has its keys.
func named(t *testing.T, r *replica.Replica) bool {
	t.Helper()
	found, err := probe.Unsealed(r.Dir(), "Zorglubette")
	if err != nil {
		t.Fatal(err)
	}
	if open, err := probe.Open(r.Dir(), "Zorglubette"); err != nil || open {
		t.Errorf("%s: the name is read without any key, %v", r.Self().Name, err)
	}
	return found
}

func intact(t *testing.T, r *replica.Replica) {
	t.Helper()
	if err := r.Verify(t.Context(), nil); err != nil {
		t.Errorf("%s: %v", r.Self().Name, err)
	}
}

func TestATerminalKeepsNoNameThatTheCentralHas(t *testing.T) {
	l := newLodge(t)
	reader := l.join("bureau", record.Coordination) // has met the central, before anything was signed
	act := l.sign()
	if !named(t, l.kiosk) {
		t.Fatal("the probe does not find what is there")
	}
	if o := l.exchange(l.kiosk); o.Err != nil || o.Sent != 1 {
		t.Fatalf("%+v", o)
	}
	list, err := l.kiosk.Receipts(t.Context())
	if err != nil || len(list) != 1 || list[0].Signer != l.central.Identity().Public() {
		t.Fatalf("receipts %+v, %v", list, err)
	}
	if named(t, l.kiosk) || holds(t, l.kiosk, act) {
		t.Error("the name is still on the public terminal")
	}
	if !holds(t, l.central, act) {
		t.Fatal("the central does not have it")
	}
	intact(t, l.kiosk)
	// The chain goes on.
	again := l.sign()
	if o := l.exchange(l.kiosk); o.Err != nil || o.Sent != 1 {
		t.Fatalf("%+v", o)
	}
	if named(t, l.kiosk) {
		t.Error("the second name is still on the public terminal")
	}
	if o := l.exchange(l.kiosk); o.Err != nil || o.RoundTrips != 1 {
		t.Errorf("nothing new: %+v", o)
	}
	if err := l.kiosk.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	intact(t, l.kiosk)
	// A second reader has it from the central, and one who asks the terminal gets nothing that is refused.
	_, addr := listen(t, l.kiosk)
	if o := meet(t, reader, addr); o.Err != nil || len(o.Refused)+len(o.Rejected) != 0 || holds(t, reader, act) {
		t.Errorf("from the terminal: %+v", o)
	}
	l.exchange(reader)
	for _, id := range []uuid.UUID{act, again} {
		for _, r := range []*replica.Replica{l.central, reader} {
			v, err := r.Get(t.Context(), id)
			if err != nil || v.Fields.Text("typed_name") != visitor {
				t.Errorf("%s has %v, %v", r.Self().Name, v.Fields, err)
			}
		}
	}
	intact(t, l.central)
}

func TestATerminalKeepsNoNameThatTwoNeighboursHave(t *testing.T) {
	l := newLodge(t)
	second := l.join("second", record.Coordination)
	l.exchange(second)
	l.exchange(l.office)
	l.exchange(l.kiosk)
	l.stop()
	act := l.sign()
	_, first := listen(t, l.office)
	if o := meet(t, l.kiosk, first); o.Err != nil || o.Sent != 1 {
		t.Fatalf("%+v", o)
	}
	meet(t, l.kiosk, first)
	if !named(t, l.kiosk) || !holds(t, l.kiosk, act) {
		t.Error("dropped on the word of one neighbour")
	}
	_, other := listen(t, second)
	if o := meet(t, l.kiosk, other); o.Err != nil || o.Sent != 1 {
		t.Fatalf("%+v", o)
	}
	if named(t, l.kiosk) || holds(t, l.kiosk, act) {
		t.Error("the name is still on the public terminal")
	}
	if !holds(t, l.office, act) || !holds(t, second, act) {
		t.Error("lost")
	}
	intact(t, l.kiosk)
	l.sign()
	if o := meet(t, l.kiosk, first); o.Err != nil || o.Sent != 1 {
		t.Errorf("the chain does not go on: %+v", o)
	}
}

func TestWhoMayReadDropsNothing(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Agent)
	id := save(t, a, record.Equipment, machine("PC-1"))
	f.exchange(a)
	if n, err := a.DropDelivered(t.Context()); err != nil || n != 0 || !holds(t, a, id) {
		t.Errorf("%d dropped, %v", n, err)
	}
}

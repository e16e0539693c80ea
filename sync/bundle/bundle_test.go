package bundle

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

func TestAStickThereAndBack(t *testing.T) {
	f, a, _ := pair(t)
	machines(t, a, 12)
	dir := t.TempDir()
	w := write(t, a, dir, WriteOptions{})
	if want := "12\u00a0saisies copiées pour 2\u00a0appareils. Vous pouvez retirer la clé."; w.Sentence() != want {
		t.Errorf("said %q, want %q", w.Sentence(), want)
	}
	if name := filepath.Base(w.Files[0]); !strings.HasPrefix(name, "buron-2") || !strings.HasSuffix(name, Ext) {
		t.Errorf("named %q", name)
	}
	r := read(t, f.central, w.Files[0])
	if r.Admitted != 12 || r.MakerName != "a" || r.Received != 0 || len(r.Refused) != 0 {
		t.Errorf("central: %+v", r)
	}
	same(t, f.central, a, "parc")
	if pending(t, a) != 12 {
		t.Error("writing a stick counts as delivery")
	}
	// The way back: what the central holds.
	back := one(t, f.central, WriteOptions{})
	r = read(t, a, back)
	if r.Received != 12 || r.Admitted != 0 || pending(t, a) != 0 {
		t.Errorf("receipts: %+v, %d pending", r, pending(t, a))
	}
	if want := "12\u00a0reçues par le central. Vous pouvez retirer la clé."; r.Sentence() != want {
		t.Errorf("said %q", r.Sentence())
	}
	// A third stick has nothing left to bring.
	if w := write(t, a, dir, WriteOptions{For: []trust.Key{f.central.Identity().Public()}}); w.Entries != 0 {
		t.Errorf("%d entries again", w.Entries)
	}
	if w := write(t, a, dir, WriteOptions{All: true}); w.Entries != 12 {
		t.Errorf("%d entries of all", w.Entries)
	}
}

func TestAStickForOneDevice(t *testing.T) {
	f, a, b := pair(t)
	machines(t, a, 5)
	read(t, f.central, one(t, a, WriteOptions{}))
	forB := WriteOptions{For: []trust.Key{b.Identity().Public()}}
	first := one(t, f.central, forB)
	if r := read(t, b, first); r.Admitted != 5 {
		t.Errorf("first: %+v", r)
	}
	if r := read(t, a, first); r.Opened != 0 || !strings.Contains(r.Sentence(), "pour d'autres appareils") {
		t.Errorf("another device opened it: %+v %q", r, r.Sentence())
	}
	// b's receipt comes back, and the next stick holds what came since.
	read(t, f.central, one(t, b, WriteOptions{}))
	machines(t, a, 2)
	read(t, f.central, one(t, a, WriteOptions{}))
	w := write(t, f.central, t.TempDir(), forB)
	if w.Entries != 2 || w.Devices != 1 {
		t.Errorf("second: %+v", w)
	}
	if r := read(t, b, w.Files[0]); r.Admitted != 2 || r.Gap != 0 {
		t.Errorf("second: %+v", r)
	}
	same(t, b, a, "parc")
}

func TestAGapIsNoRefusal(t *testing.T) {
	f, a, b := pair(t)
	machines(t, a, 4)
	read(t, f.central, one(t, a, WriteOptions{}))
	read(t, a, one(t, f.central, WriteOptions{})) // a knows that the central holds four
	machines(t, a, 3)
	r := read(t, b, one(t, a, WriteOptions{})) // b was never heard from
	refusals, _ := b.Refusals(t.Context())
	if r.Gap != 3 || r.Admitted != 0 || len(refusals) != 0 || !strings.Contains(r.Sentence(), "3\u00a0saisies attendent") {
		t.Errorf("%+v %q %v", r, r.Sentence(), refusals)
	}
	if r := read(t, b, one(t, a, WriteOptions{For: []trust.Key{b.Identity().Public()}})); r.Admitted != 7 || r.Gap != 0 {
		t.Errorf("for b: %+v", r)
	}
	// Once b was heard from, what it lacks is on every stick.
	read(t, a, one(t, b, WriteOptions{}))
	machines(t, a, 1)
	if r := read(t, b, one(t, a, WriteOptions{})); r.Admitted != 1 || r.Gap != 0 {
		t.Errorf("after: %+v", r)
	}
	same(t, b, a, "parc")
}

// desk is the host of a collège that has adopted the charter, and its terminal.
func (f *field) desk() (office, kiosk *replica.Replica, site, charter uuid.UUID) {
	t := f.t
	t.Helper()
	ido, idk := newIdentity(t, "accueil"), newIdentity(t, "borne")
	f.admit(ido, "accueil", record.Coordination)
	f.admit(idk, "borne", record.Kiosk, "0150001V")
	office, kiosk = f.create(ido), f.create(idk)
	site = save(t, office, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège"})
	charter = save(t, office, record.Charter, record.Fields{"version": "1", "text": "Texte", "status": "en_vigueur"})
	save(t, office, record.CharterAdoption, record.Fields{"site": site.String(), "charter": charter.String(), "vote_date": int64(20000)})
	return office, kiosk, site, charter
}

// A kiosk carries what it wrote out to those who may read it, learns that it arrived, and reads nothing back.
// A chain that two copies of one device have both gone on with is on a stick whole: both branches are read at once.
func TestAStickWithAChainOfTwoBranches(t *testing.T) {
	t.Parallel()
	f := newField(t)
	ids := []*trust.Identity{newIdentity(t, "a"), newIdentity(t, "b"), newIdentity(t, "c")}
	for _, id := range ids {
		f.admit(id, id.Name, record.Agent, "0150001V")
	}
	a, b, c := f.create(ids[0]), f.create(ids[1]), f.create(ids[2])
	machines(t, a, 3)
	copied := t.TempDir()
	if err := errors.Join(a.Close(), os.CopyFS(copied, os.DirFS(a.Dir()))); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{a.Dir(), copied} {
		r, err := replica.Open(t.Context(), dir, replica.Options{Machine: func() string { return "" }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		machines(t, r, 2)
		read(t, b, one(t, r, WriteOptions{All: true}))
	}
	if got := records(t, b); got != 7 {
		t.Fatalf("b has %d records, not 7", got)
	}
	if rep := read(t, c, one(t, b, WriteOptions{All: true})); rep.Gap > 0 || records(t, c) != 7 {
		t.Errorf("c has %d records, not 7; %d entries follow nothing", records(t, c), rep.Gap)
	}
}

func TestAKioskCarriesOutAndReadsNothingBack(t *testing.T) {
	f := newField(t)
	office, kiosk, site, charter := f.desk()
	pupil := save(t, office, record.ClassMember, record.Fields{"site": site.String(), "school_year": "2026-2027", "class": "5e B", "family_name": "SECRETNAME", "first_name": "Exemple"})
	machines(t, office, 1)
	out := one(t, office, WriteOptions{})
	read(t, kiosk, out)
	scopes, _ := kiosk.Scopes(t.Context())
	for _, s := range scopes {
		if !kiosk.Self().MayRead(s) {
			t.Errorf("the kiosk holds %s", s)
		}
	}
	act := save(t, kiosk, record.Acknowledgement, record.Fields{"act": "signature", "site": site.String(), "charter": charter.String(), "population": "eleve",
		"member": pupil.String(), "typed_name": "SECRETNAME", "at": time.Now().UnixMilli()})
	r := read(t, office, one(t, kiosk, WriteOptions{}))
	if r.Admitted != 1 {
		t.Fatalf("office: %+v", r)
	}
	if _, ok, _ := office.Book(t.Context()).Get(act); !ok {
		t.Error("the signature did not arrive")
	}
	read(t, f.central, one(t, office, WriteOptions{}))
	r = read(t, kiosk, one(t, f.central, WriteOptions{}))
	if r.Received != 1 || pending(t, kiosk) != 0 {
		t.Errorf("the kiosk's receipt: %+v, %d pending", r, pending(t, kiosk))
	}
	if _, ok, _ := kiosk.Book(t.Context()).Get(pupil); ok {
		t.Error("a pupil's name is on a public terminal")
	}
}

func TestAFileRevealsNothing(t *testing.T) {
	f, a, _ := pair(t)
	id := save(t, a, record.Equipment, record.Fields{"tag": "PC-REVEALED", "level": "socle", "note": "une note lisible"})
	b, err := os.ReadFile(one(t, a, WriteOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	key, central := a.Identity().Public(), f.central.Identity().Public()
	for what, secret := range map[string][]byte{"scope": []byte("parc"), "kind": []byte("equipment"), "tag": []byte("REVEALED"), "note": []byte("lisible"), "id": id[:],
		"maker": key[:], "reader": central[:], "name": []byte("Central"), "control": []byte("control")} {
		if bytes.Contains(b, secret) {
			t.Errorf("the %s can be read", what)
		}
	}
	// Whole words of ours stand in no encrypted part; age's own header does.
	if n := bytes.Count(b, []byte("age-encryption.org/v1")); n != 2 {
		t.Errorf("%d segments, want parc and the cover", n)
	}
}

// Who was admitted after the reader heard last is known from the stick itself: control comes first.
func TestControlComesFirst(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Agent)
	b := f.join("b", record.Agent) // a has not heard of b, and b knows a
	machines(t, b, 3)
	if _, known := a.Roster().Device(b.Identity().Public()); known {
		t.Fatal("a knows b already")
	}
	if r := read(t, a, one(t, b, WriteOptions{})); r.Admitted != 3 || r.MakerName != "b" {
		t.Errorf("%+v", r)
	}
}

// A revocation travels on the stick before anything else; whom it names gets nothing more, and is not believed.
func TestARevokedDevice(t *testing.T) {
	f, a, b := pair(t)
	machines(t, b, 2)
	read(t, f.central, one(t, b, WriteOptions{}))
	machines(t, a, 1)
	read(t, f.central, one(t, a, WriteOptions{}))
	if _, err := f.central.Revoke(t.Context(), b.Identity().Public(), "perdu"); err != nil {
		t.Fatal(err)
	}
	out := one(t, f.central, WriteOptions{})
	refused(t, b, out, ErrNotForUs)
	machines(t, b, 3) // it has not heard
	late := one(t, b, WriteOptions{})
	if r := read(t, a, out); r.Admitted != 2 {
		t.Errorf("a: %+v", r)
	}
	before := records(t, a)
	r := read(t, a, late)
	if !r.Revoked || r.Received != 0 || records(t, a) != before || !strings.Contains(r.Sentence(), "retiré du territoire") {
		t.Errorf("a, from b: %+v, %d records, %q", r, records(t, a), r.Sentence())
	}
	aside, err := a.Quarantine(t.Context())
	if err != nil || len(aside) == 0 {
		t.Errorf("set aside: %v, %v", aside, err)
	}
	intact(t, a)
}

// What the maker encrypted to one who may not hold it is passed over.
func TestAReaderTakesNothingThatIsNotForIt(t *testing.T) {
	f := newField(t)
	ido, idh := newIdentity(t, "coordination"), newIdentity(t, "hôte")
	f.admit(ido, "coordination", record.Coordination)
	f.admit(idh, "hôte", record.Host, "lieu")
	office, host := f.create(ido), f.create(idh)
	machines(t, office, 2)
	if r := read(t, host, wrongly(t, office, host)); r.Opened == 0 || r.Admitted != 0 || records(t, host) != 0 {
		t.Errorf("%+v, %d records", r, records(t, host))
	}
}

// wrongly writes a bundle that encrypts every scope to a device, whatever its grants.
func wrongly(t *testing.T, from, to *replica.Replica) string {
	t.Helper()
	o := WriteOptions{}
	fill(&o)
	w := &writer{s: from, o: o, dir: t.TempDir(), set: make([]byte, setLen)}
	p, err := newPlanner(t.Context(), from, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.targets {
		p.targets[i].Grants = record.Grants(record.Central, nil)
	}
	p.weighed = nil
	parcels, err := p.parcels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.packControl(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.next(); err != nil {
		t.Fatal(err)
	}
	for _, one := range parcels {
		if err := w.parcel(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.close(true); err != nil {
		t.Fatal(err)
	}
	files, err := name(filepath.Join(w.dir, "x.buron"), w.files, 0)
	if err != nil {
		t.Fatal(err)
	}
	return files[0]
}

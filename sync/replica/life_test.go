package replica

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

func openCopy(t *testing.T, dir string, o Options) *Replica {
	t.Helper()
	r, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func told(t *testing.T, r *Replica, want string) {
	t.Helper()
	if c, ok, err := r.Copied(t.Context()); err != nil || !ok || c.Reason != want {
		t.Errorf("%s is told %+v, %t, %v; want %s", r.Self().Name, c, ok, err, want)
	}
}

// both asserts that two devices and the central hold all of these, with nothing to decide.
func everywhere(t *testing.T, devices []*Replica, ids ...uuid.UUID) {
	t.Helper()
	for range 2 {
		for _, a := range devices {
			for _, b := range devices {
				if a != b {
					give(t, a, b)
				}
			}
		}
	}
	for _, r := range devices {
		for _, id := range ids {
			if _, err := r.Get(t.Context(), id); err != nil {
				t.Errorf("%s has lost %s: %v", r.Self().Name, id, err)
			}
		}
		if n := len(r.Roster().Devices()); n != 3 {
			t.Errorf("%s counts %d devices, want the central and both", r.Self().Name, n)
		}
		if err := r.Verify(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", r.Self().Name, err)
		}
	}
	want := dump(t, devices[0])
	for _, r := range devices[1:] {
		if d := diffScope(want, dump(t, r)); d != "" {
			t.Errorf("they differ: %s", d)
		}
	}
}

func TestADiskCopiedToAnotherMachineGoesOnUnderItsOwnName(t *testing.T) {
	f := newField(t)
	a := f.admit("poste", record.Agent, 0)
	id := save(t, a, machine("PC-1"))
	save(t, a, Change{ID: id, Set: record.Fields{"note": "ancienne"}})
	dir := copyOf(t, a, trust.KeyFile, startFile)
	save(t, a, Change{ID: id, Set: record.Fields{"note": "remplacée"}})
	twin := openCopy(t, dir, Options{Machine: func() string { return "une autre" }})
	told(t, twin, CopyMachine)
	if twin.Identity().Public() == a.Identity().Public() || twin.Incarnation() == a.Incarnation() {
		t.Fatal("both write under one name")
	}
	mine, hers := save(t, a, machine("PC-2")), save(t, twin, machine("PC-3"))
	everywhere(t, []*Replica{f.central, a, twin}, id, mine, hers)
	if got := text(t, twin, id, "note"); got != "remplacée" {
		t.Errorf("a value already replaced came back: %q", got)
	}
	d, ok := f.central.Roster().Device(twin.Identity().Public())
	if !ok || !d.Twin || d.Name != "poste (copie)" {
		t.Errorf("the roster shows %+v, %t", d, ok)
	}
	again := openCopy(t, dir, Options{Machine: func() string { return "une autre" }})
	if again.Identity().Public() != twin.Identity().Public() {
		t.Error("started again on the same machine, it begins another life")
	}
}

func TestAForkIsNoticedByWhatComesBack(t *testing.T) {
	f := newField(t)
	a := f.admit("poste", record.Agent, 0)
	first := save(t, a, machine("PC-1"))
	twin := clone(t, a) // the same machine, key and start: nothing tells it
	mine, hers := save(t, a, machine("PC-2")), save(t, twin, machine("PC-3"))
	give(t, a, f.central)
	give(t, twin, f.central)
	give(t, f.central, a)
	told(t, a, CopyForked)
	after := save(t, a, machine("PC-4"))
	give(t, a, f.central)
	give(t, f.central, twin)
	told(t, twin, CopyForked)
	last := save(t, twin, machine("PC-5"))
	// Two lives have been left: four devices stand on the roster beside the central, the first key being nobody's.
	for range 2 {
		for _, r := range []*Replica{a, twin} {
			give(t, r, f.central)
			give(t, f.central, r)
		}
	}
	for _, r := range []*Replica{f.central, a, twin} {
		for _, id := range []uuid.UUID{first, mine, hers, after, last} {
			if _, err := r.Get(t.Context(), id); err != nil {
				t.Errorf("%s has lost %s: %v", r.Self().Name, id, err)
			}
		}
	}
	if d := diffScope(dump(t, a), dump(t, twin)); d != "" {
		t.Errorf("they differ: %s", d)
	}
}

func TestAnOlderStateIsNoticedAtItsStart(t *testing.T) {
	f := newField(t)
	a := f.admit("poste", record.Agent, 0)
	save(t, a, machine("PC-1"))
	old := copyOf(t, a)
	late := save(t, a, machine("PC-2"))
	give(t, a, f.central)
	dir := a.Dir()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	openCopy(t, dir, Options{}).Close() // one more start
	b, err := os.ReadFile(filepath.Join(old, File))
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		os.Remove(filepath.Join(dir, File+suffix))
	}
	if err := os.WriteFile(filepath.Join(dir, File), b, 0o600); err != nil {
		t.Fatal(err)
	}
	restored := openCopy(t, dir, Options{})
	told(t, restored, CopyRestored)
	hers := save(t, restored, machine("PC-3"))
	give(t, restored, f.central)
	give(t, f.central, restored)
	for _, id := range []uuid.UUID{late, hers} {
		if _, err := restored.Get(t.Context(), id); err != nil {
			t.Errorf("lost %s: %v", id, err)
		}
	}
}

func TestADatabaseWithoutItsKeyWritesOnUntilItIsAdmittedAgain(t *testing.T) {
	f := newField(t)
	a := f.admit("poste", record.Agent, 0)
	unsent := save(t, a, machine("PC-1"))
	twin := openCopy(t, copyOf(t, a), Options{})
	told(t, twin, CopyOrphan)
	hers := save(t, twin, machine("PC-2"))
	pieces := all(t, twin, "parc")
	if _, refused, err := f.central.Admit(t.Context(), a.Identity().Public(), pieces); err != nil || len(refused) != 1 || refused[0].Reason != reasonUnknown {
		t.Errorf("before it is admitted: %v, %v; want what it wrote itself refused", refused, err)
	}
	d := twin.Self()
	d.Key, d.Age = twin.Identity().Public(), twin.Identity().Age.Recipient().String()
	if _, err := f.central.SaveControl(t.Context(), trust.DeviceKind, d.Fields()); err != nil {
		t.Fatal(err)
	}
	mine := save(t, a, machine("PC-3"))
	everywhere(t, []*Replica{f.central, a, twin}, unsent, hers, mine)
}

// A device that lost its key hears in one delivery that it was admitted again, and that its role has changed since: what it
// wrote under nobody's admission is judged too.
func TestADatabaseWithoutItsKeyHearsOfMoreThanItsAdmission(t *testing.T) {
	f := newField(t)
	desk := f.admit("bureau", record.Coordination, 0)
	site := save(t, desk, Change{Kind: record.Site, Set: record.Fields{"type": "tiers_lieu", "name": "Le buron"}}).String()
	a := f.admit("poste", record.Host, 0, site)
	give(t, desk, a)
	twin := openCopy(t, copyOf(t, a), Options{})
	told(t, twin, CopyOrphan)
	late := save(t, twin, Change{Kind: record.Workshop, Set: record.Fields{"title": "Atelier", "themes": []any{"email"}, "place": site}})
	d := twin.Self()
	d.Key, d.Age = twin.Identity().Public(), twin.Identity().Age.Recipient().String()
	if _, err := f.central.SaveControl(t.Context(), trust.DeviceKind, d.Fields()); err != nil {
		t.Fatal(err)
	}
	// An agent may note an event, and no workshop.
	if err := f.central.ChangeRole(t.Context(), d.Key, record.Agent, []string{"0150001V"}); err != nil {
		t.Fatal(err)
	}
	give(t, f.central, twin)
	give(t, twin, f.central)
	for _, r := range []*Replica{twin, f.central} {
		if _, err := r.Get(t.Context(), late); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s shows what came after the end of its role: %v", r.Self().Name, err)
		}
		if list, err := r.Quarantine(t.Context()); err != nil || len(list) != 1 || list[0].Operations != 1 {
			t.Errorf("%s puts aside %+v, %v", r.Self().Name, list, err)
		}
	}
}

func TestAPowerCutBetweenDatabaseAndKeyIsNoCopy(t *testing.T) {
	f := newField(t)
	a := f.admit("poste", record.Agent, 0)
	dir := copyOf(t, a, trust.KeyFile, startFile)
	o := Options{Machine: func() string { return "une autre" }}
	twin := openCopy(t, dir, o)
	key := twin.Identity().Public()
	twin.Close()
	// As if the new key had not yet replaced the old one.
	if err := os.Rename(filepath.Join(dir, trust.KeyFile), filepath.Join(dir, nextKeyFile)); err != nil {
		t.Fatal(err)
	}
	if err := a.Identity().SaveFile(filepath.Join(dir, trust.KeyFile)); err != nil {
		t.Fatal(err)
	}
	if again := openCopy(t, dir, o); again.Identity().Public() != key {
		t.Error("a key that was about to be put in place is lost")
	}
}

func TestACopyHandsOverWhatWasWrittenBefore(t *testing.T) {
	f := newField(t)
	desk := f.admit("bureau", record.Coordination, 0)
	site := save(t, desk, Change{Kind: record.Site, Set: record.Fields{"type": "tiers_lieu", "name": "Le buron"}}).String()
	workshop := save(t, desk, Change{Kind: record.Workshop, Set: record.Fields{
		"title": "Atelier", "themes": []any{"email"}, "place": site}}).String()
	a := f.admit("borne", record.Kiosk, 0, site)
	give(t, desk, a)
	id := save(t, a, Change{Kind: record.Attendance, Set: record.Fields{
		"act": "presence", "place": site, "workshop": workshop, "at": int64(1), "person_name": "Ana", "signature": []byte("\x89PNG signature")}})
	twin := openCopy(t, copyOf(t, a, trust.KeyFile, startFile), Options{Machine: func() string { return "une autre" }})
	told(t, twin, CopyMachine)
	if _, err := meet(t, twin, f.central, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.central.Get(t.Context(), id); err != nil {
		t.Errorf("what it wrote without reading it stays on the copy: %v", err)
	}
}

func TestACopyOfWhatIsNotAdmittedYetWritesOn(t *testing.T) {
	f := newField(t)
	a := f.admit("poste", record.Agent, 0)
	orphan := openCopy(t, copyOf(t, a), Options{})
	save(t, orphan, machine("PC-1"))
	again := openCopy(t, copyOf(t, orphan), Options{})
	told(t, again, CopyOrphan)
	save(t, again, machine("PC-2"))
}

func TestADatabaseFromBeforeItsKeyWritesOn(t *testing.T) {
	f := newField(t)
	a := f.admit("poste", record.Agent, 0)
	o := Options{Machine: func() string { return "une autre" }}
	first := copyOf(t, a, trust.KeyFile, startFile)
	openCopy(t, first, o).Close() // it goes on under a new key there
	b, err := os.ReadFile(filepath.Join(copyOf(t, a), File))
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		os.Remove(filepath.Join(first, File+suffix))
	}
	if err := os.WriteFile(filepath.Join(first, File), b, 0o600); err != nil {
		t.Fatal(err)
	}
	restored := openCopy(t, first, o)
	told(t, restored, CopyRestored)
	save(t, restored, machine("PC-1"))
}

func TestAnotherRoleForACopyKeepsWhatItWrote(t *testing.T) {
	f := newField(t)
	a := f.admit("poste", record.Agent, 0)
	twin := openCopy(t, copyOf(t, a, trust.KeyFile, startFile), Options{Machine: func() string { return "une autre" }})
	here := save(t, twin, machine("PC-1"))
	give(t, twin, f.central)
	if err := f.central.ChangeRole(t.Context(), twin.Identity().Public(), record.Host, []string{uuid.NewString()}); err != nil {
		t.Fatal(err)
	}
	late := save(t, twin, machine("PC-2"))
	give(t, twin, f.central) // it has not heard: refused would be lost, put aside is not
	if _, err := f.central.Get(t.Context(), here); err != nil {
		t.Errorf("what it wrote before is gone: %v", err)
	}
	if _, err := f.central.Get(t.Context(), late); err == nil {
		t.Error("what it wrote after counts")
	}
}

// stuck is a folder in which no file can be written for a while.
type stuck struct {
	Folder
	full bool
}

func (s *stuck) Write(name string, b []byte) error {
	if s.full {
		return ErrDisk
	}
	return s.Folder.Write(name, b)
}

func TestAForkThatCouldNotBeLeftIsLeftLater(t *testing.T) {
	for _, again := range []func(*Replica) *Replica{
		func(a *Replica) *Replica { a.Close(); return openCopy(t, a.Dir(), Options{}) },
		func(a *Replica) *Replica { a.Poll(t.Context()); return a },
	} {
		f := newField(t)
		a := f.admit("poste", record.Agent, 0)
		twin := clone(t, a)
		save(t, a, machine("PC-1"))
		save(t, twin, machine("PC-2"))
		key := a.Identity().Public()
		home := &stuck{a.home, true}
		a.home = home
		if _, _, err := a.Admit(t.Context(), twin.Identity().Public(), all(t, twin, "parc")); err == nil {
			t.Fatal("it went on under another key on a full disk")
		}
		home.full = false
		if a = again(a); a.Identity().Public() == key {
			t.Error("it writes on under a name that is another's too")
		}
		told(t, a, CopyForked)
	}
}

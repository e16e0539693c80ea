package bundle

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// field is a territory under test: its central and the devices that it admits. Nothing joins them but sticks.
type field struct {
	t       testing.TB
	central *replica.Replica
}

func newField(t testing.TB) *field {
	t.Helper()
	id := newIdentity(t, "Central")
	f, err := trust.Found("Cantal", id, record.Central, rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r, err := replica.Create(t.Context(), t.TempDir(), id, f.Territory, f.Control, replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return &field{t, r}
}

func newIdentity(t testing.TB, name string) *trust.Identity {
	t.Helper()
	id, err := trust.NewIdentity(name, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// join makes a device of the territory; it knows the control that the central holds now.
func (f *field) join(name string, role record.Role, places ...string) *replica.Replica {
	f.t.Helper()
	id := newIdentity(f.t, name)
	f.admit(id, name, role, places...)
	return f.create(id)
}

func (f *field) admit(id *trust.Identity, name string, role record.Role, places ...string) {
	f.t.Helper()
	d := trust.Device{Key: id.Public(), Age: id.Age.Recipient().String(), Role: role, Places: places, Name: name}
	if _, err := f.central.SaveControl(f.t.Context(), trust.DeviceKind, d.Fields()); err != nil {
		f.t.Fatal(err)
	}
}

func (f *field) create(id *trust.Identity) *replica.Replica {
	f.t.Helper()
	heads, err := f.central.Heads(f.t.Context(), trust.Control)
	if err != nil {
		f.t.Fatal(err)
	}
	var control []journal.Piece
	for _, h := range heads {
		pieces, _, err := f.central.Missing(f.t.Context(), h.Chain, nil, 1<<20, 1<<30)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, p := range pieces {
			b, err := p.AppendWire(nil)
			if err != nil {
				f.t.Fatal(err)
			}
			if p, _, err = journal.ParsePiece(b); err != nil {
				f.t.Fatal(err)
			}
			control = append(control, p)
		}
	}
	r, err := replica.Create(f.t.Context(), f.t.TempDir(), id, f.central.Territory(), control, replica.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { r.Close() })
	return r
}

// pair is a territory of a central and two agents who know each other.
func pair(t testing.TB) (f *field, a, b *replica.Replica) {
	t.Helper()
	f = newField(t)
	ida, idb := newIdentity(t, "a"), newIdentity(t, "b")
	f.admit(ida, "a", record.Agent, "0150001V")
	f.admit(idb, "b", record.Agent, "0150001V")
	return f, f.create(ida), f.create(idb)
}

func save(t testing.TB, r *replica.Replica, k record.Kind, set record.Fields) uuid.UUID {
	t.Helper()
	s, err := r.Save(t.Context(), uuid.Nil, replica.Change{Kind: k, Set: set})
	if err != nil {
		t.Fatalf("save %s: %v", k, err)
	}
	return s.IDs[0]
}

// machines records n machines, one action each.
func machines(t testing.TB, r *replica.Replica, n int) {
	t.Helper()
	for i := range n {
		save(t, r, record.Equipment, record.Fields{"tag": fmt.Sprintf("PC-%04d", i), "level": "socle", "status": "en_service"})
	}
}

// bulky records n machines that do not compress: some 450 bytes each.
func bulky(t testing.TB, r *replica.Replica, n int) {
	t.Helper()
	for i := range n {
		note := ""
		for range 26 {
			note += rand.Text()
		}
		save(t, r, record.Equipment, record.Fields{"tag": fmt.Sprintf("PC-%04d", i), "level": "socle", "note": note})
	}
}

func write(t testing.TB, r *replica.Replica, dest string, o WriteOptions) Written {
	t.Helper()
	w, err := Write(t.Context(), r, dest, o)
	if err != nil {
		t.Fatalf("write: %v", err)
	}
	return w
}

// one writes a single file and returns its path.
func one(t testing.TB, r *replica.Replica, o WriteOptions) string {
	t.Helper()
	w := write(t, r, filepath.Join(t.TempDir(), "x.buron"), o)
	if len(w.Files) != 1 {
		t.Fatalf("wrote %v", w.Files)
	}
	return w.Files[0]
}

func read(t testing.TB, r *replica.Replica, path string) Report {
	t.Helper()
	rep, err := Read(t.Context(), r, path, ReadOptions{})
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return rep
}

func records(t testing.TB, r *replica.Replica) int {
	t.Helper()
	n, err := r.Records(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func pending(t testing.TB, r *replica.Replica) int {
	t.Helper()
	n, err := r.Pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// same checks that two devices hold the same state of some scopes, and that the journal of the first verifies.
func same(t testing.TB, a, b *replica.Replica, scopes ...string) {
	t.Helper()
	x, err1 := a.StateDigests(t.Context())
	y, err2 := b.StateDigests(t.Context())
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for _, s := range scopes {
		if x[s] != y[s] || x[s] == (journal.Digest{}) {
			t.Errorf("they differ in %s", s)
		}
	}
	intact(t, a)
}

func intact(t testing.TB, r *replica.Replica) {
	t.Helper()
	if err := r.Verify(t.Context(), func(int, int) {}); err != nil {
		t.Errorf("the replica is not intact: %v", err)
	}
}

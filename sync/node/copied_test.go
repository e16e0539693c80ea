package node

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// copyFolder copies the folder of a device, but for the files named, and opens it on another machine.
func copyFolder(t *testing.T, r *replica.Replica, without ...string) *replica.Replica {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copie")
	if err := os.CopyFS(dir, os.DirFS(r.Dir())); err != nil {
		t.Fatal(err)
	}
	for _, name := range without {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := replica.Open(t.Context(), dir, elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// elsewhere is another machine.
var elsewhere = replica.Options{Machine: func() string { return "une autre machine" }}

func saidOfCopy(t *testing.T, n *Node) string {
	t.Helper()
	s, err := n.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Copied
}

func TestBothAreToldOfACopyWithItsKey(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	n := New(a, Options{Listen: "off"})
	if said := saidOfCopy(t, n); said != "" {
		t.Errorf("before there is any copy: %s", said)
	}
	c := copyFolder(t, a)
	if said := saidOfCopy(t, New(c, Options{Listen: "off"})); !strings.Contains(said, "copiées d'un autre ordinateur") || !strings.Contains(said, "poste (copie)") {
		t.Errorf("the copy is told: %q", said)
	}
	f.exchange(c)
	f.exchange(a)
	if said := saidOfCopy(t, n); !strings.Contains(said, "la copie travaille ailleurs") || !strings.Contains(said, "poste (copie)") {
		t.Errorf("the one that was copied is told: %q", said)
	}
	if err := n.ReadCopied(t.Context()); err != nil {
		t.Fatal(err)
	}
	if said := saidOfCopy(t, n); said != "" {
		t.Errorf("what was read is said again: %s", said)
	}
}

func TestBothAreToldOfACopyWithoutItsKey(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	c := copyFolder(t, a, trust.KeyFile)
	own := save(t, c, record.Equipment, record.Fields{"tag": "PC-1", "level": "socle"})
	if o := f.exchange(c); !errors.Is(o.Err, exchange.ErrUnadmitted) {
		t.Errorf("an exchange that brings nothing ends with %v", o.Err)
	}
	n := New(c, Options{Listen: "off"})
	if said := saidOfCopy(t, n); !strings.Contains(said, "Demandez une invitation") {
		t.Errorf("the copy is told: %q", said)
	}
	dir := c.Dir()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := Join(t.Context(), dir, f.invite(record.Agent), f.url, "x", elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if said := saidOfCopy(t, New(c, Options{Listen: "off"})); strings.Contains(said, "invitation") || !strings.Contains(said, "l'a admis") {
		t.Errorf("once it was invited the copy is told: %q", said)
	}
	if o := f.exchange(a); o.Err != nil || !holds(t, a, own) {
		t.Errorf("what the copy wrote never came: %v", o.Err)
	}
	if said := saidOfCopy(t, New(a, Options{Listen: "off"})); !strings.Contains(said, "la copie travaille ailleurs") {
		t.Errorf("the one that was copied is told: %q", said)
	}
}

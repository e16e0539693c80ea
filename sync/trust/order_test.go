package trust

import (
	"crypto/rand"
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
)

// Two statements of one entry have the same clock and hash: their order must be that of the entry.
func TestARosterIsTheSameWhateverTheOrderWithinAnEntry(t *testing.T) {
	first, other := identity(t, "central"), identity(t, "x")
	f, err := Found("Cantal", first, record.Central, rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	p := newPen(t, f.Territory, first)
	var ops []journal.Op
	for i := range 24 {
		id, err := journal.NewID(Control, DeviceKind, noon, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		d := Device{Key: other.Public(), Role: record.Roles()[i%6], Name: "x"}
		ops = append(ops, journal.Op{OpHead: journal.OpHead{Kind: DeviceKind, ID: id}, Cells: Cells(d.Fields())})
	}
	chain := journal.Chain{Incarnation: p.in, Scope: Control}
	e, err := journal.Sign(f.Territory, first.Key, journal.Draft{Incarnation: p.in, Scope: Control, Seq: 1, HLC: journal.Tick(0, noon),
		Prev: journal.GenesisHash(f.Territory, chain), Genesis: p.gen, Ops: ops}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := NewRoster(f.Territory, []*journal.Entry{f.Control[0].Entries[0], e}).Device(other.Public())
	for i := range 200 {
		if d, _ := NewRoster(f.Territory, []*journal.Entry{f.Control[0].Entries[0], e}).Device(other.Public()); d.Role != want.Role {
			t.Fatalf("%s, then %s on fold %d of the same entries", want.Role, d.Role, i)
		}
	}
}

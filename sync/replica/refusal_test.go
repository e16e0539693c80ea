package replica

import (
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
)

// One device that brings rubbish must not fill the disk of another with refusals.
func TestRefusalsAreBounded(t *testing.T) {
	f, other := newField(t), newField(t)
	a, b, stranger := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0), other.admit("x", record.Agent, 0)
	for range maxRefusals + 20 {
		save(t, stranger, machine("PC"))
	}
	var pieces []journal.Piece
	for _, p := range all(t, stranger, record.ScopeParc) {
		for _, e := range p.Entries {
			pieces = append(pieces, journal.Piece{Chain: p.Chain, Prev: e.Prev, Entries: []*journal.Entry{e}})
		}
	}
	for _, sender := range []*Replica{a, f.central} {
		_, refused, err := b.Admit(t.Context(), sender.Identity().Public(), pieces)
		if err != nil || len(refused) != len(pieces) {
			t.Fatalf("%d of %d refused, %v", len(refused), len(pieces), err)
		}
	}
	var n, last int
	if err := b.read.QueryRow("SELECT count(*), max(seq) FROM refusal").Scan(&n, &last); err != nil {
		t.Fatal(err)
	}
	if n != 2*maxRefusals || last != len(pieces) {
		t.Errorf("%d refusals of two senders are kept, up to the one of entry %d", n, last)
	}
}

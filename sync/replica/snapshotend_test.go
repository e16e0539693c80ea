package replica

import (
	"strings"
	"testing"

	"cantal.fr/buron/sync/record"
)

// A central writes other values than the journal has, under the names of its entries: the digest, which is of names
// alone, cannot tell, and people are told all the same.
func TestASnapshotWithOtherValuesIsToldOf(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.admit("auteur", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	give(t, f.central, writer)
	give(t, f.central, fresh)
	id := save(t, writer, machine("PC-1"))
	save(t, writer, Change{ID: id, Set: record.Fields{"note": "vrai"}})
	give(t, writer, f.central)
	err := f.central.inBatch(t.Context(), func(b *batch) error {
		s, err := b.state(recordKey{"parc", "equipment", id})
		if err == nil {
			s.cell("note").versions[0].value, s.dirty = "faux", true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	beginBy(t, fresh, f.central)
	if got := text(t, fresh, id, "note"); got != "faux" {
		t.Fatalf("the snapshot shows %s: nothing is put to the proof", got)
	}
	exchangeAll(t, fresh, f.central)
	if said := refusedCopies(t, fresh); len(said) != 1 || !strings.Contains(said[0], "ne donne pas les mêmes fiches") || text(t, fresh, id, "note") != "vrai" || unverified(t, fresh) != 0 {
		t.Errorf("people are told %q, and shown %s", said, text(t, fresh, id, "note"))
	}
}

package replica

import (
	"fmt"
	"testing"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// TestALargeDeliveryIsWhole brings more records than a batch keeps in memory, edited further down the same delivery,
// some twice, and compares with what comes of them entry by entry.
func TestALargeDeliveryIsWhole(t *testing.T) {
	t.Parallel()
	f := newField(t)
	from, atOnce, inParts := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0), f.admit("c", record.Agent, 0)
	const n = mostStates + 700
	var changes []Change
	for i := range n {
		changes = append(changes, machine(fmt.Sprintf("PC-%04d", i)))
	}
	saved, err := from.SaveBulk(t.Context(), uuid.Nil, changes, nil)
	if err != nil {
		t.Fatal(err)
	}
	ids := saved.IDs
	for i := range 40 {
		save(t, from, Change{ID: ids[i%30*50], Set: record.Fields{"note": fmt.Sprint("note ", i)}})
	}
	var second []Change
	for _, id := range ids[:mostStates/2] {
		second = append(second, Change{ID: id, Set: record.Fields{"brand": "Puy Mary"}})
	}
	if _, err := from.SaveBulk(t.Context(), uuid.Nil, second, nil); err != nil {
		t.Fatal(err)
	}
	pieces := all(t, from, "parc")
	admit(t, atOnce, from, pieces)
	for _, p := range all(t, from, "parc") {
		for _, e := range singles(t, from, p) {
			admit(t, inParts, from, wired(t, append(pieces[:0:0], e)))
			if err := inParts.indexWords(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := dump(t, from)
	if dump(t, atOnce) != want || dump(t, inParts) != want {
		t.Error("what a large delivery leaves is not what was written")
	}
	for _, r := range []*Replica{from, atOnce, inParts} {
		for text, hits := range map[string]int{"note 39": 1, "note 9": 0, "puy": 100} {
			found, err := r.Search(t.Context(), text, nil, 100)
			if err != nil || len(found) != hits {
				t.Errorf("%s: %d found, %d expected: %v", text, len(found), hits, err)
			}
		}
	}
	if err := atOnce.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if dump(t, atOnce) != want {
		t.Error("folded again, it is not the same")
	}
}

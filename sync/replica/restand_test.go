package replica

import (
	"errors"
	"testing"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// What a device wrote on many records is taken out of them part by part: each time that one is written, a batch looks at all
// that it holds.
func TestWhatIsPutAsideStandsInMemoryInParts(t *testing.T) {
	const part = 500
	f := newField(t)
	a, x := f.admit("poste", record.Agent, 0), f.admit("poste volé", record.Agent, 0)
	for range mostStates/part + 1 {
		var made, changed []Change
		for range part {
			made = append(made, Change{Kind: record.Equipment, Set: record.Fields{"level": "socle", "note": "un"}})
		}
		saved, err := a.Save(t.Context(), uuid.Nil, made...)
		if err != nil {
			t.Fatal(err)
		}
		give(t, a, x)
		for _, id := range saved.IDs {
			changed = append(changed, Change{ID: id, Set: record.Fields{"note": "deux"}})
		}
		if _, err := x.Save(t.Context(), uuid.Nil, changed...); err != nil {
			t.Fatal(err)
		}
	}
	give(t, x, a)
	self := x.Incarnation()
	undone := errors.New("undone")
	err := a.inBatch(t.Context(), func(b *batch) error {
		held, err := b.heldEntries("SELECT entry.id, stored, standing FROM entry JOIN chain ON chain.id = entry.chain WHERE incarnation = ? AND scope = 'parc' ORDER BY entry.id", self[:])
		if err != nil {
			return err
		}
		var list []restanding
		for _, e := range held {
			list = append(list, restanding{e, aside})
		}
		if err := b.restand(list...); err != nil {
			return err
		}
		if len(list) <= mostStates/part || len(b.order) > mostStates {
			t.Errorf("of %d entries, %d records stand in memory", len(list), len(b.order))
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
}

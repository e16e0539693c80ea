package replica

import (
	"testing"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// The connection that verifies may have read the search index before the one that writes made it anew.
func TestVerifyAfterTheSearchWasMadeAnew(t *testing.T) {
	t.Parallel()
	f := newField(t)
	office := f.admit("bureau", record.Coordination, 0)
	var ids []uuid.UUID
	for range 4 {
		ids = append(ids, save(t, office, machine("PC")))
		exchangeAll(t, office, f.central)
		if hits, err := f.central.Search(t.Context(), "PC", nil, 10); err != nil || len(hits) != len(ids) {
			t.Fatalf("%d hits, %v", len(hits), err)
		}
	}
	if err := f.central.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := f.central.Poll(t.Context()); err != nil { // which indexes the words
		t.Fatal(err)
	}
	if err := f.central.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

package replica

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

func TestAnErasedWordIsLeftInNoFile(t *testing.T) {
	f := newField(t)
	agent := f.admit("agent", record.Agent, 0)
	id := save(t, agent, Change{Kind: record.Equipment, Set: record.Fields{"level": "socle", "note": "motquidisparait"}})
	save(t, agent, Change{Kind: record.Equipment, Set: record.Fields{"level": "socle", "note": "motquireste"}})
	admit(t, f.central, agent, all(t, agent, "parc"))
	if !inFiles(t, f.central, "motquidisparait") {
		t.Fatal("the word is not even found where it should be")
	}
	if err := f.central.Erase(t.Context(), []uuid.UUID{id}, "demande"); err != nil {
		t.Fatal(err)
	}
	if inFiles(t, f.central, "motquidisparait") {
		t.Error("the erased word is still in a file")
	}
	if !inFiles(t, f.central, "motquireste") {
		t.Error("another word went with it")
	}
	if list, err := f.central.List(t.Context(), Query{Kind: record.Equipment, Text: "motquireste"}); err != nil || len(list) != 1 {
		t.Errorf("search finds %d records, %v", len(list), err)
	}
}

// inFiles reports whether any file of the data folder contains the word.
func inFiles(t *testing.T, r *Replica, word string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.Dir(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(word)) {
			return true
		}
	}
	return false
}

package replica

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
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

// Of what was written in bulk the bytes are compressed: what they held is left in no frame, and no frame is left.
func TestWhatIsErasedOfABulkEntryIsLeftInNoFrame(t *testing.T) {
	const name, note = "Zorglubette", "quatorze abricots"
	f, office, site := school(t)
	var changes []Change
	for i := range 60 {
		pc := machine(fmt.Sprintf("PC-%d", i))
		pc.Set["note"] = fmt.Sprint(note, i)
		changes = append(changes, pc, pupil(site, fmt.Sprint(name, i)))
	}
	saved, err := office.SaveBulk(t.Context(), uuid.Nil, changes, nil)
	if err != nil {
		t.Fatal(err)
	}
	give(t, office, f.central)
	r := f.central
	var frames [][]byte
	if frames, err = column1[[]byte](t.Context(), r.read, "SELECT substr(stored, 65, 60) FROM entry WHERE substr(stored, 65, 4) = x'28b52ffd'"); err != nil || len(frames) == 0 {
		t.Fatalf("%d entries are compressed, %v", len(frames), err)
	}
	if !unsealed(t, r, note+"1") || !unsealed(t, r, name+"1") {
		t.Fatal("the probe does not find what is there")
	}
	if err := r.Erase(t.Context(), saved.IDs, "fin de l'essai"); err != nil {
		t.Fatal(err)
	}
	if unsealed(t, r, note) || unsealed(t, r, name) {
		t.Error("erased text is in the files")
	}
	for _, frame := range frames {
		if inFiles(t, r, string(frame)) {
			t.Error("a frame is left that held it")
		}
	}
	if err := r.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// What an operation on an erased record was, nobody can tell who heard of the erasure first. So whoever heard of it last
// may not judge by that either: one action of two operations, written after the end of a role, stands everywhere or nowhere.
func TestAnErasureChangesWhetherAnActionStands(t *testing.T) {
	f := newField(t)
	office := f.admit("bureau", record.Coordination, 0)
	writer := f.admit("auteur", record.Coordination, 0)
	early, late, last := f.admit("tôt", record.Coordination, 0), f.admit("tard", record.Coordination, 0), f.admit("après", record.Coordination, 0)
	edited := save(t, office, Change{Kind: record.Event, Set: record.Fields{"title": "Forum", "type": "ruralitic"}})
	for _, r := range []*Replica{f.central, writer, early} {
		give(t, office, r)
	}
	if err := f.central.ChangeRole(t.Context(), writer.Identity().Public(), record.Agent, []string{"0150001V"}); err != nil {
		t.Fatal(err)
	}
	// It has not heard of it: an agent creates events, and edits those of others no more.
	saved, err := writer.Save(t.Context(), uuid.Nil,
		Change{ID: edited, Set: record.Fields{"title": "Forum d'hiver"}},
		Change{Kind: record.Event, Set: record.Fields{"title": "Trophées", "type": "trophees"}})
	if err != nil {
		t.Fatal(err)
	}
	made := saved.IDs[1]
	giveControl(t, f.central, early)
	admit(t, early, writer, all(t, writer, "agenda"))
	if _, err := early.Get(t.Context(), made); err == nil {
		t.Fatal("the action is not aside: nothing is put to the proof")
	}
	if err := f.central.Erase(t.Context(), []uuid.UUID{edited}, "demande"); err != nil {
		t.Fatal(err)
	}
	giveControl(t, f.central, early)
	giveControl(t, f.central, late)
	give(t, office, late)
	admit(t, late, writer, all(t, writer, "agenda"))
	giveControl(t, f.central, last)
	give(t, early, last) // of the one operation, nothing is left
	for _, r := range []*Replica{early, late, last} {
		if diff := diffScope(dump(t, early), dump(t, r)); diff != "" {
			t.Error(diff)
		}
		if _, err := r.Get(t.Context(), made); err != nil {
			t.Errorf("%s: %v", r.Self().Name, err)
		}
		if err := r.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
}

// Of an action of which this version cannot read one operation, the rest counts where that one came after its erasure: so it
// does where it came before.
func TestAnErasureOfWhatCannotBeReadChangesWhetherAnActionStands(t *testing.T) {
	f := newField(t)
	office, agent := f.admit("bureau", record.Coordination, 0), f.admit("agent", record.Agent, 0)
	early, late := f.admit("tôt", record.Agent, 0), f.admit("tard", record.Agent, 0)
	edited := save(t, office, machine("PC-1"))
	for _, r := range []*Replica{f.central, early, late} {
		give(t, f.central, r)
		give(t, office, r)
	}
	p, made := newChainPen(t, agent, agent.Identity().Key, "parc"), newID(t, "parc", "equipment")
	piece := p.piece(p.action(nil, rawOp{"equipment", edited, cells(t, map[string]any{"note": []any{1.5}})},
		rawOp{"equipment", made, cells(t, map[string]any{"tag": []any{"PC-2"}})}))
	admit(t, early, agent, wired(t, []journal.Piece{piece}))
	if machines(t, early) != 1 {
		t.Fatal("it is read: nothing is put to the proof")
	}
	if err := f.central.Erase(t.Context(), []uuid.UUID{edited}, "demande"); err != nil {
		t.Fatal(err)
	}
	giveControl(t, f.central, early)
	giveControl(t, f.central, late)
	admit(t, late, agent, wired(t, []journal.Piece{piece}))
	if diff := diffScope(dump(t, early), dump(t, late)); diff != "" {
		t.Error(diff)
	}
	for _, r := range []*Replica{early, late} {
		if err := r.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
}

// What this device was typing about a person goes with them, were what is erased put aside in the same breath.
func TestAnErasureOfWhatStandsAsideForgetsDrafts(t *testing.T) {
	f, office, site := school(t)
	agent := f.admit("agent", record.Agent, 0, uai)
	give(t, office, agent)
	gone := save(t, agent, pupil(site, "Zorglubette"))
	give(t, agent, office)
	give(t, agent, f.central)
	const own, other = "draft.class_member.", "draft.acknowledgement.x"
	for _, key := range []string{own + gone.String(), other} {
		if err := office.SetSetting(t.Context(), key, "Zorglubette"); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.central.Erase(t.Context(), []uuid.UUID{gone}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.central.Distrust(t.Context(), agent.Identity().Public(), "volée"); err != nil {
		t.Fatal(err)
	}
	admit(t, office, f.central, all(t, f.central, trust.Control))
	for _, key := range []string{own + gone.String(), other} {
		if text, err := office.Setting(t.Context(), key); err != nil || text != "" {
			t.Errorf("the draft %s still reads %q, %v", key, text, err)
		}
	}
}

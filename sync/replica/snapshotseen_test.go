package replica

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// shownFrom is a territory in which a device shows a machine from a snapshot, its history still to come.
func shownFrom(t testing.TB, note string) (f *field, writer, fresh *Replica, id uuid.UUID) {
	t.Helper()
	f = newField(t).withCopies()
	writer, fresh = f.admit("auteur", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	give(t, f.central, writer)
	give(t, f.central, fresh)
	id = save(t, writer, machine("PC-1"))
	save(t, writer, Change{ID: id, Set: record.Fields{"note": note}})
	give(t, writer, f.central)
	beginBy(t, fresh, f.central)
	return f, writer, fresh, id
}

// Nothing here tells what stood before an edit, but the edit itself: taking it back must not put the machine away.
func TestUndoTakesBackAnEditOfWhatASnapshotShows(t *testing.T) {
	f, _, fresh, id := shownFrom(t, "avant")
	edit, err := fresh.Save(t.Context(), uuid.Nil, Change{ID: id, Set: record.Fields{"note": "après", "status": "en_panne", "brand": "Cère"}})
	if err != nil {
		t.Fatal(err)
	}
	made, err := fresh.Save(t.Context(), uuid.Nil, machine("PC-NEUF"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Saved{edit, made} {
		if err := fresh.Undo(t.Context(), uuid.Nil, s); err != nil {
			t.Fatal(err)
		}
	}
	check := func(when string) {
		t.Helper()
		v, err := fresh.Get(t.Context(), id)
		if err != nil || v.Fields.Bool(archived) || v.Fields.Text("note") != "avant" || v.Fields.Text("status") != "en_service" || v.Fields.Has("brand") || len(v.Conflicts) > 0 {
			t.Errorf("%s: %v, %v, %v", when, v.Fields, v.Conflicts, err)
		}
		if v, err := fresh.Get(t.Context(), made.IDs[0]); err != nil || !v.Fields.Bool(archived) {
			t.Errorf("%s: what was made and taken back shows %v, %v", when, v.Fields, err)
		}
	}
	check("with the snapshot")
	exchangeAll(t, fresh, f.central)
	if unverified(t, fresh) != 0 {
		t.Fatal("the history did not come")
	}
	check("with the history")
}

// An act that was written before the snapshot came is taken back after: what it replaced may be known by the snapshot alone.
func TestUndoOfAnActionFromBeforeTheSnapshot(t *testing.T) {
	f, writer, fresh, id := shownFrom(t, "avant")
	exchangeAll(t, fresh, f.central)
	edit, err := fresh.Save(t.Context(), uuid.Nil, Change{ID: id, Set: record.Fields{"note": "après"}})
	if err != nil {
		t.Fatal(err)
	}
	give(t, fresh, f.central)
	for range 8 {
		save(t, writer, machine("PC-AUTRE"))
	}
	give(t, writer, f.central)
	if err := f.central.inBatch(t.Context(), func(b *batch) error { return b.dropSnapshot("parc") }); err != nil {
		t.Fatal(err)
	}
	beginBy(t, fresh, f.central)
	if err := fresh.Undo(t.Context(), uuid.Nil, edit); err != nil {
		t.Fatal(err)
	}
	if v, err := fresh.Get(t.Context(), id); err != nil || v.Fields.Text("note") != "avant" || v.Fields.Bool(archived) {
		t.Errorf("%v, %v", v.Fields, err)
	}
}

// Of who made a record whose history is on its way, nothing is said rather than something wrong.
func TestWhoMadeWhatASnapshotShowsIsNotInvented(t *testing.T) {
	f, writer, fresh, id := shownFrom(t, "avant")
	save(t, fresh, Change{ID: id, Set: record.Fields{"status": "en_panne"}})
	v, err := fresh.Get(t.Context(), id)
	if err != nil || v.Created.DeviceName != "" || v.Changed.DeviceName != "neuf" {
		t.Errorf("made by %q, changed by %q, %v", v.Created.DeviceName, v.Changed.DeviceName, err)
	}
	exchangeAll(t, fresh, f.central)
	if v, err := fresh.Get(t.Context(), id); err != nil || v.Created.DeviceName != writer.Self().Name {
		t.Errorf("made by %q, %v", v.Created.DeviceName, err)
	}
}

// What is left out of a snapshot because something on it stands aside does not go from a device that shows it.
func TestWhatASnapshotLeavesOutStaysShown(t *testing.T) {
	for _, erase := range []bool{false, true} {
		t.Run(fmt.Sprint("erased ", erase), func(t *testing.T) { leftOut(t, erase) })
	}
}

func leftOut(t *testing.T, erase bool) {
	f := newField(t).withCopies()
	writer, lost, fresh := f.admit("auteur", record.Agent, 0), f.admit("perdue", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	for _, r := range []*Replica{writer, lost, fresh} {
		give(t, f.central, r)
	}
	id := save(t, writer, machine("PC-1"))
	save(t, writer, Change{ID: id, Set: record.Fields{"note": "motquidisparait"}})
	give(t, writer, lost)
	give(t, writer, fresh)
	give(t, writer, f.central)
	own := save(t, fresh, Change{ID: id, Set: record.Fields{"status": "en_panne"}})
	if _, err := f.central.Revoke(t.Context(), lost.Identity().Public(), "perdue"); err != nil {
		t.Fatal(err)
	}
	save(t, lost, Change{ID: id, Set: record.Fields{"note": "écrit après la fin"}})
	admit(t, f.central, lost, chainOf(t, lost, "parc")) // stands aside, so that the snapshot leaves the machine out
	for range 8 {
		save(t, writer, machine("PC-AUTRE"))
	}
	give(t, writer, f.central)
	if raw, _, err := f.central.Snapshot(t.Context(), "parc"); err != nil || raw == nil {
		t.Fatal(err)
	}
	beginBy(t, fresh, f.central)
	v, err := fresh.Get(t.Context(), own)
	if err != nil || v.Fields.Text("tag") != "PC-1" || v.Fields.Text("note") != "motquidisparait" || v.Fields.Text("status") != "en_panne" || len(v.Conflicts) > 0 {
		t.Errorf("of a machine that was here it shows %v, %v, %v", v.Fields, v.Conflicts, err)
	}
	if unverified(t, fresh) != 1 {
		t.Fatal("nothing is put to the proof")
	}
	if erase {
		if err := f.central.Erase(t.Context(), []uuid.UUID{id}, "demande"); err != nil {
			t.Fatal(err)
		}
		giveControl(t, f.central, fresh)
		if _, err := fresh.Get(t.Context(), id); err == nil || inFiles(t, fresh, "motquidisparait") {
			t.Error("what was erased is still here")
		}
	}
	exchangeAll(t, fresh, f.central)
	noRefusals(t, fresh)
	if diff := diffScope(dump(t, fresh), dump(t, f.central)); diff != "" || unverified(t, fresh) != 0 {
		t.Error(diff)
	}
}

// What this device wrote and delivered keeps its photos and its history while the rest of the history comes.
func TestWhatIsHeldOfTheHistoryIsShownBesideASnapshot(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.writerAndFresh()
	id := save(t, fresh, Change{Kind: record.Equipment, Set: record.Fields{"tag": "PC-1", "level": "socle"}, Attach: []Attachment{{Name: "facture.txt", Content: []byte("une facture")}}})
	admit(t, f.central, fresh, chainOf(t, fresh, "parc"))
	for range 8 {
		save(t, writer, machine("PC-AUTRE"))
	}
	give(t, writer, f.central)
	beginBy(t, fresh, f.central)
	v, err := fresh.Get(t.Context(), id)
	if err != nil || len(v.Joined) != 1 {
		t.Fatalf("%d files are shown, %v", len(v.Joined), err)
	}
	file, err := fresh.OpenBlob(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	// The file itself is still to be delivered, and nothing says when the rest of the history comes.
	ref := v.Joined[0].ref
	if part, chains, err := fresh.ReadBlob(t.Context(), ref.Hash, 0, 1<<20); err != nil || len(part) == 0 || len(chains) != 1 {
		t.Errorf("%d bytes of the file are given, for %d chains, %v", len(part), len(chains), err)
	}
	if named, err := fresh.NamedBlobs(t.Context(), "parc"); err != nil || len(named) != 1 {
		t.Errorf("%d files go on a stick, %v", len(named), err)
	}
	missing, err := f.central.MissingBlobs(t.Context(), exchange.Blob{}, 10)
	if err != nil || len(missing) != 1 {
		t.Fatalf("the central lacks %d files: nothing is put to the proof, %v", len(missing), err)
	}
	if events, err := fresh.History(t.Context(), id); err != nil || !slices.ContainsFunc(events, func(e Event) bool { return e.Field == "tag" }) {
		t.Errorf("its history is %v, %v", events, err)
	}
	if unverified(t, fresh) != 1 {
		t.Fatal("nothing is put to the proof")
	}
}

// Who may only create does not correct what another has created, known by a snapshot alone.
func TestWhatASnapshotShowsIsNotOnesOwn(t *testing.T) {
	f := newField(t).withCopies()
	office, agent := f.admit("poste", record.Coordination, 0), f.admit("agent", record.Agent, 0)
	give(t, f.central, office)
	give(t, f.central, agent)
	id := save(t, office, Change{Kind: record.Event, Set: record.Fields{"title": "Forum", "type": "ruralitic"}})
	give(t, office, f.central)
	beginBy(t, agent, f.central)
	if _, err := agent.Save(t.Context(), uuid.Nil, Change{ID: id, Set: record.Fields{"audience": "tous"}}); !errors.Is(err, ErrForbidden) {
		t.Errorf("another's record is edited by one who may only create: %v", err)
	}
}

// Who edits what a snapshot shows has seen what it says: nothing of it is marked as parallel because it arrives later.
func TestWhatASnapshotSaidIsNotParallelToWhatWasWrittenOnIt(t *testing.T) {
	f, writer, fresh, id := shownFrom(t, "avant")
	save(t, fresh, Change{ID: id, Set: record.Fields{"status": "en_panne"}})
	parallel := func(when string, want int) {
		t.Helper()
		events, err := fresh.History(t.Context(), id)
		n := 0
		for _, e := range events {
			if e.Parallel {
				n++
			}
		}
		if err != nil || n != want || len(events) < 2 {
			t.Errorf("%s: %d of %d lines are parallel, %v", when, n, len(events), err)
		}
	}
	pieces := chainOf(t, writer, "parc")
	admit(t, fresh, writer, pieces[:1])
	parallel("with some of the history", 0)
	exchangeAll(t, fresh, f.central)
	if unverified(t, fresh) != 0 {
		t.Fatal("the history did not come")
	}
	parallel("with the history", 0)
	// And what is parallel from then on is.
	save(t, writer, Change{ID: id, Set: record.Fields{"brand": "Cère"}})
	save(t, fresh, machine("PC-2")) // so that what follows is later than that, even within one millisecond
	save(t, fresh, Change{ID: id, Set: record.Fields{"model": "Jordanne"}})
	exchangeAll(t, writer, f.central)
	exchangeAll(t, fresh, f.central)
	parallel("later", 2)
}

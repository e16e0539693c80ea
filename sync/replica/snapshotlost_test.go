package replica

import (
	"strings"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// A central is put back twice from one backup: the first of the two lives has signed a snapshot, and is gone.
func TestASnapshotEndsWhenItsCentralWasPutBackTwice(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.writerAndFresh()
	save(t, writer, machine("PC-1"))
	give(t, writer, f.central)
	one, two := heirOf(t, f.central), heirOf(t, f.central)
	one.o.SnapshotLeast, two.o.SnapshotLeast = 1, 1
	giveControl(t, one, fresh)
	giveControl(t, one, writer)
	save(t, writer, machine("PC-2"))
	exchangeAll(t, writer, one)
	beginBy(t, fresh, one)
	if machines(t, fresh) != 2 || unverified(t, fresh) != 1 {
		t.Fatal("nothing is shown from a snapshot: nothing is put to the proof")
	}
	exchangeAll(t, fresh, two)
	if said := refusedCopies(t, fresh); unverified(t, fresh) != 0 || len(said) != 1 || !strings.Contains(said[0], "remis dans un état plus ancien") {
		t.Errorf("%d scopes are still to be checked; people are told %q", unverified(t, fresh), said)
	}
	exchangeAll(t, writer, two)
	exchangeAll(t, fresh, two)
	if diff := diffScope(dump(t, fresh), dump(t, two)); diff != "" {
		t.Error(diff)
	}
}

// A snapshot was made before an erasure by which an action counts that stood aside until then. Nobody is to be accused of that.
func TestASnapshotFromBeforeAnErasureIsNotAccused(t *testing.T) {
	f := newField(t).withCopies()
	office, writer, fresh := f.admit("bureau", record.Coordination, 0), f.admit("auteur", record.Coordination, 0), f.admit("neuf", record.Coordination, 0)
	edited := save(t, office, Change{Kind: record.Event, Set: record.Fields{"title": "Forum", "type": "ruralitic"}})
	save(t, office, Change{Kind: record.Event, Set: record.Fields{"title": "Autre", "type": "ruralitic"}})
	for _, r := range []*Replica{f.central, writer} {
		give(t, office, r)
	}
	if err := f.central.ChangeRole(t.Context(), writer.Identity().Public(), record.Agent, []string{"0150001V"}); err != nil {
		t.Fatal(err)
	}
	saved, err := writer.Save(t.Context(), uuid.Nil,
		Change{ID: edited, Set: record.Fields{"title": "Forum d'hiver"}},
		Change{Kind: record.Event, Set: record.Fields{"title": "Trophées", "type": "trophees"}})
	if err != nil {
		t.Fatal(err)
	}
	give(t, writer, f.central)
	giveControl(t, f.central, fresh)
	beginBy(t, fresh, f.central)
	if unverified(t, fresh) != 1 {
		t.Fatal("nothing is shown from a snapshot: nothing is put to the proof")
	}
	if err := f.central.Erase(t.Context(), []uuid.UUID{edited}, "demande"); err != nil {
		t.Fatal(err)
	}
	exchangeAll(t, fresh, f.central)
	noRefusals(t, fresh)
	if unverified(t, fresh) != 0 {
		t.Error("it stays to be checked")
	}
	if diff := diffScope(dump(t, f.central), dump(t, fresh)); diff != "" {
		t.Error(diff)
	}
	if _, err := fresh.Get(t.Context(), saved.IDs[1]); err != nil {
		t.Error(err)
	}
}

// Of two processes on one folder, one looks at a snapshot that the other replaces by another before it has the pen.
func TestWhatIsFoundOfASnapshotIsNotSaidOfTheNext(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.writerAndFresh()
	save(t, writer, machine("PC-1"))
	give(t, writer, f.central)
	beginBy(t, fresh, f.central)
	shown, err := keptSnapshots(t.Context(), fresh.read, snapshotShown)
	if err != nil || len(shown) != 1 {
		t.Fatalf("%d snapshots, %v", len(shown), err)
	}
	exchangeAll(t, fresh, f.central)
	save(t, writer, machine("PC-2"))
	give(t, writer, f.central)
	if err := f.central.inBatch(t.Context(), func(b *batch) error { return b.dropSnapshot("parc") }); err != nil {
		t.Fatal(err)
	}
	beginBy(t, fresh, f.central)
	if unverified(t, fresh) != 1 || machines(t, fresh) != 2 {
		t.Fatal("nothing is shown from a snapshot: nothing is put to the proof")
	}
	heard := exchange.Heard{Peer: f.central.Identity().Public(), Shown: [][]byte{shown[0].id()}, Heads: map[string][]exchange.Head{"parc": mustHeads(t, fresh, "parc")}}
	if err := fresh.settleSnapshot(t.Context(), shown[0], heard); err != nil {
		t.Error(err)
	}
	noRefusals(t, fresh)
	if unverified(t, fresh) != 1 || machines(t, fresh) != 2 {
		t.Errorf("%d scopes to be checked, %d machines", unverified(t, fresh), machines(t, fresh))
	}
}

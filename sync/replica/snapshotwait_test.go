package replica

import (
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
)

// chainOf returns what a device wrote in a scope itself, an entry a piece.
func chainOf(t testing.TB, r *Replica, scope string) (out []journal.Piece) {
	t.Helper()
	for _, p := range all(t, r, scope) {
		if p.Chain.Incarnation == r.Incarnation() {
			out = append(out, singles(t, r, p)...)
		}
	}
	return wired(t, out)
}

// Half of the history is here: what it says is older than what is shown, and must not come back beside it.
func TestHalfAHistoryChangesNothingOfWhatASnapshotShows(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.writerAndFresh()
	id := save(t, writer, machine("PC-1"))
	gone := save(t, writer, machine("PC-2"))
	for _, note := range []string{"un", "deux", "trois"} {
		save(t, writer, Change{ID: id, Set: record.Fields{"note": note}})
	}
	save(t, writer, Change{ID: gone, Set: record.Fields{"archived": true}})
	give(t, writer, f.central)
	beginBy(t, fresh, f.central)
	before := dump(t, fresh)
	pieces := chainOf(t, writer, "parc")
	for _, p := range pieces[:len(pieces)-1] {
		admit(t, fresh, writer, []journal.Piece{p})
		if got := text(t, fresh, id, "note"); got != "trois" || len(conflicts(t, fresh)) > 0 || machines(t, fresh) != 1 {
			t.Fatalf("it shows %s, %d conflicts, %d machines", got, len(conflicts(t, fresh)), machines(t, fresh))
		}
	}
	if diff := diffScope(before, dump(t, fresh)); diff != "" || unverified(t, fresh) != 1 {
		t.Error(diff)
	}
	admit(t, fresh, writer, pieces[len(pieces)-1:])
	if diff := diffScope(dump(t, fresh), dump(t, f.central)); diff != "" || unverified(t, fresh) != 0 {
		t.Error(diff)
	}
	noRefusals(t, fresh)
}

// The central has an edit and not yet what it replaces, which this device has from a neighbour.
func TestWhatASnapshotNamesAsReplacedStaysSo(t *testing.T) {
	f := newField(t).withCopies()
	a, b, fresh, plain := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0), f.admit("neuf", record.Agent, 0), f.blank()
	for _, r := range []*Replica{a, b, fresh, plain} {
		give(t, f.central, r)
	}
	id := save(t, a, Change{Kind: record.Equipment, Set: record.Fields{"tag": "PC-1", "level": "socle", "note": "avant"}})
	give(t, a, b)
	give(t, a, fresh)
	save(t, b, machine("PC-2"))
	save(t, b, machine("PC-3"))
	save(t, b, Change{ID: id, Set: record.Fields{"note": "après"}})
	admit(t, f.central, b, chainOf(t, b, "parc"))
	check := func(when string) {
		t.Helper()
		if got := text(t, fresh, id, "note") + text(t, fresh, id, "tag"); got != "aprèsPC-1" || len(conflicts(t, fresh)) > 0 {
			t.Errorf("%s: it shows %s with %d conflicts", when, got, len(conflicts(t, fresh)))
		}
	}
	beginBy(t, fresh, f.central)
	check("with the snapshot")
	exchangeAll(t, fresh, f.central)
	check("with the history")
	give(t, f.central, plain)
	if diff := diffScope(dump(t, fresh), dump(t, plain)); diff != "" || unverified(t, fresh) != 0 {
		t.Error(diff)
	}
	noRefusals(t, fresh)
}

// What stands otherwise since a revocation came is not taken out of a record of which the rest is not known yet.
func TestARevocationLeavesWhatASnapshotShows(t *testing.T) {
	f := newField(t).withCopies()
	writer, lost, fresh := f.admit("auteur", record.Agent, 0), f.admit("perdue", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	for _, r := range []*Replica{writer, lost, fresh} {
		give(t, f.central, r)
	}
	id := save(t, writer, machine("PC-1"))
	save(t, writer, machine("PC-2"))
	give(t, writer, f.central)
	give(t, writer, lost)
	save(t, lost, Change{ID: id, Set: record.Fields{"note": "écrit par un voleur"}})
	late := save(t, lost, machine("PC-VOLÉ"))
	beginBy(t, fresh, f.central)
	admit(t, fresh, lost, chainOf(t, lost, "parc"))
	if got := text(t, fresh, id, "note"); got != "écrit par un voleur" {
		t.Fatalf("it shows %q: nothing is put to the proof", got)
	}
	if _, err := f.central.Distrust(t.Context(), lost.Identity().Public(), "volée"); err != nil {
		t.Fatal(err)
	}
	giveControl(t, f.central, fresh)
	if got := text(t, fresh, id, "tag"); got != "PC-1" || unverified(t, fresh) != 1 {
		t.Errorf("the record shows %q: what the snapshot said of it is gone", got)
	}
	exchangeAll(t, fresh, f.central)
	if _, err := fresh.Get(t.Context(), late); err == nil || text(t, fresh, id, "note") != "" || unverified(t, fresh) != 0 {
		t.Error("what was written by a thief is still shown")
	}
	noRefusals(t, fresh)
	exchangeAll(t, fresh, f.central)
	if diff := diffScope(dump(t, fresh), dump(t, f.central)); diff != "" {
		t.Error(diff)
	}
}

// A copy of a device has written on beside it. What it wrote is on no branch that the snapshot covers, however low its
// number: it is shown when it comes.
func TestAnotherBranchDoesNotWait(t *testing.T) {
	f := newField(t).withCopies()
	writer, other, fresh := f.admit("auteur", record.Agent, 0), f.admit("autre", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	for _, r := range []*Replica{writer, other, fresh} {
		give(t, f.central, r)
	}
	id := save(t, writer, machine("PC-1"))
	twin := clone(t, writer)
	save(t, writer, Change{ID: id, Set: record.Fields{"brand": "Cère"}})
	save(t, writer, Change{ID: id, Set: record.Fields{"model": "Jordanne"}})
	save(t, twin, Change{ID: id, Set: record.Fields{"note": "de la copie"}})
	made := save(t, twin, machine("PC-2"))
	for range 8 {
		save(t, other, machine("PC-AUTRE"))
	}
	give(t, writer, f.central)
	give(t, other, f.central)
	beginBy(t, fresh, f.central)
	admit(t, fresh, writer, chainOf(t, writer, "parc"))
	admit(t, fresh, twin, chainOf(t, twin, "parc"))
	v, err := fresh.Get(t.Context(), id)
	if err != nil || v.Fields.Text("note") != "de la copie" || v.Fields.Text("brand") != "Cère" || len(v.Conflicts) > 0 {
		t.Errorf("%v, %v, %v", v.Fields, v.Conflicts, err)
	}
	if _, err := fresh.Get(t.Context(), made); err != nil || unverified(t, fresh) != 1 {
		t.Errorf("%v, %d to be checked", err, unverified(t, fresh))
	}
	exchangeAll(t, fresh, f.central)
	exchangeAll(t, fresh, f.central)
	noRefusals(t, fresh)
	if diff := diffScope(dump(t, fresh), dump(t, f.central)); diff != "" || unverified(t, fresh) != 0 {
		t.Error(diff)
	}
}

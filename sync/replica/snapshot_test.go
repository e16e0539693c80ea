package replica

import (
	"fmt"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// withCopies makes the central give snapshots of small scopes too.
func (f *field) withCopies() *field {
	f.central.o.SnapshotLeast = 1
	return f
}

// writerAndFresh admits a device that writes and one that is to begin with a snapshot; both know of each other.
func (f *field) writerAndFresh() (writer, fresh *Replica) {
	f.t.Helper()
	writer, fresh = f.admit("auteur", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	give(f.t, f.central, writer)
	give(f.t, f.central, fresh)
	return writer, fresh
}

// beginBy makes a device begin with the central's snapshots and cuts the line before the history comes.
func beginBy(t testing.TB, r, central *Replica) {
	t.Helper()
	for calls := 1; ; calls++ {
		res, err := meet(t, r, central, calls)
		if res.Snapshots > 0 {
			if err == nil {
				t.Fatal("the line was not cut")
			}
			return
		}
		if err == nil || calls > 50 {
			t.Fatalf("no snapshot came, %v", err)
		}
	}
}

func unverified(t testing.TB, r *Replica) int {
	t.Helper()
	list, err := r.Unverified(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func noRefusals(t testing.TB, r *Replica) {
	t.Helper()
	for _, f := range refusedCopies(t, r) {
		t.Errorf("%s refuses: %s", r.Self().Name, f)
	}
}

// refusedCopies returns what is said of snapshots that were refused.
func refusedCopies(t testing.TB, r *Replica) (out []string) {
	t.Helper()
	list, err := r.Refusals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Reason == reasonSnapshot {
			out = append(out, f.Sentence)
		}
	}
	return out
}

func bulk(t testing.TB, r *Replica, n int) []uuid.UUID {
	t.Helper()
	var list []Change
	for i := range n {
		list = append(list, machine(fmt.Sprintf("PC-%05d", i)))
	}
	saved, err := r.SaveBulk(t.Context(), uuid.Nil, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	return saved.IDs
}

func TestASnapshotIsReadAndWrittenOnBeforeItsHistoryComes(t *testing.T) {
	t.Parallel()
	f := newField(t)
	writer, fresh, slow := f.admit("auteur", record.Agent, 0), f.admit("neuf", record.Agent, 0), f.admit("par l'historique", record.Agent, 0)
	give(t, f.central, writer)
	give(t, f.central, fresh)
	give(t, f.central, slow)
	ids := bulk(t, writer, 2500)
	give(t, writer, f.central)
	beginBy(t, fresh, f.central)
	if n := machines(t, fresh); n != 2500 {
		t.Fatalf("%d machines are shown, want 2500", n)
	}
	if unverified(t, fresh) != 1 {
		t.Error("what comes from the snapshot is not marked")
	}
	if hits, err := fresh.Search(t.Context(), "pc 02499", nil, 10); err != nil || len(hits) != 1 {
		t.Errorf("search finds %d, %v", len(hits), err)
	}
	if v, err := fresh.Get(t.Context(), ids[3]); err != nil || v.Lauzes != 3 {
		t.Errorf("%+v, %v: the central signed for it", v.Lauzes, err)
	}
	// Work on what is shown, and beside it, before the history is here.
	save(t, fresh, Change{ID: ids[7], Set: record.Fields{"status": "en_panne"}})
	save(t, fresh, Change{ID: ids[7], Set: record.Fields{"note": "note du jour"}})
	own := save(t, fresh, machine("PC-NEUF"))
	save(t, writer, Change{ID: ids[8], Set: record.Fields{"status": "en_stock"}})
	give(t, writer, f.central)
	exchangeAll(t, fresh, f.central)
	if unverified(t, fresh) != 0 {
		t.Error("the history is here and the mark is still")
	}
	noRefusals(t, fresh)
	if got := text(t, fresh, ids[7], "status") + text(t, fresh, ids[7], "note") + text(t, fresh, own, "tag"); got != "en_pannenote du jourPC-NEUF" {
		t.Errorf("what was written meanwhile reads %s", got)
	}
	slow.SetByJournal(true)
	if res := exchangeAll(t, slow, f.central); res.Snapshots != 0 {
		t.Error("it was to go by the journal")
	}
	if diff := diffScope(dump(t, fresh), dump(t, slow)); diff != "" {
		t.Error(diff)
	}
	if n, err := fresh.Pending(t.Context()); err != nil || n != 0 {
		t.Errorf("%d pending, %v", n, err)
	}
}

// Whatever was written, and however far a device had come when the snapshot reached it: once the history is there,
// its tables are those of one that knows no snapshots.
func TestASnapshotAndItsHistoryGiveTheTablesOfTheHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f := newField(t).withCopies()
		pieces := history(rt, t, f)
		early := pieces[:rapid.IntRange(0, len(pieces)).Draw(rt, "held before")]
		fresh, plain := f.blank(), f.blank()
		give(t, f.central, fresh)
		give(t, f.central, plain)
		for _, p := range early { // as far as it follows on
			if _, _, err := fresh.Admit(t.Context(), f.central.Identity().Public(), wired(t, []journal.Piece{p})); err != nil {
				rt.Fatal(err)
			}
		}
		var own uuid.UUID
		if rapid.Bool().Draw(rt, "wrote before") {
			own = save(t, fresh, machine("PC-OWN"))
		}
		for _, p := range pieces {
			if _, _, err := f.central.Admit(t.Context(), f.central.Identity().Public(), wired(t, []journal.Piece{p})); err != nil {
				rt.Fatal(err)
			}
		}
		beginning := false
		if want, err := fresh.WantsSnapshot(t.Context(), "parc", mustHeads(t, f.central, "parc")); err != nil {
			rt.Fatal(err)
		} else if want {
			beginning = true
			beginBy(t, fresh, f.central)
			if own != uuid.Nil && text(t, fresh, own, "tag") != "PC-OWN" {
				rt.Error("what was written before the snapshot came is not shown")
			}
			list, err := fresh.List(t.Context(), Query{Kind: record.Equipment})
			if err != nil || len(list) == 0 {
				rt.Fatalf("%d records, %v", len(list), err)
			}
			save(t, fresh, Change{ID: list[0].ID, Set: record.Fields{"note": "entre les deux"}})
		}
		exchangeAll(t, fresh, f.central)
		exchangeAll(t, fresh, f.central)
		plain.SetByJournal(true)
		exchangeAll(t, plain, f.central)
		if n := unverified(t, fresh); n != 0 {
			rt.Fatalf("%d scopes stay to be checked", n)
		}
		noRefusals(t, fresh)
		if diff := diffScope(dump(t, fresh), dump(t, plain)); diff != "" {
			rt.Errorf("by snapshot (%v) and by history: %s", beginning, diff)
		}
		if err := fresh.Rebuild(t.Context(), nil); err != nil {
			rt.Fatal(err)
		}
		if diff := diffScope(dump(t, fresh), dump(t, plain)); diff != "" {
			rt.Errorf("folded again: %s", diff)
		}
	})
}

func mustHeads(t testing.TB, r *Replica, scope string) []exchange.Head {
	t.Helper()
	heads, err := r.Heads(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	return heads
}

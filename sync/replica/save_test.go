package replica

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// A transaction that began while its context ended must not stay open: nothing could be written any more.
func TestACancelledSaveLeavesNoTransactionOpen(t *testing.T) {
	r := newField(t).admit("a", record.Agent, 0)
	for i := range 400 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for begun := time.Now(); time.Since(begun) < time.Duration(i%60)*time.Microsecond; {
			}
			cancel()
		}()
		_, _ = r.Save(ctx, uuid.Nil, machine("PC-1"))
		cancel()
		if _, err := r.Save(t.Context(), uuid.Nil, machine("PC-2")); err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
	}
}

func TestABulkOfLongRecordsIsWritten(t *testing.T) {
	r := newField(t).admit("a", record.Agent, 0)
	changes := make([]Change, 1000)
	for i := range changes {
		changes[i] = machine("PC-1")
		changes[i].Set["note"] = strings.Repeat("salle du fond ", 90) // 1.3 KB: a thousand of them pass MaxEntry
	}
	if saved, err := r.SaveBulk(t.Context(), uuid.Nil, changes, nil); err != nil || len(saved.IDs) != len(changes) {
		t.Errorf("%d written, %v", len(saved.IDs), err)
	}
}

func TestWhoMayOnlyCreateDoesNotEditWhatOthersWrote(t *testing.T) {
	f := newField(t)
	office, agent := f.admit("bureau", record.Coordination, 0), f.admit("agent", record.Agent, 0)
	give(t, f.central, office)
	id := save(t, office, Change{Kind: record.Event, Set: record.Fields{"title": "RuraliTIC", "type": "ruralitic"}})
	give(t, office, agent)
	// A field that was never set has no version to name: the edit must not pass for a creation.
	if _, err := agent.Save(t.Context(), uuid.Nil, Change{ID: id, Set: record.Fields{"archived": true}}); !errors.Is(err, ErrForbidden) {
		t.Errorf("an agent, who creates events only, put another's away: %v", err)
	}
	own := save(t, agent, Change{Kind: record.Event, Set: record.Fields{"title": "Trophées", "type": "trophees"}})
	save(t, agent, Change{ID: own, Set: record.Fields{"title": "Trophées du numérique"}})
}

func TestAFieldWithManyVersionsCanStillBeEdited(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0)
	give(t, f.central, b)
	id := save(t, b, machine("PC-1"))
	var pieces []journal.Piece
	for i := range journal.MaxRefs + 1 { // one device may open any number of incarnations
		p := newChainPen(t, b, a.Identity().Key, "parc")
		pieces = append(pieces, p.piece(p.entry("equipment", id, cells(t, map[string]any{"note": []any{fmt.Sprint(i)}}), nil)))
	}
	admit(t, b, a, pieces)
	if _, err := b.Save(t.Context(), [16]byte{}, Change{ID: id, Set: record.Fields{"note": "tranché"}}); err != nil {
		t.Errorf("nobody can ever write this field again: %v", err)
	}
}

func TestWhatIsConfirmedIsHeld(t *testing.T) {
	f := newField(t)
	r, peer := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, 0)
	give(t, f.central, peer)
	sites := make([]any, 5000) // within MaxField, and longer than the 4096 elements that the decoder takes
	for i := range sites {
		sites[i] = uuid.New().String()
	}
	s, err := r.Save(t.Context(), uuid.Nil, Change{Kind: record.Event, Set: record.Fields{"title": "RuraliTIC", "type": "ruralitic", "sites": sites}})
	if err != nil {
		return // refused before anything was said to be kept
	}
	if _, err := r.Get(t.Context(), s.IDs[0]); err != nil {
		t.Errorf("« enregistré » was said, and here it is: %v", err)
	}
	after := save(t, r, machine("PC-1"))
	other := save(t, r, Change{Kind: record.Event, Set: record.Fields{"title": "Trophées", "type": "trophees"}})
	if _, err := meet(t, r, peer, 0); err != nil {
		t.Fatal(err)
	}
	for _, id := range []uuid.UUID{s.IDs[0], after, other} {
		if _, err := peer.Get(t.Context(), id); err != nil {
			t.Errorf("never reaches another device: %v", err)
		}
	}
}

func TestTwoChangesOfOneRecordInOneSave(t *testing.T) {
	r := newField(t).admit("a", record.Agent, 0)
	id := save(t, r, machine("PC-1"))
	_, err := r.Save(t.Context(), uuid.Nil, Change{ID: id, Set: record.Fields{"note": "a"}}, Change{ID: id, Set: record.Fields{"brand": "b"}})
	if err != nil {
		t.Error(err)
	}
}

func TestWhoListensMaySearch(t *testing.T) {
	r := newField(t).admit("a", record.Agent, 0)
	found := -1
	cancel := r.Subscribe(func(Notice) {
		hits, err := r.Search(t.Context(), "pc", nil, 9)
		if err != nil {
			t.Error(err)
		}
		found = len(hits)
	})
	defer cancel()
	save(t, r, machine("PC-1"))
	if found != 1 {
		t.Errorf("%d found by one who listens", found)
	}
}

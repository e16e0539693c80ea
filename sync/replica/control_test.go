package replica

import (
	"errors"
	"slices"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func revoke(t testing.TB, by, of *Replica) {
	t.Helper()
	if _, err := by.Revoke(t.Context(), of.Identity().Public(), "perdue"); err != nil {
		t.Fatal(err)
	}
}

func TestWhatARevokedDeviceWritesIsPutAsideUntilItIsReleased(t *testing.T) {
	f := newField(t)
	lost, agent := f.admit("tablette perdue", record.Coordination, 0), f.admit("agent", record.Coordination, 0)
	id := save(t, lost, machine("PC-1"))
	give(t, lost, f.central)
	revoke(t, f.central, lost)
	save(t, lost, Change{ID: id, Set: record.Fields{"note": "volé"}})
	late := save(t, lost, machine("PC-2"))
	give(t, lost, f.central)
	give(t, lost, agent) // who has not heard of it
	if text(t, agent, id, "note") != "volé" {
		t.Fatal("the neighbour did not merge what it had no reason to refuse")
	}
	give(t, f.central, agent)
	for _, r := range []*Replica{f.central, agent} {
		if got := text(t, r, id, "note"); got != "" || text(t, r, id, "tag") != "PC-1" {
			t.Errorf("%s shows note %q", r.Self().Name, got)
		}
		if _, err := r.Get(t.Context(), late); !errors.Is(err, ErrUnknown) {
			t.Errorf("a record made after the end is merged: %v", err)
		}
		q, err := r.Quarantine(t.Context())
		if err != nil || len(q) != 1 || q[0].Operations != 2 || q[0].DeviceName != "tablette perdue" {
			t.Errorf("put aside: %+v, %v", q, err)
		}
	}
	if d := diffScope(dump(t, f.central), dump(t, agent)); d != "" {
		t.Errorf("central and agent differ: %s", d)
	}
	if err := f.central.Release(t.Context(), lost.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	give(t, f.central, agent)
	for _, r := range []*Replica{f.central, agent} {
		if text(t, r, id, "note") != "volé" || text(t, r, late, "tag") != "PC-2" {
			t.Errorf("%s has not merged what was released", r.Self().Name)
		}
	}
	again := save(t, lost, machine("PC-3"))
	give(t, lost, f.central)
	if _, err := f.central.Get(t.Context(), again); !errors.Is(err, ErrUnknown) {
		t.Errorf("released once, the device writes on: %v", err)
	}
	if err := f.central.Readmit(t.Context(), lost.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	if text(t, f.central, again, "tag") != "PC-3" {
		t.Error("readmitted, what it wrote is still aside")
	}
}

func TestARevokedDeviceMayNotWriteOnceItHasHeard(t *testing.T) {
	f := newField(t)
	lost := f.admit("tablette", record.Coordination, 0)
	revoke(t, f.central, lost)
	admit(t, lost, f.central, all(t, f.central, trust.Control))
	if _, err := lost.Save(t.Context(), uuid.Nil, machine("PC-1")); !errors.Is(err, ErrForbidden) {
		t.Errorf("Save = %v, want ErrForbidden", err)
	}
}

func TestAnotherRole(t *testing.T) {
	f := newField(t)
	d := f.admit("poste", record.Coordination, 0)
	before := save(t, d, machine("PC-1"))
	give(t, d, f.central)
	if err := f.central.ChangeRole(t.Context(), d.Identity().Public(), record.Facilitator, []string{"bus"}); err != nil {
		t.Fatal(err)
	}
	unheard := save(t, d, machine("PC-2")) // it has not heard of its new role
	give(t, d, f.central)
	if text(t, f.central, before, "tag") != "PC-1" {
		t.Error("what was written under the former role does not count")
	}
	if _, err := f.central.Get(t.Context(), unheard); !errors.Is(err, ErrUnknown) {
		t.Errorf("what the new role may not write is merged: %v", err)
	}
	admit(t, d, f.central, all(t, f.central, trust.Control))
	if d.Self().Role != record.Facilitator {
		t.Errorf("role = %s", d.Self().Role)
	}
}

func TestAnyOrderOfArrivalGivesTheSameTables(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f := newField(t)
		pieces := history(rt, t, f)
		for _, p := range pieces {
			if _, _, err := f.central.Admit(t.Context(), f.central.Identity().Public(), wired(t, []journal.Piece{p})); err != nil {
				rt.Fatal(err)
			}
			if p.Chain.Scope != trust.Control && rapid.IntRange(0, 9).Draw(rt, "say") == 0 {
				speak(rt, t, f.central, p)
			}
		}
		said := all(t, f.central, trust.Control)
		for _, p := range said {
			pieces = append(pieces, singles(t, f.central, p)...)
		}
		var want string
		for i := range 3 {
			r := f.blank()
			deliver(rt, t, f, r, pieces)
			got := dump(t, r)
			if i == 0 {
				want = got
				if err := r.Rebuild(t.Context(), nil); err != nil {
					rt.Fatal(err)
				}
				got = dump(t, r)
			}
			if d := diffScope(want, got); d != "" {
				rt.Fatalf("in another order, or folded again: %s", d)
			}
			if err := r.Verify(t.Context(), nil); err != nil {
				rt.Fatalf("the chains do not verify: %v", err)
			}
		}
	})
}

// speak makes the central say something about the author or the records of a piece.
func speak(rt *rapid.T, t testing.TB, central *Replica, p journal.Piece) {
	key, _, err := central.AuthorOf(t.Context(), p.Chain.Incarnation)
	if err != nil {
		rt.Fatal(err)
	}
	switch rapid.IntRange(0, 5).Draw(rt, "statement") {
	case 0:
		_, err = central.Revoke(t.Context(), key, "")
	case 1:
		err = central.Release(t.Context(), key)
	case 2:
		err = central.Readmit(t.Context(), key)
	case 3:
		err = central.Erase(t.Context(), []uuid.UUID{p.Entries[0].Ops[0].ID}, "")
	case 4:
		_, err = central.Distrust(t.Context(), key, "")
	case 5:
		err = central.ChangeRole(t.Context(), key, record.Agent, nil)
	}
	if err != nil && !errors.Is(err, ErrMoot) && !errors.Is(err, ErrUnknown) {
		rt.Fatal(err)
	}
}

func pupil(site uuid.UUID, name string) Change {
	return Change{Kind: record.ClassMember, Set: record.Fields{"site": site.String(), "school_year": "2026-2027", "class": "5e B", "family_name": name, "first_name": "Exemple"}}
}

func TestWhatIsErasedIsInNoFileOfNoDevice(t *testing.T) {
	const name, note = "Zorglubette", "quatorze abricots"
	f := newField(t)
	office, agent := f.admit("poste", record.Coordination, 0), f.admit("agent", record.Coordination, 0)
	site := save(t, office, Change{Kind: record.Site, Set: record.Fields{"type": "college", "uai": "0150001V", "name": "Collège", "commune": "15001"}})
	id := save(t, office, pupil(site, name))
	other := save(t, office, pupil(site, "Autre"))
	pc := save(t, office, Change{Kind: record.Equipment, Set: record.Fields{"level": "socle", "tag": "PC-1", "note": note}})
	save(t, office, Change{ID: id, Set: record.Fields{"family_name": name + "-Martin"}})
	give(t, office, f.central)
	give(t, f.central, agent)
	for _, r := range []*Replica{f.central, office, agent} {
		for _, text := range []string{name, note} {
			if !unsealed(t, r, text) {
				t.Fatalf("%s: the probe does not find what is there", r.Self().Name)
			}
		}
	}
	if err := f.central.Erase(t.Context(), []uuid.UUID{id, pc}, "à la demande de la famille"); err != nil {
		t.Fatal(err)
	}
	if err := agent.SetSetting(t.Context(), "draft.class_member.x", name); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Replica{office, agent} {
		admit(t, r, f.central, all(t, f.central, trust.Control))
	}
	for _, r := range []*Replica{f.central, office, agent} {
		who := r.Self().Name
		if _, err := r.Get(t.Context(), id); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s still holds the record: %v", who, err)
		}
		if text(t, r, other, "family_name") != "Autre" {
			t.Errorf("%s has lost another record of the same entry's chain", who)
		}
		for _, text := range []string{name, note} {
			if unsealed(t, r, text) {
				t.Errorf("%s: the erased text is in its files: %s", who, text)
			}
		}
		if err := r.Verify(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", who, err)
		}
		if hits, err := r.Search(t.Context(), "abricots", nil, 9); err != nil || len(hits) > 0 {
			t.Errorf("%s finds it: %v, %v", who, hits, err)
		}
	}
	if d := diffScope(dump(t, f.central), dump(t, office)); d != "" {
		t.Errorf("they differ: %s", d)
	}
}

func TestHollowOperationsNeedAnErasure(t *testing.T) {
	f := newField(t)
	office, agent := f.admit("poste", record.Coordination, 0), f.admit("agent", record.Coordination, 0)
	id := save(t, office, machine("PC-1"))
	give(t, office, f.central)
	if err := f.central.Erase(t.Context(), []uuid.UUID{id}, ""); err != nil {
		t.Fatal(err)
	}
	hollow := all(t, f.central, "parc")
	n, refused, err := agent.Admit(t.Context(), f.central.Identity().Public(), hollow)
	if err != nil || n != 0 || len(refused) != 1 || refused[0].Reason != reasonHollow || refused[0].SenderName != "Central" {
		t.Fatalf("without the erasure: %d, %v, %v", n, refused, err)
	}
	admit(t, agent, f.central, append(wired(t, hollow), all(t, f.central, trust.Control)...))
	if d := diffScope(dump(t, f.central), dump(t, agent)); d != "" {
		t.Errorf("they differ: %s", d)
	}
	// What arrives late, body and all, is emptied on arrival.
	late := f.admit("absent", record.Coordination, 0)
	give(t, office, late)
	admit(t, late, f.central, all(t, f.central, trust.Control))
	if _, err := late.Get(t.Context(), id); !errors.Is(err, ErrUnknown) {
		t.Errorf("an erased record came back: %v", err)
	}
	save(t, office, Change{ID: id, Set: record.Fields{"note": "encore", "bought": int64(time.Now().Unix() / 86400)}})
	give(t, office, agent)
	if _, err := agent.Get(t.Context(), id); !errors.Is(err, ErrUnknown) {
		t.Errorf("an edit by one who had not heard brought it back: %v", err)
	}
	if unsealed(t, agent, "encore") {
		t.Error("the late edit's text is kept")
	}
}

func TestReleasingADeviceThatWroteNothingDoesNotReadmitIt(t *testing.T) {
	f := newField(t)
	agent := f.admit("agent", record.Agent, 0)
	if _, err := f.central.Revoke(t.Context(), agent.Identity().Public(), "perdu"); err != nil {
		t.Fatal(err)
	}
	if err := f.central.Release(t.Context(), agent.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	if !f.central.Roster().Revoked(agent.Identity().Public()) {
		t.Error("a release of nothing gave the device its grants back")
	}
}

func TestWhatARevokedDeviceBringsIsBounded(t *testing.T) {
	f := newField(t)
	lost := f.admit("tablette", record.Coordination, 0)
	save(t, lost, machine("PC-1"))
	give(t, lost, f.central)
	revoke(t, f.central, lost)
	save(t, lost, machine("PC-2"))
	key := lost.Identity().Public()
	// As if so many had come before: what they say is of no account here.
	if _, err := f.central.write.ExecContext(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO entry (chain, seq, hash, signed, received, stored, standing) SELECT (SELECT chain.id FROM chain JOIN author USING (incarnation) WHERE key = ? AND scope = 'parc'),
		1000000 + i, randomblob(32), 1, 0, x'', 1 FROM n`, maxAside, key[:]); err != nil {
		t.Fatal(err)
	}
	n, refused, err := f.central.Admit(t.Context(), lost.Identity().Public(), all(t, lost, "parc"))
	if err != nil || n != 0 || len(refused) != 1 || refused[0].Reason != reasonQuota {
		t.Errorf("%d taken, %+v, %v", n, refused, err)
	}
}

// What stands aside is listed alike wherever it is held, in whatever order it came.
func TestWhatStandsAsideIsListedAlikeEverywhere(t *testing.T) {
	f := newField(t)
	one, two := f.admit("poste 1", record.Coordination, 0), f.admit("poste 2", record.Coordination, 0)
	for _, r := range []*Replica{one, two} {
		if _, err := f.central.Revoke(t.Context(), r.Identity().Public(), "perdu"); err != nil {
			t.Fatal(err)
		}
	}
	save(t, one, machine("PC-1"))
	save(t, two, machine("PC-2"))
	save(t, one, Change{Kind: record.Event, Set: record.Fields{"title": "Forum", "type": "ruralitic"}})
	pieces := [][]journal.Piece{all(t, one, "parc"), all(t, two, "parc"), all(t, one, "agenda")}
	var lists [][]SetAside
	for range 2 {
		r := f.blank()
		giveControl(t, f.central, r)
		for _, p := range pieces {
			admit(t, r, f.central, wired(t, p))
		}
		list, err := r.Quarantine(t.Context())
		if err != nil || len(list) != 2 || list[0].Last.Before(list[0].First) || list[1].Last.Before(list[1].First) {
			t.Errorf("%+v, %v", list, err)
		}
		lists = append(lists, list)
		slices.Reverse(pieces)
	}
	if diff := cmp.Diff(lists[0], lists[1]); diff != "" {
		t.Error(diff)
	}
}

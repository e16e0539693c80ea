package replica

import (
	"errors"
	"slices"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func duplicates(t testing.TB, r *Replica) []Duplicate {
	t.Helper()
	d, err := r.Duplicates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func merge(t testing.TB, r *Replica, keep map[string]uuid.UUID, ids ...uuid.UUID) Saved {
	t.Helper()
	s, err := r.MergeDuplicates(t.Context(), uuid.Nil, ids, keep)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// inOrder returns two ids, the smaller first: two of one millisecond are in any order.
func inOrder(a, b uuid.UUID) (uuid.UUID, uuid.UUID) {
	if smaller(b, a) {
		return b, a
	}
	return a, b
}

func TestTheSameSerialMadeTwiceIsReviewedAndMerged(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, 0)
	b.o.Now = func() time.Time { return time.Now().Add(time.Second) } // the later id is the greater
	small := save(t, a, Change{Kind: record.Equipment, Set: record.Fields{"tag": "PC-1", "serial": "EX43-10", "level": "socle", "status": "en_service"}})
	large := save(t, b, Change{Kind: record.Equipment, Set: record.Fields{"tag": "PC-1 bis", "serial": "ex4310", "level": "socle", "status": "en_panne", "note": "lampe"}})
	save(t, a, Change{Kind: record.Equipment, Set: record.Fields{"serial": "To be filled by O.E.M.", "level": "socle"}})
	save(t, b, Change{Kind: record.Equipment, Set: record.Fields{"serial": "To be filled by O.E.M.", "level": "socle"}})
	work := save(t, b, Change{Kind: record.Intervention, Set: record.Fields{"equipment": large.String(), "symptom": "reseau", "status": "ouverte", "opened": int64(1)}})
	give(t, b, a)
	found := duplicates(t, a)
	if len(found) != 1 || !slices.Equal(found[0].IDs(), []uuid.UUID{small, large}) || !slices.Equal(found[0].Same, []string{"serial"}) {
		t.Fatalf("duplicates: %+v", found)
	}
	if want := []string{"tag", "serial", "status", "note"}; !slices.Equal(found[0].Differ, want) {
		t.Errorf("they differ in %v, want %v", found[0].Differ, want)
	}
	saved := merge(t, a, map[string]uuid.UUID{"status": large}, large, small)
	give(t, a, b)
	for _, r := range []*Replica{a, b} {
		v, err := r.Get(t.Context(), large)
		if err != nil || v.ID != small || v.Fields.Text("status") != "en_panne" || v.Fields.Text("note") != "lampe" || v.Fields.Text("tag") != "PC-1" {
			t.Fatalf("%s shows %+v, %v", r.Self().Name, v.Record, err)
		}
		if !slices.Equal(v.Merged, []uuid.UUID{large}) {
			t.Errorf("merged: %v", v.Merged)
		}
		if n, _ := r.Count(t.Context(), Query{Kind: record.Equipment, Where: []Cond{{Field: "serial", Value: "ex4310"}}}); n != 0 {
			t.Error("the duplicate still stands in lists")
		}
		if got, _ := r.Scan(t.Context(), "PC-1 bis"); len(got) != 1 || got[0].ID != small {
			t.Errorf("the duplicate's label leads to %v", got)
		}
		got, err := r.List(t.Context(), Query{Kind: record.Intervention, Where: []Cond{{Field: "equipment", Value: small.String()}}})
		if err != nil || len(got) != 1 || got[0].ID != work || got[0].Fields.ID("equipment") != small {
			t.Errorf("what referred to the duplicate: %v, %v", got, err)
		}
		events, err := r.History(t.Context(), small)
		if err != nil || !slices.ContainsFunc(events, func(e Event) bool { return e.Merged == large && e.Field == "note" }) ||
			!slices.ContainsFunc(events, func(e Event) bool { return e.Merged == large && e.Into == small }) {
			t.Errorf("history: %+v, %v", events, err)
		}
		if d := duplicates(t, r); len(d) != 0 {
			t.Errorf("still to review: %+v", d)
		}
	}
	if err := a.Undo(t.Context(), uuid.Nil, saved); err != nil {
		t.Fatal(err)
	}
	give(t, a, b)
	for _, r := range []*Replica{a, b} {
		if text(t, r, small, "status") != "en_service" || text(t, r, small, "note") != "" || text(t, r, large, "tag") != "PC-1 bis" {
			t.Error("the merge was not taken back whole")
		}
		if v, _ := r.Get(t.Context(), large); v.ID != large || v.Fields.Bool("archived") {
			t.Errorf("the duplicate is %+v", v.Record)
		}
	}
	if err := a.LeaveApart(t.Context(), duplicates(t, a)[0]); err != nil || len(duplicates(t, a)) != 0 {
		t.Error("what was left apart is asked again: ", err)
	}
}

func TestWhatIsWrittenOnADuplicateByOneWhoDidNotKnowIsReviewed(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, 0)
	small, large := inOrder(save(t, a, machine("PC-1")), save(t, a, machine("PC-1")))
	give(t, a, b)
	merge(t, a, nil, small, large)
	save(t, b, Change{ID: large, Set: record.Fields{"note": "écran fendu"}})
	give(t, a, b)
	give(t, b, a)
	for _, r := range []*Replica{a, b} {
		d := duplicates(t, r)
		if len(d) != 1 || !d[0].Late || !slices.Equal(d[0].Differ, []string{"note"}) {
			t.Fatalf("to review: %+v", d)
		}
	}
	saved := merge(t, b, nil, small, large) // what the one that stays lacks is taken over
	give(t, b, a)
	for _, r := range []*Replica{a, b} {
		if d := duplicates(t, r); len(d) != 0 || text(t, r, small, "note") != "écran fendu" {
			t.Errorf("after it was reviewed: %+v", d)
		}
		if machines(t, r) != 1 {
			t.Errorf("%d machines are shown, not the one that stays", machines(t, r))
		}
	}
	if err := b.Undo(t.Context(), uuid.Nil, saved); err != nil {
		t.Fatal(err)
	}
	if v, err := b.Get(t.Context(), large); err != nil || v.ID != small {
		t.Errorf("taking the review back undid the first merge: %+v, %v", v.Record, err)
	}
}

// What was put away does not put away what it is merged with.
func TestMergedWithWhatWasPutAwayItIsShown(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Coordination, 0)
	for _, away := range []int{0, 1} {
		small, large := inOrder(save(t, a, machine("PC-1")), save(t, a, machine("PC-1")))
		save(t, a, Change{ID: []uuid.UUID{small, large}[away], Set: record.Fields{archived: true}})
		before := machines(t, a)
		merge(t, a, nil, small, large)
		if v, err := a.Get(t.Context(), large); err != nil || v.ID != small || v.Fields.Bool(archived) || machines(t, a) != before {
			t.Errorf("with number %d put away: %+v, %d machines, not %d, %v", away, v.Record, machines(t, a), before, err)
		}
	}
	small, large := inOrder(save(t, a, machine("PC-1")), save(t, a, machine("PC-1")))
	for _, id := range []uuid.UUID{small, large} {
		save(t, a, Change{ID: id, Set: record.Fields{archived: true}})
	}
	merge(t, a, nil, small, large)
	if v, err := a.Get(t.Context(), large); err != nil || !v.Fields.Bool(archived) {
		t.Errorf("two that were put away come back: %+v, %v", v.Record, err)
	}
}

func TestOnlyWhatIsOfOneKindAndScopeIsMerged(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Coordination, 0)
	pc := save(t, a, machine("PC-1"))
	kind := save(t, a, Change{Kind: record.EquipmentType, Set: record.Fields{"family": "pc_fixe", "name": "PC"}})
	for _, ids := range [][]uuid.UUID{{pc}, {pc, pc}, {pc, kind}} {
		if _, err := a.MergeDuplicates(t.Context(), uuid.Nil, ids, nil); !errors.Is(err, ErrMerge) {
			t.Errorf("merging %v: %v", ids, err)
		}
	}
	if _, err := a.Save(t.Context(), uuid.Nil, Change{ID: pc, MergeInto: kind}); err != nil {
		t.Fatal(err) // a forger's: it archives and leads nowhere
	}
	if v, err := a.Get(t.Context(), pc); err != nil || v.ID != pc {
		t.Errorf("merged into another kind, it shows %+v, %v", v.Record, err)
	}
}

// written returns every entry that the devices hold of the fleet, each once, as a piece of its own.
func written(t *testing.T, devices []*Replica) []journal.Piece {
	t.Helper()
	var pieces []journal.Piece
	held := map[journal.Hash]bool{}
	for _, d := range devices {
		for _, p := range all(t, d, "parc") {
			for _, e := range singles(t, d, p) {
				if h := e.Entries[0].Hash; !held[h] {
					held[h] = true
					pieces = append(pieces, e)
				}
			}
		}
	}
	return pieces
}

// TestPeopleWhoWereApartMergeDifferently lets devices that do not hear of each other merge and take back,
// and delivers what they wrote in several orders: every device shows the same.
func TestPeopleWhoWereApartMergeDifferently(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f := newField(t)
		var devices []*Replica
		for range 3 {
			devices = append(devices, f.admit("d", record.Coordination, 0))
		}
		var ids []uuid.UUID
		for range 5 {
			ids = append(ids, save(t, devices[0], machine("PC-1")))
		}
		for _, d := range devices[1:] {
			give(t, devices[0], d)
		}
		for range rapid.IntRange(2, 7).Draw(rt, "steps") {
			d := devices[rapid.IntRange(0, 2).Draw(rt, "device")]
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				save(t, d, Change{ID: rapid.SampledFrom(ids).Draw(rt, "edited"), Set: record.Fields{"note": rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "note")}})
			case 1:
				give(t, d, devices[rapid.IntRange(0, 2).Draw(rt, "to")])
			default:
				some := rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 2, 3, rapid.ID[uuid.UUID]).Draw(rt, "merged")
				saved, err := d.MergeDuplicates(t.Context(), uuid.Nil, some, nil)
				if err != nil && !errors.Is(err, ErrMerge) {
					rt.Fatal(err)
				}
				if err == nil && rapid.IntRange(0, 3).Draw(rt, "undo") == 0 {
					if err := d.Undo(t.Context(), uuid.Nil, saved); err != nil {
						rt.Fatal(err)
					}
				}
			}
		}
		pieces := written(t, devices)
		for _, p := range all(t, f.central, trust.Control) {
			pieces = append(pieces, singles(t, f.central, p)...)
		}
		var want, shown string
		for i := range 3 {
			r := f.blank()
			deliver(rt, t, f, r, pieces)
			if i == 1 {
				if err := r.Rebuild(t.Context(), nil); err != nil {
					rt.Fatal(err)
				}
			}
			got, seen := dump(t, r), ""
			for _, id := range ids {
				v, err := r.Get(t.Context(), id)
				if err != nil {
					rt.Fatal(err)
				}
				if smaller(id, v.ID) {
					rt.Fatalf("%s is shown by the greater %s", id, v.ID)
				}
				seen += v.ID.String() + " " + v.Fields.Text("note") + "\n"
			}
			if i == 0 {
				want, shown = got, seen
				continue
			}
			if d := diffScope(want, got); d != "" {
				rt.Fatalf("in another order: %s", d)
			}
			if seen != shown {
				rt.Fatalf("in another order they show\n%s, not\n%s", seen, shown)
			}
		}
	})
}

// names returns what is joined to a record, by name.
func names(t testing.TB, r *Replica, id uuid.UUID) (out []string) {
	t.Helper()
	v, err := r.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for i, j := range v.Joined {
		f, err := r.OpenBlob(t.Context(), id, i)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		out = append(out, j.Name)
	}
	return out
}

// Of merged records, the one that stays shows the photos of both; one that is taken off there is gone, and taking the
// merge back gives each its own again.
func TestPhotosOfMergedDuplicates(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, 0)
	with := func(name string) uuid.UUID {
		c := machine(name)
		c.Attach = []Attachment{{Content: noise(t, 900), Name: name}}
		return save(t, a, c)
	}
	x, y, z := with("x"), with("y"), with("z")
	saved := merge(t, a, nil, x, y)
	merge(t, a, nil, x, z)
	exchangeAll(t, a, f.central)
	exchangeAll(t, b, f.central)
	shown, _ := inOrder(x, y)
	for _, r := range []*Replica{a, b} {
		if got := names(t, r, y); !slices.Equal(got, []string{"x", "y", "z"}) {
			t.Errorf("%s shows %v", r.Self().Name, got)
		}
	}
	v, err := b.Get(t.Context(), y)
	if err != nil {
		t.Fatal(err)
	}
	last := v.Joined[len(v.Joined)-1]
	save(t, b, Change{ID: v.ID, Set: record.Fields{last.Field: nil}, Seen: v.Seen})
	exchangeAll(t, b, f.central)
	exchangeAll(t, a, f.central)
	for _, r := range []*Replica{a, b} {
		if got := names(t, r, shown); !slices.Equal(got, []string{"x", "y"}) {
			t.Errorf("%s shows %v after one was taken off", r.Self().Name, got)
		}
	}
	if err := a.Undo(t.Context(), uuid.Nil, saved); err != nil {
		t.Fatal(err)
	}
	if got := names(t, a, y); slices.Contains(got, "x") {
		t.Errorf("taken back, y shows %v", got)
	}
	if got := names(t, a, x); slices.Contains(got, "y") || !slices.Contains(got, "x") {
		t.Errorf("taken back, x shows %v", got)
	}
}

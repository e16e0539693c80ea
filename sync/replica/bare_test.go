package replica

import (
	"encoding/base64"
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

func passage() Change {
	return Change{Kind: record.Attendance, Scope: "people/0150001V", Set: record.Fields{"act": "presence", "workshop": uuid.NewString(), "person_name": "Exemple", "at": noon.UnixMilli()}}
}

// A public terminal drops nothing of which the central lacks what a stolen delegate erased after its end: it is asked
// for it first.
func TestATerminalDropsNoBodyThatTheCentralIsOwed(t *testing.T) {
	t.Parallel()
	for _, cut := range []int{0, 1} { // the line breaks after so many calls
		f := newField(t)
		x, near := f.delegate("poste volé"), f.admit("voisin", record.Coordination, 0)
		kiosk := f.admit("borne", record.Kiosk, 0, "0150001V")
		ids := []uuid.UUID{save(t, kiosk, passage()), save(t, kiosk, passage())}
		for _, r := range []*Replica{x, near} {
			admit(t, r, kiosk, all(t, kiosk, trust.Control))
			admit(t, r, kiosk, all(t, kiosk, "people/0150001V"))
		}
		if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
			t.Fatal(err)
		}
		if err := x.Erase(t.Context(), ids[:1], "après le vol"); err != nil {
			t.Fatal(err)
		}
		give(t, x, near) // which has not heard of the end
		exchangeAll(t, near, f.central)
		exchangeAll(t, kiosk, near)
		if n, err := f.central.Bare(t.Context()); err != nil || len(n) != 1 {
			t.Fatalf("%d bodies are owed to the central, %v", len(n), err)
		}
		if cut > 0 {
			if _, err := meet(t, kiosk, f.central, cut); err == nil {
				t.Fatal("the line was not cut")
			}
			if _, err := kiosk.DropDelivered(t.Context()); err != nil { // as after an exchange with another
				t.Fatal(err)
			}
		}
		for range 2 {
			exchangeAll(t, kiosk, f.central)
		}
		if n, err := kiosk.DropDelivered(t.Context()); err != nil || n != 2 {
			t.Errorf("%d entries dropped, %v", n, err)
		}
		for i, id := range ids {
			if _, err := f.central.Get(t.Context(), id); err != nil {
				t.Errorf("cut %d: passage %d is lost: %v", cut, i, err)
			}
		}
	}
}

// What nobody can give back any more does not keep the rest from coming.
func TestBodiesThatAreLostDoNotHideOthers(t *testing.T) {
	t.Parallel()
	const lost, between = 70, 30 // the one that can be given stands after more than goes into a batch
	for _, asks := range []bool{true, false} {
		f := newField(t)
		x, near, keeper := f.delegate("poste volé"), f.admit("voisin", record.Coordination, 0), f.admit("gardien", record.Coordination, 0)
		office := f.admit("bureau", record.Coordination, 0)
		var ids []uuid.UUID
		for i := range lost + between + 1 {
			c := machine("PC")
			if between := i >= lost && i < lost+between; between {
				c.Set["note"] = base64.StdEncoding.EncodeToString(noise(t, 45_000))
				save(t, office, c)
			} else {
				ids = append(ids, save(t, office, c))
			}
		}
		for _, r := range []*Replica{x, near, keeper} {
			give(t, f.central, r)
			for _, p := range everything(t, office) { // each signed, so that what is asked for comes in pieces
				if p.Chain.Scope == "parc" {
					admit(t, r, office, []journal.Piece{p})
				}
			}
		}
		if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
			t.Fatal(err)
		}
		for _, part := range []struct {
			ids []uuid.UUID
			to  []*Replica
		}{{ids[:lost], []*Replica{near, keeper}}, {ids[lost:], []*Replica{near}}} {
			if err := x.Erase(t.Context(), part.ids, ""); err != nil {
				t.Fatal(err)
			}
			for _, r := range part.to {
				admit(t, r, x, all(t, x, trust.Control))
			}
		}
		for _, r := range []*Replica{near, keeper} {
			admit(t, r, f.central, all(t, f.central, trust.Control))
		}
		for n := 0; tagOf(t, near, ids[lost]) != "PC"; n++ {
			if n == 100 {
				t.Fatalf("near asks %t: the one that can be given has not come", asks)
			}
			from, to := keeper, near
			if asks {
				from, to = near, keeper
			}
			exchangeAll(t, from, to)
		}
	}
}

// What is refused with its body is not let in without it: the erasure that would explain that it is missing is a
// stolen delegate's, and its body comes later.
func TestWhatMayNotBeWrittenIsNotLetInBare(t *testing.T) {
	t.Parallel()
	f := newField(t)
	x, office, kiosk := f.delegate("poste volé"), f.admit("poste", record.Coordination, 0), f.admit("borne", record.Kiosk, 0, "0150001V")
	id := save(t, office, passage())
	give(t, office, x)
	give(t, office, f.central)
	if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
		t.Fatal(err)
	}
	if err := x.Erase(t.Context(), []uuid.UUID{id}, "après le vol"); err != nil {
		t.Fatal(err)
	}
	admit(t, f.central, x, all(t, x, trust.Control))
	heads, err := office.Heads(t.Context(), "people/0150001V")
	if err != nil {
		t.Fatal(err)
	}
	seen := heads[0]
	pen := newChainPen(t, kiosk, kiosk.Identity().Key, "people/0150001V")
	forged := pen.piece(pen.entry(string(record.Attendance), id, cells(t, map[string]any{"person_name": []any{"Faux", []any{0}}}, []any{seen.Chain.Incarnation[:], seen.Seq, seen.Hash[:8]}), nil))
	bare := wired(t, []journal.Piece{forged})
	bare[0].Entries[0].Erase(0)
	for _, p := range [][]journal.Piece{bare, wired(t, []journal.Piece{forged})} {
		n, refused, err := f.central.Admit(t.Context(), kiosk.Identity().Public(), p)
		if err != nil {
			t.Fatal(err)
		}
		if len(refused) > 0 {
			t.Fatalf("%d, %v", n, refused)
		}
		if got := text(t, f.central, id, "person_name"); got != "Exemple" {
			t.Fatalf("who may only create has changed another's record: %q", got)
		}
	}
}

// Of a chain that two copies of a device have gone on with, what follows one entry stands on both branches: a body that is
// owed is brought, whichever of them it is on.
func TestABodyOnAnotherBranchIsBrought(t *testing.T) {
	t.Parallel()
	for _, asks := range []bool{true, false} {
		f := newField(t)
		x, near, keeper := f.delegate("poste volé"), f.admit("voisin", record.Coordination, 0), f.admit("gardien", record.Coordination, 0)
		office := f.admit("bureau", record.Coordination, 0)
		save(t, office, machine("PC-1"))
		twins := []*Replica{office, clone(t, office)}
		var ids []uuid.UUID
		for _, twin := range twins {
			ids = append(ids, save(t, twin, machine("PC-2")))
			for _, r := range []*Replica{x, near, keeper} {
				admit(t, r, f.central, all(t, f.central, trust.Control))
				admit(t, r, twin, all(t, twin, "parc"))
			}
		}
		if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
			t.Fatal(err)
		}
		if err := x.Erase(t.Context(), ids[1:], ""); err != nil {
			t.Fatal(err)
		}
		admit(t, near, x, all(t, x, trust.Control))
		for _, r := range []*Replica{near, keeper} {
			admit(t, r, f.central, all(t, f.central, trust.Control))
		}
		from, to := keeper, near
		if asks {
			from, to = near, keeper
		}
		exchangeAll(t, from, to)
		if got := tagOf(t, near, ids[1]); got != "PC-2" {
			t.Errorf("near asks %t: the body on the second branch has not come: %q", asks, got)
		}
	}
}

// A body that is owed may be of a form that nobody here can read: the others held its entry for a later version, and who had
// obeyed counted what was left of it. It is held for a later version too, and stops nothing.
func TestAnOwedBodyThatCannotBeReadStopsNothing(t *testing.T) {
	f := newField(t)
	x, office := f.delegate("poste volé"), f.admit("bureau", record.Coordination, 0)
	near, far := f.admit("voisin", record.Coordination, 0), f.admit("loin", record.Coordination, 0)
	p := newChainPen(t, office, office.Identity().Key, "parc")
	id, other := newID(t, "parc", "equipment"), newID(t, "parc", "equipment")
	tag := cells(t, map[string]any{"tag": []any{"PC-1"}})
	pieces := []journal.Piece{
		p.piece(p.entry("equipment", id, tag, nil)),
		p.piece(p.action(nil, rawOp{"equipment", id, cells(t, map[string]any{"note": []any{1.5}})}, rawOp{"equipment", other, tag})),
	}
	for _, r := range []*Replica{x, near, far, f.central} {
		giveControl(t, f.central, r)
		admit(t, r, office, wired(t, pieces))
	}
	if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
		t.Fatal(err)
	}
	if err := x.Erase(t.Context(), []uuid.UUID{id}, "après le vol"); err != nil {
		t.Fatal(err)
	}
	giveControl(t, x, near) // which has not heard of the end
	if _, err := near.Get(t.Context(), other); err != nil {
		t.Fatalf("what is left of the action does not count: %v", err)
	}
	giveControl(t, f.central, near)
	admit(t, near, far, wired(t, pieces))
	giveControl(t, f.central, far)
	giveControl(t, x, far)
	want := dump(t, far)
	if d := diffScope(want, dump(t, near)); d != "" {
		t.Error(d)
	}
	if err := near.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if d := diffScope(want, dump(t, near)); d != "" {
		t.Errorf("folded again: %s", d)
	}
	if n, err := near.Bare(t.Context()); err != nil || len(n) > 0 {
		t.Errorf("%d bodies are owed, %v", len(n), err)
	}
}

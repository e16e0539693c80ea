package replica

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// twinID returns an id that is bound to a record of parc and to one of agenda at once. The binding has 32 bits:
// with both kinds free it takes 2^17 hashes, for a record that exists 2^32, some minutes.
func twinID(t *testing.T) (id [16]byte, parc, agenda string) {
	t.Helper()
	var free [12]byte
	rand.Read(free[:])
	tail := func(scope, kind string) [4]byte {
		h := sha256.Sum256(joined([]byte("buron record v1\n"+scope+"\n"+kind+"\n"), free[:]))
		return [4]byte(h[:4])
	}
	seen := map[[4]byte]string{}
	for i := range 1 << 18 {
		k := fmt.Sprintf("p%d", i)
		seen[tail("parc", k)] = k
	}
	for i := 0; ; i++ {
		k := fmt.Sprintf("a%d", i)
		if p, ok := seen[tail("agenda", k)]; ok {
			last := tail("agenda", k)
			return [16]byte(joined(free[:], last[:])), p, k
		}
	}
}

func TestAnOperationOfAnotherScopeNeverTouchesTheRecord(t *testing.T) {
	f := newField(t)
	office, agent := f.admit("bureau", record.Coordination, 0), f.admit("agent", record.Agent, 0)
	give(t, f.central, office)
	id, parc, agenda := twinID(t)
	real := newChainPen(t, office, office.Identity().Key, "agenda")
	forged := newChainPen(t, office, agent.Identity().Key, "parc") // an agent may not write this kind in agenda
	good := real.piece(real.entry(agenda, id, cells(t, map[string]any{"title": []any{"vrai"}}), nil))
	bad := forged.piece(forged.entry(parc, id, cells(t, map[string]any{"title": []any{"faux"}, "archived": []any{true}}), nil))
	for _, order := range [][]journal.Piece{{good, bad}, {bad, good}} {
		r := f.blank()
		admit(t, r, f.central, all(t, f.central, "control"))
		for _, p := range order {
			_, _, err := r.Admit(t.Context(), office.Identity().Public(), []journal.Piece{p})
			if err != nil {
				t.Fatal(err)
			}
		}
		list, err := r.List(t.Context(), Query{Kind: record.Kind(agenda), Archived: true})
		if err != nil || len(list) != 1 || list[0].Scope != "agenda" || list[0].Fields.Text("title") != "vrai" || list[0].Fields.Bool("archived") {
			t.Errorf("the record of agenda is %+v, %v: an entry of parc wrote on it", list, err)
		}
		if n := len(conflicts(t, r)); n != 0 {
			t.Errorf("%d conflicts between two scopes", n)
		}
	}
}

// An entry validly signed that breaks the format's limits is set aside alone.
func TestAnEntryOverALimitIsSetAsideAlone(t *testing.T) {
	deep := any("x")
	for range 6 {
		deep = []any{deep}
	}
	for name, value := range map[string]any{"nested too deep": deep, "a float": 1.5} {
		t.Run(name, func(t *testing.T) {
			f := newField(t)
			a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0)
			give(t, f.central, b)
			p := newChainPen(t, b, a.Identity().Key, "parc")
			tag := cells(t, map[string]any{"tag": []any{"PC"}})
			es := []rawEntry{p.entry("equipment", newID(t, "parc", "equipment"), tag, nil),
				p.entry("equipment", newID(t, "parc", "equipment"), cells(t, map[string]any{"note": []any{value}}), nil),
				p.entry("equipment", newID(t, "parc", "equipment"), tag, nil)}
			bring(t, a.Identity().Public(), b, p.bytes(es...))
			if n := machines(t, b); n != 2 {
				t.Errorf("%d machines, want the 2 of the good entries around the bad one", n)
			}
		})
	}
}

func TestSequenceNumbersOutOfRangeStopNothing(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0)
	give(t, f.central, b)
	save(t, b, machine("PC-0"))
	mine := b.Incarnation()
	tag := cells(t, map[string]any{"tag": []any{"PC"}})
	good := func() []byte {
		p := newChainPen(t, b, a.Identity().Key, "parc")
		return p.bytes(p.entry("equipment", newID(t, "parc", "equipment"), tag, nil))
	}
	p := newChainPen(t, b, a.Identity().Key, "parc")
	p.seq = 1<<63 - 1
	if _, _, err := journal.ParsePiece(p.bytes(p.entry("equipment", newID(t, "parc", "equipment"), tag, nil))); !errors.Is(err, journal.ErrForm) {
		t.Errorf("a number that no database holds: %v, want ErrForm", err)
	}
	p = newChainPen(t, b, a.Identity().Key, "parc")
	body := cells(t, map[string]any{"tag": []any{"PC", []any{0}}}, []any{mine[:], uint64(1) << 63, make([]byte, 8)})
	before := machines(t, b)
	bring(t, a.Identity().Public(), b, p.bytes(p.entry("equipment", newID(t, "parc", "equipment"), body, nil)), good())
	if n := machines(t, b); n < before+1 {
		t.Errorf("%d machines, want %d: the rest did not go on", n, before+1)
	}
}

// FORMAT.md: who does not know a critical key stores the entry and passes it on, but does not fold it.
func TestACriticalEntryOfANewerVersionIsKept(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0)
	give(t, f.central, b)
	p := newChainPen(t, b, a.Identity().Key, "parc")
	piece := p.piece(p.entry("equipment", newID(t, "parc", "equipment"), mustCBOR(t, []any{"sealed, in a form of its own"}), map[uint64]any{32: 1}))
	n, refused, err := b.Admit(t.Context(), a.Identity().Public(), []journal.Piece{piece})
	if err != nil || n != 1 || len(refused) > 0 {
		t.Errorf("admitted %d, refused %v, %v; want it kept", n, refused, err)
	}
}

// So is one of control: else who was updated first would be cut off from all the others.
func TestWhatANewerDelegateSaysIsKeptAndObeyedOnceItIsRead(t *testing.T) {
	f := newField(t)
	x, lost, r := f.delegate("poste"), f.admit("perdu", record.Agent, 0), f.blank()
	giveControl(t, f.central, r)
	pc := save(t, lost, machine("PC-1"))
	give(t, lost, r)
	p := newChainPen(t, x, x.Identity().Key, trust.Control)
	next := p.entry("device", newID(t, trust.Control, "device"), mustCBOR(t, []any{"in a form of its own"}), map[uint64]any{32: 1})
	accepted(t, r, x, p.piece(next))
	if _, err := f.central.Distrust(t.Context(), lost.Identity().Public(), ""); err != nil {
		t.Fatal(err)
	}
	giveControl(t, f.central, r)
	want := dump(t, r)
	// As an earlier version would have left it, that could not read the end of the device.
	err := r.inBatch(t.Context(), func(b *batch) error {
		held, err := b.heldEntries("SELECT entry.id, stored, standing FROM entry WHERE standing = ?", aside)
		if err != nil || len(held) != 1 {
			t.Fatal(len(held), err)
		}
		if err := b.restand(restanding{held[0], merged}); err != nil {
			return err
		}
		_, err = b.write.ExecContext(t.Context(), `UPDATE entry SET standing = ? WHERE id =
			(SELECT max(entry.id) FROM entry JOIN chain ON chain.id = entry.chain WHERE scope = 'control')`, newer)
		return err
	})
	if err != nil || tagOf(t, r, pc) != "PC-1" {
		t.Fatal(err)
	}
	if err := r.inBatch(t.Context(), (*batch).readAgain); err != nil {
		t.Fatal(err)
	}
	if d := diffScope(want, dump(t, r)); d != "" {
		t.Error(d)
	}
}

// A parent that never sets the field it is named for is remembered, or not, by the order of arrival.
func TestAParentThatSetsNothingGivesTheSameTables(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Agent, 0)
	id := newID(t, "parc", "equipment")
	p, q := newChainPen(t, a, a.Identity().Key, "parc"), newChainPen(t, a, a.Identity().Key, "parc")
	e := p.entry("equipment", id, cells(t, map[string]any{"brand": []any{"Cère"}}), nil)
	g := q.entry("equipment", id, cells(t, map[string]any{"note": []any{"x", []any{0}}}, []any{p.in, 1, e.hash[:8]}), nil)
	var want string
	for i, order := range [][]journal.Piece{{p.piece(e), q.piece(g)}, {q.piece(g), p.piece(e)}} {
		r := f.blank()
		admit(t, r, f.central, all(t, f.central, "control"))
		for _, piece := range order {
			admit(t, r, a, []journal.Piece{piece})
		}
		if got := dump(t, r); i == 0 {
			want = got
		} else if d := diffScope(want, got); d != "" {
			t.Errorf("in another order: %s", d)
		}
	}
}

// An operation may set nothing: its record is there, or not, whatever else was said of it in between.
func TestAnOperationThatSetsNothingGivesTheSameTables(t *testing.T) {
	f := newField(t)
	a, lost, early, late := f.admit("a", record.Agent, 0), f.admit("perdu", record.Agent, 0), f.blank(), f.blank()
	p, q := newChainPen(t, a, a.Identity().Key, "parc"), newChainPen(t, a, lost.Identity().Key, "parc")
	id := newID(t, "parc", "equipment")
	pieces := []journal.Piece{
		p.piece(p.entry("equipment", id, cells(t, map[string]any{}), nil)),
		q.piece(q.entry("equipment", id, cells(t, map[string]any{"note": []any{"x"}}), nil)),
	}
	giveControl(t, f.central, early)
	accepted(t, early, a, pieces...)
	if _, err := f.central.Distrust(t.Context(), lost.Identity().Public(), ""); err != nil {
		t.Fatal(err)
	}
	giveControl(t, f.central, early)
	giveControl(t, f.central, late)
	accepted(t, late, a, pieces...)
	if d := diffScope(dump(t, early), dump(t, late)); d != "" {
		t.Error(d)
	}
	if err := f.central.Readmit(t.Context(), lost.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Replica{early, late} {
		giveControl(t, f.central, r)
	}
	want := dump(t, early)
	if err := early.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Replica{early, late} {
		if d := diffScope(want, dump(t, r)); d != "" {
			t.Error(d)
		}
	}
}

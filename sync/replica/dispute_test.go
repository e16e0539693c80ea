package replica

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// delegate admits a device of the coordination, which the root makes a delegate.
func (f *field) delegate(name string) *Replica {
	f.t.Helper()
	r := f.admit(name, record.Coordination, 0)
	if err := f.central.NameDelegate(f.t.Context(), f.root(), r.Identity().Public()); err != nil {
		f.t.Fatal(err)
	}
	give(f.t, f.central, r)
	return r
}

// inOrders does the same a few times, with another order each time.
func inOrders(t *testing.T, f func(*rand.Rand)) {
	for seed := range uint64(orderSeeds) {
		if f(rand.New(rand.NewPCG(seed, 0))); t.Failed() {
			t.Fatalf("in the order of seed %d", seed)
		}
	}
}

// everything returns what devices hold, an entry a piece, each once.
func everything(t testing.TB, devices ...*Replica) []journal.Piece {
	t.Helper()
	seen := map[journal.Hash]bool{}
	var out []journal.Piece
	for _, r := range devices {
		scopes, err := r.Scopes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, scope := range append(scopes, trust.Control) {
			for _, p := range all(t, r, scope) {
				for _, one := range singles(t, r, p) {
					if h := one.Entries[0].Hash; !seen[h] {
						seen[h] = true
						out = append(out, one)
					}
				}
			}
		}
	}
	return out
}

// shuffled hands pieces to a device in some order, again and again until all are in.
func shuffled(r *rand.Rand, t testing.TB, from, to *Replica, pieces []journal.Piece) {
	t.Helper()
	left := slices.Clone(pieces)
	r.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
	untilTaken(t, t, from, to, left)
}

// sameInAnyOrder hands all that some devices hold to two others, in two orders, and looks that they end equal.
func sameInAnyOrder(r *rand.Rand, t testing.TB, first, second *Replica, devices ...*Replica) {
	pieces := everything(t, devices...)
	shuffled(r, t, devices[0], first, pieces)
	shuffled(r, t, devices[0], second, pieces)
	if d := diffScope(dump(t, first), dump(t, second)); d != "" {
		t.Fatalf("in another order: %s", d)
	}
}

func TestTwoDelegatesWhoSuspendEachOtherChangeNothing(t *testing.T) {
	t.Parallel()
	inOrders(t, func(r *rand.Rand) {
		f := newField(t)
		x, y := f.delegate("poste 1"), f.delegate("poste 2")
		give(t, f.central, x)
		one, two := f.blank(), f.blank()
		if _, err := x.Revoke(t.Context(), y.Identity().Public(), ""); !errors.Is(err, errOnlyRoot) {
			t.Fatalf("a delegate is told %v", err)
		}
		// What a program of other manners would write.
		for by, of := range map[*Replica]*Replica{x: y, y: x} {
			if _, err := by.SaveControl(t.Context(), trust.RevocationKind, trust.Revocation{Key: of.Identity().Public(), Reason: "lui"}.Fields()); err != nil {
				t.Fatal(err)
			}
			d := trust.Device{Key: newIdentity(t, "tablette").Public(), Role: record.Agent, Name: "tablette"}
			if _, err := by.SaveControl(t.Context(), trust.DeviceKind, d.Fields()); err != nil {
				t.Fatal(err)
			}
			save(t, by, machine("PC-"+by.Self().Name))
		}
		sameInAnyOrder(r, t, one, two, f.central, x, y)
		if !one.Roster().MayAdmit(x.Identity().Public()) || !one.Roster().MayAdmit(y.Identity().Public()) {
			t.Error("one of them is a delegate no longer")
		}
		if n, err := one.Count(t.Context(), Query{Kind: record.Equipment}); err != nil || n != 2 {
			t.Errorf("%d of 2 devices are recorded, %v", n, err)
		}
	})
}

func TestAnInvitationUsedOnTwoCopiesOfItsAdmitterAdmitsBoth(t *testing.T) {
	t.Parallel()
	inOrders(t, func(r *rand.Rand) {
		f := newField(t)
		x := f.delegate("poste")
		one, two := f.blank(), f.blank()
		copied := clone(t, x)
		for _, by := range []*Replica{x, copied} {
			d := trust.Device{Key: newIdentity(t, "tablette").Public(), Role: record.Agent, Name: "tablette"}
			if _, err := by.SaveControl(t.Context(), trust.DeviceKind, d.Fields()); err != nil {
				t.Fatal(err)
			}
		}
		before := len(f.central.Roster().Devices())
		sameInAnyOrder(r, t, one, two, f.central, x, copied)
		if got := len(one.Roster().Devices()); got < before+2 {
			t.Errorf("%d devices, %d before: one of those admitted is not", got, before)
		}
	})
}

func TestARoleThatChangesWhileEntriesTravel(t *testing.T) {
	t.Parallel()
	inOrders(t, func(r *rand.Rand) {
		f := newField(t)
		d := f.admit("poste", record.Coordination, 0)
		one, two := f.blank(), f.blank()
		id := save(t, d, machine("PC-1"))
		heard := r.IntN(3)
		for i := range 4 {
			if i == heard {
				give(t, d, f.central)
				if err := f.central.ChangeRole(t.Context(), d.Identity().Public(), record.Facilitator, []string{"bus"}); err != nil {
					t.Fatal(err)
				}
			}
			save(t, d, Change{ID: id, Set: record.Fields{"note": uuid.NewString()}})
		}
		sameInAnyOrder(r, t, one, two, f.central, d)
	})
}

// What a copy wrote under a role that it had inherited counts, whatever becomes of that role, of its own, and of the
// device that it goes on from.
func TestWhatACopyWroteUnderAnInheritedRoleCounts(t *testing.T) {
	t.Parallel()
	end := func(by *Replica, key trust.Key) error {
		_, err := by.Revoke(t.Context(), key, "")
		return err
	}
	demote := func(by *Replica, key trust.Key) error {
		return by.ChangeRole(t.Context(), key, record.Facilitator, []string{"bus"})
	}
	confirm := func(by *Replica, key trust.Key) error { return by.Confirm(t.Context(), key) }
	type act = func(*Replica, trust.Key) error
	for name, c := range map[string]struct{ first, copy act }{
		"both change roles":                  {demote, demote},
		"the first changes, the copy stays":  {demote, confirm},
		"the first is ended, nobody looks":   {end, nil},
		"the first is ended, the copy stays": {demote, end},
	} {
		t.Run(name, func(t *testing.T) {
			inOrders(t, func(r *rand.Rand) {
				f := newField(t)
				first := f.admit("poste", record.Coordination, 0)
				one, two := f.blank(), f.blank()
				copied := openCopy(t, copyOf(t, first, trust.KeyFile, startFile), Options{Machine: func() string { return "une autre" }})
				id := save(t, copied, machine("PC-2"))
				give(t, copied, f.central)
				if err := c.first(f.central, first.Identity().Public()); err != nil {
					t.Fatal(err)
				}
				if c.copy != nil {
					if err := c.copy(f.central, copied.Identity().Public()); err != nil {
						t.Fatal(err)
					}
				}
				sameInAnyOrder(r, t, one, two, f.central, first, copied)
				if got := tagOf(t, one, id); got != "PC-2" {
					t.Errorf("what the copy wrote before is gone: %s", got)
				}
			})
		})
	}
}

func TestAnEditReplacesWhatIsSetAsideSinceItWasSeen(t *testing.T) {
	f := newField(t)
	lost, office := f.admit("tablette", record.Coordination, 0), f.admit("poste", record.Coordination, 0)
	id := save(t, office, machine("PC-1"))
	give(t, office, lost)
	save(t, lost, Change{ID: id, Set: record.Fields{"note": "écran fendu"}})
	give(t, lost, office)
	give(t, lost, f.central)
	v, err := office.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.central.Distrust(t.Context(), lost.Identity().Public(), ""); err != nil {
		t.Fatal(err)
	}
	give(t, f.central, office)
	if text(t, office, id, "note") != "" {
		t.Fatal("what is set aside is shown")
	}
	save(t, office, Change{ID: id, Set: record.Fields{"note": "écran changé"}, Seen: v.Seen})
	if err := f.central.Readmit(t.Context(), lost.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	give(t, f.central, office)
	if n, err := office.CountConflicts(t.Context()); err != nil || n != 0 || text(t, office, id, "note") != "écran changé" {
		t.Errorf("%d to decide on what its author had seen, %v; note %q", n, err, text(t, office, id, "note"))
	}
}

// What a stolen delegate erases after its end is erased nowhere: who had obeyed it gets the bodies back from who
// had not.
func TestAStolenDelegateErasesNothing(t *testing.T) {
	t.Parallel()
	f := newField(t)
	x, near, office := f.delegate("poste volé"), f.admit("voisin", record.Coordination, 0), f.admit("bureau", record.Coordination, 0)
	asked, late := f.admit("voisin 2", record.Coordination, 0), f.admit("arrivé après", record.Coordination, 0)
	both, err := office.Save(t.Context(), uuid.Nil, machine("PC-1"), machine("PC-2")) // one action: an entry with a body that is erased, and one that is owed
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := both.IDs[0], both.IDs[1]
	for _, r := range []*Replica{f.central, x, near, asked} {
		give(t, office, r)
	}
	if err := x.Erase(t.Context(), []uuid.UUID{mine}, "avant le vol"); err != nil {
		t.Fatal(err)
	}
	give(t, x, f.central)
	if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
		t.Fatal(err)
	}
	if err := x.Erase(t.Context(), []uuid.UUID{theirs}, "après le vol"); err != nil {
		t.Fatal(err)
	}
	give(t, x, near) // which has not heard of the end
	if _, err := near.Get(t.Context(), theirs); !errors.Is(err, ErrUnknown) {
		t.Fatalf("the neighbour had no reason not to obey: %v", err)
	}
	give(t, x, asked)
	admit(t, asked, f.central, all(t, f.central, trust.Control))
	for _, r := range []*Replica{f.central, x} {
		admit(t, late, r, all(t, r, trust.Control))
	}
	if n, err := late.Bare(t.Context()); err != nil || len(n) != 0 {
		t.Fatalf("%d bodies are owed to one who holds nothing, %v", len(n), err)
	}
	if _, err := meet(t, late, asked, 0); err != nil {
		t.Fatalf("what follows a body that is owed is kept back: %v", err)
	}
	if n, err := late.Bare(t.Context()); err != nil || len(n) != 1 {
		t.Fatalf("%d bodies are owed, %v", len(n), err)
	}
	if _, err := meet(t, office, asked, 0); err != nil { // who brings what the other lacks
		t.Fatal(err)
	}
	if got := tagOf(t, asked, theirs); got != "PC-2" {
		t.Errorf("who was asked is brought nothing: %q", got)
	}
	for range 2 {
		for _, r := range []*Replica{near, office, late, x} {
			if _, err := meet(t, r, f.central, 0); err != nil && !errors.Is(err, exchange.ErrRevoked) {
				t.Fatalf("%s: %v", r.Self().Name, err)
			}
		}
	}
	for _, r := range []*Replica{f.central, near, office, asked, late} {
		if _, err := r.Get(t.Context(), mine); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: what was erased before the end is there: %v", r.Self().Name, err)
		}
		if got := tagOf(t, r, theirs); got != "PC-2" {
			t.Errorf("%s: what was erased after the end is gone: %q", r.Self().Name, got)
		}
		if err := r.Verify(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", r.Self().Name, err)
		}
		if d := diffScope(dump(t, f.central), dump(t, r)); d != "" {
			t.Errorf("central and %s differ: %s", r.Self().Name, d)
		}
	}
}

// Of one entry, one body may be erased for good while another is owed: who holds the other gives it.
func TestABodyThatIsOwedComesBesideOneThatIsErased(t *testing.T) {
	t.Parallel()
	f := newField(t)
	x, near, office := f.delegate("poste volé"), f.admit("voisin", record.Coordination, 0), f.admit("bureau", record.Coordination, 0)
	saved, err := office.Save(t.Context(), uuid.Nil, machine("PC-1"), machine("PC-2"))
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := saved.IDs[0], saved.IDs[1]
	for _, r := range []*Replica{f.central, x, near} {
		give(t, office, r)
	}
	if err := x.Erase(t.Context(), []uuid.UUID{mine}, "avant le vol"); err != nil {
		t.Fatal(err)
	}
	give(t, x, f.central)
	if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
		t.Fatal(err)
	}
	if err := x.Erase(t.Context(), []uuid.UUID{theirs}, "après le vol"); err != nil {
		t.Fatal(err)
	}
	give(t, x, near)
	for range 2 {
		for _, r := range []*Replica{office, near} {
			if _, err := meet(t, r, f.central, 0); err != nil && !errors.Is(err, exchange.ErrRevoked) {
				t.Fatalf("%s: %v", r.Self().Name, err)
			}
		}
	}
	for _, r := range []*Replica{f.central, near, office} {
		if _, err := r.Get(t.Context(), mine); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: what was erased before the end is there: %v", r.Self().Name, err)
		}
		if got := tagOf(t, r, theirs); got != "PC-2" {
			t.Errorf("%s: what was erased after the end is gone: %q", r.Self().Name, got)
		}
	}
}

func tagOf(t testing.TB, r *Replica, id uuid.UUID) string {
	t.Helper()
	v, err := r.Get(t.Context(), id)
	if err != nil {
		return err.Error()
	}
	return v.Fields.Text("tag")
}

// erasedAfterTheft has the office note an event that the delegate x and all others hold, and x erase it once the root has
// ended it, which the others have not heard of. It returns the event.
func (f *field) erasedAfterTheft(x, office *Replica, others ...*Replica) uuid.UUID {
	f.t.Helper()
	edited := save(f.t, office, Change{Kind: record.Event, Set: record.Fields{"title": "Forum", "type": "ruralitic"}})
	for _, r := range append([]*Replica{f.central, x}, others...) {
		giveControl(f.t, f.central, r)
		give(f.t, office, r)
	}
	if err := f.central.EndDelegate(f.t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
		f.t.Fatal(err)
	}
	if err := x.Erase(f.t.Context(), []uuid.UUID{edited}, "après le vol"); err != nil {
		f.t.Fatal(err)
	}
	return edited
}

// Who heard of an erasure by a stolen delegate before its end took in what was brought on the record without reading it; who heard
// after reads it, and finds that its author never had the right. What that author wrote next stands everywhere or nowhere.
func TestAVoidErasureLetsInNowhereWhatOthersRefuse(t *testing.T) {
	f := newField(t)
	x, office, agent := f.delegate("poste volé"), f.admit("bureau", record.Coordination, 0), f.admit("agent", record.Agent, 0)
	near, late := f.admit("voisin", record.Coordination, 0), f.admit("arrivé après", record.Coordination, 0)
	edited := f.erasedAfterTheft(x, office, near, late)
	giveControl(t, x, near) // which has not heard of the end
	p := newChainPen(t, agent, agent.Identity().Key, "agenda")
	seen := []any{p.in, uint64(1), make([]byte, 8)}
	first := p.piece(p.entry("event", edited, cells(t, map[string]any{"title": []any{"à moi", []any{0}}}, seen), nil))
	next := newID(t, "agenda", "event")
	second := p.piece(p.entry("event", next, cells(t, map[string]any{"title": []any{"Trophées"}, "type": []any{"trophees"}}), nil))
	offer := func(r *Replica) {
		for _, piece := range []journal.Piece{first, second} {
			if _, _, err := r.Admit(t.Context(), agent.Identity().Public(), wired(t, []journal.Piece{piece})); err != nil {
				t.Fatal(err)
			}
		}
	}
	offer(near)
	giveControl(t, f.central, near)
	offer(near) // it is owed the body
	giveControl(t, f.central, late)
	giveControl(t, x, late)
	offer(late)
	for range 2 {
		for _, r := range []*Replica{office, near, late} {
			if _, err := meet(t, r, f.central, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, r := range []*Replica{late, f.central} {
		if diff := diffScope(dump(t, near), dump(t, r)); diff != "" {
			t.Errorf("%s: %s", r.Self().Name, diff)
		}
	}
	if n, err := near.Bare(t.Context()); err != nil || len(n) > 0 {
		t.Errorf("%d bodies are owed, %v", len(n), err)
	}
}

// What a void erasure let in is put aside; who is then granted what it wrote, beside what it was, is believed by those who
// had put it aside as by those who hear of all at once.
func TestWhatAVoidErasureLetInCountsOnceItIsGranted(t *testing.T) {
	f := newField(t)
	x, office, agent := f.delegate("poste volé"), f.admit("bureau", record.Coordination, 0), f.admit("agent", record.Agent, 0)
	early, late := f.admit("voisin", record.Coordination, 0), f.admit("arrivé après", record.Coordination, 0)
	edited := f.erasedAfterTheft(x, office, early, late)
	giveControl(t, f.central, early)
	giveControl(t, x, early)
	p := newChainPen(t, agent, agent.Identity().Key, "agenda")
	seen := []any{p.in, uint64(1), make([]byte, 8)}
	said := []journal.Piece{p.piece(p.entry("event", edited, cells(t, map[string]any{"title": []any{"à moi", []any{0}}}, seen), nil))}
	admit(t, early, agent, wired(t, said))
	d, _ := f.central.Roster().Device(agent.Identity().Public())
	d.Role = record.Coordination
	if _, err := f.central.SaveControl(t.Context(), trust.DeviceKind, d.Fields()); err != nil {
		t.Fatal(err)
	}
	giveControl(t, f.central, early)
	giveControl(t, f.central, late)
	giveControl(t, x, late)
	admit(t, late, agent, wired(t, said))
	if d := diffScope(dump(t, early), dump(t, late)); d != "" {
		t.Error(d)
	}
}

package replica

import (
	"errors"
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// heirOf copies a device to another machine, where it goes on under a key of its own.
func heirOf(t *testing.T, r *Replica) *Replica {
	t.Helper()
	heir := openCopy(t, copyOf(t, r, trust.KeyFile, startFile), Options{Machine: func() string { return "une autre" }})
	if heir.Identity().Public() == r.Identity().Public() {
		t.Fatal("both write under one key")
	}
	return heir
}

// inheritance is an agent and its heir, who has written two machines: of one the central has heard.
type inheritance struct {
	*field
	agent, heir  *Replica
	known, later uuid.UUID
}

func inherited(t *testing.T) *inheritance {
	t.Helper()
	n := &inheritance{field: newField(t)}
	n.agent = n.admit("poste", record.Agent, 0)
	save(t, n.agent, machine("PC-1"))
	give(t, n.agent, n.central)
	n.heir = heirOf(t, n.agent)
	n.known = save(t, n.heir, machine("PC-2"))
	give(t, n.heir, n.central)
	return n
}

// agree asserts that who was there and who hears all at once, in several orders, show the same, and that all of
// these count and none of those.
func (n *inheritance) agree(t *testing.T, counts, aside []uuid.UUID) {
	t.Helper()
	give(t, n.heir, n.central)
	give(t, n.agent, n.central)
	control, parc := all(t, n.central, trust.Control), all(t, n.central, "parc")
	late := []*Replica{n.blank(), n.blank(), n.blank()}
	admit(t, late[0], n.central, control)
	admit(t, late[0], n.central, parc)
	admit(t, late[1], n.central, append(wired(t, parc), wired(t, control)...))
	for _, p := range wired(t, control) {
		for _, one := range singles(t, n.central, p) {
			for range 2 {
				if _, _, err := late[2].Admit(t.Context(), n.central.Identity().Public(), wired(t, append([]journal.Piece{one}, parc...))); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	admit(t, late[2], n.central, append(wired(t, control), wired(t, parc)...))
	want := dump(t, n.central)
	for i, r := range append(late, n.central) {
		if d := diffScope(want, dump(t, r)); d != "" {
			t.Errorf("device %d shows otherwise than the central: %s", i, d)
		}
		for _, id := range counts {
			if _, err := r.Get(t.Context(), id); err != nil {
				t.Errorf("device %d lacks what was validly written: %v", i, err)
			}
		}
		for _, id := range aside {
			if _, err := r.Get(t.Context(), id); !errors.Is(err, ErrUnknown) {
				t.Errorf("device %d merges what was written after the end: %v", i, err)
			}
		}
		if err := r.Verify(t.Context(), nil); err != nil {
			t.Errorf("device %d: %v", i, err)
		}
	}
}

func (n *inheritance) changeRole(t *testing.T, of *Replica, role record.Role) {
	t.Helper()
	if err := n.central.ChangeRole(t.Context(), of.Identity().Public(), role, []string{"bus"}); err != nil {
		t.Fatal(err)
	}
}

func TestAnHeirKeepsWhatItWroteWhenTheRoleItInheritsChanges(t *testing.T) {
	n := inherited(t)
	n.changeRole(t, n.agent, record.Kiosk)
	n.later = save(t, n.heir, machine("PC-3"))
	n.agree(t, []uuid.UUID{n.known}, []uuid.UUID{n.later})
}

func TestAnHeirKeepsWhatItWroteWhenBothRolesChange(t *testing.T) {
	for _, first := range []string{"the agent's", "the heir's"} {
		t.Run(first+" first", func(t *testing.T) {
			n := inherited(t)
			a, b := n.agent, n.heir
			if first != "the agent's" {
				a, b = b, a
			}
			n.changeRole(t, a, record.Kiosk)
			n.changeRole(t, b, record.Kiosk)
			n.later = save(t, n.heir, machine("PC-3"))
			n.agree(t, []uuid.UUID{n.known}, []uuid.UUID{n.later})
		})
	}
}

func TestARevocationNamesTheHeirs(t *testing.T) {
	n := inherited(t)
	revoke(t, n.central, n.agent)
	n.later = save(t, n.heir, machine("PC-3"))
	n.agree(t, []uuid.UUID{n.known}, []uuid.UUID{n.later})
}

func TestAnAdmissionThatNamesNothingInheritedPutsAsideEverywhereAlike(t *testing.T) {
	n := inherited(t)
	// As an invitation, or a delegate who has not heard that it is an heir, writes it.
	if _, err := n.central.say(t.Context(), statement{trust.DeviceKind, trust.Device{Key: n.heir.Identity().Public(),
		Age: n.heir.Identity().Age.Recipient().String(), Role: record.Kiosk, Places: []string{"bus"}, Name: "copie"}.Fields()}); err != nil {
		t.Fatal(err)
	}
	n.later = save(t, n.heir, machine("PC-3"))
	n.agree(t, nil, []uuid.UUID{n.known, n.later})
	if err := n.central.Release(t.Context(), n.heir.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	n.agree(t, []uuid.UUID{n.known, n.later}, nil)
}

func TestWhatAnHeirWroteAfterTheEndOfTheOtherIsReleased(t *testing.T) {
	n := inherited(t)
	revoke(t, n.central, n.agent)
	n.later = save(t, n.heir, machine("PC-3"))
	give(t, n.heir, n.central)
	if err := n.central.Release(t.Context(), n.heir.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	n.agree(t, []uuid.UUID{n.known, n.later}, nil)
}

// accepted hands pieces to a device and asserts that none is refused.
func accepted(t testing.TB, r, from *Replica, pieces ...journal.Piece) {
	t.Helper()
	if _, refused, err := r.Admit(t.Context(), from.Identity().Public(), wired(t, pieces)); err != nil || len(refused) > 0 {
		t.Errorf("%s takes in what others hold: %v, %v", r.Self().Name, refused, err)
	}
}

// A key that says that it goes on from one device and then from another is believed of the second. What it wrote under
// the role of the first is held by who heard it then: nobody refuses it, and nobody merges it.
func TestWhoGoesOnFromAnotherKeyLaterIsJudgedAlikeEverywhere(t *testing.T) {
	f := newField(t)
	a, b, k := f.admit("poste", record.Coordination, 0), f.admit("agent", record.Agent, 0), newIdentity(t, "copie")
	early, late := f.blank(), f.blank()
	later := map[uint64]any{4: uint64(noon.UnixMilli()+1) << 16}
	p := newChainPen(t, early, k.Key, trust.Control)
	first := p.piece(p.action(nil, twin(t, p.terr, a.Identity(), k)))
	second := p.piece(p.action(later, twin(t, p.terr, b.Identity(), k)))
	q := p.on("agenda")
	written := q.piece(q.entry("charter", newID(t, "agenda", "charter"), cells(t, map[string]any{"version": []any{"1"}}), nil))
	for _, r := range []*Replica{early, late} {
		giveControl(t, f.central, r)
	}
	accepted(t, early, a, first, written)
	accepted(t, early, a, second)
	accepted(t, late, a, first, second)
	accepted(t, late, a, written)
	if d := diffScope(dump(t, early), dump(t, late)); d != "" {
		t.Error(d)
	}
	if q, err := late.Quarantine(t.Context()); err != nil || len(q) != 1 {
		t.Errorf("%v stands aside, %v", q, err)
	}
}

// So it is with what such a key has said as a delegate's, and with whom it has admitted.
func TestWhatADelegatesCopySaidIsHeldWhenItGoesOnFromAnotherKey(t *testing.T) {
	f := newField(t)
	a, b, k, z := f.delegate("poste"), f.admit("agent", record.Agent, 0), newIdentity(t, "copie"), newIdentity(t, "intrus")
	early, late := f.blank(), f.blank()
	p := newChainPen(t, early, k.Key, trust.Control)
	entries := []rawEntry{
		p.action(nil, twin(t, p.terr, a.Identity(), k)),
		p.entry(trust.DeviceKind, newID(t, trust.Control, trust.DeviceKind),
			saying(t, trust.Device{Key: z.Public(), Age: z.Age.Recipient().String(), Role: record.Agent, Name: "intrus"}.Fields()), nil),
		p.action(map[uint64]any{4: uint64(noon.UnixMilli()+1) << 16}, twin(t, p.terr, b.Identity(), k)),
	}
	q := newChainPen(t, early, z.Key, "parc")
	written := q.piece(q.entry("equipment", newID(t, "parc", "equipment"), cells(t, map[string]any{"tag": []any{"PC-1"}}), nil))
	for _, r := range []*Replica{early, late} {
		giveControl(t, f.central, r)
	}
	accepted(t, early, a, p.piece(entries[0]), p.piece(entries[1]), written)
	accepted(t, early, a, p.piece(entries[2]))
	accepted(t, late, a, p.piece(entries...), written)
	if d := diffScope(dump(t, early), dump(t, late)); d != "" {
		t.Error(d)
	}
	if n := machines(t, early); n != 0 {
		t.Errorf("%d machines of one whom no delegate has admitted are merged", n)
	}
}

// Whose admitter was ended before it spoke is held as one who may write nothing. So is what that device says of the key that it
// goes on from, by who heard of the end first.
func TestTheTwinOfOneAdmittedInVainIsHeldEverywhere(t *testing.T) {
	f := newField(t)
	x, nobody, k := f.delegate("poste volé"), newIdentity(t, "rien"), newIdentity(t, "poste")
	early, late := f.blank(), f.blank()
	if err := f.central.EndDelegate(t.Context(), f.root(), x.Identity().Public(), "volé"); err != nil {
		t.Fatal(err)
	}
	d := trust.Device{Key: k.Public(), Age: k.Age.Recipient().String(), Role: record.Agent, Name: "poste"}
	if _, err := x.SaveControl(t.Context(), trust.DeviceKind, d.Fields()); err != nil {
		t.Fatal(err)
	}
	p := newChainPen(t, early, k.Key, trust.Control)
	piece := p.piece(p.action(nil, twin(t, p.terr, nobody, k)))
	giveControl(t, x, early)
	accepted(t, early, x, piece)
	giveControl(t, f.central, early)
	giveControl(t, f.central, late)
	giveControl(t, x, late)
	accepted(t, late, x, piece)
}

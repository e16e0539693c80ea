package replica

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/snapshot"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// A central writes other values than the journal has, under the names of its entries: the digest, which is of names
// alone, cannot tell, and people are told all the same.
func TestASnapshotWithOtherValuesIsToldOf(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.writerAndFresh()
	id := save(t, writer, machine("PC-1"))
	bulk(t, writer, mostStates+500) // the record is let go of before its note is folded
	save(t, writer, Change{ID: id, Set: record.Fields{"note": "vrai"}})
	give(t, writer, f.central)
	err := f.central.inBatch(t.Context(), func(b *batch) error {
		s, err := b.state(recordKey{"parc", "equipment", id})
		if err == nil {
			s.cell("note").versions[0].value, s.dirty = "faux", true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	beginBy(t, fresh, f.central)
	if got := text(t, fresh, id, "note"); got != "faux" {
		t.Fatalf("the snapshot shows %s: nothing is put to the proof", got)
	}
	exchangeAll(t, fresh, f.central)
	if said := refusedCopies(t, fresh); len(said) != 1 || !strings.Contains(said[0], "ne donne pas les mêmes fiches") || text(t, fresh, id, "note") != "vrai" || unverified(t, fresh) != 0 {
		t.Errorf("people are told %q, and shown %s", said, text(t, fresh, id, "note"))
	}
}

// signedBy makes a central sign another header than its own.
func signedBy(t *testing.T, r *Replica, change func(*snapshot.Header)) func(raw, signature []byte) ([]byte, []byte) {
	return func(raw, _ []byte) ([]byte, []byte) {
		h, err := snapshot.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		change(&h)
		raw, signature, err := snapshot.Sign(r.Territory(), r.Identity().Key, h)
		if err != nil {
			t.Fatal(err)
		}
		return raw, signature
	}
}

// A stolen central signs that it has what nobody has: a chain up to an end that does not exist. What is written on that
// chain is taken for covered, and waits for a history that never comes. It ends with the central.
func TestASnapshotEndsWithTheCentralThatSignedIt(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.writerAndFresh()
	id := save(t, writer, machine("PC-1"))
	give(t, writer, f.central)
	m := misgiving{Replica: f.central, header: signedBy(t, f.central, func(h *snapshot.Header) {
		h.Vector = append(h.Vector, snapshot.Head{Incarnation: writer.Incarnation(), Seq: 1 << 40, Hash: journal.Hash{1}})
	})}
	if res := m.meet(t, fresh); res.Snapshots != 1 {
		t.Fatal("the snapshot is not taken: nothing is put to the proof")
	}
	own := save(t, fresh, Change{ID: id, Set: record.Fields{"status": "en_panne"}})
	save(t, writer, Change{ID: id, Set: record.Fields{"note": "vu"}})
	late := save(t, writer, machine("PC-2"))
	give(t, writer, fresh)
	if machines(t, fresh) != 1 || unverified(t, fresh) != 1 {
		t.Fatal("nothing waits: nothing is put to the proof")
	}
	if err := writer.EndDelegate(t.Context(), f.root(), f.central.Identity().Public(), "volé"); err != nil {
		t.Fatal(err)
	}
	giveControl(t, writer, fresh)
	if got := text(t, fresh, own, "status") + text(t, fresh, id, "tag") + text(t, fresh, id, "note"); unverified(t, fresh) != 0 || machines(t, fresh) != 2 || got != "en_pannePC-1vu" {
		t.Errorf("%d machines of 2 are shown, %s", machines(t, fresh), got)
	}
	if _, err := fresh.Get(t.Context(), late); err != nil {
		t.Error(err)
	}
	give(t, fresh, writer)
	if diff := diffScope(dump(t, fresh), dump(t, writer)); diff != "" {
		t.Error(diff)
	}
}

// A central is put back to before a part of what its snapshot covers. What was shown of that part is not to be checked
// for ever: people are told, and it is shown again when the one who wrote it brings it.
func TestASnapshotEndsWhenItsCentralHasLostTheHistory(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.writerAndFresh()
	save(t, writer, machine("PC-1"))
	give(t, writer, f.central)
	early := clone(t, f.central)
	id := save(t, writer, machine("PC-2"))
	give(t, writer, f.central)
	beginBy(t, fresh, f.central)
	own := save(t, fresh, Change{ID: id, Set: record.Fields{"note": "vu"}})
	if machines(t, fresh) != 2 || unverified(t, fresh) != 1 || len(refusedCopies(t, fresh)) != 0 {
		t.Fatal("nothing is shown from a snapshot: nothing is put to the proof")
	}
	exchangeAll(t, fresh, early)
	if said := refusedCopies(t, fresh); unverified(t, fresh) != 0 || len(said) != 1 || !strings.Contains(said[0], "remis dans un état plus ancien") {
		t.Errorf("%d scopes are still to be checked; people are told %q", unverified(t, fresh), said)
	}
	if diff := diffScope(dump(t, fresh), dump(t, early)); diff != "" {
		t.Error(diff)
	}
	exchangeAll(t, writer, early)
	exchangeAll(t, fresh, early)
	if got := text(t, fresh, id, "tag") + text(t, fresh, own, "note"); machines(t, fresh) != 2 || got != "PC-2vu" {
		t.Errorf("%d machines of 2 are shown, %s", machines(t, fresh), got)
	}
	if diff := diffScope(dump(t, fresh), dump(t, early)); diff != "" {
		t.Error(diff)
	}
}

// A neighbour that has not got the history of what a snapshot shows says nothing of who signed it.
func TestASnapshotStaysWhereANeighbourLacksTheHistory(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh, other := f.admit("auteur", record.Agent, 0), f.admit("neuf", record.Agent, 0), f.admit("voisin", record.Agent, 0)
	for _, r := range []*Replica{writer, fresh, other} {
		giveControl(t, f.central, r)
	}
	save(t, writer, machine("PC-1"))
	give(t, writer, f.central)
	beginBy(t, fresh, f.central)
	exchangeAll(t, fresh, other)
	if unverified(t, fresh) != 1 || machines(t, fresh) != 1 {
		t.Errorf("%d scopes to be checked, %d machines", unverified(t, fresh), machines(t, fresh))
	}
	exchangeAll(t, fresh, f.central)
	noRefusals(t, fresh)
	if unverified(t, fresh) != 0 || machines(t, fresh) != 1 {
		t.Errorf("%d scopes to be checked, %d machines", unverified(t, fresh), machines(t, fresh))
	}
}

// Whoever may not read a scope any more never gets the history of what a snapshot shows of it.
func TestASnapshotEndsWithTheRightToReadIt(t *testing.T) {
	const name = "Zorglubette"
	f, office, site := school(t)
	f.withCopies()
	pupils := "people/" + uai
	named := save(t, office, pupil(site, name))
	give(t, office, f.central)
	agent := f.admit("agent", record.Agent, 0, uai)
	raw, signature, err := f.central.Snapshot(t.Context(), pupils)
	if err != nil || raw == nil {
		t.Fatal(err)
	}
	admit(t, agent, f.central, all(t, f.central, "agenda"))
	load(t, agent, f.central, pupils, raw, signature)
	own := save(t, agent, pupil(site, "Quatrepoix"))
	admit(t, f.central, agent, chainOf(t, agent, pupils))
	if err := f.central.ChangeRole(t.Context(), agent.Identity().Public(), record.Agent, nil); err != nil {
		t.Fatal(err)
	}
	exchangeAll(t, agent, f.central)
	if _, err := agent.Get(t.Context(), named); err == nil || unverified(t, agent) != 0 || unsealed(t, agent, name) {
		t.Error("what only the snapshot said is still shown, to be checked for ever")
	}
	if _, err := agent.Get(t.Context(), own); err != nil {
		t.Errorf("what this device wrote itself is gone: %v", err)
	}
}

// load takes a snapshot without an exchange.
func load(t testing.TB, to, from *Replica, scope string, raw, signature []byte) {
	t.Helper()
	frames := framesOf(t, from, scope, raw)
	begin(t, to, from, scope, raw, signature, frames)
	if loaded, refused, err := to.LoadSnapshot(t.Context(), from.Identity().Public(), scope); err != nil || !loaded {
		t.Fatalf("%v, %v", refused, err)
	}
}

// framesOf returns the frames of a snapshot that a central gives.
func framesOf(t testing.TB, from *Replica, scope string, raw []byte) [][]byte {
	t.Helper()
	id := snapshot.ID(raw)
	frames, err := from.SnapshotFrames(t.Context(), scope, id[:], 0, 1<<20)
	if err != nil || len(frames) == 0 {
		t.Fatal(err)
	}
	return frames
}

// given returns a snapshot that a central gives, whole.
func given(t testing.TB, from *Replica, scope string) (raw, signature []byte, frames [][]byte) {
	t.Helper()
	raw, signature, err := from.Snapshot(t.Context(), scope)
	if err != nil || raw == nil {
		t.Fatal(err)
	}
	return raw, signature, framesOf(t, from, scope, raw)
}

// begin takes the frames of a snapshot.
func begin(t testing.TB, to, from *Replica, scope string, raw, signature []byte, frames [][]byte) {
	t.Helper()
	if _, _, refused, err := to.BeginSnapshot(t.Context(), from.Identity().Public(), scope, raw, signature); err != nil || refused != nil {
		t.Fatalf("%v, %v", refused, err)
	}
	if refused, err := to.TakeFrames(t.Context(), from.Identity().Public(), scope, 0, frames); err != nil || refused != nil {
		t.Fatalf("%v, %v", refused, err)
	}
}

// A terminal that becomes a reader is owed what it dropped: until that is back, its own history says less than the
// snapshot does, and the central is not at fault.
func TestATerminalThatBecomesAReaderAccusesNobody(t *testing.T) {
	f := newField(t).withCopies()
	place, people := []string{uai}, "people/"+uai
	d, other := f.admit("borne", record.Kiosk, 0, place...), f.admit("borne 2", record.Kiosk, 0, place...)
	act := func(r *Replica) uuid.UUID {
		return save(t, r, Change{Kind: record.Attendance, Scope: people, Set: record.Fields{"act": "presence", "workshop": uuid.NewString(), "person_name": "Exemple", "at": noon.UnixMilli()}})
	}
	id := act(d)
	for range 8 {
		act(other)
	}
	for range 2 {
		exchangeAll(t, d, f.central)
		exchangeAll(t, other, f.central)
	}
	if n, err := d.DropDelivered(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d entries dropped, %v", n, err)
	}
	if err := f.central.ChangeRole(t.Context(), d.Identity().Public(), record.Agent, place); err != nil {
		t.Fatal(err)
	}
	if res := exchangeAll(t, d, f.central); res.Snapshots == 0 {
		t.Fatal("nothing is put to the proof")
	}
	noRefusals(t, d)
	if _, err := d.Get(t.Context(), id); err != nil || unverified(t, d) != 0 {
		t.Errorf("what it wrote as a terminal is not here, %v", err)
	}
	if diff := diffScope(dump(t, d), dump(t, f.central)); diff != "" {
		t.Error(diff)
	}
}

// Who is admitted meanwhile changes nothing of frames that are on their way, whatever was erased once.
func TestFramesStayWhenControlSaysSomethingElse(t *testing.T) {
	f := newField(t).withCopies()
	writer := f.admit("auteur", record.Agent, 0)
	give(t, f.central, writer)
	erased := save(t, writer, machine("PC-1"))
	save(t, writer, machine("PC-2"))
	give(t, writer, f.central)
	if err := f.central.Erase(t.Context(), []uuid.UUID{erased}, "demande"); err != nil {
		t.Fatal(err)
	}
	fresh := f.admit("neuf", record.Agent, 0)
	raw, signature, frames := given(t, f.central, "parc")
	begin(t, fresh, f.central, "parc", raw, signature, frames)
	f.admit("encore un", record.Agent, 0)
	giveControl(t, f.central, fresh)
	for _, r := range []*Replica{f.central, fresh} {
		var kept int
		if err := r.read.QueryRow("SELECT count(*) FROM snapshot_frame").Scan(&kept); err != nil || kept != len(frames) {
			t.Errorf("%s has %d frames of %d, %v", r.Self().Name, kept, len(frames), err)
		}
	}
}

// Of a snapshot from before an erasure nothing stays in any file, sealed or not: its key is there.
func TestFramesWithWhatWasErasedAreShredded(t *testing.T) {
	f := newField(t).withCopies()
	writer, late := f.admit("auteur", record.Agent, 0), f.admit("en retard", record.Agent, 0)
	give(t, f.central, writer)
	erased := save(t, writer, machine("PC-1"))
	save(t, writer, machine("PC-2"))
	give(t, writer, f.central)
	raw, signature, frames := given(t, f.central, "parc")
	if err := f.central.Erase(t.Context(), []uuid.UUID{erased}, "demande"); err != nil {
		t.Fatal(err)
	}
	admit(t, late, f.central, all(t, f.central, trust.Control))
	begin(t, late, f.central, "parc", raw, signature, frames)
	sealed, err := column1[[]byte](t.Context(), late.read, "SELECT bytes FROM snapshot_frame")
	if err != nil || len(sealed) == 0 {
		t.Fatal(err)
	}
	if loaded, refused, err := late.LoadSnapshot(t.Context(), f.central.Identity().Public(), "parc"); err != nil || !loaded {
		t.Fatalf("%v, %v", refused, err)
	}
	if _, err := late.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(late.Dir(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil && bytes.Contains(b, sealed[0][:64]) {
			t.Errorf("%s still holds a frame with what was erased", filepath.Base(name))
		}
	}
}

// Two exchanges at once bring the same scope, of one central or of two: the first that is whole is shown, and nobody is
// at fault.
func TestTwoExchangesAtOnceBringOneSnapshot(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh, second := f.admit("auteur", record.Agent, 0), f.admit("neuf", record.Agent, 0), f.admit("central 2", record.Central, 0)
	second.o.SnapshotLeast = 1
	give(t, f.central, writer)
	save(t, writer, machine("PC-1"))
	give(t, writer, f.central)
	giveControl(t, f.central, fresh)
	give(t, f.central, second)
	type given struct {
		from           *Replica
		raw, signature []byte
		frames         [][]byte
	}
	of := func(r *Replica) given {
		raw, signature, err := r.Snapshot(t.Context(), "parc")
		if err != nil || raw == nil {
			t.Fatal(err)
		}
		id := snapshot.ID(raw)
		frames, err := r.SnapshotFrames(t.Context(), "parc", id[:], 0, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return given{r, raw, signature, frames}
	}
	a, b := of(f.central), of(second)
	if _, _, refused, err := fresh.BeginSnapshot(t.Context(), b.from.Identity().Public(), "parc", b.raw, b.signature); err != nil || refused != nil {
		t.Fatalf("%v, %v", refused, err)
	}
	begin(t, fresh, a.from, "parc", a.raw, a.signature, a.frames)
	late := func(g given) {
		t.Helper()
		if refused, err := fresh.TakeFrames(t.Context(), g.from.Identity().Public(), "parc", 0, g.frames); err != nil || refused != nil {
			t.Fatalf("%v, %v", refused, err)
		}
		if loaded, refused, err := fresh.LoadSnapshot(t.Context(), g.from.Identity().Public(), "parc"); err != nil || refused != nil || loaded {
			t.Fatalf("%v, %v, %v", loaded, refused, err)
		}
	}
	late(b)
	if loaded, refused, err := fresh.LoadSnapshot(t.Context(), a.from.Identity().Public(), "parc"); err != nil || !loaded {
		t.Fatalf("%v, %v", refused, err)
	}
	late(a)
	late(b)
	if _, all, refused, err := fresh.BeginSnapshot(t.Context(), b.from.Identity().Public(), "parc", b.raw, b.signature); err != nil || refused != nil || all != 0 {
		t.Errorf("%d frames are to come of what is shown: %v, %v", all, refused, err)
	}
	noRefusals(t, fresh)
	exchangeAll(t, fresh, f.central)
	if diff := diffScope(dump(t, fresh), dump(t, f.central)); diff != "" || unverified(t, fresh) != 0 {
		t.Error(diff)
	}
}

// frameless is a central that has lost its frames, and cannot write either.
type frameless struct{ misgiving }

func (frameless) SnapshotFrames(context.Context, string, []byte, int, int) ([][]byte, error) {
	return nil, ErrDisk
}

// The history is there all the same.
func TestACentralThatCannotReadItsSnapshotGivesTheHistory(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.admit("auteur", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	give(t, f.central, writer)
	save(t, writer, machine("PC-1"))
	give(t, writer, f.central)
	w := &wire{exchange.NewServer(frameless{misgiving{Replica: f.central}}, nil), fresh.Identity().Public(), 0}
	if _, err := exchange.Run(t.Context(), fresh, f.central.Identity().Public(), []byte("exporter"), w, nil); err != nil || machines(t, fresh) != 1 {
		t.Errorf("%d machines, %v", machines(t, fresh), err)
	}
}

// A snapshot that turned out to be none once all of it was here is not brought a second time: on a bad line, nothing else
// would ever come.
func TestASnapshotThatWasRefusedWholeIsNotTakenAgain(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.writerAndFresh()
	save(t, writer, machine("PC-1"))
	give(t, writer, f.central)
	raw, signature, err := f.central.Snapshot(t.Context(), "parc")
	if err != nil || raw == nil {
		t.Fatal(err)
	}
	id := snapshot.ID(raw)
	frames, err := f.central.SnapshotFrames(t.Context(), "parc", id[:], 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	wrong, wrongly := signedBy(t, f.central, func(h *snapshot.Header) { h.Records++ })(raw, signature)
	begin(t, fresh, f.central, "parc", wrong, wrongly, frames)
	if loaded, refused, err := fresh.LoadSnapshot(t.Context(), f.central.Identity().Public(), "parc"); err != nil || loaded || refused == nil {
		t.Fatalf("%v, %v, %v", loaded, refused, err)
	}
	fresh = again(t, fresh, Options{})
	if _, all, refused, err := fresh.BeginSnapshot(t.Context(), f.central.Identity().Public(), "parc", wrong, wrongly); err != nil || refused != nil || all != 0 {
		t.Errorf("%d frames are asked for again, %v, %v", all, refused, err)
	}
	load(t, fresh, f.central, "parc", raw, signature)
}

// A central of an older version leaves out what it cannot read, which a newer device reads: it would be accused of it.
func TestACentralThatCannotReadAllMakesNoSnapshot(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.writerAndFresh()
	save(t, writer, machine("PC-1"))
	save(t, writer, machine("PC-2"))
	give(t, writer, f.central)
	err := f.central.inBatch(t.Context(), func(b *batch) error { // as if the last one were of a version to come
		held, err := b.heldEntries("SELECT entry.id, stored, standing FROM entry JOIN chain ON chain.id = entry.chain WHERE scope = 'parc' ORDER BY entry.id DESC LIMIT 1")
		if err != nil {
			return err
		}
		return b.restand(restanding{held[0], newer})
	})
	if err != nil {
		t.Fatal(err)
	}
	exchangeAll(t, fresh, f.central)
	noRefusals(t, fresh)
	if machines(t, fresh) != 2 || machines(t, f.central) != 1 || unverified(t, fresh) != 0 {
		t.Errorf("%d machines are shown, and %d at the central", machines(t, fresh), machines(t, f.central))
	}
}

// One device fills a record beyond what a snapshot has room for: the central notices once, not whenever it is asked.
func TestAScopeWithoutRoomIsNotReadAgainAndAgain(t *testing.T) {
	f := newField(t).withCopies()
	var log strings.Builder
	f.central.o.Log = slog.New(slog.NewTextHandler(&log, nil))
	agent := f.admit("agent", record.Agent, 0)
	p, id := newChainPen(t, agent, agent.Identity().Key, "parc"), newID(t, "parc", "equipment")
	for _, letter := range []string{"a", "b"} {
		many := map[string]any{}
		for i := range 3000 {
			many[fmt.Sprintf("%s%05d", letter, i)] = []any{true}
		}
		admit(t, f.central, agent, []journal.Piece{p.piece(p.entry("equipment", id, cells(t, many), nil))})
	}
	for range 3 {
		if raw, _, err := f.central.Snapshot(t.Context(), "parc"); err != nil || raw != nil {
			t.Fatalf("a snapshot is made, %v", err)
		}
	}
	if n := strings.Count(log.String(), "no snapshot"); n != 1 {
		t.Errorf("the scope was read %d times", n)
	}
}

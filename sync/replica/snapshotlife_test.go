package replica

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/snapshot"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// unpackedFrames returns the bytes of the frames that a device keeps, opened with its own key.
func unpackedFrames(t testing.TB, r *Replica) []byte {
	t.Helper()
	var out []byte
	for _, state := range []int{snapshotMade, snapshotArriving} {
		list, err := keptSnapshots(t.Context(), r.read, state)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range list {
			sealed, err := column1[[]byte](t.Context(), r.read, "SELECT bytes FROM snapshot_frame WHERE scope = ? ORDER BY number", k.Scope)
			if err != nil {
				t.Fatal(err)
			}
			for n, s := range sealed {
				frame, err := r.openFrame(k.Scope, k.id(), n, s)
				if err != nil {
					t.Fatal(err)
				}
				err = snapshot.Frame(frame, func(rec *snapshot.Record) error {
					for _, c := range rec.Cells {
						for _, v := range c.Versions {
							out = fmt.Append(out, v.Value, "\n")
						}
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return out
}

// giveControl brings what control says, and nothing else.
func giveControl(t testing.TB, from, to *Replica) {
	t.Helper()
	admit(t, to, from, all(t, from, trust.Control))
}

func TestNamesOfASnapshotAreSealedAndGoToReadersOnly(t *testing.T) {
	const name = "Zorglubette"
	f, office, site := school(t)
	f.withCopies()
	named := save(t, office, pupil(site, name))
	save(t, office, machine("PC-1"))
	give(t, office, f.central)
	agent, stranger := f.admit("agent", record.Agent, 0, uai), f.admit("autre agent", record.Agent, 0, "0150646X")
	kiosk := f.admit("borne", record.Kiosk, 0, uai)
	for _, r := range []*Replica{agent, stranger, kiosk} {
		exchangeAll(t, f.central, r) // nothing is pushed by snapshot
		if len(unpackedFrames(t, r)) > 0 {
			t.Errorf("%s keeps frames", r.Self().Name)
		}
	}
	agent, stranger, kiosk = f.admit("agent 2", record.Agent, 0, uai), f.admit("autre agent 2", record.Agent, 0, "0150646X"), f.admit("borne 2", record.Kiosk, 0, uai)
	l := &listening{wire: wire{exchange.NewServer(f.central, nil), stranger.Identity().Public(), 0}}
	if _, err := exchange.Run(t.Context(), stranger, f.central.Identity().Public(), []byte("exporter"), l, nil); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(l.heard, []byte("people/"+uai)) {
		t.Error("a device without the grant hears of the scope")
	}
	exchangeAll(t, kiosk, f.central)
	beginBy(t, agent, f.central)
	for again := 1; again < 4; again++ { // agenda, parc, people: one cut each
		if v, err := agent.Get(t.Context(), named); err == nil && v.Fields.Text("last_name")+v.Fields.Text("name") != "" {
			break
		}
		_, _ = meet(t, agent, f.central, 6*again)
	}
	for _, r := range []*Replica{f.central, agent, stranger, kiosk} {
		if inTheOpen(t, r, name) {
			t.Errorf("%s: the name is read without any key", r.Self().Name)
		}
	}
	if !bytes.Contains(unpackedFrames(t, f.central), []byte(name)) || !unsealed(t, f.central, name) {
		t.Fatal("the snapshot does not hold the name: nothing is put to the proof")
	}
	if !unsealed(t, agent, name) || unsealed(t, stranger, name) || unsealed(t, kiosk, name) {
		t.Error("the name is where it should not be, or not where it should")
	}
	if hits, err := agent.Search(t.Context(), name, nil, 10); err != nil || len(hits) > 0 {
		t.Errorf("search knows the name: %v, %v", hits, err)
	}
	for _, scope := range []string{"people/" + uai, "parc"} {
		if raw, _, err := agent.Snapshot(t.Context(), scope); err != nil || raw != nil {
			t.Errorf("a device that is no central makes a snapshot of %s, %v", scope, err)
		}
	}
}

func TestAnErasureEmptiesSnapshotsWhereverTheyAre(t *testing.T) {
	const gone, stays = "motquidisparait", "motquireste"
	f := newField(t).withCopies()
	writer := f.admit("auteur", record.Agent, 0)
	give(t, f.central, writer)
	erased := save(t, writer, Change{Kind: record.Equipment, Set: record.Fields{"tag": "PC-1", "level": "socle", "note": gone}})
	save(t, writer, Change{Kind: record.Equipment, Set: record.Fields{"tag": "PC-2", "level": "socle", "note": stays}})
	give(t, writer, f.central)
	shown, halfway, late := f.admit("montré", record.Agent, 0), f.admit("à mi-chemin", record.Agent, 0), f.admit("en retard", record.Agent, 0)
	writtenOn := f.admit("écrit dessus", record.Agent, 0)
	for _, r := range []*Replica{writer, shown, halfway, late, writtenOn} {
		giveControl(t, f.central, r)
	}
	raw, signature, err := f.central.Snapshot(t.Context(), "parc")
	if err != nil || raw == nil {
		t.Fatal(err)
	}
	id := snapshot.ID(raw)
	frames, err := f.central.SnapshotFrames(t.Context(), "parc", id[:], 0, 1<<20)
	if err != nil || len(frames) != 1 {
		t.Fatal(err)
	}
	begin := func(r *Replica) {
		t.Helper()
		if _, _, refused, err := r.BeginSnapshot(t.Context(), f.central.Identity().Public(), "parc", raw, signature); err != nil || refused != nil {
			t.Fatalf("%v, %v", refused, err)
		}
		if refused, err := r.TakeFrames(t.Context(), f.central.Identity().Public(), "parc", 0, frames); err != nil || refused != nil {
			t.Fatalf("%v, %v", refused, err)
		}
	}
	for _, r := range []*Replica{shown, halfway, writtenOn} {
		begin(r)
	}
	for _, r := range []*Replica{shown, writtenOn} {
		if loaded, refused, err := r.LoadSnapshot(t.Context(), f.central.Identity().Public(), "parc"); err != nil || !loaded {
			t.Fatalf("%v, %v", refused, err)
		}
	}
	save(t, writtenOn, Change{ID: erased, Set: record.Fields{"brand": "Cère"}})
	if !bytes.Contains(unpackedFrames(t, f.central), []byte(gone)) || !bytes.Contains(unpackedFrames(t, halfway), []byte(gone)) || !inFiles(t, shown, gone) {
		t.Fatal("the word is not where it should be: nothing is put to the proof")
	}
	if err := f.central.Erase(t.Context(), []uuid.UUID{erased}, "demande"); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Replica{shown, halfway, late, writtenOn} {
		giveControl(t, f.central, r)
	}
	for _, r := range []*Replica{f.central, shown, halfway, writtenOn} {
		var kept int
		if err := r.read.QueryRow("SELECT count(*) FROM snapshot_frame").Scan(&kept); err != nil || kept != 0 || inFiles(t, r, gone) || unsealed(t, r, gone) || bytes.Contains(unpackedFrames(t, r), []byte(gone)) {
			t.Errorf("%s: %d frames, or the word, are still there, %v", r.Self().Name, kept, err)
		}
	}
	// The old snapshot once more, from one who kept it: what was erased stays out.
	begin(late)
	if loaded, refused, err := late.LoadSnapshot(t.Context(), f.central.Identity().Public(), "parc"); err != nil || !loaded {
		t.Fatalf("%v, %v", refused, err)
	}
	if inFiles(t, late, gone) || !inFiles(t, late, stays) || machines(t, late) != 1 {
		t.Error("the erased record is back")
	}
	plain := f.admit("par l'historique", record.Agent, 0)
	plain.SetByJournal(true)
	exchangeAll(t, writtenOn, f.central)
	for _, r := range []*Replica{plain, shown, halfway, late, writtenOn} {
		exchangeAll(t, r, f.central)
		if r == halfway {
			continue
		}
		noRefusals(t, r)
	}
	for _, r := range []*Replica{shown, halfway, late, writtenOn} {
		if diff := diffScope(dump(t, r), dump(t, plain)); diff != "" || unverified(t, r) != 0 {
			t.Errorf("%s: %s", r.Self().Name, diff)
		}
	}
}

func TestASnapshotGoesOnAfterACutAndAfterAStop(t *testing.T) {
	t.Parallel()
	f := newField(t)
	writer, fresh := f.writerAndFresh()
	var list []Change
	for i := range severalMessages {
		c := machine(fmt.Sprintf("PC-%05d", i))
		c.Set["note"] = sumText(i)
		list = append(list, c)
	}
	if _, err := writer.SaveBulk(t.Context(), uuid.Nil, list, nil); err != nil {
		t.Fatal(err)
	}
	give(t, writer, f.central)
	asked := 0
	for calls := 3; ; calls = 3 {
		res, err := meet(t, fresh, f.central, calls)
		if asked++; res.Snapshots > 0 || err == nil || asked > 50 {
			break
		}
		var n int
		if err := fresh.read.QueryRow("SELECT count(*) FROM snapshot_frame").Scan(&n); err != nil || n == 0 {
			t.Fatalf("%d frames were kept of exchange %d, %v", n, asked, err)
		}
		fresh = again(t, fresh, Options{})
		if machines(t, fresh) != 0 {
			t.Error("half a snapshot is shown")
		}
	}
	if asked < 2 || asked > 10 {
		t.Errorf("%d exchanges of one message of frames each: nothing was resumed, or nothing was cut", asked)
	}
	if n := machines(t, fresh); n != severalMessages || unverified(t, fresh) != 1 {
		t.Fatalf("%d machines", n)
	}
	fresh = again(t, fresh, Options{})
	id := save(t, fresh, machine("PC-OWN"))
	for range 20 {
		if _, err := meet(t, fresh, f.central, 2); err == nil {
			break
		}
		fresh = again(t, fresh, Options{})
	}
	exchangeAll(t, fresh, f.central)
	if unverified(t, fresh) != 0 || text(t, fresh, id, "tag") != "PC-OWN" {
		t.Error("the history never told")
	}
	noRefusals(t, fresh)
	if diff := diffScope(dump(t, fresh), dump(t, f.central)); diff != "" {
		t.Error(diff)
	}
}

// sumText is a text that cannot be compressed much.
func sumText(i int) string {
	var b strings.Builder
	for j := range 6 {
		h := sha256.Sum256(fmt.Append(nil, i, j))
		fmt.Fprintf(&b, "%x", h[:])
	}
	return b.String()
}

// A device that comes back after 180 days, with two hundred entries that nobody has seen.
func TestADeviceBackAfter180DaysKeepsItsUnsentWork(t *testing.T) {
	t.Parallel()
	for _, far := range []bool{true, false} { // by the snapshot, by the history
		t.Run(fmt.Sprint("far behind ", far), func(t *testing.T) {
			f := newField(t)
			f.central.o.SnapshotLeast = 100
			writer, back := f.admit("auteur", record.Agent, 0), f.admit("tablette", record.Agent, -180*24*time.Hour)
			give(t, f.central, writer)
			give(t, f.central, back)
			shared := save(t, writer, machine("PC-ANCIEN"))
			for range 40 {
				save(t, writer, machine("PC-AVANT"))
			}
			give(t, writer, f.central)
			exchangeAll(t, back, f.central)
			var own []uuid.UUID
			for i := range 199 {
				own = append(own, save(t, back, machine(fmt.Sprintf("PC-MOI-%03d", i))))
			}
			save(t, back, Change{ID: shared, Set: record.Fields{"note": "vu sur place"}})
			n := 20
			if far {
				n = 300
			}
			for i := range n {
				save(t, writer, machine(fmt.Sprintf("PC-%03d", i)))
			}
			save(t, writer, Change{ID: shared, Set: record.Fields{"status": "en_panne"}})
			give(t, writer, f.central)
			if far {
				beginBy(t, back, f.central)
				if got := text(t, back, shared, "note") + text(t, back, shared, "status"); got != "vu sur placeen_panne" || machines(t, back) != 41+199+n {
					t.Errorf("shown beside the snapshot: %s, %d machines", got, machines(t, back))
				}
				if pending, err := back.Pending(t.Context()); err != nil || pending != 200 {
					t.Errorf("%d pending, %v; want 200", pending, err)
				}
			}
			res := exchangeAll(t, back, f.central)
			if res.Sent != 200 || !far && res.Snapshots > 0 {
				t.Errorf("%d entries were delivered, want 200; %d snapshots", res.Sent, res.Snapshots)
			}
			if pending, err := back.Pending(t.Context()); err != nil || pending != 0 || unverified(t, back) != 0 {
				t.Errorf("%d pending, %v", pending, err)
			}
			for _, id := range own {
				if _, err := f.central.Get(t.Context(), id); err != nil {
					t.Fatalf("%s is lost: %v", id, err)
				}
			}
			noRefusals(t, back)
			if diff := diffScope(dump(t, back), dump(t, f.central)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a revocation ends is not in a snapshot, and a snapshot made before is not given any more.
func TestARevocationMakesAnotherSnapshot(t *testing.T) {
	f := newField(t).withCopies()
	writer, lost := f.admit("auteur", record.Agent, 0), f.admit("perdue", record.Agent, 0)
	give(t, f.central, writer)
	give(t, f.central, lost)
	kept := save(t, writer, machine("PC-1"))
	save(t, writer, machine("PC-2"))
	give(t, writer, f.central)
	give(t, writer, lost)
	forged := save(t, lost, machine("PC-APRÈS"))
	save(t, lost, Change{ID: kept, Set: record.Fields{"note": "écrit après"}})
	give(t, lost, f.central)
	before, signature, err := f.central.Snapshot(t.Context(), "parc")
	if err != nil || before == nil {
		t.Fatal(err)
	}
	heads := mustHeads(t, f.central, "parc")
	id := snapshot.ID(before)
	frames, err := f.central.SnapshotFrames(t.Context(), "parc", id[:], 0, 1<<20)
	if err != nil || len(frames) == 0 {
		t.Fatal(err)
	}
	shown := f.admit("montré avant", record.Agent, 0)
	giveControl(t, f.central, shown)
	beginBy(t, shown, f.central)
	if _, err := f.central.Distrust(t.Context(), lost.Identity().Public(), "volée"); err != nil {
		t.Fatal(err)
	}
	if kept, err := keptSnapshotOf(t.Context(), f.central.read, "parc", snapshotMade); err != nil || kept != nil {
		t.Errorf("what was made before the revocation is still kept, %v", err)
	}
	after, _, err := f.central.Snapshot(t.Context(), "parc")
	if err != nil || after == nil || bytes.Equal(before, after) {
		t.Fatalf("no other snapshot is made, %v", err)
	}
	h, err := snapshot.Parse(after)
	if err != nil || h.Records != 1 || len(h.Vector) != len(heads) {
		t.Errorf("%d records in it, want 1: something is aside on one, and another is aside whole; %v", h.Records, err)
	}
	fresh := f.admit("neuf", record.Agent, 0)
	giveControl(t, f.central, fresh)
	if _, _, refused, err := fresh.BeginSnapshot(t.Context(), f.central.Identity().Public(), "parc", before, signature); err != nil || refused == nil || !strings.Contains(refused.Sentence, "plus ancienne") {
		t.Errorf("a snapshot of before the revocation is taken: %+v, %v", refused, err)
	}
	for _, r := range []*Replica{fresh, shown} {
		exchangeAll(t, r, f.central)
		if _, err := r.Get(t.Context(), forged); err == nil || text(t, r, kept, "note") != "" {
			t.Errorf("%s shows what was written after the end", r.Self().Name)
		}
		if diff := diffScope(dump(t, r), dump(t, f.central)); diff != "" || unverified(t, r) != 0 {
			t.Errorf("%s: %s", r.Self().Name, diff)
		}
	}
	noRefusals(t, shown)
}

func TestASnapshotIsMadeAgainWhenMuchWasWrittenSince(t *testing.T) {
	f := newField(t).withCopies()
	writer := f.admit("auteur", record.Agent, 0)
	give(t, f.central, writer)
	save(t, writer, machine("PC-1"))
	give(t, writer, f.central)
	first, _, err := f.central.Snapshot(t.Context(), "parc")
	if err != nil || first == nil {
		t.Fatal(err)
	}
	save(t, writer, machine("PC-2"))
	give(t, writer, f.central)
	same, _, err := f.central.Snapshot(t.Context(), "parc")
	if err != nil || !bytes.Equal(first, same) {
		t.Errorf("one more entry, and all is made again: %v", err)
	}
	for range snapshotStale + 200 {
		save(t, writer, machine("PC-3"))
	}
	give(t, writer, f.central)
	if err := f.central.PrepareSnapshots(t.Context()); err != nil {
		t.Fatal(err)
	}
	k, err := keptSnapshotOf(t.Context(), f.central.read, "parc", snapshotMade)
	if err != nil || k == nil || bytes.Equal(k.raw, first) || k.Records != snapshotStale+202 {
		t.Errorf("what is kept is the old one, %v", err)
	}
}

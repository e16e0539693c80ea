package replica

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// What an admitted device can write takes no more time than its bytes let expect: else one of them keeps all others from
// writing. The benchmarks compare times within one run, as ratios; the tests see to it that what they time is right.

func TestARecordOfManyFieldsIsRead(t *testing.T)           { manyFields(t) }
func TestAnEntryThatIsNamedManyTimesIsFolded(t *testing.T) { manyNames(t) }

func TestALongChainWithBranchesIsJudged(t *testing.T) { longChain(t, 300, true) }

// BenchmarkManyFields compares the time for the cells of a record of many fields with that for its values.
func BenchmarkManyFields(b *testing.B) {
	for b.Loop() {
		values, cells := manyFields(b)
		b.ReportMetric(cells.Seconds()/values.Seconds(), "x-values")
	}
}

// BenchmarkManyNames compares an entry of which each field names another with one that names none.
func BenchmarkManyNames(b *testing.B) {
	for b.Loop() {
		plain, named := manyNames(b)
		b.ReportMetric(named.Seconds()/plain.Seconds(), "x-plain")
	}
}

// BenchmarkLongChain compares a chain that has branches with one that has none: when a snapshot is loaded beside it, and
// when its author is ended. It is walked once, not once for each entry.
func BenchmarkLongChain(b *testing.B) {
	for b.Loop() {
		loaded, ended := longChain(b, 2000, true)
		plain, plainly := longChain(b, 2000, false)
		b.ReportMetric(loaded.Seconds()/plain.Seconds(), "x-loaded")
		b.ReportMetric(ended.Seconds()/plainly.Seconds(), "x-ended")
	}
}

func TestOneRecordWrittenManyTimesIsEnded(t *testing.T)         { oneRecord(t, 150, true, true) }
func TestBranchesOfAnEndedDeviceAreJudgedTogether(t *testing.T) { endedBranches(t, 150, true) }

// BenchmarkOneRecord compares a chain that has branches and is all on one record with one that has none and is on as many
// records: when it comes in, and when its author is ended. The record is folded again once.
func BenchmarkOneRecord(b *testing.B) {
	for b.Loop() {
		in, out := oneRecord(b, 1000, true, true)
		plain, plainly := oneRecord(b, 1000, false, false)
		b.ReportMetric(in.Seconds()/plain.Seconds(), "x-taken")
		b.ReportMetric(out.Seconds()/plainly.Seconds(), "x-ended")
	}
}

// BenchmarkEndedBranches compares what an ended device brings on a chain that has branches with what it brings on one that
// has none. It is judged again once a delivery, not once a piece.
func BenchmarkEndedBranches(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(endedBranches(b, 1000, true).Seconds()/endedBranches(b, 1000, false).Seconds(), "x-plain")
	}
}

func TestALongWayThroughMergesIsGone(t *testing.T) { manyMerges(t, 150, true) }

// BenchmarkManyMerges compares a record that is shown by another after many merges, one after the other, with one that is shown by
// the same after one.
func BenchmarkManyMerges(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(manyMerges(b, 1000, true).Seconds()/manyMerges(b, 1000, false).Seconds(), "x-one")
	}
}

// manyMerges merges n records, each into the one before it or all into the first, and reads the last.
func manyMerges(t testing.TB, n int, inLine bool) time.Duration {
	t.Helper()
	f := newField(t)
	agent := f.admit("agent", record.Agent, 0)
	ids := make([][16]byte, n)
	for i := range ids {
		ids[i] = newID(t, "parc", "equipment")
	}
	slices.SortFunc(ids, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	ops := []rawOp{{"equipment", ids[0], cells(t, map[string]any{"tag": []any{"PC-0"}})}}
	for i := 1; i < n; i++ {
		into := ids[0]
		if inLine {
			into = ids[i-1]
		}
		ops = append(ops, rawOp{"equipment", ids[i], mustCBOR(t, map[uint64]any{1: map[string]any{"archived": []any{true}}, 4: into[:]})})
	}
	p := newChainPen(t, f.central, agent.Identity().Key, "parc")
	admit(t, f.central, agent, []journal.Piece{p.piece(p.action(nil, ops...))})
	at := time.Now()
	v, err := f.central.Get(t.Context(), ids[n-1])
	took := time.Since(at)
	if err != nil || v.ID != uuid.UUID(ids[0]) || len(v.Merged) != n-1 {
		t.Errorf("it is shown by %s, with %d merged, %v", v.ID, len(v.Merged), err)
	}
	return took
}

func TestAnEndedDelegateWhoSaidMuch(t *testing.T) { endedDelegate(t, 150) }

// BenchmarkEndedDelegate compares control with the end of a delegate that has said much with the same before it.
func BenchmarkEndedDelegate(b *testing.B) {
	for b.Loop() {
		before, after := endedDelegate(b, 4000)
		b.ReportMetric(after.Seconds()/before.Seconds(), "x-before")
	}
}

// endedDelegate has a delegate say n things, one an entry, and ends it at the last but one.
func endedDelegate(t testing.TB, n int) (before, after time.Duration) {
	t.Helper()
	f := newField(t)
	x := f.delegate("poste volé")
	p := newChainPen(t, x, x.Identity().Key, trust.Control)
	var entries []rawEntry
	var admitted []trust.Key
	for range n {
		d := trust.Device{Key: newIdentity(t, "borne").Public(), Role: record.Kiosk, Name: "borne"}
		admitted = append(admitted, d.Key)
		entries = append(entries, p.entry(trust.DeviceKind, newID(t, trust.Control, trust.DeviceKind), saying(t, d.Fields()), nil))
	}
	for part := range slices.Chunk(entries, journal.MaxPiece) {
		admit(t, f.central, x, []journal.Piece{p.piece(part...)})
	}
	fold := func() (*trust.Roster, time.Duration) {
		entries, err := f.central.storedEntries(t.Context(), f.central.read, "SELECT stored FROM entry JOIN chain ON chain.id = entry.chain WHERE scope = 'control'")
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		return trust.NewRoster(f.central.Territory(), entries), time.Since(at)
	}
	_, before = fold()
	last := trust.Cut{Incarnation: journal.Incarnation(p.in), Scope: trust.Control, Seq: uint64(n - 1), Hash: entries[n-2].hash}
	piece, err := f.root().Revoke(trust.Revocation{Key: x.Identity().Public(), Cuts: []trust.Cut{last}}, rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	accepted(t, f.central, x, piece)
	roster, after := fold()
	for i, k := range admitted {
		if _, ok := roster.Device(k); ok != (i < n-1) {
			t.Errorf("device %d of %d is admitted: %t", i, n, ok)
		}
	}
	return before, after
}

func TestManyVersionsOfOneField(t *testing.T) { manyVersions(t, 150, true) }

// BenchmarkManyVersions compares versions of one field that nothing replaces, each naming dots that never come, with the same on as
// many records.
func BenchmarkManyVersions(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(manyVersions(b, 2000, true).Seconds()/manyVersions(b, 2000, false).Seconds(), "x-apart")
	}
}

func manyVersions(t testing.TB, n int, one bool) time.Duration {
	t.Helper()
	f := newField(t)
	agent, r := f.admit("agent", record.Agent, 0), f.blank()
	giveControl(t, f.central, r)
	id := newID(t, "parc", "equipment")
	var pieces []journal.Piece
	for i := range n {
		if !one {
			id = newID(t, "parc", "equipment")
		}
		p := newChainPen(t, r, agent.Identity().Key, "parc")
		never := []any{p.in, uint64(2), make([]byte, 8)}
		pieces = append(pieces, p.piece(p.entry("equipment", id, cells(t, map[string]any{"note": []any{int64(i), []any{0}}}, never), nil)))
	}
	at := time.Now()
	admit(t, r, agent, pieces)
	took := time.Since(at)
	want := dump(t, r)
	if err := r.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if d := diffScope(want, dump(t, r)); d != "" {
		t.Errorf("folded again: %s", d)
	}
	if found := conflicts(t, r); one && (len(found) != 1 || len(found[0].Versions) != n) {
		t.Errorf("%d conflicts", len(found))
	}
	return took
}

// branchesOf writes n entries of a chain, an entry a piece, with a second branch where it is forked.
func branchesOf(t testing.TB, p *chainPen, n int, forked bool, on func() [16]byte) []journal.Piece {
	t.Helper()
	write := func(p *chainPen, i int) journal.Piece {
		return p.piece(p.entry("equipment", on(), cells(t, map[string]any{"note": []any{fmt.Sprint(i)}}), nil))
	}
	pieces := []journal.Piece{write(p, 0)}
	if forked {
		twin := *p
		pieces = append(pieces, write(&twin, -1))
	}
	for i := 1; i < n; i++ {
		pieces = append(pieces, write(p, i))
	}
	return pieces
}

func oneRecord(t testing.TB, n int, forked, one bool) (taken, ended time.Duration) {
	t.Helper()
	f := newField(t)
	agent, r := f.admit("agent", record.Agent, 0), f.blank()
	giveControl(t, f.central, r)
	id := newID(t, "parc", "equipment")
	pieces := branchesOf(t, newChainPen(t, r, agent.Identity().Key, "parc"), n, forked, func() [16]byte {
		if !one {
			id = newID(t, "parc", "equipment")
		}
		return id
	})
	at := time.Now()
	admit(t, r, agent, pieces)
	taken = time.Since(at)
	if _, err := f.central.Distrust(t.Context(), agent.Identity().Public(), "perdue"); err != nil {
		t.Fatal(err)
	}
	said, want := all(t, f.central, trust.Control), dump(t, r)
	at = time.Now()
	admit(t, r, f.central, said)
	ended = time.Since(at)
	if n := machines(t, r); n != 0 {
		t.Errorf("%d machines of an ended device are shown", n)
	}
	if err := f.central.Readmit(t.Context(), agent.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	giveControl(t, f.central, r)
	if d := diffScope(want, dump(t, r)); d != "" {
		t.Errorf("readmitted: %s", d)
	}
	return taken, ended
}

func endedBranches(t testing.TB, n int, forked bool) time.Duration {
	t.Helper()
	f := newField(t)
	agent, r := f.admit("agent", record.Agent, 0), f.blank()
	p := newChainPen(t, r, agent.Identity().Key, "parc")
	pieces := branchesOf(t, p, n, forked, func() [16]byte { return newID(t, "parc", "equipment") })
	last := pieces[n/2].Entries[0]
	cut := trust.Cut{Incarnation: journal.Incarnation(p.in), Scope: "parc", Seq: last.Seq}
	if err := pieces[n/2].Verify(r.Territory(), agent.Identity().Key.Public().(ed25519.PublicKey)); err != nil {
		t.Fatal(err)
	}
	cut.Hash = last.Hash
	if _, err := f.central.SaveControl(t.Context(), trust.RevocationKind, trust.Revocation{Key: agent.Identity().Public(), Cuts: []trust.Cut{cut}}.Fields()); err != nil {
		t.Fatal(err)
	}
	giveControl(t, f.central, r)
	at := time.Now()
	admit(t, r, f.central, pieces)
	taken := time.Since(at)
	if n := machines(t, r); uint64(n) != last.Seq {
		t.Errorf("%d machines are shown, of %d before the end", n, last.Seq)
	}
	return taken
}

func manyFields(t testing.TB) (values, ofCells time.Duration) {
	t.Helper()
	s := &state{kind: "equipment", scope: "parc"}
	for i := range 100_000 {
		v := version{value: int64(i)}
		v.dot.Seq, v.dot.Tag[0] = uint64(1+i%2), byte(i%2) // every other field by a second entry
		s.cells = append(s.cells, cell{field: fmt.Sprintf("f%06d", i), versions: []version{v}})
	}
	number, name := numberedWriters()
	fields, err := packFields(s.fields(), "")
	if err != nil {
		t.Fatal(err)
	}
	cells, err := s.packCells(number)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	f, err := unpackFields(fields)
	if err != nil || len(f) != len(s.cells) {
		t.Fatal(len(f), err)
	}
	shown := time.Since(at)
	at = time.Now()
	got := &state{}
	if err := got.unpackCells(cells, f, name); err != nil || len(got.cells) != len(s.cells) {
		t.Fatal(len(got.cells), err)
	}
	return shown, time.Since(at)
}

func manyNames(t testing.TB) (plain, named time.Duration) {
	t.Helper()
	f := newField(t)
	agent := f.admit("agent", record.Agent, 0)
	p := newChainPen(t, agent, agent.Identity().Key, "parc")
	id := newID(t, "parc", "equipment")
	many := func(letter string, more ...any) map[string]any {
		m := map[string]any{}
		for i := range 4000 {
			m[fmt.Sprintf("%s%05d", letter, i)] = append([]any{true}, more...)
		}
		return m
	}
	fold := func(e rawEntry) time.Duration {
		t.Helper()
		at := time.Now()
		admit(t, f.central, agent, []journal.Piece{p.piece(e)})
		return time.Since(at)
	}
	first := p.entry("equipment", id, cells(t, many("a")), nil)
	fold(first)
	plain = fold(p.entry("equipment", id, cells(t, many("b")), nil))
	named = fold(p.entry("equipment", id, cells(t, many("c", []any{0}), []any{p.in, 1, first.hash[:8]}), nil))
	v, err := f.central.Get(t.Context(), id)
	if err != nil || len(v.Fields) != 12_000 {
		t.Errorf("%d fields, %v", len(v.Fields), err)
	}
	return plain, named
}

// longChain has a device write a long chain, with two branches where it is forked.
func longChain(t testing.TB, n int, forked bool) (loaded, ended time.Duration) {
	t.Helper()
	f := newField(t).withCopies()
	agent, fresh := f.admit("agent", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	p := newChainPen(t, agent, agent.Identity().Key, "parc")
	one := func(p *chainPen, i int) journal.Piece {
		return p.piece(p.entry("equipment", newID(t, "parc", "equipment"), cells(t, map[string]any{"note": []any{fmt.Sprint(i)}}), nil))
	}
	pieces := []journal.Piece{one(p, 0)}
	if forked {
		twin := *p
		pieces = append(pieces, one(&twin, -1))
	}
	for i := 1; i < n; i++ {
		pieces = append(pieces, one(p, i))
	}
	admit(t, f.central, agent, pieces)
	admit(t, fresh, agent, pieces)
	raw, signature, err := f.central.Snapshot(t.Context(), "parc")
	if err != nil || raw == nil {
		t.Fatal(err)
	}
	at := time.Now()
	load(t, fresh, f.central, "parc", raw, signature)
	loaded = time.Since(at)
	at = time.Now()
	if _, err := f.central.Revoke(t.Context(), agent.Identity().Public(), "perdue"); err != nil {
		t.Fatal(err)
	}
	ended = time.Since(at)
	if err := fresh.SettleSnapshots(t.Context(), exchange.Heard{}); err != nil || unverified(t, fresh) != 0 || machines(t, fresh) != len(pieces) || machines(t, f.central) != len(pieces) {
		t.Errorf("%d machines are shown here and %d at the central, of %d: %v", machines(t, fresh), machines(t, f.central), len(pieces), err)
	}
	noRefusals(t, fresh)
	return loaded, ended
}

package replica

import (
	"fmt"
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
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

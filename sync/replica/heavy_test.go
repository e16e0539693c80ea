package replica

import (
	"fmt"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
)

// What an admitted device can write takes no more time than its bytes let expect: else one of them keeps all others from
// writing. Times are compared within one run.

func TestARecordOfManyFieldsIsReadInOneGo(t *testing.T) {
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
	if took := time.Since(at); took > 40*shown {
		t.Errorf("the cells take %v, the values %v", took, shown)
	}
}

func TestAnEntryThatIsNamedManyTimesIsReadOnce(t *testing.T) {
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
	plain := fold(p.entry("equipment", id, cells(t, many("b")), nil))
	named := fold(p.entry("equipment", id, cells(t, many("c", []any{0}), []any{p.in, 1, first.hash[:8]}), nil))
	if named > 15*plain {
		t.Errorf("4,000 fields that name an entry take %v, that name none %v", named, plain)
	}
	v, err := f.central.Get(t.Context(), id)
	if err != nil || len(v.Fields) != 12_000 {
		t.Errorf("%d fields, %v", len(v.Fields), err)
	}
}

// A chain that has branches since a disk was copied is walked once when a snapshot is loaded or its author is ended, not
// once for each entry.
func TestALongChainWithBranchesIsWalkedOnce(t *testing.T) {
	const n = 2000
	takes := func(forked bool) (loaded, ended time.Duration) {
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
		if err := fresh.SettleSnapshots(t.Context()); err != nil || unverified(t, fresh) != 0 || machines(t, fresh) != len(pieces) || machines(t, f.central) != len(pieces) {
			t.Errorf("%d machines are shown here and %d at the central, of %d: %v", machines(t, fresh), machines(t, f.central), len(pieces), err)
		}
		noRefusals(t, fresh)
		return loaded, ended
	}
	loaded, ended := takes(true)
	plain, plainly := takes(false)
	if loaded > 8*plain {
		t.Errorf("beside %d entries a snapshot is loaded in %v, where they have branches in %v", n, plain, loaded)
	}
	if ended > 8*plainly {
		t.Errorf("%d entries are judged again in %v, where they have branches in %v", n, plainly, ended)
	}
}

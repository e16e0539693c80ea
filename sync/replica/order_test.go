package replica

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/seal"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// blank returns a replica with control alone: a place to fold a history in another order.
func (f *field) blank() *Replica {
	return f.admit("vierge", record.Coordination, 0)
}

// history makes several devices, one of them cloned, with wrong clocks, that edit the same few records, alone and together, and
// merge them, while they hear of each other now and then; it returns every entry as a piece of its own.
func history(t *rapid.T, tb testing.TB, f *field) []journal.Piece {
	drifts := []time.Duration{0, -87600 * time.Hour, 87600 * time.Hour, 3 * time.Hour}
	var devices []*Replica
	for i := range 3 {
		devices = append(devices, f.admit(fmt.Sprintf("d%d", i), record.Coordination, rapid.SampledFrom(drifts).Draw(t, "drift")))
	}
	ids := []uuid.UUID{save(tb, devices[0], machine("PC-1")), save(tb, devices[0], machine("PC-2"))}
	for _, d := range devices[1:] {
		give(tb, devices[0], d)
	}
	if rapid.Bool().Draw(t, "clone") {
		devices = append(devices, clone(tb, devices[1]))
	}
	fields := []string{"note", "status", "brand"}
	for range rapid.IntRange(3, 12).Draw(t, "steps") {
		d := devices[rapid.IntRange(0, len(devices)-1).Draw(t, "device")]
		what := rapid.IntRange(0, 5).Draw(t, "what")
		if what == 0 {
			give(tb, d, devices[rapid.IntRange(0, len(devices)-1).Draw(t, "to")])
			continue
		}
		if what == 1 {
			if _, err := d.MergeDuplicates(tb.Context(), uuid.Nil, ids, nil); err != nil && !errors.Is(err, ErrMerge) {
				t.Fatal(err)
			}
			continue
		}
		name := rapid.SampledFrom(fields).Draw(t, "field")
		value := any(rapid.SampledFrom([]string{"en_panne", "en_stock", "en_pret"}).Draw(t, "value"))
		if name != "status" && rapid.IntRange(0, 4).Draw(t, "clear") == 0 {
			value = nil
		}
		set := []Change{{ID: ids[rapid.IntRange(0, 1).Draw(t, "record")], Set: record.Fields{name: value}}}
		if what == 2 {
			set = []Change{{ID: ids[0], Set: record.Fields{name: value}}, {ID: ids[1], Set: record.Fields{name: value}}} // one entry
		}
		if _, err := d.Save(tb.Context(), uuid.Nil, set...); err != nil {
			t.Fatal(err)
		}
	}
	held := map[journal.Hash]bool{}
	var out []journal.Piece
	for _, scope := range []string{trust.Control, "parc"} { // a device that went on under another key has said so in control
		for _, d := range devices {
			for _, p := range all(tb, d, scope) {
				for _, e := range singles(tb, d, p) {
					known, err := f.central.Holds(tb.Context(), e.Chain, e.Entries[0].Hash)
					if err != nil {
						tb.Fatal(err)
					}
					// Not by its head: those that two copies write on one record in one millisecond are alike.
					if h := e.Entries[0].Hash; !known && !held[h] {
						held[h] = true
						out = append(out, e)
					}
				}
			}
		}
	}
	return out
}

// clone copies a device's folder whole, as a disk image does, and opens the copy on the same machine: nothing
// tells it yet that it is one.
func clone(tb testing.TB, r *Replica) *Replica {
	tb.Helper()
	twin, err := Open(tb.Context(), copyOf(tb, r, trust.KeyFile, startFile), Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { twin.Close() })
	return twin
}

// copyOf copies the database of a device, and the files named.
func copyOf(tb testing.TB, r *Replica, names ...string) string {
	tb.Helper()
	dir := tb.TempDir()
	if _, err := r.write.ExecContext(tb.Context(), "VACUUM INTO ?", filepath.Join(dir, File)); err != nil {
		tb.Fatal(err)
	}
	for _, name := range append(names, seal.File) {
		b, err := os.ReadFile(filepath.Join(r.Dir(), name))
		if err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// deliver admits pieces in a random order: those that come before what they follow wait for it, as they
// do between devices.
func deliver(rt *rapid.T, t testing.TB, f *field, r *Replica, pieces []journal.Piece) {
	var order []journal.Piece
	numbers := make([]int, len(pieces))
	for i := range numbers {
		numbers[i] = i
	}
	for _, i := range rapid.Permutation(numbers).Draw(rt, "order") {
		order = append(order, pieces[i])
	}
	admit(t, r, f.central, all(t, f.central, trust.Control))
	untilTaken(rt, t, f.central, r, order)
}

// singles cuts a piece into pieces of one entry, each with the signature that its author kept.
func singles(tb testing.TB, author *Replica, p journal.Piece) []journal.Piece {
	tb.Helper()
	entries, err := author.storedEntries(tb.Context(), author.read,
		"SELECT stored FROM entry JOIN chain ON chain.id = entry.chain WHERE incarnation = ? AND scope = ? AND signed = 1 ORDER BY seq",
		p.Chain.Incarnation[:], p.Chain.Scope)
	if err != nil {
		tb.Fatal(err)
	}
	var out []journal.Piece
	for _, e := range entries {
		out = append(out, journal.Piece{Chain: p.Chain, Prev: e.Prev, Entries: []*journal.Entry{e}})
	}
	return out
}

// untilTaken hands pieces to a device one by one, again and again until all are in.
func untilTaken(end interface {
	Fatal(...any)
	Fatalf(string, ...any)
}, t testing.TB, from, to *Replica, left []journal.Piece) {
	for len(left) > 0 {
		var later []journal.Piece
		for _, p := range left {
			n, refused, err := to.Admit(t.Context(), from.Identity().Public(), wired(t, []journal.Piece{p}))
			if err != nil {
				end.Fatal(err)
			}
			if n == 0 && len(refused) > 0 {
				later = append(later, p)
			}
		}
		if len(later) == len(left) {
			_, refused, _ := to.Admit(t.Context(), from.Identity().Public(), wired(t, later))
			end.Fatalf("%d pieces can never be admitted: %v", len(later), refused)
		}
		left = later
	}
}

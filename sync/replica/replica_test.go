package replica

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// field is a territory under test: its central, and the devices that it admits.
type field struct {
	t        testing.TB
	central  *Replica
	founding *trust.Founding
}

// recovery is the key that the recovery file of the territory holds, root the territory's root key.
func (f *field) recovery() age.Identity { return f.founding.Recovery().Seal }
func (f *field) root() *trust.Root      { return f.founding.Recovery().Root }

func newField(t testing.TB) *field {
	t.Helper()
	id := newIdentity(t, "Central")
	f, err := trust.Found("Cantal", id, record.Central, rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	central, err := Create(t.Context(), t.TempDir(), id, f.Territory, f.Control, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { central.Close() })
	return &field{t, central, f}
}

func newIdentity(t testing.TB, name string) *trust.Identity {
	t.Helper()
	id, err := trust.NewIdentity(name, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// admit makes a device of the territory, whose clock is wrong by drift.
func (f *field) admit(name string, role record.Role, drift time.Duration, places ...string) *Replica {
	f.t.Helper()
	id := newIdentity(f.t, name)
	d := trust.Device{Key: id.Public(), Age: id.Age.Recipient().String(), Role: role, Places: places, Name: name}
	if _, err := f.central.SaveControl(f.t.Context(), trust.DeviceKind, d.Fields()); err != nil {
		f.t.Fatal(err)
	}
	r, err := Create(f.t.Context(), f.t.TempDir(), id, f.central.Territory(), all(f.t, f.central, trust.Control),
		Options{Now: func() time.Time { return time.Now().Add(drift) }})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { r.Close() })
	return r
}

// all returns the whole of a scope in pieces of one signed entry each.
func all(t testing.TB, r *Replica, scope string) []journal.Piece {
	t.Helper()
	heads, err := r.Heads(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	var out []journal.Piece
	done := map[journal.Chain]bool{}
	for _, h := range heads {
		if done[h.Chain] {
			continue
		}
		done[h.Chain] = true
		pieces, _, err := r.Missing(t.Context(), h.Chain, nil, 1<<20, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pieces...)
	}
	return wired(t, out)
}

// wired sends pieces through their bytes, as a transport does.
func wired(t testing.TB, pieces []journal.Piece) []journal.Piece {
	t.Helper()
	out := make([]journal.Piece, len(pieces))
	for i, p := range pieces {
		b, err := p.AppendWire(nil)
		if err != nil {
			t.Fatal(err)
		}
		if out[i], _, err = journal.ParsePiece(b); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// give brings to everything of from that it may read.
func give(t testing.TB, from, to *Replica) {
	t.Helper()
	scopes, err := from.Scopes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scopes {
		if to.Self().MayRead(s) {
			admit(t, to, from, all(t, from, s))
		}
	}
}

func admit(t testing.TB, to, from *Replica, pieces []journal.Piece) {
	t.Helper()
	if _, refused, err := to.Admit(t.Context(), from.Identity().Public(), pieces); err != nil || len(refused) > 0 {
		t.Fatalf("Admit: %v, %v", err, refused)
	}
}

func save(t testing.TB, r *Replica, c Change) uuid.UUID {
	t.Helper()
	s, err := r.Save(t.Context(), uuid.Nil, c)
	if err != nil {
		t.Fatalf("Save %s: %v", c.Kind, err)
	}
	return s.IDs[0]
}

func machine(tag string) Change {
	return Change{Kind: record.Equipment, Set: record.Fields{"tag": tag, "serial": "SN" + tag, "level": "socle", "status": "en_service"}}
}

func text(t testing.TB, r *Replica, id uuid.UUID, field string) string {
	t.Helper()
	v, err := r.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v.Fields.Text(field)
}

func conflicts(t testing.TB, r *Replica) []Conflict {
	t.Helper()
	c, err := r.Conflicts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// dump prints the merged tables, control left out, without their local numbers: what must be equal wherever the same entries are held.
func dump(t testing.TB, r *Replica) string {
	t.Helper()
	if err := r.indexWords(t.Context()); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	dumpRecords(t, r, &b)
	for _, q := range []string{
		"SELECT hex(record.id), hex(entry.hash), touch.op, '', '', '', '' FROM touch JOIN record ON record.number = touch.record JOIN entry ON entry.id = touch.entry WHERE record.scope <> 'control' ORDER BY 1, 2",
		"SELECT scope, hex(digest), '', '', '', '', '' FROM scope_digest WHERE scope <> 'control' ORDER BY scope",
		"SELECT hex(id), (SELECT count(*) FROM search WHERE search MATCH 'pc' AND rowid = number), (SELECT count(*) FROM search WHERE search MATCH 'note' AND rowid = number), '', '', '', '' FROM record WHERE scope <> 'control' ORDER BY id",
	} {
		rows, err := r.read.Query(q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var c [7]sql.NullString
			if err := rows.Scan(&c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6]); err != nil {
				t.Fatal(err)
			}
			for _, s := range c {
				b.WriteString(s.String + "|")
			}
			b.WriteByte('\n')
		}
		rows.Close()
	}
	return b.String()
}

func TestWhatIsSavedIsFound(t *testing.T) {
	f := newField(t)
	r := f.admit("tablette", record.Agent, 0, "0150646X")
	id := save(t, r, machine("PC-15001-0042"))
	save(t, r, machine("PC-15001-0043"))
	for _, typed := range []string{"pc 15001", "PC-15001-0042", "sn 0042"} {
		hits, err := r.Search(t.Context(), typed, nil, 10)
		if err != nil || len(hits) == 0 {
			t.Errorf("Search(%q) = %v, %v", typed, hits, err)
		}
	}
	found, err := r.Scan(t.Context(), "pc-15001-0042")
	if err != nil || len(found) != 1 || found[0].ID != id {
		t.Errorf("Scan = %v, %v", found, err)
	}
	list, err := r.List(t.Context(), Query{Kind: record.Equipment, Where: []Cond{{Field: "serial", Value: "SNPC-15001-0042"}}})
	if err != nil || len(list) != 1 || list[0].Fields.Text("tag") != "PC-15001-0042" {
		t.Errorf("List = %v, %v", list, err)
	}
	tally, err := r.Tally(t.Context(), Query{Kind: record.Equipment}, "status")
	if err != nil || tally["en_service"] != 2 {
		t.Errorf("Tally = %v, %v", tally, err)
	}
	if n, err := r.Pending(t.Context()); err != nil || n != 2 {
		t.Errorf("Pending = %d, %v; want 2", n, err)
	}
	_, err = r.Save(t.Context(), uuid.Nil, Change{Kind: record.Equipment, Set: record.Fields{"tag": "x"}})
	var problems record.Problems
	if !errors.As(err, &problems) || problems[0].Field != "level" {
		t.Errorf("without its level: %v", err)
	}
	_, err = r.Save(t.Context(), uuid.Nil, Change{Kind: record.Charter, Set: record.Fields{"version": "1", "text": "x"}})
	if !errors.Is(err, ErrForbidden) {
		t.Errorf("an agent wrote a charter: %v", err)
	}
}

func TestThreeDevicesOneByRelayOneTenYearsBehind(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, -10*365*24*time.Hour)
	c := f.admit("c", record.Coordination, 0)
	for _, r := range []*Replica{a, b, c} {
		give(t, f.central, r)
	}
	id := save(t, a, machine("PC-1"))
	give(t, a, b)
	give(t, b, c) // c never meets a
	// Different fields merge.
	save(t, a, Change{ID: id, Set: record.Fields{"note": "réparé"}})
	save(t, c, Change{ID: id, Set: record.Fields{"brand": "Cère"}})
	// The same field is a conflict, whatever the clocks say.
	save(t, a, Change{ID: id, Set: record.Fields{"status": "en_panne"}})
	save(t, b, Change{ID: id, Set: record.Fields{"status": "en_stock"}})
	give(t, a, b)
	give(t, b, c)
	give(t, c, b)
	give(t, b, a)
	for _, r := range []*Replica{a, b, c} {
		if got := text(t, r, id, "note") + "/" + text(t, r, id, "brand") + "/" + text(t, r, id, "status"); got != "réparé/Cère/en_panne" {
			t.Errorf("%s shows %s", r.Self().Name, got)
		}
		found := conflicts(t, r)
		if len(found) != 1 || found[0].Field != "status" || len(found[0].Versions) != 2 {
			t.Fatalf("%s has conflicts %+v", r.Self().Name, found)
		}
		who := map[string]any{}
		for _, v := range found[0].Versions {
			who[v.DeviceName] = v.Value
		}
		if diff := cmp.Diff(map[string]any{"a": "en_panne", "b": "en_stock"}, who); diff != "" {
			t.Error(diff)
		}
	}
	// A decision by one who saw both settles it everywhere, though its clock is ten years behind.
	for _, v := range conflicts(t, b)[0].Versions {
		if v.Value == "en_stock" {
			if _, err := b.Resolve(t.Context(), uuid.Nil, id, "status", v.Dot); err != nil {
				t.Fatal(err)
			}
		}
	}
	give(t, b, a)
	give(t, b, c)
	for _, r := range []*Replica{a, b, c} {
		if n := len(conflicts(t, r)); n != 0 || text(t, r, id, "status") != "en_stock" {
			t.Errorf("%s: %d conflicts, %s", r.Self().Name, n, text(t, r, id, "status"))
		}
	}
	if da, dc := dump(t, a), dump(t, c); diffScope(da, dc) != "" {
		t.Error(diffScope(da, dc))
	}
	hist, err := c.History(t.Context(), id)
	if err != nil || len(hist) < 7 {
		t.Errorf("history of %d lines, %v", len(hist), err)
	}
}

// diffScope compares two dumps line by line and returns the first difference.
func diffScope(a, b string) string {
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(la), len(lb)) {
		var x, y string
		if i < len(la) {
			x = la[i]
		}
		if i < len(lb) {
			y = lb[i]
		}
		if x != y {
			return fmt.Sprintf("line %d:\n%s\n%s", i, x, y)
		}
	}
	return ""
}

func TestUndoTakesBackTheLastActionOnly(t *testing.T) {
	f := newField(t)
	r := f.admit("a", record.Agent, 0)
	id := save(t, r, machine("PC-1"))
	save(t, r, Change{ID: id, Set: record.Fields{"note": "un"}})
	saved, err := r.Save(t.Context(), uuid.Nil, Change{ID: id, Set: record.Fields{"note": "deux", "brand": "X"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Undo(t.Context(), uuid.Nil, saved); err != nil {
		t.Fatal(err)
	}
	if got := text(t, r, id, "note") + text(t, r, id, "brand"); got != "un" {
		t.Errorf("after undo: %q", got)
	}
	created, err := r.Save(t.Context(), uuid.Nil, machine("PC-2"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Undo(t.Context(), uuid.Nil, created); err != nil {
		t.Fatal(err)
	}
	if n, _ := r.Count(t.Context(), Query{Kind: record.Equipment}); n != 1 {
		t.Errorf("%d machines, want 1", n)
	}
}

func TestRebuildGivesTheSameTables(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, time.Hour)
	give(t, f.central, a)
	var ids []uuid.UUID
	for i := range 5 {
		ids = append(ids, save(t, a, machine(fmt.Sprintf("PC-%d", i))))
	}
	give(t, a, b)
	for i, id := range ids {
		save(t, a, Change{ID: id, Set: record.Fields{"note": fmt.Sprintf("note a%d", i)}})
		save(t, b, Change{ID: id, Set: record.Fields{"note": fmt.Sprintf("note b%d", i), "tag": nil}})
	}
	give(t, b, a)
	before := dump(t, a)
	if err := a.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if d := diffScope(before, dump(t, a)); d != "" {
		t.Error(d)
	}
	if err := a.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestOpenAgainAndTwice(t *testing.T) {
	f := newField(t)
	r := f.admit("a", record.Agent, 0)
	save(t, r, machine("PC-1"))
	other, err := Open(t.Context(), r.Dir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := r.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	save(t, other, machine("PC-2"))
	told := 0
	defer r.Subscribe(func(Notice) { told++ })()
	if changed, err := r.Poll(t.Context()); err != nil || !changed || told != 1 {
		t.Errorf("Poll = %t, %v, told %d times", changed, err, told)
	}
	save(t, r, machine("PC-3"))
	heads, err := r.Heads(t.Context(), "parc")
	if err != nil || len(heads) != 1 || heads[0].Seq != 3 {
		t.Errorf("two processes on one folder made heads %v, %v", heads, err)
	}
	if _, err := Open(context.Background(), t.TempDir(), Options{}); !errors.Is(err, ErrNone) {
		t.Errorf("empty folder: %v", err)
	}
}

func TestADamagedDatabaseIsSaidAndLeftAlone(t *testing.T) {
	f := newField(t)
	r := f.admit("a", record.Agent, 0)
	dir := r.Dir()
	r.Close()
	path := filepath.Join(dir, File)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4096 {
		b[i] = 0x5a
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open = %v, want ErrDamaged", err)
	}
	if after, _ := os.ReadFile(path); len(after) != len(b) {
		t.Error("the damaged file was touched")
	}
}

func TestEveryConnectionWritesDurably(t *testing.T) {
	r := newField(t).central
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "secure_delete": "1"} {
		var got string
		if err := r.write.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %s, %v; want %s", pragma, got, err, want)
		}
	}
}

func TestQueriesUseTheirIndexes(t *testing.T) {
	r := newField(t).central
	for _, c := range []struct {
		q    Query
		want string
	}{
		{Query{Kind: record.Equipment, Where: []Cond{{Field: "serial", Value: "x"}}}, "equipment_serial"},
		{Query{Kind: record.Equipment, Where: []Cond{{Field: "room", Value: "x"}}}, "equipment_room"},
		{Query{Kind: record.Equipment, Order: []string{"tag"}}, "equipment_tag"},
		{Query{Kind: record.Scan, Where: []Cond{{Field: "audit", Value: "x"}}}, "scan_audit"},
		{Query{Kind: record.Operator}, "record_kind"},
		{Query{Kind: record.Operator, Scope: "people"}, "COVERING INDEX record_kind (kind=? AND scope=?)"},
	} {
		text, args, err := c.q.sql(true)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := r.read.Query("EXPLAIN QUERY PLAN SELECT number"+text, args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		for rows.Next() {
			var id, parent, unused int
			var line string
			if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(line + "\n")
		}
		rows.Close()
		if !strings.Contains(plan.String(), c.want) {
			t.Errorf("%+v is answered by %s, not by %s", c.q, plan.String(), c.want)
		}
	}
}

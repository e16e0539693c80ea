package replica

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cantal.fr/buron/sync/probe"
	"cantal.fr/buron/sync/record"
)

// unpack lays a data folder that a released version wrote.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(h.Name)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFoldersOfEveryReleaseOpen(t *testing.T) {
	archives, err := filepath.Glob("testdata/release-*.tar.gz")
	if err != nil || len(archives) == 0 {
		t.Fatal("no data folder of a release is kept")
	}
	for _, a := range archives {
		t.Run(filepath.Base(a), func(t *testing.T) {
			dir := unpack(t, a)
			const name = "Exemple" // of the pupils of the examples, whose names stood open before version 3
			if found, err := probe.Open(dir, name); err != nil || !found {
				t.Fatalf("the probe does not find what is there: %v", err)
			}
			r, err := Open(t.Context(), dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if inTheOpen(t, r, name) || !unsealed(t, r, name) {
				t.Error("what a release wrote of people is not sealed, or is gone")
			}
			if n, err := r.Count(t.Context(), Query{Kind: record.Equipment}); err != nil || n != 3 {
				t.Errorf("%d machines, %v; want 3", n, err)
			}
			if c := conflicts(t, r); len(c) != 1 || c[0].Field != "note" {
				t.Errorf("conflicts = %v", c)
			}
			before := dump(t, r)
			if err := r.Rebuild(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if d := diffScope(before, dump(t, r)); d != "" {
				t.Errorf("this version folds the journal otherwise: %s", d)
			}
			if err := r.Verify(t.Context(), nil); err != nil {
				t.Error(err)
			}
			save(t, r, machine("PC-4"))
			f := newField(t)
			if got, want := schemaOf(t, r), schemaOf(t, f.central); got != want {
				t.Errorf("brought up to date, the schema is\n%s\nand made anew\n%s", got, want)
			}
		})
	}
}

// A folder of schema 7, in which rows held every value twice: 60 machines and 40 pupils written in bulk, then
// edited by two devices, two machines merged.
func TestRowsOfSchema7AreWrittenAnew(t *testing.T) {
	dir := unpack(t, "testdata/schema-7.tar.gz")
	o := Options{Machine: func() string { return "banc" }}
	was, err := os.Stat(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	back := hideKey(t, dir)
	r, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Count(t.Context(), Query{Kind: record.Equipment, Where: []Cond{{Field: "status", Value: "en_service"}}}); err != nil || n != 59 {
		t.Errorf("without the key there are %d machines, %v; want 59", n, err)
	}
	if n, err := r.Count(t.Context(), Query{Kind: record.ClassMember}); err != nil || n != 40 {
		t.Errorf("without the key there are %d pupils, %v; want 40", n, err)
	}
	if got, want := schemaOf(t, r), schemaOf(t, newField(t).central); got != want {
		t.Errorf("brought up to date, the schema is\n%s\nand made anew\n%s", got, want)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	back()
	if r, err = Open(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if inTheOpen(t, r, "Zorglubette") || !unsealed(t, r, "Zorglubette") || !unsealed(t, r, "Quatrepoix") {
		t.Error("what was sealed is open, or gone")
	}
	var fields []string
	for _, c := range conflicts(t, r) {
		fields = append(fields, c.Field)
	}
	slices.Sort(fields)
	if !slices.Equal(fields, []string{"family_name", "note"}) {
		t.Errorf("conflicts on %v", fields)
	}
	list, err := r.List(t.Context(), Query{Kind: record.Equipment, Where: []Cond{{Field: "note", Value: "Au fond <à gauche> & \"haut\""}}})
	if err != nil || len(list) != 57 {
		t.Errorf("%d machines with the same note, %v; want 57", len(list), err)
	}
	bytesOf := func() []string {
		rows, err := column1[string](t.Context(), r.read, "SELECT hex(id) || hex(fields) || hex(cells) FROM record WHERE kind = 'equipment' ORDER BY id")
		if err != nil || len(rows) != 60 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		return rows
	}
	before, raw := dump(t, r), bytesOf()
	if err := r.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if d := diffScope(before, dump(t, r)); d != "" {
		t.Errorf("this version folds the journal otherwise: %s", d)
	}
	if !slices.Equal(raw, bytesOf()) {
		t.Error("folded again, the rows are other bytes")
	}
	if err := r.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	var older int
	if err := r.read.QueryRow("SELECT count(*) FROM record WHERE substr(cells, 1, 1) NOT IN (x'01', x'02')").Scan(&older); err != nil || older > 0 {
		t.Errorf("%d rows stand as they did, %v", older, err)
	}
	if now, err := os.Stat(filepath.Join(dir, File)); err != nil || now.Size() >= was.Size() {
		t.Errorf("the database takes %d bytes of %d, %v", now.Size(), was.Size(), err)
	}
}

// schemaOf lists tables with their columns, and indexes with theirs.
func schemaOf(t *testing.T, r *Replica) string {
	t.Helper()
	list, err := column1[string](t.Context(), r.read, `SELECT m.type || ' ' || m.name || ' ' || coalesce((SELECT group_concat(name || ' ' || type || ' ' || "notnull", ', ') FROM pragma_table_info(m.name)), '')
		|| coalesce((SELECT group_concat(coalesce(name, 'expression')) FROM pragma_index_info(m.name)), '') || '\n' FROM sqlite_schema m ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	out := ""
	for _, l := range list {
		out += l
	}
	return out
}

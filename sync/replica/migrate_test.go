package replica

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
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

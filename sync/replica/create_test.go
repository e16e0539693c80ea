package replica

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// A power cut at any point of the making leaves a folder that can be used again.
func TestAnInterruptedCreationCanBeMadeAgain(t *testing.T) {
	for what, interrupted := range map[string]func(dir string, id *trust.Identity, f *trust.Founding) error{
		"after the key": func(dir string, id *trust.Identity, _ *trust.Founding) error { return id.Save(dir) },
		"after the database": func(dir string, _ *trust.Identity, f *trust.Founding) error {
			return build(t.Context(), filepath.Join(dir, File), f.Territory, [16]byte{})
		},
		"after both": func(dir string, id *trust.Identity, f *trust.Founding) error {
			return errors.Join(id.Save(dir), build(t.Context(), filepath.Join(dir, File), f.Territory, [16]byte{}))
		},
	} {
		dir, id := t.TempDir(), newIdentity(t, "Central")
		f, err := trust.Found("Cantal", id, record.Central, rand.Reader, noon)
		if err != nil {
			t.Fatal(err)
		}
		if err := interrupted(dir, id, f); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, ErrNone) {
			t.Errorf("%s: what was not made to the end is opened: %v", what, err)
		}
		r, err := Create(t.Context(), dir, id, f.Territory, f.Control, Options{})
		if err != nil {
			t.Fatalf("%s: neither opened nor made again: %v", what, err)
		}
		if r.Self().Role != record.Central {
			t.Errorf("%s: the device is %q", what, r.Self().Role)
		}
		r.Close()
		if _, err := Create(t.Context(), dir, id, f.Territory, f.Control, Options{}); err == nil {
			t.Errorf("%s: made again over a replica", what)
		}
	}
}

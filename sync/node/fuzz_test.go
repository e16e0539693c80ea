package node

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/seal"
	"cantal.fr/buron/sync/trust"
	"filippo.io/age"
)

// FuzzInvitationFile reads any bytes as the file of an invitation: what is read is what a person could have typed.
func FuzzInvitationFile(f *testing.F) {
	i, err := trust.ParseInvitation("ABCD-EFGH-JKMN-PQRS@https://central:8443")
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "x"+InvitationFile)
	if err := WriteInvitation(path, "Cantal", i, time.Now()); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format":"buron invitation v1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "x"+InvitationFile)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readInvitation(path)
		if err != nil {
			return
		}
		if again, err := readInvitation(got.String()); err != nil || again != got {
			t.Errorf("read as %+v, and again as %+v, %v", got, again, err)
		}
		if len(b) > maxInvitationFile {
			t.Errorf("a file of %d bytes is read", len(b))
		}
	})
}

// FuzzBackup reads any bytes as what the phrase of a backup seals: nothing but what is ours is written, and nothing
// outside the folder.
func FuzzBackup(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range append(restored(), seal.File, "blobs/ab/"+strings.Repeat("ab", 32), "../outside", "blobs/ab/x") {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: 5, Typeflag: tar.TypeReg}); err != nil {
			f.Fatal(err)
		}
		if _, err := w.Write([]byte("bytes")); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:700])
	f.Fuzz(func(t *testing.T, b []byte) {
		home := t.TempDir()
		dir := filepath.Join(home, "maison")
		_, err := unpackInto(dir, tar.NewReader(bytes.NewReader(b)))
		if err != nil && !errors.Is(err, ErrBackup) && !errors.Is(err, fs.ErrExist) {
			t.Errorf("%v", err)
		}
		whole := err == nil // else Restore takes the folder away
		err = filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			below, err := filepath.Rel(dir, path)
			if below = filepath.ToSlash(below); below != replica.File && below != trust.KeyFile && below != seal.File {
				name, blob := replica.BlobAt(below)
				if !blob {
					t.Errorf("%s was written", below)
				}
				if b, err := os.ReadFile(path); whole && (err != nil || sha256.Sum256(b) != name) {
					t.Errorf("%s does not bear its name, %v", below, err)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// FuzzBackupHeader reads any bytes as a backup: nothing of it is left where it is none.
func FuzzBackupHeader(f *testing.F) {
	to, err := age.NewScryptRecipient("quatre brebis au pré")
	if err != nil {
		f.Fatal(err)
	}
	to.SetWorkFactor(2)
	var b bytes.Buffer
	if err := sealFolder(&b, to, f.TempDir(), []byte("key"), os.DirFS(f.TempDir()), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:100])
	f.Add(bytes.Replace(b.Bytes(), []byte(" 2\n"), []byte(" 30\n"), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		home := t.TempDir()
		path := filepath.Join(home, "x.age")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Restore(t.Context(), path, filepath.Join(home, "maison"), "quatre brebis au pré")
		if !errors.Is(err, ErrBackup) && !errors.Is(err, ErrPassphrase) {
			t.Errorf("%v", err)
		}
		if left, err := os.ReadDir(home); err != nil || len(left) != 1 {
			t.Errorf("left %v, %v", left, err)
		}
	})
}

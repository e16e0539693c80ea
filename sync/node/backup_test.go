package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

func TestABackupIsRestoredAsAnotherLife(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	before := save(t, a, record.Equipment, record.Fields{"tag": "PC-1", "level": "socle"})
	file := filepath.Join(t.TempDir(), "sauvegarde.age")
	passphrase, err := Backup(t.Context(), a, file, "")
	if err != nil {
		t.Fatal(err)
	}
	after := save(t, a, record.Equipment, record.Fields{"tag": "PC-2", "level": "socle"})
	f.exchange(a)
	key := a.Identity().Public()
	home := filepath.Join(t.TempDir(), "maison")
	if _, err := Restore(t.Context(), file, home, "une autre phrase"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("with another passphrase: %v", err)
	}
	if _, err := Restore(t.Context(), file, a.Dir(), passphrase); !errors.Is(err, ErrOccupied) {
		t.Errorf("over a folder in use: %v", err)
	}
	if _, err := Restore(t.Context(), file, home, passphrase); err != nil {
		t.Fatal(err)
	}
	b, err := replica.Open(t.Context(), home, replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if c, ok, err := b.Copied(t.Context()); err != nil || !ok || c.Reason != replica.CopyRestored || b.Identity().Public() == key {
		t.Errorf("the restored device is told %+v, %t, %v", c, ok, err)
	}
	own := save(t, b, record.Equipment, record.Fields{"tag": "PC-3", "level": "socle"})
	if o := f.exchange(b); o.Err != nil || len(o.Refused)+len(o.Rejected) > 0 {
		t.Errorf("exchange: %+v", o)
	}
	for _, id := range [][16]byte{before, after, own} {
		if !holds(t, b, id) || !holds(t, f.central, id) {
			t.Errorf("%x is lost: %t here, %t at the central", id, holds(t, b, id), holds(t, f.central, id))
		}
	}
	if left, err := filepath.Glob(filepath.Join(a.Dir(), ".backup-*")); err != nil || len(left) > 0 {
		t.Errorf("what was not sealed is left: %v, %v", left, err)
	}
}

func TestADeviceWithoutItsKeyIsInvitedAgain(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	unsent := save(t, a, record.Equipment, record.Fields{"tag": "PC-1", "level": "socle"})
	dir := a.Dir()
	if err := errors.Join(a.Close(), os.Remove(filepath.Join(dir, trust.KeyFile))); err != nil {
		t.Fatal(err)
	}
	b, err := replica.Open(t.Context(), dir, replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	own := save(t, b, record.Equipment, record.Fields{"tag": "PC-2", "level": "socle"})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b, err = Join(t.Context(), dir, f.invite(record.Agent), f.url, "x", replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, id := range [][16]byte{unsent, own} {
		if !holds(t, f.central, id) {
			t.Errorf("%x never came to the central", id)
		}
	}
	if n := len(f.central.Roster().Devices()); n != 3 {
		t.Errorf("%d devices on the roster, want the central and both", n)
	}
	if _, err := Join(t.Context(), dir, f.invite(record.Agent), f.url, "x", replica.Options{}); !errors.Is(err, ErrFounded) {
		t.Errorf("a device that is admitted joins again: %v", err)
	}
}

func TestADamagedBackupChangesNothing(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	file := filepath.Join(t.TempDir(), "sauvegarde.age")
	if _, err := Backup(t.Context(), a, file, "quatre brebis au pré"); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, bytes := range map[string][]byte{"truncated": whole[:len(whole)/2], "not one": []byte("notes de réunion"), "empty": nil} {
		t.Run(name, func(t *testing.T) {
			bad, home := filepath.Join(t.TempDir(), "x.age"), filepath.Join(t.TempDir(), "maison")
			if err := os.WriteFile(bad, bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Restore(t.Context(), bad, home, "quatre brebis au pré"); !errors.Is(err, ErrBackup) {
				t.Errorf("Restore = %v, want ErrBackup", err)
			}
			if _, err := os.Stat(home); err == nil {
				t.Error("a folder was left")
			}
		})
	}
}

// A backup brings photos back; one that the disk had damaged before is asked of the others again.
func TestABackupHoldsPhotos(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	docs := [][]byte{[]byte("%PDF-1.7 une facture"), []byte("%PDF-1.7 une autre"), bytes.Repeat([]byte("%PDF-1.7 longue\n"), 20_000)}
	c := replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": "PC-1", "level": "socle"}}
	for _, d := range docs {
		c.Attach = append(c.Attach, replica.Attachment{Content: d, Name: "facture.pdf"})
	}
	saved, err := a.Save(t.Context(), uuid.Nil, c)
	if err != nil {
		t.Fatal(err)
	}
	f.exchange(a)
	files, err := a.BlobFiles(t.Context())
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(filepath.Join(a.Dir(), files[0]), make([]byte, 36), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(a.Dir(), files[1])); err != nil {
		t.Fatal(err)
	}
	file, home := filepath.Join(t.TempDir(), "sauvegarde.age"), filepath.Join(t.TempDir(), "maison")
	phrase, err := Backup(t.Context(), a, file, "")
	if err != nil {
		t.Fatal(err)
	}
	if damaged, err := Restore(t.Context(), file, home, phrase); err != nil || damaged != 1 {
		t.Fatalf("%d damaged, %v", damaged, err)
	}
	b, err := replica.Open(t.Context(), home, replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	held := func() (n int) {
		v, err := b.Get(t.Context(), saved.IDs[0])
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.Joined {
			r, err := b.OpenBlob(t.Context(), v.ID, i)
			if errors.Is(err, replica.ErrMissing) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err = errors.Join(err, r.Close()); err != nil || !slices.ContainsFunc(docs, func(d []byte) bool { return bytes.Equal(d, got) }) {
				t.Errorf("%d: %d bytes, %v", i, len(got), err)
			}
			n++
		}
		return n
	}
	if n := held(); n != 1 {
		t.Errorf("%d came back", n)
	}
	f.exchange(b)
	if n := held(); n != 3 {
		t.Errorf("%d after an exchange", n)
	}
}

// Nothing but what is ours is written, whatever a backup holds, and nothing outside the folder.
func TestABackupWritesNothingElsewhere(t *testing.T) {
	h := strings.Repeat("ab", 32)
	for path, want := range map[string]bool{"blobs/ab/" + h: true, "blobs/ac/" + h: false, "blobs/../" + h: false, h: false, "../blobs/ab/" + h: false,
		"blobs/ab/" + strings.ToUpper(h): false, "blobs/ab/" + h + ".part": false, "": false} {
		if _, ok := replica.BlobAt(path); ok != want {
			t.Errorf("%s: %t", path, ok)
		}
	}
}

// While others go on attaching, a backup holds every blob that it names.
func TestABackupIsConsistentWhilePhotosAreAdded(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	ctx, stop := context.WithCancel(t.Context())
	begun, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 0; ctx.Err() == nil && i < 300; i++ {
			doc := fmt.Appendf(nil, "%%PDF-1.7 facture %d", i)
			_, err := a.Save(t.Context(), uuid.Nil, replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": fmt.Sprintf("PC-%d", i), "level": "socle"},
				Attach: []replica.Attachment{{Content: doc, Name: "facture.pdf"}}})
			if err != nil {
				done <- err
				return
			}
			if i == 20 {
				close(begun)
			}
		}
		done <- nil
	}()
	<-begun
	file, home := filepath.Join(t.TempDir(), "sauvegarde.age"), filepath.Join(t.TempDir(), "maison")
	phrase, err := Backup(t.Context(), a, file, "")
	stop()
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	if damaged, err := Restore(t.Context(), file, home, phrase); err != nil || damaged != 0 {
		t.Fatal(damaged, err)
	}
	b, err := replica.Open(t.Context(), home, replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	list, err := b.List(t.Context(), replica.Query{Kind: record.Equipment})
	if err != nil || len(list) < 20 {
		t.Fatal(len(list), err)
	}
	for _, r := range list {
		v, err := b.Get(t.Context(), r.ID)
		if err != nil || len(v.Joined) != 1 || !v.Joined[0].Held() {
			t.Errorf("%+v, %v", v.Joined, err)
		}
	}
}

package node

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/gofrs/flock"
	"github.com/google/uuid"
)

// left makes what a backup or a restore that was killed leaves, and returns its folder.
func left(t *testing.T, parent, name string) string {
	t.Helper()
	dir := filepath.Join(parent, name)
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "buron.db"), []byte("un nom"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func gone(t *testing.T, dir string) bool {
	t.Helper()
	_, err := os.Lstat(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err != nil
}

// A copy that an interrupted backup has left is one that no erasure reaches: it goes with the next start, or the next
// backup; one that is being made stays.
func TestWhatAnInterruptedBackupLeftGoes(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	first := left(t, a.Dir(), ".backup-1")
	file := filepath.Join(t.TempDir(), "sauvegarde.age")
	if _, err := Backup(t.Context(), a, file, "une phrase assez longue"); err != nil {
		t.Fatal(err)
	}
	if !gone(t, first) {
		t.Error("the next backup leaves the copy of the one before")
	}
	second := left(t, a.Dir(), ".backup-2")
	lock := flock.New(filepath.Join(a.Dir(), backupLock))
	if ok, err := lock.TryLock(); err != nil || !ok {
		t.Fatal(err)
	}
	sweepCopies(a.Dir(), slog.New(slog.DiscardHandler))
	if gone(t, second) {
		t.Error("the copy of a backup under way is taken away")
	}
	if _, err := Backup(t.Context(), a, file, "une phrase assez longue"); !errors.Is(err, ErrBackingUp) {
		t.Errorf("two backups at once: %v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	listen(t, a)
	if !gone(t, second) {
		t.Error("a start leaves the copy of an interrupted backup")
	}
	third := left(t, t.TempDir(), ".buron-restore-1")
	if _, err := Restore(t.Context(), file, filepath.Join(filepath.Dir(third), "maison"), "une phrase assez longue"); err != nil {
		t.Fatal(err)
	}
	if !gone(t, third) {
		t.Error("what an interrupted restore left lies beside the next one")
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(third), "maison", "*.lock")); err != nil || len(left) > 0 {
		t.Errorf("left in the restored folder: %v, %v", left, err)
	}
}

// A folder may bear any name: in one with brackets, what was left goes too, and a bracket that nothing closes keeps nobody
// from backing up.
func TestWhatIsLeftGoesFromFoldersOfAnyName(t *testing.T) {
	file, passphrase := backedUp(t)
	for _, name := range []string{"données [1]", "données ["} {
		parent := filepath.Join(t.TempDir(), name)
		restore, dir := left(t, parent, ".buron-restore-1"), filepath.Join(parent, "maison")
		if _, err := Restore(t.Context(), file, dir, passphrase); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		backup := left(t, dir, ".backup-1")
		sweepCopies(dir, slog.New(slog.DiscardHandler))
		if !gone(t, restore) || !gone(t, backup) {
			t.Errorf("%s: left by a restore: %t, by a backup: %t", name, !gone(t, restore), !gone(t, backup))
		}
	}
}

// begun is a context that ends once something was written into a file of a pattern.
type begun struct {
	context.Context
	pattern string
}

func (b begun) Err() error {
	left, _ := filepath.Glob(b.pattern)
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			return context.Canceled
		}
	}
	return b.Context.Err()
}

// Who interrupts a backup, or a restore, does not wait for gigabytes to be written, and finds nothing left.
func TestABackupAndARestoreEndWhenTheyAreInterrupted(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	dir := t.TempDir()
	file := filepath.Join(dir, "sauvegarde.age")
	if _, err := Backup(begun{t.Context(), filepath.Join(dir, ".sauvegarde-*")}, a, file, "une phrase assez longue"); !errors.Is(err, context.Canceled) {
		t.Errorf("a backup that is interrupted ends with %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := Backup(t.Context(), a, file, "une phrase assez longue"); err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	ctx := begun{t.Context(), filepath.Join(parent, ".buron-restore-*", replica.File)}
	if _, err := Restore(ctx, file, filepath.Join(parent, "maison"), "une phrase assez longue"); !errors.Is(err, context.Canceled) {
		t.Errorf("a restore that is interrupted ends with %v", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A disk that fails is when a backup matters: what cannot be read of photos keeps nothing else out, and is told when the
// backup comes back.
func TestABackupOfASickDisk(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	c := replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": "PC-1", "level": "socle"}}
	c.Attach = []replica.Attachment{{Content: []byte("%PDF-1.7 une facture"), Name: "facture.pdf"}, {Content: []byte("%PDF-1.7 une autre facture"), Name: "facture.pdf"}}
	if _, err := a.Save(t.Context(), uuid.Nil, c); err != nil {
		t.Fatal(err)
	}
	files, err := a.BlobFiles(t.Context())
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	sick := filepath.Join(a.Dir(), files[0])
	if err := errors.Join(os.Remove(sick), os.Mkdir(sick, 0o700)); err != nil { // opens, and fails when it is read
		t.Fatal(err)
	}
	file, home := filepath.Join(t.TempDir(), "sauvegarde.age"), filepath.Join(t.TempDir(), "maison")
	phrase, err := Backup(t.Context(), a, file, "")
	if err != nil {
		t.Fatal(err)
	}
	damaged, err := Restore(t.Context(), file, home, phrase)
	if err != nil || damaged != 1 {
		t.Errorf("%d are told as damaged, %v", damaged, err)
	}
	if _, err := os.Stat(filepath.Join(home, files[1])); err != nil {
		t.Errorf("the other: %v", err)
	}
}

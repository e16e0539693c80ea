package node

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cantal.fr/buron/sync/record"
)

// backedUp returns a backup of a device, and the phrase that opens it.
func backedUp(t *testing.T) (file, passphrase string) {
	t.Helper()
	f := newField(t)
	file = filepath.Join(t.TempDir(), "sauvegarde.age")
	passphrase, err := Backup(t.Context(), f.join("poste", record.Agent), file, "")
	if err != nil {
		t.Fatal(err)
	}
	return file, passphrase
}

// A restore takes the place of an empty folder, and of nothing else.
func TestARestoreReplacesNothingThatIsThere(t *testing.T) {
	file, passphrase := backedUp(t)
	home := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(home, []byte("à garder"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), file, home, passphrase); !errors.Is(err, ErrOccupied) {
		t.Errorf("where a file is: %v", err)
	}
	if b, err := os.ReadFile(home); err != nil || string(b) != "à garder" {
		t.Errorf("the file that was there: %q, %v", b, err)
	}
	nowhere := filepath.Join(t.TempDir(), "lien")
	if err := os.Symlink(filepath.Join(t.TempDir(), "débranché"), nowhere); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), file, nowhere, passphrase); !errors.Is(err, ErrOccupied) {
		t.Errorf("where a link leads nowhere: %v", err)
	}
	disk, link := filepath.Join(t.TempDir(), "disque"), filepath.Join(t.TempDir(), "lien")
	if err := errors.Join(os.Mkdir(disk, 0o700), os.Symlink(disk, link)); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), file, link, passphrase); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(disk, "buron.db")); err != nil {
		t.Errorf("what was to lie on the disk that a link leads to lies elsewhere: %v", err)
	}
	t.Chdir(t.TempDir())
	if _, err := Restore(t.Context(), file, ".", passphrase); !errors.Is(err, errNoPlace) {
		t.Errorf("in the place of a folder that the system keeps: %v", err)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("left there: %v, %v", left, err)
	}
}

package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// stick mounts a small file system, which only root may do.
func stick(t *testing.T, options string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "clé bleue")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skip("mounting needs root: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func TestAFullStick(t *testing.T) {
	dir := stick(t, "size=64k")
	_, a, _ := pair(t)
	bulky(t, a, 300)
	_, err := Write(t.Context(), a, dir, WriteOptions{})
	if !errors.Is(err, ErrFull) || Sentence(err) == "" {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	intact(t, a)
}

func TestAReadOnlyStick(t *testing.T) {
	dir := stick(t, "size=1m")
	f, a, _ := pair(t)
	machines(t, a, 2)
	w := write(t, a, dir, WriteOptions{})
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), a, dir, WriteOptions{}); !errors.Is(err, ErrReadOnly) || Sentence(err) == "" {
		t.Errorf("%v", err)
	}
	found := drivesUnder([]string{filepath.Dir(dir)})
	if len(found) != 1 || !found[0].ReadOnly || found[0].Path != dir || found[0].Label != "clé bleue" || found[0].Free == 0 {
		t.Errorf("drives: %+v", found)
	}
	if r := read(t, f.central, w.Files[0]); r.Admitted != 2 {
		t.Errorf("read from it: %+v", r)
	}
}

// The stick is pulled out between two batches: the name is never given, and the replica is as before.
func TestUnpluggedWhileWriting(t *testing.T) {
	dir := stick(t, "size=4m")
	_, a, _ := pair(t)
	machines(t, a, 60)
	pulled := false
	_, err := Write(t.Context(), a, dir, WriteOptions{batch: 20, Progress: func(int, int) {
		if !pulled {
			pulled = true
			if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
				t.Fatal(err)
			}
		}
	}})
	if !errors.Is(err, ErrUnplugged) {
		t.Errorf("%v", err)
	}
	if pending(t, a) != 60 {
		t.Error("entries count as delivered")
	}
	if files, _ := Files([]string{dir}); len(files) != 0 {
		t.Errorf("files: %v", files)
	}
	intact(t, a)
}

// On a stick with room for some of it, entries and small photos go, and what stays is told of.
func TestAStickTooSmallForThePhotos(t *testing.T) {
	dir := stick(t, "size=1500k")
	f, a, _ := pair(t)
	small, large := noise(t, 50<<10), noise(t, 4<<20)
	id := attach(t, a, large, small)
	w := write(t, a, dir, WriteOptions{})
	if w.Photos != 1 || w.Left != 1 || w.Full || w.Entries != 3 {
		t.Errorf("%+v", w)
	}
	readAll(t, f.central, w)
	if got := opened(t, f.central, id); got[0] != nil || got[1] == nil {
		t.Error("not what there was room for")
	}
}

// A stick that has less room than it says keeps the entries.
func TestAStickThatIsFullBeforeItSays(t *testing.T) {
	dir := stick(t, "size=3m")
	f, a, _ := pair(t)
	attach(t, a, noise(t, 700<<10), noise(t, 800<<10))
	w, err := Write(t.Context(), a, dir, WriteOptions{Carried: func(done, _ int) {
		if done == 1 {
			_ = os.WriteFile(filepath.Join(dir, "filling"), make([]byte, 4<<20), 0o600) // as much as there is room for
		}
	}})
	if err != nil || !w.Full || w.Photos != 0 || w.Left != 2 || len(w.Files) != 1 {
		t.Fatalf("%+v, %v", w, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, temporary)); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	if r := read(t, f.central, w.Files[0]); r.Admitted != 3 {
		t.Errorf("%+v", r)
	}
}

// Pulled out while photos are copied: the entries are on the stick under their name.
func TestUnpluggedWhilePhotosAreCopied(t *testing.T) {
	dir := stick(t, "size=8m")
	_, a, _ := pair(t)
	attach(t, a, noise(t, 700<<10), noise(t, 800<<10))
	w, err := Write(t.Context(), a, dir, WriteOptions{Carried: func(done, _ int) {
		if done == 1 {
			_ = unix.Unmount(dir, unix.MNT_DETACH)
		}
	}})
	if !errors.Is(err, ErrUnplugged) || len(w.Files) != 1 || Sentence(err) == "" {
		t.Errorf("%+v, %v", w, err)
	}
}

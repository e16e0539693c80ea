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

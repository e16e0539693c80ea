package seal

import (
	"crypto/rand"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/zalando/go-keyring"
)

func newKey(t *testing.T) Key {
	t.Helper()
	k, err := NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWhatIsSealedOpensInItsPlaceAlone(t *testing.T) {
	box, err := newKey(t).Box()
	if err != nil {
		t.Fatal(err)
	}
	other, err := newKey(t).Box()
	if err != nil {
		t.Fatal(err)
	}
	sealed := box.Seal([]byte("Élève 07"), "cells", "a", "bc")
	if plain, err := box.Open(sealed, "cells", "a", "bc"); err != nil || string(plain) != "Élève 07" {
		t.Errorf("Open = %q, %v", plain, err)
	}
	if _, err := box.Open(sealed, "cells", "ab", "c"); !errors.Is(err, ErrOpen) {
		t.Errorf("in another place: %v", err)
	}
	if _, err := other.Open(sealed, "cells", "a", "bc"); !errors.Is(err, ErrOpen) {
		t.Errorf("under another key: %v", err)
	}
	for i := range sealed {
		sealed[i] ^= 1
		if _, err := box.Open(sealed, "cells", "a", "bc"); !errors.Is(err, ErrOpen) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		sealed[i] ^= 1
	}
	if _, err := box.Open(nil); !errors.Is(err, ErrOpen) {
		t.Errorf("nothing: %v", err)
	}
}

// folder is a data folder.
type folder string

func (f folder) Read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), name))
}

func (f folder) Write(name string, b []byte) error {
	return os.WriteFile(filepath.Join(string(f), name), b, 0o600)
}

func TestTheKeyFileAnswersToItsName(t *testing.T) {
	dir, k := folder(t.TempDir()), newKey(t)
	if place, err := (Files{}).Keep(dir, k); err != nil || place != InFile {
		t.Fatal(place, err)
	}
	if got, place, err := (Files{}).Load(dir, k.ID()); err != nil || got != k || place != InFile {
		t.Errorf("Load: %v %v", place, err)
	}
	if _, _, err := (Files{}).Load(dir, newKey(t).ID()); !errors.Is(err, ErrNoKey) {
		t.Errorf("another's key: %v", err)
	}
	if _, _, err := (Files{}).Load(folder(t.TempDir()), k.ID()); !errors.Is(err, ErrNoKey) {
		t.Errorf("no file: %v", err)
	}
}

func TestWithoutAKeyStoreThereIsAFile(t *testing.T) {
	for _, bus := range []struct{ what, address string }{
		{"no bus", ""}, {"a bus that is gone", "unix:path=" + filepath.Join(t.TempDir(), "gone")}, {"a bus that never answers", silent(t)},
	} {
		t.Run(bus.what, func(t *testing.T) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
			dir, k := folder(t.TempDir()), newKey(t)
			s := System{Patience: 50 * time.Millisecond}
			if place, err := s.Keep(dir, k); err != nil || place != InFile {
				t.Fatal(place, err)
			}
			if got, place, err := s.Load(dir, k.ID()); err != nil || got != k || place != InFile {
				t.Errorf("Load: %v %v", place, err)
			}
			if _, _, err := s.Load(folder(t.TempDir()), k.ID()); !errors.Is(err, ErrNoKey) {
				t.Errorf("of a folder without its key: %v", err)
			}
		})
	}
}

func TestTheKeyStoreOfTheSessionComesFirst(t *testing.T) {
	if os.Getenv("BURON_TEST_KEYRING") == "" {
		// In a process of its own: the client cannot be given its key store back.
		again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		again.Env = append(os.Environ(), "BURON_TEST_KEYRING=1")
		if out, err := again.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	keyring.MockInit() // the client's own: a session with a key store is not to be had in a test
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	dir, k := folder(t.TempDir()), newKey(t)
	if place, err := (System{}).Keep(dir, k); err != nil || place != InSystem {
		t.Fatal(place, err)
	}
	if _, err := dir.Read(File); err == nil {
		t.Error("the key also stands in a file")
	}
	if got, place, err := (System{}).Load(dir, k.ID()); err != nil || got != k || place != InSystem {
		t.Errorf("Load: %v %v", place, err)
	}
	if _, _, err := (System{}).Load(dir, newKey(t).ID()); !errors.Is(err, ErrNoKey) {
		t.Errorf("a key that it does not have: %v", err)
	}
}

func TestAKeyStoreThatNeverAnswersIsNotWaitedFor(t *testing.T) {
	held := make(chan struct{})
	defer close(held)
	begun := time.Now()
	_, err := System{Patience: 20 * time.Millisecond}.within(func() (string, error) { <-held; return "", nil })
	if !errors.Is(err, ErrNoKey) || time.Since(begun) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
}

// silent is the address of a bus that takes calls and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("no Unix sockets here")
	}
	t.Cleanup(func() { _ = l.Close() })
	return "unix:path=" + path
}

func TestTheRecoveryKeyOpensTheDataKey(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	k := newKey(t)
	wrapped, err := k.Wrap(id.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Unwrap(wrapped, id); err != nil || got != k {
		t.Errorf("Unwrap: %v", err)
	}
	if _, err := Unwrap(wrapped, other); err == nil {
		t.Error("another key opens it")
	}
}

package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/zalando/go-keyring"
)

// Place says where a key is kept, as people read it.
type Place string

// Places of a key.
const (
	InSystem Place = "trousseau du système"
	InFile   Place = "fichier protégé"
)

// Folder is what a keeper needs of the data folder: to read a file, and to put one in place whole, readable
// by its owner alone. It is an interface because a simulation has its folders in memory.
type Folder interface {
	Read(name string) ([]byte, error)
	Write(name string, b []byte) error
}

// Keeper keeps data keys. It is an interface because there are two ways of keeping one.
type Keeper interface {
	// Load returns the key of this id and where it was found. The error is ErrNoKey where it is not there.
	Load(f Folder, id string) (Key, Place, error)
	// Keep puts a key away for the replica of this data folder.
	Keep(f Folder, k Key) (Place, error)
}

// File is the name of the key file in a data folder.
const File = "seal.key"

// Files keeps keys in a file of the data folder: for kiosks, servers and tests.
type Files struct{}

// Load reads the key file.
func (Files) Load(f Folder, id string) (Key, Place, error) {
	b, err := f.Read(File)
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, "", ErrNoKey
	}
	if err != nil {
		return Key{}, "", fmt.Errorf("seal: read the key file: %w", err)
	}
	k, err := parse(string(b), id)
	return k, InFile, err
}

// Keep writes the key file.
func (Files) Keep(f Folder, k Key) (Place, error) {
	if err := f.Write(File, k.Bytes()); err != nil {
		return "", fmt.Errorf("seal: write the key file: %w", err)
	}
	return InFile, nil
}

// parse reads a key and makes sure that it is the one of this id.
func parse(text, id string) (Key, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != KeyLen || Key(b).ID() != id {
		return Key{}, ErrNoKey
	}
	return Key(b), nil
}

// Bytes returns what the key file of a folder holds.
func (k Key) Bytes() []byte { return []byte(k.text() + "\n") }

func (k Key) text() string { return base64.StdEncoding.EncodeToString(k[:]) }

// System keeps keys in the key store of the person's session, and in a file where there is none. A key that
// stands in a file already stays there. The zero value works.
type System struct {
	Patience time.Duration // how long the key store may take: it may ask the person for a password; 20 s where zero
}

// service is the name under which the key store lists our keys.
const service = "buron"

// Load looks for the key in the folder, then in the key store.
func (s System) Load(f Folder, id string) (Key, Place, error) {
	if k, place, err := (Files{}).Load(f, id); err == nil {
		return k, place, nil
	}
	if !reachable() {
		return Key{}, "", ErrNoKey
	}
	text, err := s.within(func() (string, error) { return keyring.Get(service, id) })
	if err != nil {
		return Key{}, "", ErrNoKey
	}
	k, err := parse(text, id)
	return k, InSystem, err
}

// Keep puts the key into the key store, and reads it back before believing it.
func (s System) Keep(f Folder, k Key) (Place, error) {
	if reachable() {
		text, err := s.within(func() (string, error) {
			if err := keyring.Set(service, k.ID(), k.text()); err != nil {
				return "", err
			}
			return keyring.Get(service, k.ID())
		})
		if err == nil && text == k.text() {
			return InSystem, nil
		}
	}
	return Files{}.Keep(f, k)
}

// reachable reports whether there may be a key store at all. Without a session bus its client would start
// programs to find one, which nobody has asked for.
func reachable() bool {
	switch runtime.GOOS {
	case "windows", "darwin":
		return true
	}
	return os.Getenv("DBUS_SESSION_BUS_ADDRESS") != ""
}

// within does not wait for ever for a key store that does not answer. What it still does then is not
// heard.
func (s System) within(f func() (string, error)) (string, error) {
	patience := s.Patience
	if patience == 0 {
		patience = 20 * time.Second
	}
	type answer struct {
		text string
		err  error
	}
	c := make(chan answer, 1)
	go func() {
		text, err := f()
		c <- answer{text, err}
	}()
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case a := <-c:
		return a.text, a.err
	case <-wait.C:
		return "", fmt.Errorf("seal: the key store did not answer within %s: %w", patience, ErrNoKey)
	}
}

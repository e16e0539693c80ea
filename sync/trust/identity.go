package trust

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// KeyFile is the name of the device's key file inside its data folder. It stands outside the
// database, so that a copied database is not a copied device.
const KeyFile = "device.key"

// Identity is this device's own keys: Ed25519 for what it signs, X25519 for what is sealed to it.
type Identity struct {
	Key  ed25519.PrivateKey
	Age  *age.X25519Identity
	Name string // as people call the device: « tablette 3 »
}

// NewIdentity makes the keys of a new device; both are drawn from random.
func NewIdentity(name string, random io.Reader) (*Identity, error) {
	_, key, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("trust: make a device key: %w", err)
	}
	sealing, err := newSealingKey(random)
	if err != nil {
		return nil, err
	}
	return &Identity{Key: key, Age: sealing, Name: name}, nil
}

// Public returns the key that names the device.
func (i *Identity) Public() Key {
	k, _ := KeyOf(i.Key.Public().(ed25519.PublicKey))
	return k
}

// keyFile is the stored form of an Identity.
type keyFile struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	Seed    []byte `json:"seed"`
	Age     string `json:"age"`
}

// LoadIdentity reads the key file of a data folder. The error is fs.ErrNotExist where there is none.
func LoadIdentity(dir string) (*Identity, error) {
	return LoadIdentityFile(filepath.Join(dir, KeyFile))
}

// LoadIdentityFile reads one key file. The error is fs.ErrNotExist where there is none.
func LoadIdentityFile(path string) (*Identity, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("trust: read the device key: %w", err)
	}
	return ParseIdentity(b)
}

// ParseIdentity reads what Encode wrote.
func ParseIdentity(b []byte) (*Identity, error) {
	var f keyFile
	if err := json.Unmarshal(b, &f); err != nil || f.Version != 1 || len(f.Seed) != ed25519.SeedSize {
		return nil, errors.New("trust: the file device.key is damaged: restore it from a backup, or join again in another folder")
	}
	sealing, err := age.ParseX25519Identity(f.Age)
	if err != nil {
		return nil, fmt.Errorf("trust: the sealing key in device.key is damaged: %w", err)
	}
	return &Identity{Key: ed25519.NewKeyFromSeed(f.Seed), Age: sealing, Name: f.Name}, nil
}

// Save writes the key file, readable by its owner alone. It never replaces an existing one: a
// device key that is lost cannot be made again.
func (i *Identity) Save(dir string) error { return i.SaveFile(filepath.Join(dir, KeyFile)) }

// SaveFile is Save under another name.
func (i *Identity) SaveFile(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("trust: %s is there already", filepath.Base(path))
	}
	b, err := i.Encode()
	if err != nil {
		return err
	}
	return WriteDurably(path, b)
}

// Encode returns the content of a key file.
func (i *Identity) Encode() ([]byte, error) {
	b, err := json.Marshal(keyFile{Version: 1, Name: i.Name, Seed: i.Key.Seed(), Age: i.Age.String()})
	if err != nil {
		return nil, fmt.Errorf("trust: write the device key: %w", err)
	}
	return append(b, '\n'), nil
}

// WriteDurably puts a private file in place so that a power cut leaves either nothing or all of it.
func WriteDurably(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return fmt.Errorf("trust: write %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("trust: write %s: %w", filepath.Base(path), err)
	}
	if d, err := os.Open(filepath.Dir(path)); err == nil {
		// Some file systems refuse to sync a folder; the rename itself has succeeded.
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}

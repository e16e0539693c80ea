package replica

import (
	"os"
	"path/filepath"

	"cantal.fr/buron/sync/trust"
)

// Folder keeps what stands beside a database and outlives it: the device's keys and the note of its last
// start. A simulation has one in memory.
type Folder interface {
	// Read returns a file. The error is fs.ErrNotExist where there is none.
	Read(name string) ([]byte, error)
	// Write puts a file in place, whole and on the disk, or not at all.
	Write(name string, b []byte) error
	Rename(from, to string) error
}

// diskFolder is a data folder.
type diskFolder string

func (d diskFolder) Read(name string) ([]byte, error) { return os.ReadFile(d.path(name)) }

func (d diskFolder) Write(name string, b []byte) error { return trust.WriteDurably(d.path(name), b) }

func (d diskFolder) Rename(from, to string) error { return os.Rename(d.path(from), d.path(to)) }

func (d diskFolder) path(name string) string { return filepath.Join(string(d), name) }

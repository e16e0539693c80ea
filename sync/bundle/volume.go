package bundle

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// temporary is how a file is called until it is whole: nothing reads it under such a name.
const temporary = ".buron-*.part"

// file is one file that is being written.
type file struct {
	f        *os.File
	w        *bufio.Writer
	all      hash.Hash
	at       int64 // bytes written
	segments []span
	hashes   [][]byte
	one      hash.Hash // of the segment that is open
	open     io.WriteCloser
	frames   int // in all segments
}

// create begins a file in dir under a temporary name.
func create(dir string, tag []byte) (*file, error) {
	f, err := os.CreateTemp(dir, temporary)
	if err != nil {
		return nil, err
	}
	out := &file{f: f, w: bufio.NewWriterSize(f, 1<<20), all: sha256.New()}
	_, err = out.Write(append([]byte(magic), tag...))
	return out, err
}

// Write takes the bytes of the file in their order.
func (f *file) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	f.at += int64(n)
	_, _ = f.all.Write(b[:n])
	if f.one != nil {
		_, _ = f.one.Write(b[:n])
	}
	return n, err
}

// begin opens a segment that only these readers can decrypt.
func (f *file) begin(to []reader) error {
	recipients := make([]age.Recipient, len(to))
	for i, d := range to {
		recipients[i] = d.recipient
	}
	f.segments, f.one = append(f.segments, span{from: f.at}), sha256.New()
	var err error
	f.open, err = age.Encrypt(f, recipients...)
	return err
}

// end closes the segment.
func (f *file) end() error {
	err := f.open.Close()
	last := &f.segments[len(f.segments)-1]
	last.length = f.at - last.from
	f.hashes = append(f.hashes, f.one.Sum(nil))
	f.open, f.one = nil, nil
	return err
}

// frame adds a frame to the open segment.
func (f *file) frame(kind byte, content []byte) error {
	f.frames++
	return writeFrame(f.open, kind, content)
}

// finish writes the index and brings everything to the stick.
func (f *file) finish() error {
	if _, err := f.Write(index(f.segments)); err != nil {
		return err
	}
	if _, err := f.w.Write(append(f.all.Sum(nil), endMagic...)); err != nil {
		return err
	}
	f.at += int64(sumLen + len(endMagic))
	// On a stick that keeps owners, others must be able to read it: what is inside is encrypted.
	_ = f.f.Chmod(0o644)
	// Synced before it gets its name: a stick that is pulled out holds whole files, or temporary ones.
	return errors.Join(f.w.Flush(), f.f.Sync(), f.f.Close())
}

// drop removes a file that will not be finished.
func (f *file) drop() {
	_ = f.f.Close()
	_ = os.Remove(f.f.Name())
}

// sweep removes what an earlier writing that was interrupted left in dir.
func sweep(dir string) {
	left, _ := fs.Glob(os.DirFS(dir), temporary) // of names alone: a stick may be called « photos [2026] »
	for _, name := range left {
		_ = os.Remove(filepath.Join(dir, name)) // one that refuses will say so when it is written to
	}
}

// name puts finished files in place, those from the one numbered from on: the name itself for the first where
// no other follows it at once, else -1, -2… before the extension.
func name(path string, files []*file, from int) ([]string, error) {
	var out []string
	for i, f := range files[from:] {
		to := path
		if len(files) > 1 {
			to = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, Ext), from+i+1, Ext)
		}
		if err := os.Rename(f.f.Name(), to); err != nil {
			return out, err
		}
		out = append(out, to)
	}
	if d, err := os.Open(filepath.Dir(path)); err == nil {
		// FAT and some others refuse to sync a folder; the renames themselves have succeeded.
		_ = d.Sync()
		_ = d.Close()
	}
	return out, nil
}

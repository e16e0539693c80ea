package replica

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cantal.fr/buron/sync/journal"
)

// blobFiles is the folder of the blobs: xx/hash for one that is whole, with a suffix for one that is not.
type blobFiles string

// Suffixes of files that are no blobs yet.
const (
	partSuffix = ".part" // being received
	newSuffix  = ".new"  // written here, of an action that is not confirmed yet
)

// staleFile is the age from which a file that nothing names was left by a program that died.
const staleFile = time.Hour

// blobFolder is where blobs are kept, below the data folder.
const blobFolder = "blobs"

func (r *Replica) blobFiles() blobFiles { return blobFiles(filepath.Join(r.dir, blobFolder)) }

func (f blobFiles) path(h journal.Hash) string {
	name := h.String()
	return filepath.Join(string(f), name[:2], name)
}

// prepare puts a blob of this device on the disk, under a name that does not count yet.
func (f blobFiles) prepare(h journal.Hash, sealed []byte) error {
	path := f.path(h)
	if err := f.makeFolder(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path+newSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("replica: write a blob: %w", err)
	}
	_, err = file.Write(sealed)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("replica: write a blob: %w", err)
	}
	return nil
}

func (f blobFiles) makeFolder(path string) error {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("replica: make %s: %w", dir, err)
	}
	syncFolder(string(f))
	syncFolder(filepath.Dir(string(f)))
	return nil
}

// settle makes a file count.
func (f blobFiles) settle(h journal.Hash, suffix string) error {
	path := f.path(h)
	if err := os.Rename(path+suffix, path); err != nil {
		return fmt.Errorf("replica: name a blob: %w", err)
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// remove takes every file of a blob away.
func (f blobFiles) remove(h journal.Hash) error {
	var errs []error
	for _, suffix := range []string{"", partSuffix, newSuffix} {
		errs = append(errs, f.removeOne(h, suffix))
	}
	return errors.Join(errs...)
}

// partState is what a part has made of a blob.
type partState int

// States of a blob after a part.
const (
	partKept     partState = iota
	partWhole              // it bears its name
	partMisnamed           // it is as long as it may be and does not: it is taken away
)

// add writes a part that follows what is there, and returns how many bytes of the blob are on the disk. Sizes, in
// order, are those that the blob may have: one that has come so far and bears its name is whole; one that has come to
// the last and does not is taken away.
func (f blobFiles) add(h journal.Hash, offset int64, sizes []int64, part []byte) (have int64, state partState, err error) {
	path := f.path(h) + partSuffix
	if err := f.makeFolder(path); err != nil {
		return 0, partKept, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return 0, partKept, err
	}
	have, state, err = write(file, h, offset, sizes, part)
	// Closed before it is renamed: not every system renames what is open.
	if err := errors.Join(err, file.Close()); err != nil {
		return 0, partKept, err
	}
	switch {
	case state == partKept:
		return have, state, nil
	case state == partMisnamed:
		return 0, state, os.Remove(path)
	}
	return have, state, f.settle(h, partSuffix)
}

// write puts a part in its place and on the disk, and says what that has made of the blob.
func write(file *os.File, h journal.Hash, offset int64, sizes []int64, part []byte) (have int64, state partState, err error) {
	if about, err := file.Stat(); err != nil || about.Size() < offset {
		return 0, partKept, err // less is there than was noted: from the beginning
	}
	if _, err := file.WriteAt(part, offset); err != nil {
		return 0, partKept, err
	}
	have = offset + int64(len(part))
	if err := errors.Join(file.Truncate(have), file.Sync()); err != nil {
		return 0, partKept, err
	}
	sum, at := sha256.New(), int64(0)
	for _, size := range sizes {
		if size <= offset || size > have {
			continue
		}
		if _, err := io.Copy(sum, io.NewSectionReader(file, at, size-at)); err != nil {
			return 0, partKept, err
		}
		if at = size; journal.Hash(sum.Sum(nil)) == h {
			return size, partWhole, errors.Join(file.Truncate(size), file.Sync())
		}
	}
	if have < sizes[len(sizes)-1] {
		return have, partKept, nil
	}
	return 0, partMisnamed, nil
}

func (f blobFiles) removeOne(h journal.Hash, suffix string) error {
	return absent(os.Remove(f.path(h) + suffix))
}

// absent is err, but for a file that is not there.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// stored walks the files: for each, its blob, its suffix and what the system says of it.
func (f blobFiles) stored(each func(h journal.Hash, suffix string, about fs.FileInfo) error) error {
	err := filepath.WalkDir(string(f), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := d.Name()
		suffix := filepath.Ext(name)
		h, ok := hashOf(strings.TrimSuffix(name, suffix))
		if !ok {
			return nil // not ours
		}
		about, err := d.Info()
		if err != nil {
			return absent(err) // another process took it away, or gave it its name, meanwhile
		}
		return each(h, suffix, about)
	})
	return absent(err)
}

// hashOf reads the name of a blob.
func hashOf(text string) (h journal.Hash, ok bool) {
	b, err := hex.DecodeString(text)
	return h, err == nil && copy(h[:], b) == len(h) && len(b) == len(h)
}

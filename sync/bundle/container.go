package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"cantal.fr/buron/sync/journal"
)

// What stands in the clear: a header, the lengths of the segments, and an end that a file cut short lacks.
const (
	magic      = "buron1\r\n" // the end of line shows a transfer that changed it
	family     = "buron"      // what bundles of all versions begin with
	endMagic   = "\nburon1.\n"
	tagLen     = 4
	headerLen  = len(magic) + tagLen
	sumLen     = sha256.Size
	trailerLen = 4 + sumLen + len(endMagic) // the number of segments, the sum of all before, the end
)

// tagOf is the short name of a territory, as neighbours announce it too.
func tagOf(t journal.Territory) []byte { return t[:tagLen] }

// span is where a segment lies in a file.
type span struct{ from, length int64 }

// index returns what follows the last segment: the lengths and their number. The sum and the end come after.
func index(spans []span) []byte {
	var b []byte
	for _, s := range spans {
		b = binary.BigEndian.AppendUint64(b, uint64(s.length))
	}
	return binary.BigEndian.AppendUint32(b, uint32(len(spans)))
}

// layout is what stands in the clear.
type layout struct {
	tag      [tagLen]byte
	segments []span // the last one is the cover
	sum      [sumLen]byte
}

// parseLayout reads header and index of a file of size bytes.
func parseLayout(r io.ReaderAt, size int64) (layout, error) {
	var l layout
	var header [headerLen]byte
	if n, err := r.ReadAt(header[:], 0); n < headerLen {
		if n > 0 && bytes.HasPrefix([]byte(magic), header[:min(n, len(magic))]) {
			return l, ErrTruncated
		}
		return l, notOr(err)
	}
	switch {
	case !bytes.HasPrefix(header[:], []byte(family)):
		return l, ErrNotBundle
	case header[len(family)] > magic[len(family)] && header[len(family)] <= '9':
		return l, ErrNewer
	case string(header[:len(magic)]) != magic:
		return l, fmt.Errorf("%w: header", ErrDamaged)
	}
	copy(l.tag[:], header[len(magic):])
	var trailer [trailerLen]byte
	if _, err := readAt(r, trailer[:], size-int64(trailerLen)); err != nil || string(trailer[4+sumLen:]) != endMagic {
		return l, orTruncated(err)
	}
	copy(l.sum[:], trailer[4:])
	count := int64(binary.BigEndian.Uint32(trailer[:]))
	if count < 1 || count > maxSegments {
		return l, fmt.Errorf("%w: %d segments", ErrDamaged, count)
	}
	lengths := make([]byte, 8*count)
	end := size - int64(trailerLen) - 8*count
	if _, err := readAt(r, lengths, end); err != nil {
		return l, orTruncated(err)
	}
	at := int64(headerLen)
	for i := range count {
		n := binary.BigEndian.Uint64(lengths[8*i:])
		if n > uint64(end-at) {
			return l, fmt.Errorf("%w: segment %d", ErrDamaged, i)
		}
		l.segments = append(l.segments, span{at, int64(n)})
		at += int64(n)
	}
	if at != end {
		return l, fmt.Errorf("%w: lengths", ErrDamaged)
	}
	return l, nil
}

func readAt(r io.ReaderAt, b []byte, at int64) (int, error) {
	if at < int64(headerLen) {
		return 0, io.ErrUnexpectedEOF
	}
	return r.ReadAt(b, at)
}

func notOr(err error) error {
	if err != nil && err != io.EOF {
		return err
	}
	return ErrNotBundle
}

func orTruncated(err error) error {
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	return ErrTruncated
}

// hashes returns the SHA-256 of each segment, after checking the sum of the whole file, which is read once.
func (l layout) hashes(ctx context.Context, r io.ReaderAt, size int64, progress func(done, total int64)) ([][]byte, error) {
	all, at := sha256.New(), int64(0)
	buffer := make([]byte, 1<<20)
	feed := func(n int64, w io.Writer) error {
		for end := at + n; at < end; {
			if err := ctx.Err(); err != nil {
				return err
			}
			b := buffer[:min(int64(len(buffer)), end-at)]
			if n, err := r.ReadAt(b, at); n < len(b) {
				return orTruncated(err)
			}
			_, _ = all.Write(b)
			_, _ = w.Write(b)
			at += int64(len(b))
			progress(at, size)
		}
		return nil
	}
	if err := feed(int64(headerLen), io.Discard); err != nil {
		return nil, err
	}
	var each [][]byte
	for _, s := range l.segments {
		one := sha256.New()
		if err := feed(s.length, one); err != nil {
			return nil, err
		}
		each = append(each, one.Sum(nil))
	}
	if err := feed(size-int64(sumLen+len(endMagic))-at, io.Discard); err != nil {
		return nil, err
	}
	if [sumLen]byte(all.Sum(nil)) != l.sum {
		return nil, fmt.Errorf("%w: the sum of the file", ErrDamaged)
	}
	return each, nil
}

package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/google/uuid"
)

// Digest sums up the state of a scope: the sum, modulo 2^256, of its cells' digests. It depends on
// dots alone, not on how a database orders or prints what it holds.
type Digest [32]byte

// CellDigest is the part of one cell: the dots of the versions that it holds.
func CellDigest(kind string, id uuid.UUID, field string, dots []Dot) Digest {
	sorted := dots
	if !slices.IsSortedFunc(sorted, CompareDots) {
		sorted = slices.Clone(dots)
		slices.SortFunc(sorted, CompareDots)
	}
	b := make([]byte, 0, len(domainCell)+len(kind)+len(field)+18+len(sorted)*32)
	b = append(b, domainCell...)
	b = append(b, kind...)
	b = append(b, '\n')
	b = append(b, id[:]...)
	b = append(b, field...)
	b = append(b, '\n')
	for _, d := range sorted {
		b = append(b, d.Incarnation[:]...)
		b = binary.BigEndian.AppendUint64(b, d.Seq)
		b = append(b, d.Tag[:]...)
	}
	return sha256.Sum256(b)
}

// CompareDots orders dots by incarnation, sequence number and tag.
func CompareDots(a, b Dot) int {
	if c := bytes.Compare(a.Incarnation[:], b.Incarnation[:]); c != 0 {
		return c
	}
	if a.Seq != b.Seq {
		if a.Seq < b.Seq {
			return -1
		}
		return 1
	}
	return bytes.Compare(a.Tag[:], b.Tag[:])
}

// Add adds o, modulo 2^256.
func (d *Digest) Add(o Digest) { d.each(o, bits.Add64) }

// Sub takes o away, modulo 2^256.
func (d *Digest) Sub(o Digest) { d.each(o, bits.Sub64) }

func (d *Digest) each(o Digest, op func(x, y, carry uint64) (uint64, uint64)) {
	var carry uint64
	for i := len(d) - 8; i >= 0; i -= 8 {
		var sum uint64
		sum, carry = op(binary.BigEndian.Uint64(d[i:]), binary.BigEndian.Uint64(o[i:]), carry)
		binary.BigEndian.PutUint64(d[i:], sum)
	}
}

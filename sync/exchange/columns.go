package exchange

import (
	"encoding/binary"
	"fmt"

	"cantal.fr/buron/sync/journal"
)

// Entries of one action each differ in a few bytes: number, instant, record, seed. Written one after the other,
// each of these costs some more to say where it stands. So what is alike is put together: heads of one length as
// columns of differences, seeds, tails. What is signed comes out of it byte for byte. A peer that reads columns
// says so; another is given pieces one after the other.

// readsColumns says in a message that columns are read.
const readsColumns = 1

// columns are pieces taken apart, to be compressed whole.
type columns struct {
	_          struct{} `cbor:",toarray"`
	Frames     [][]byte // of each piece, what stands before its entries
	Counts     []int    // of each piece, its entries
	HeadLens   []int    // of each entry
	TailLens   []int    // of each entry, without its seed
	Heads      []byte
	Seeds      []byte
	Tails      []byte
	Signatures []byte
}

// Runs of heads that are turned: shorter ones gain nothing, and long heads repeat themselves inside.
const (
	minTurned     = 4
	maxTurnedHead = 1 << 10
)

// packColumns is pack for a peer that reads columns.
func packColumns(pieces []journal.Piece) ([]byte, error) {
	var c columns
	size := 0
	for _, p := range pieces {
		frame, err := p.AppendFrame(nil)
		if err != nil {
			return nil, err
		}
		c.Frames, c.Counts = append(c.Frames, frame), append(c.Counts, len(p.Entries))
		for _, e := range p.Entries {
			tail := e.AppendTail(nil)
			if tail[0] == journal.SeedMark {
				c.Seeds = append(c.Seeds, tail[1:1+journal.SeedLen]...)
				tail = append(tail[:1], tail[1+journal.SeedLen:]...)
			}
			c.HeadLens, c.TailLens = append(c.HeadLens, len(e.RawHead)), append(c.TailLens, len(tail))
			c.Heads, c.Tails = append(c.Heads, e.RawHead...), append(c.Tails, tail...)
		}
		c.Signatures = append(c.Signatures, p.Entries[len(p.Entries)-1].Signature...)
		size += sizeOf(p)
	}
	if size > MaxPieceBytes {
		return nil, fmt.Errorf("exchange: %d bytes of pieces in one message: %w", size, ErrMessage)
	}
	eachRun(c.HeadLens, c.Heads, turn)
	b, err := encode(c)
	if err != nil {
		return nil, err
	}
	return compress(b)
}

// unpackColumns returns the bytes of each piece, as pack takes them. It checks no more than that they add up.
func unpackColumns(b []byte) ([][]byte, error) {
	raw, err := decompress(b)
	if err != nil {
		return nil, err
	}
	var c columns
	if err := decode(raw, &c); err != nil {
		return nil, err
	}
	if len(c.Counts) != len(c.Frames) || len(c.TailLens) != len(c.HeadLens) || len(c.Frames) > maxPieces || !adds(c.HeadLens, len(c.Heads)) || !adds(c.TailLens, len(c.Tails)) {
		return nil, fmt.Errorf("%w: columns", ErrMessage)
	}
	eachRun(c.HeadLens, c.Heads, turnBack)
	short := false
	take := func(from *[]byte, n int) []byte {
		if n < 0 || n > len(*from) {
			short = true
			return nil
		}
		v := (*from)[:n]
		*from = (*from)[n:]
		return v
	}
	out := make([][]byte, len(c.Frames))
	at := 0
	for i, one := range c.Frames {
		for range c.Counts[i] {
			if at == len(c.HeadLens) {
				short = true
				break
			}
			one = binary.AppendUvarint(one, uint64(c.HeadLens[at]))
			one = append(one, take(&c.Heads, c.HeadLens[at])...)
			tail := take(&c.Tails, c.TailLens[at])
			if len(tail) > 0 && tail[0] == journal.SeedMark {
				one = append(append(one, tail[0]), take(&c.Seeds, journal.SeedLen)...)
				tail = tail[1:]
			}
			one = append(one, tail...)
			at++
		}
		out[i] = append(one, take(&c.Signatures, signatureBytes)...)
	}
	if short || at != len(c.HeadLens) || len(c.Seeds)+len(c.Signatures) > 0 {
		return nil, fmt.Errorf("%w: columns", ErrMessage)
	}
	return out, nil
}

// signatureBytes is the length of an Ed25519 signature.
const signatureBytes = 64

// adds reports whether lengths add up to a total.
func adds(lengths []int, total int) bool {
	for _, n := range lengths {
		if n < 0 || n > total {
			return false
		}
		total -= n
	}
	return total == 0
}

// eachRun calls f with each run of short parts of one length.
func eachRun(lengths []int, b []byte, f func(run []byte, length int)) {
	for len(lengths) > 0 {
		n, length := 1, lengths[0]
		for n < len(lengths) && lengths[n] == length {
			n++
		}
		if n >= minTurned && length > 0 && length <= maxTurnedHead {
			f(b[:n*length], length)
		}
		b, lengths = b[n*length:], lengths[n:]
	}
}

// turn leaves the first of some rows as it is, and writes the others column by column, each byte as its difference
// from the one above: what is the same in all becomes one run of zeros.
func turn(b []byte, length int) {
	rows := append([]byte(nil), b...)
	n, at := len(b)/length, length
	for column := range length {
		for row := 1; row < n; row++ {
			b[at] = rows[row*length+column] - rows[(row-1)*length+column]
			at++
		}
	}
}

// turnBack undoes turn.
func turnBack(b []byte, length int) {
	turned := append([]byte(nil), b...)
	n, at := len(b)/length, length
	for column := range length {
		for row := 1; row < n; row++ {
			b[row*length+column] = b[(row-1)*length+column] + turned[at]
			at++
		}
	}
}

package replica

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"cantal.fr/buron/sync/journal"
	"github.com/klauspost/compress/zstd"
)

// An entry is kept as journal.AppendStored writes it: the hash of the one before, its own, then signature, head,
// salts and bodies. Where what follows the hashes is long and gets shorter, it stands as a zstd frame; where it
// is personal, what is sealed is compressed before it is sealed. Nothing else begins as a frame does: signatures
// have no such length, and salts no such mark.
const (
	openLen    = 2 * len(journal.Hash{}) // what is never compressed: links are read in place
	shrinkFrom = 1 << 10                 // bytes from which compressing is tried: of one action there is little to gain
)

// frameMark is how every zstd frame begins.
var frameMark = []byte{0x28, 0xb5, 0x2f, 0xfd}

// stored returns an entry as the database keeps it. The error is ErrSealed where it is private and the key is
// not here.
func (r *Replica) stored(e *journal.Entry) ([]byte, error) {
	if e.Sealed == nil && privateEntry(e) {
		box := r.box.Load()
		if box == nil {
			return nil, ErrSealed
		}
		var err error
		if e, err = e.Seal(func(plain []byte) ([]byte, error) {
			plain, err := shrink(nil, plain)
			if err != nil {
				return nil, err
			}
			return box.Seal(plain, "entry", string(e.Hash[:])), nil
		}); err != nil {
			return nil, err
		}
	}
	b := journal.AppendStored(nil, e)
	return shrink(b[:openLen:openLen], b[openLen:])
}

// parse reads an entry as the database keeps it. Without the key, a private one has its head alone.
func (r *Replica) parse(b []byte) (*journal.Entry, error) {
	if len(b) > openLen && bytes.HasPrefix(b[openLen:], frameMark) {
		var err error
		if b, err = grow(slices.Clone(b[:openLen]), b[openLen:]); err != nil {
			return nil, err
		}
	}
	e, err := journal.ParseStored(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if box := r.box.Load(); e.Sealed != nil && box != nil {
		if err := e.Unseal(func(sealed []byte) ([]byte, error) {
			plain, err := box.Open(sealed, "entry", string(e.Hash[:]))
			if err != nil || !bytes.HasPrefix(plain, frameMark) {
				return plain, err
			}
			return grow(nil, plain)
		}); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return e, nil
}

// shrinkers and growers are kept for the next entry: their tables cost more than one.
var shrinkers, growers sync.Pool

// shrink appends b to a prefix, as a frame where that is shorter.
func shrink(prefix, b []byte) ([]byte, error) {
	if len(b) < shrinkFrom {
		return append(prefix, b...), nil
	}
	enc, ok := shrinkers.Get().(*zstd.Encoder)
	if !ok {
		var err error
		if enc, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10)); err != nil {
			return nil, fmt.Errorf("replica: compress: %w", err)
		}
	}
	defer shrinkers.Put(enc)
	out := enc.EncodeAll(b, prefix)
	if len(out) >= len(prefix)+len(b) {
		out = append(prefix, b...)
	}
	return out, nil
}

// grow appends what a frame holds to a prefix. The error is ErrDamaged.
func grow(prefix, frame []byte) ([]byte, error) {
	dec, ok := growers.Get().(*zstd.Decoder)
	if !ok {
		var err error
		if dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxStored)); err != nil {
			return nil, fmt.Errorf("replica: decompress: %w", err)
		}
	}
	defer growers.Put(dec)
	out, err := dec.DecodeAll(frame, prefix)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return out, nil
}

// maxStored is longer than any entry as it is stored, salts and what sealing adds included.
const maxStored = 2 * (journal.MaxEntry + journal.MaxHead)

// storedLen returns about how many bytes an entry takes as it is stored, before compression.
func storedLen(e *journal.Entry) int {
	const each = 3 // the length before each part
	n := openLen + len(e.Signature) + len(e.RawHead) + len(e.Seed)
	for i, body := range e.Bodies {
		n += len(body) + each
		if e.Salts != nil {
			n += len(e.Salts[i])
		}
	}
	return n
}

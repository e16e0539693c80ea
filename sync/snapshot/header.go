// Package snapshot is the form of a snapshot: the merged records of one scope as a central has folded them, signed,
// so that a device can show them before it holds the history that they come from. It knows no store and no
// transport, and takes nothing for true: what a snapshot says is believed only until the history tells (FORMAT.md).
// Its invariant: what Parse and Frame return is what was signed, byte for byte.
package snapshot

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Errors of a snapshot.
var (
	ErrForm      = errors.New("snapshot: not of the format")
	ErrSignature = errors.New("snapshot: the signature is not of the key that it names")
	ErrTerritory = errors.New("snapshot: of another territory")
	ErrFrame     = errors.New("snapshot: a frame is not the one that was signed")
	ErrTooLarge  = errors.New("snapshot: too large for the format")
)

// Head is the end of one branch of a chain of the scope that a vector is of.
type Head struct {
	Incarnation journal.Incarnation
	Seq         uint64
	Hash        journal.Hash
}

// CompareHeads orders heads by incarnation, then hash: the order in which vectors stand.
func CompareHeads(a, b Head) int {
	return cmp.Or(bytes.Compare(a.Incarnation[:], b.Incarnation[:]), bytes.Compare(a.Hash[:], b.Hash[:]))
}

// Part says what one frame must be.
type Part struct {
	Sum  [sumLen]byte // SHA-256 of the frame as it travels
	Size int          // bytes of it
}

// Header says what a snapshot is of.
type Header struct {
	Scope   string
	Signer  trust.Key
	At      time.Time // by the signer's clock, to the millisecond
	Digest  journal.Digest
	Records int
	Vector  []Head // the ends of the entries of the scope that were held, merged or not
	Control []Head // those of control, under which they were folded
	Parts   []Part
}

// Sign encodes the header and signs it with the key that it names.
func Sign(t journal.Territory, key ed25519.PrivateKey, h Header) (raw, signature []byte, err error) {
	if len(h.Vector) > MaxHeads || len(h.Control) > MaxHeads || len(h.Parts) > MaxFrames {
		return nil, nil, ErrTooLarge
	}
	h.Vector, h.Control = slices.Clone(h.Vector), slices.Clone(h.Control)
	slices.SortFunc(h.Vector, CompareHeads)
	slices.SortFunc(h.Control, CompareHeads)
	raw = appendHeader(nil, t, h)
	if len(raw) > MaxHeader {
		return nil, nil, ErrTooLarge
	}
	return raw, ed25519.Sign(key, signed(t, raw)), nil
}

func signed(t journal.Territory, raw []byte) []byte {
	b := append([]byte(domain), t[:]...)
	return append(b, raw...)
}

func appendHeader(b []byte, t journal.Territory, h Header) []byte {
	key := func(n uint64) { b = appendHead(b, cborUint, n) }
	b = appendHead(b, cborMap, 10)
	key(0)
	b = appendHead(b, cborUint, version)
	key(1)
	b = appendBytes(b, t[:])
	key(2)
	b = appendText(b, h.Scope)
	key(3)
	b = appendBytes(b, h.Signer[:])
	key(4)
	b = appendHead(b, cborUint, uint64(max(h.At.UnixMilli(), 0)))
	key(5)
	b = appendBytes(b, h.Digest[:])
	key(6)
	b = appendHead(b, cborUint, uint64(h.Records))
	for i, vector := range [][]Head{h.Vector, h.Control} {
		key(uint64(7 + i))
		b = appendHead(b, cborArray, uint64(len(vector)))
		for _, x := range vector {
			b = appendBytes(appendHead(b, cborArray, 3), x.Incarnation[:])
			b = appendHead(b, cborUint, x.Seq)
			b = appendBytes(b, x.Hash[:])
		}
	}
	key(9)
	b = appendHead(b, cborArray, uint64(len(h.Parts)))
	for _, p := range h.Parts {
		b = appendBytes(appendHead(b, cborArray, 2), p.Sum[:])
		b = appendHead(b, cborUint, uint64(p.Size))
	}
	return b
}

// Verify reads a header and checks its signature and that it is of the territory. Whether the signer may sign
// snapshots is for the roster to say.
func Verify(t journal.Territory, raw, signature []byte) (Header, error) {
	h, of, err := parse(raw)
	switch {
	case err != nil:
		return h, err
	case of != t:
		return h, ErrTerritory
	case len(signature) != ed25519.SignatureSize || !ed25519.Verify(h.Signer[:], signed(t, raw), signature):
		return h, ErrSignature
	}
	return h, nil
}

// Parse reads a header that was verified before.
func Parse(raw []byte) (Header, error) {
	h, _, err := parse(raw)
	return h, err
}

func parse(raw []byte) (h Header, t journal.Territory, err error) {
	if len(raw) > MaxHeader {
		return h, t, ErrTooLarge
	}
	r := &reader{s: string(raw)}
	r.bad = r.expect(cborMap) != 10 || r.bad
	r.key(0)
	r.bad = r.expect(cborUint) != version || r.bad
	r.key(1)
	r.exact(t[:])
	r.key(2)
	h.Scope = r.text(journal.MaxScope)
	r.key(3)
	r.exact(h.Signer[:])
	r.key(4)
	at := r.expect(cborUint)
	h.At = time.UnixMilli(int64(min(at, 1<<50)))
	r.key(5)
	r.exact(h.Digest[:])
	r.key(6)
	records := r.expect(cborUint)
	r.key(7)
	h.Vector = r.heads()
	r.key(8)
	h.Control = r.heads()
	r.key(9)
	h.Parts = r.parts()
	if !r.end() || h.Scope == "" || records > math.MaxInt32 || at > 1<<50 {
		return Header{}, t, ErrForm
	}
	h.Records = int(records)
	return h, t, nil
}

func (r *reader) heads() []Head {
	out := make([]Head, r.array(MaxHeads))
	for i := range out {
		r.bad = r.array(3) != 3 || r.bad
		r.exact(out[i].Incarnation[:])
		out[i].Seq = r.expect(cborUint)
		r.exact(out[i].Hash[:])
		if r.bad = r.bad || out[i].Seq == 0 || out[i].Seq > math.MaxInt64 || (i > 0 && CompareHeads(out[i-1], out[i]) >= 0); r.bad {
			return nil
		}
	}
	return out
}

func (r *reader) parts() []Part {
	out := make([]Part, r.array(MaxFrames))
	for i := range out {
		r.bad = r.array(2) != 2 || r.bad
		r.exact(out[i].Sum[:])
		size := r.expect(cborUint)
		if r.bad = r.bad || size == 0 || size > MaxFrame; r.bad {
			return nil
		}
		out[i].Size = int(size)
	}
	return out
}

// ID names a snapshot: the hash of its header.
func ID(raw []byte) [sumLen]byte { return sha256.Sum256(raw) }

// Check reports whether a frame as it travels is part n of the snapshot.
func (h Header) Check(n int, packed []byte) error {
	if n < 0 || n >= len(h.Parts) || len(packed) != h.Parts[n].Size || sha256.Sum256(packed) != h.Parts[n].Sum {
		return fmt.Errorf("%w: number %d", ErrFrame, n)
	}
	return nil
}

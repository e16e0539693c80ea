package journal

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// Entry is one signed entry of a chain.
type Entry struct {
	Head
	RawHead     []byte   // as signed: never encoded again
	Seed        []byte   // 16 bytes from which the salts are derived; nil once an operation was erased
	Salts       [][]byte // by operation, where Seed is nil; nil for a hollow operation
	Bodies      [][]byte // by operation; nil for a hollow operation
	Commitments []Hash   // by operation; complete once the entry was signed or verified
	Prev, Hash  Hash
	Signature   []byte // nil for an entry received in the middle of a piece
	Sealed      []byte // salts and bodies as they are stored under a key that was not applied; else nil

	read []*Op // operations that were decoded already
}

// Draft is what the author of an entry decides.
type Draft struct {
	Incarnation Incarnation
	Scope       string
	Seq         uint64
	Prev        Hash // GenesisHash at seq 1
	HLC         HLC
	Operator    uuid.UUID
	Action      [8]byte
	Ops         []Op
	Genesis     *Genesis // at seq 1 only
}

// Sign writes and signs an entry. It refuses what Verify would refuse; that every body can be read back is
// for the author's own fold to find, before anything is confirmed.
func Sign(t Territory, key ed25519.PrivateKey, d Draft, random io.Reader) (*Entry, error) {
	e := &Entry{Prev: d.Prev, Seed: make([]byte, seedLen), Head: Head{
		Version: Version, Incarnation: d.Incarnation, Scope: d.Scope, Seq: d.Seq, HLC: d.HLC,
		Operator: d.Operator, Action: d.Action, Genesis: d.Genesis,
	}}
	if _, err := io.ReadFull(random, e.Seed); err != nil {
		return nil, fmt.Errorf("journal: draw a seed: %w", err)
	}
	size := 0
	for i, op := range d.Ops {
		if !Bound(d.Scope, op.Kind, op.ID) {
			return nil, fmt.Errorf("journal: operation %d: %w: %s", i, ErrBound, op.ID)
		}
		body, err := encodeBody(op)
		if err != nil {
			return nil, fmt.Errorf("journal: operation %d: %w", i, err)
		}
		size += len(body)
		e.Ops = append(e.Ops, op.OpHead)
		e.Bodies = append(e.Bodies, body)
		e.Commitments = append(e.Commitments, commitment(saltOf(e.Seed, i), body))
	}
	raw, err := encodeHead(e.Head)
	if err != nil {
		return nil, fmt.Errorf("journal: encode a head: %w", err)
	}
	if _, err := parseHead(raw); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if size += len(raw); size > MaxEntry {
		return nil, fmt.Errorf("journal: %w: entry of %d bytes", ErrLimit, size)
	}
	e.RawHead = raw
	e.Hash = entryHash(e.Prev, raw, e.Commitments)
	e.Signature = ed25519.Sign(key, signed(t, e.Hash))
	return e, nil
}

// Chain returns the chain that the entry belongs to.
func (e *Entry) Chain() Chain { return Chain{e.Incarnation, e.Scope} }

// Dot returns the name of the entry as the writer of versions.
func (e *Entry) Dot() Dot { return Dot{e.Incarnation, e.Seq, [8]byte(e.Hash[:tagLen])} }

// ActionName returns what names the action that wrote the entry: what its siblings share, or where it has none the
// beginning of its own hash.
func (e *Entry) ActionName() [8]byte {
	if e.Action == ([8]byte{}) {
		return e.Dot().Tag
	}
	return e.Action
}

// Op decodes operation i, which must not be changed: who asks again is given the same. The error is ErrHollow
// where its body is missing, ErrSealed where it cannot be read on this device. An entry may be read by one
// goroutine at a time.
func (e *Entry) Op(i int) (Op, error) {
	if e.Sealed != nil {
		return Op{OpHead: e.Ops[i]}, ErrSealed
	}
	if e.Bodies[i] == nil {
		return Op{OpHead: e.Ops[i]}, ErrHollow
	}
	if e.read == nil {
		e.read = make([]*Op, len(e.Ops))
	}
	if e.read[i] != nil {
		return *e.read[i], nil
	}
	op, err := decodeBody(e.Bodies[i], e.Ops[i])
	if err == nil {
		e.read[i] = &op
	}
	return op, err
}

// Hollow reports whether the body of any operation is missing.
func (e *Entry) Hollow() bool {
	for _, b := range e.Bodies {
		if b == nil {
			return true
		}
	}
	return false
}

// Erase drops the body of operation i and its salt: what stays is its commitment, so that the chain still
// verifies and no guess at the body can be tested.
func (e *Entry) Erase(i int) {
	if e.Bodies[i] == nil {
		return
	}
	e.Commitments[i] = commitment(e.salt(i), e.Bodies[i])
	if e.Seed != nil {
		e.Salts = make([][]byte, len(e.Ops))
		for j, body := range e.Bodies {
			if body != nil {
				e.Salts[j] = saltOf(e.Seed, j)
			}
		}
		e.Seed = nil
	}
	e.Bodies[i], e.Salts[i] = nil, nil
}

// Refill puts the body of operation i back, from the same entry as another device holds it: both must bear the
// same hash. It reports whether it did.
func (e *Entry) Refill(from *Entry, i int) bool {
	if e.Bodies[i] != nil || from.Bodies[i] == nil || e.Hash != from.Hash {
		return false
	}
	e.Bodies[i], e.Salts[i] = from.Bodies[i], from.salt(i)
	return true
}

// salt returns the salt of operation i.
func (e *Entry) salt(i int) []byte {
	if e.Seed != nil {
		return saltOf(e.Seed, i)
	}
	return e.Salts[i]
}

// commit computes the commitments of the operations whose body is there.
func (e *Entry) commit() {
	for i, body := range e.Bodies {
		if body != nil {
			e.Commitments[i] = commitment(e.salt(i), body)
		}
	}
}

// verifyAfter checks that the entry follows prev in chain c, and computes its hash.
func (e *Entry) verifyAfter(t Territory, c Chain, prev Hash, seq uint64, key ed25519.PublicKey) error {
	if e.Chain() != c || e.Seq != seq {
		return fmt.Errorf("%w: %s/%d in place of %s/%d", ErrLink, e.Scope, e.Seq, c.Scope, seq)
	}
	if e.Seq == 1 {
		g := e.Genesis
		if prev != GenesisHash(t, c) || !bytes.Equal(g.Key, key) || IncarnationOf(t, g.Key, g.Nonce) != e.Incarnation {
			return fmt.Errorf("%w: the chain is not its author's to open", ErrLink)
		}
	}
	for i, op := range e.Ops {
		if !Bound(e.Scope, op.Kind, op.ID) {
			return fmt.Errorf("operation %d: %w", i, ErrBound)
		}
	}
	e.commit()
	e.Prev = prev
	e.Hash = entryHash(prev, e.RawHead, e.Commitments)
	return nil
}

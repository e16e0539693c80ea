package journal

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
)

// Piece is a run of entries of one chain, as it travels. Only its last entry is signed: the hashes
// inside bind the others to it.
type Piece struct {
	Chain   Chain
	Prev    Hash // of the entry before the first
	Entries []*Entry
}

// Marks of the framing.
const (
	pieceVersion = 1
	saltsFromKey = 0 // one seed for all operations
	saltsEach    = 1 // one salt for each operation that has a body
	hollowMark   = 0x40
)

// AppendWire appends the piece as it travels. What the receiver can compute is not sent.
func (p Piece) AppendWire(b []byte) ([]byte, error) {
	b, err := p.AppendFrame(b)
	if err != nil {
		return b, err
	}
	for _, e := range p.Entries {
		b = appendEntry(b, e)
	}
	return append(b, p.Entries[len(p.Entries)-1].Signature...), nil
}

// AppendFrame appends what travels before the entries of a piece: after it come, for each, its head after the
// length of that, and its tail; then the last one's signature.
func (p Piece) AppendFrame(b []byte) ([]byte, error) {
	if len(p.Entries) == 0 || len(p.Entries) > MaxPiece {
		return b, fmt.Errorf("journal: piece of %d entries: %w", len(p.Entries), ErrLimit)
	}
	last := p.Entries[len(p.Entries)-1]
	if len(last.Signature) != signatureLen {
		return b, fmt.Errorf("journal: piece of %s ends unsigned: %w", p.Chain.Scope, ErrSignature)
	}
	b = append(b, pieceVersion)
	b = append(b, p.Chain.Incarnation[:]...)
	b = appendBytes(b, []byte(p.Chain.Scope))
	b = append(b, p.Prev[:]...)
	for _, e := range p.Entries {
		if e.Sealed != nil {
			return b, fmt.Errorf("journal: piece of %s: %w", p.Chain.Scope, ErrSealed)
		}
	}
	return binary.AppendUvarint(b, uint64(len(p.Entries))), nil
}

// AppendTail appends what travels of an entry after its head: a mark, salts, bodies. Where the mark is SeedMark,
// the seed of SeedLen bytes follows.
func (e *Entry) AppendTail(b []byte) []byte { return appendTail(b, e) }

// SeedMark and SeedLen say where the seed stands in a tail.
const (
	SeedMark = saltsFromKey
	SeedLen  = seedLen
)

func appendBytes(b, v []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

func appendEntry(b []byte, e *Entry) []byte {
	return appendTail(appendBytes(b, e.RawHead), e)
}

// appendTail appends what follows the head: salts and bodies.
func appendTail(b []byte, e *Entry) []byte {
	if e.Seed != nil {
		b = append(append(b, saltsFromKey), e.Seed...)
	} else {
		b = append(b, saltsEach)
	}
	for i, body := range e.Bodies {
		if body == nil {
			b = binary.AppendUvarint(b, hashLen+1)
			b = append(append(b, hollowMark), e.Commitments[i][:]...)
			continue
		}
		b = appendBytes(b, body)
		if e.Seed == nil {
			b = append(b, e.Salts[i]...)
		}
	}
	return b
}

// reader takes bytes off the front of a buffer and remembers the first failure.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// uvarint reads a length in its shortest form: a longer one would let one piece have two encodings.
func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if r.bad || n <= 0 || (n > 1 && r.b[n-1] == 0) {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes(most uint64) []byte {
	n := r.uvarint()
	if n > most {
		r.bad = true
		return nil
	}
	return r.take(n)
}

func (r *reader) hash() (h Hash) {
	copy(h[:], r.take(hashLen))
	return h
}

// ParsePiece reads a piece and returns what follows it. It checks form and limits; hashes are unknown
// until Verify.
func ParsePiece(b []byte) (Piece, []byte, error) {
	var p Piece
	r := &reader{b: b}
	if v := r.take(1); r.bad || v[0] != pieceVersion {
		return p, nil, fmt.Errorf("journal: piece: %w", ErrForm)
	}
	copy(p.Chain.Incarnation[:], r.take(incarnationID))
	p.Chain.Scope = string(r.bytes(MaxScope))
	p.Prev = r.hash()
	n := r.uvarint()
	if r.bad || n == 0 || n > MaxPiece {
		return p, nil, fmt.Errorf("journal: piece of %d entries: %w", n, ErrForm)
	}
	p.Entries = make([]*Entry, 0, n)
	for range n {
		e, err := readEntry(r)
		if err != nil {
			return p, nil, fmt.Errorf("journal: piece of %s: %w", p.Chain.Scope, err)
		}
		p.Entries = append(p.Entries, e)
	}
	signature := r.take(signatureLen)
	if r.bad {
		return p, nil, fmt.Errorf("journal: piece of %s: %w", p.Chain.Scope, ErrForm)
	}
	p.Entries[n-1].Signature = signature
	return p, r.b, nil
}

func readEntry(r *reader) (*Entry, error) {
	before := len(r.b)
	e, err := readHead(r)
	if err != nil {
		return nil, err
	}
	if err := readTail(r, e); err != nil {
		return nil, err
	}
	if size := before - len(r.b); size > MaxEntry+MaxHead {
		return nil, fmt.Errorf("%w: entry of %d bytes", ErrLimit, size)
	}
	return e, nil
}

func readHead(r *reader) (*Entry, error) {
	e := &Entry{RawHead: r.bytes(MaxHead)}
	if r.bad {
		return nil, ErrForm
	}
	head, err := parseHead(e.RawHead)
	if err != nil {
		return nil, err
	}
	e.Head = head
	e.Bodies, e.Commitments = make([][]byte, len(e.Ops)), make([]Hash, len(e.Ops))
	return e, nil
}

// readTail reads what appendTail wrote of an entry whose head is known.
func readTail(r *reader, e *Entry) error {
	mark := r.take(1)
	if r.bad || mark[0] > saltsEach {
		return ErrForm
	}
	if mark[0] == saltsFromKey {
		e.Seed = r.take(seedLen)
	} else {
		e.Salts = make([][]byte, len(e.Ops))
	}
	for i := range e.Ops {
		body := r.bytes(MaxEntry)
		if r.bad || len(body) == 0 {
			return ErrForm
		}
		if body[0] == hollowMark {
			// A seed beside an erased body would give its salt away, and with it a test of any guess.
			if len(body) != hashLen+1 || e.Seed != nil {
				return ErrForm
			}
			e.Commitments[i] = Hash(body[1:])
			continue
		}
		e.Bodies[i] = body
		if e.Seed == nil {
			e.Salts[i] = r.take(seedLen)
		}
	}
	if r.bad {
		return ErrForm
	}
	return nil
}

// Verify checks the piece against the key of its author: links, names, bindings, and the one
// signature at its end. It computes hashes and commitments. The error is ErrHollow, and everything
// else was checked, where only bodies are missing.
func (p *Piece) Verify(t Territory, key ed25519.PublicKey) error {
	if len(p.Entries) == 0 || len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("journal: verify: %w", ErrForm)
	}
	prev, seq, hollow := p.Prev, p.Entries[0].Seq, false
	for _, e := range p.Entries {
		if err := e.verifyAfter(t, p.Chain, prev, seq, key); err != nil {
			return fmt.Errorf("journal: entry %d of %s: %w", e.Seq, p.Chain.Scope, err)
		}
		hollow = hollow || e.Hollow()
		prev, seq = e.Hash, seq+1
	}
	last := p.Entries[len(p.Entries)-1]
	if !ed25519.Verify(key, signed(t, last.Hash), last.Signature) {
		return fmt.Errorf("journal: entry %d of %s: %w", last.Seq, p.Chain.Scope, ErrSignature)
	}
	if hollow {
		return fmt.Errorf("journal: piece of %s: %w", p.Chain.Scope, ErrHollow)
	}
	return nil
}

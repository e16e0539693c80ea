package sim

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// The oracle's reading of FORMAT.md.

type (
	name16 = [16]byte
	hash32 = [32]byte
)

// dot names an entry as the writer of versions.
type dot struct {
	incarnation name16
	seq         uint64
	tag         [8]byte
}

// entry is one entry as the oracle reads it.
type entry struct {
	incarnation name16
	scope       string
	seq         uint64
	hlc         uint64
	action      string
	critical    bool
	prev, hash  hash32
	ops         []operation
	raw         rawEntry
}

// operation is one operation of an entry. It is hollow where its body was missing.
type operation struct {
	kind   string
	id     name16
	hollow bool
	cells  []written
	blobs  []hash32
}

// written is one field that an operation sets.
type written struct {
	field   string
	value   any
	parents []dot
}

// rawEntry is an entry as it travels.
type rawEntry struct {
	head        []byte
	seed        []byte
	salts       [][]byte
	bodies      [][]byte // nil for a hollow one
	commitments []hash32
}

func (e *entry) dot() dot { return dot{e.incarnation, e.seq, [8]byte(e.hash[:8])} }

// rawPiece is a piece as it travels.
type rawPiece struct {
	incarnation name16
	scope       string
	prev        hash32
	entries     []rawEntry
	signature   []byte
}

var errWire = errors.New("sim: not a piece of the format")

// taker takes bytes off the front.
type taker struct {
	b   []byte
	bad bool
}

func (t *taker) take(n uint64) []byte {
	if t.bad || n > uint64(len(t.b)) {
		t.bad = true
		return nil
	}
	v := t.b[:n:n]
	t.b = t.b[n:]
	return v
}

func (t *taker) number() uint64 {
	n, size := binary.Uvarint(t.b)
	if size <= 0 {
		t.bad = true
		return 0
	}
	t.b = t.b[size:]
	return n
}

func (t *taker) sized() []byte { return t.take(t.number()) }

// readPiece reads one piece and returns what follows.
func readPiece(b []byte) (p rawPiece, rest []byte, err error) {
	t := &taker{b: b}
	if v := t.take(1); t.bad || v[0] != 1 {
		return p, nil, errWire
	}
	copy(p.incarnation[:], t.take(16))
	p.scope = string(t.sized())
	copy(p.prev[:], t.take(32))
	for range t.number() {
		e, err := readRaw(t)
		if err != nil {
			return p, nil, err
		}
		p.entries = append(p.entries, e)
	}
	p.signature = t.take(64)
	if t.bad || len(p.entries) == 0 {
		return p, nil, errWire
	}
	return p, t.b, nil
}

func readRaw(t *taker) (rawEntry, error) {
	e := rawEntry{head: t.sized()}
	mark := t.take(1)
	if t.bad {
		return e, errWire
	}
	if mark[0] == 0 {
		e.seed = t.take(16)
	}
	h, _, err := decode(e.head)
	if err != nil {
		return e, err
	}
	m, _ := h.([]pair)
	ops, _ := at(m, int64(7)).([]any)
	for i := range ops {
		body := t.sized()
		if t.bad || len(body) == 0 {
			return e, errWire
		}
		if body[0] == 0x40 && len(body) == 33 {
			e.bodies, e.salts, e.commitments = append(e.bodies, nil), append(e.salts, nil), append(e.commitments, hash32(body[1:]))
			continue
		}
		var salt []byte
		if e.seed != nil {
			salt = saltOf(e.seed, i)
		} else {
			salt = t.take(16)
		}
		if t.bad {
			return e, errWire
		}
		e.bodies, e.salts, e.commitments = append(e.bodies, body), append(e.salts, salt), append(e.commitments, commit(salt, body))
	}
	return e, nil
}

// append writes an entry with the salt of each body.
func (e rawEntry) append(b []byte) []byte {
	b = append(binary.AppendUvarint(b, uint64(len(e.head))), e.head...)
	b = append(b, 1)
	for i, body := range e.bodies {
		if body == nil {
			b = append(append(b, 33, 0x40), e.commitments[i][:]...)
			continue
		}
		b = append(binary.AppendUvarint(b, uint64(len(body))), body...)
		b = append(b, e.salts[i]...)
	}
	return b
}

func (p rawPiece) bytes() []byte {
	b := append([]byte{1}, p.incarnation[:]...)
	b = append(binary.AppendUvarint(b, uint64(len(p.scope))), p.scope...)
	b = append(b, p.prev[:]...)
	b = binary.AppendUvarint(b, uint64(len(p.entries)))
	for _, e := range p.entries {
		b = e.append(b)
	}
	return append(b, p.signature...)
}

func sum(domain string, parts ...[]byte) hash32 {
	return sha256.Sum256(append([]byte(domain), bytes.Join(parts, nil)...))
}

func saltOf(seed []byte, i int) []byte {
	m := hmac.New(sha256.New, seed)
	m.Write(binary.BigEndian.AppendUint32(nil, uint32(i)))
	return m.Sum(nil)[:16]
}

func commit(salt, body []byte) hash32 { return sum("buron op v1\n", salt, body) }

func (e rawEntry) hash(prev hash32) hash32 {
	headSum := sha256.Sum256(e.head)
	b := binary.BigEndian.AppendUint32(nil, uint32(len(e.commitments)))
	for _, c := range e.commitments {
		b = append(b, c[:]...)
	}
	return sum("buron entry v1\n", prev[:], headSum[:], b)
}

// verify checks a piece against the key of its author and returns its entries. The first entry of a chain
// must open it.
func (p rawPiece) verify(territory hash32, key ed25519.PublicKey) ([]*entry, error) {
	var out []*entry
	prev := p.prev
	for _, raw := range p.entries {
		e, err := readEntry(raw)
		if err != nil {
			return nil, err
		}
		if e.incarnation != p.incarnation || e.scope != p.scope {
			return nil, fmt.Errorf("entry %d of %s is of another chain", e.seq, p.scope)
		}
		if e.seq == 1 && prev != sum("buron chain v1\n", territory[:], e.incarnation[:], []byte(e.scope)) {
			return nil, fmt.Errorf("entry 1 of %s does not open its chain", p.scope)
		}
		e.prev, e.hash = prev, raw.hash(prev)
		if e.action == "" {
			e.action = string(e.hash[:8]) // alone, it is its action
		}
		prev = e.hash
		out = append(out, e)
	}
	if !ed25519.Verify(key, append([]byte("buron sign v1\n"), append(territory[:], prev[:]...)...), p.signature) {
		return nil, fmt.Errorf("piece of %s: signature", p.scope)
	}
	return out, nil
}

// readEntry decodes head and bodies.
func readEntry(raw rawEntry) (*entry, error) {
	v, rest, err := decode(raw.head)
	m, ok := v.([]pair)
	if err != nil || !ok || len(rest) != 0 {
		return nil, errWire
	}
	e := &entry{raw: raw}
	in, _ := at(m, int64(1)).([]byte)
	copy(e.incarnation[:], in)
	e.scope, _ = at(m, int64(2)).(string)
	e.seq, e.hlc = number(at(m, int64(3))), number(at(m, int64(4)))
	action, _ := at(m, int64(6)).([]byte)
	e.action = string(action)
	for _, p := range m {
		if k, ok := p.key.(int64); ok && k >= 32 && k < 64 {
			e.critical = true
		}
	}
	ops, _ := at(m, int64(7)).([]any)
	for i, o := range ops {
		list, _ := o.([]any)
		if len(list) != 3 {
			return nil, errWire
		}
		op := operation{hollow: raw.bodies[i] == nil}
		op.kind, _ = list[0].(string)
		id, _ := list[1].([]byte)
		copy(op.id[:], id)
		if !op.hollow {
			if op.cells, op.blobs, err = readBody(raw.bodies[i]); err != nil && !e.critical {
				return nil, err
			}
		}
		e.ops = append(e.ops, op)
	}
	return e, nil
}

func number(v any) uint64 {
	switch n := v.(type) {
	case int64:
		return uint64(n)
	case uint64:
		return n
	}
	return 0
}

func readBody(b []byte) ([]written, []hash32, error) {
	v, _, err := decode(b)
	m, ok := v.([]pair)
	if err != nil || !ok {
		return nil, nil, errWire
	}
	var refs []dot
	list, _ := at(m, int64(0)).([]any)
	for _, r := range list {
		parts, _ := r.([]any)
		if len(parts) != 3 {
			return nil, nil, errWire
		}
		in, _ := parts[0].([]byte)
		tag, _ := parts[2].([]byte)
		d := dot{seq: number(parts[1])}
		copy(d.incarnation[:], in)
		copy(d.tag[:], tag)
		refs = append(refs, d)
	}
	var out []written
	cells, _ := at(m, int64(1)).([]pair)
	for _, p := range cells {
		w := written{}
		w.field, _ = p.key.(string)
		cell, _ := p.value.([]any)
		if len(cell) == 0 {
			return nil, nil, errWire
		}
		w.value = cell[0]
		if len(cell) > 1 {
			named, _ := cell[1].([]any)
			for _, n := range named {
				if i := number(n); i < uint64(len(refs)) {
					w.parents = append(w.parents, refs[i])
				}
			}
		}
		out = append(out, w)
	}
	return out, blobsAt(m), nil
}

// blobsAt returns the names of the blobs of a body.
func blobsAt(m []pair) []hash32 {
	list, _ := at(m, int64(3)).([]any)
	var out []hash32
	for _, b := range list {
		parts, _ := b.([]any)
		if len(parts) == 4 {
			if name, _ := parts[0].([]byte); len(name) == len(hash32{}) {
				out = append(out, hash32(name))
			}
		}
	}
	return out
}

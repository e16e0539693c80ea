package journal

import (
	"fmt"
	"slices"
)

// sealedMark stands where a stored entry's salts and bodies are sealed. It never travels: a piece that
// has it is not of the format.
const sealedMark = 2

// maxSealing is what sealing may add to salts and bodies.
const maxSealing = 1 << 10

// AppendStored appends the entry as a replica keeps it: with its links, and its signature if it has one. Of
// an entry that is sealed, what follows the head stays so.
func AppendStored(b []byte, e *Entry) []byte {
	b = append(b, e.Prev[:]...)
	b = append(b, e.Hash[:]...)
	b = appendBytes(b, e.Signature)
	if e.Sealed == nil {
		return appendEntry(b, e)
	}
	b = append(appendBytes(b, e.RawHead), sealedMark)
	return appendBytes(b, e.Sealed)
}

// ParseStored reads what AppendStored wrote. The commitments of operations that have a body are left
// zero: they were checked when the entry came in. An entry that is sealed has its head alone until Unseal.
func ParseStored(b []byte) (*Entry, error) {
	r := &reader{b: b}
	prev, hash := r.hash(), r.hash()
	signature := r.bytes(signatureLen)
	if r.bad || (len(signature) != 0 && len(signature) != signatureLen) {
		return nil, fmt.Errorf("journal: stored entry: %w", ErrForm)
	}
	e, err := readHead(r)
	switch {
	case err != nil:
	case len(r.b) > 0 && r.b[0] == sealedMark:
		r.take(1)
		if e.Sealed = r.bytes(MaxEntry + MaxHead + maxSealing); r.bad || len(e.Sealed) == 0 {
			err = ErrForm
		}
	default:
		err = readTail(r, e)
	}
	if err != nil || len(r.b) != 0 {
		return nil, fmt.Errorf("journal: stored entry: %w", errOr(err, ErrForm))
	}
	e.Prev, e.Hash = prev, hash
	if len(signature) > 0 {
		e.Signature = signature
	}
	return e, nil
}

// Seal returns the entry as it is to be stored where its salts and bodies are nobody's to read: with them, a
// guess at a name could be tested against the hash. The entry itself is left as it is.
func (e *Entry) Seal(seal func(plain []byte) ([]byte, error)) (*Entry, error) {
	out := *e
	var err error
	if out.Sealed, err = seal(appendTail(nil, e)); err != nil {
		return nil, err
	}
	out.Seed, out.Salts = nil, nil
	out.Bodies = make([][]byte, len(e.Ops))
	return &out, nil
}

// Unseal puts salts and bodies back, as Seal had them.
func (e *Entry) Unseal(open func(sealed []byte) ([]byte, error)) error {
	plain, err := open(e.Sealed)
	if err != nil {
		return err
	}
	r := &reader{b: slices.Clone(plain)}
	if err := readTail(r, e); err != nil || len(r.b) != 0 {
		return fmt.Errorf("journal: sealed entry: %w", errOr(err, ErrForm))
	}
	e.Sealed = nil
	return nil
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Package blob seals what travels beside the journal, and makes of a photo what may travel: small, upright,
// and without what the camera adds to it. It knows neither records nor files.
package blob

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

// The stream is the payload of age (sync/journal/FORMAT.md). Its own package cannot be imported.
const (
	chunkSize = 64 << 10
	overhead  = chacha20poly1305.Overhead
	lastFlag  = 1
)

// ErrSealed says that what is read is not what was sealed.
var ErrSealed = errors.New("blob: the content does not match its key")

// nonce is the place of a chunk, and whether it is the last.
type nonce [chacha20poly1305.NonceSize]byte

func (n *nonce) next() {
	for i := len(n) - 2; i >= 0; i-- {
		if n[i]++; n[i] != 0 {
			return
		}
	}
}

// Seal encrypts all of plain under a key that must never be used again.
func Seal(key [32]byte, plain []byte) ([]byte, error) {
	aead, err := chacha20poly1305.New(key[:])
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	out := make([]byte, 0, SealedSize(len(plain)))
	var n nonce
	for {
		chunk := plain[:min(len(plain), chunkSize)]
		if plain = plain[len(chunk):]; len(plain) == 0 {
			n[len(n)-1] = lastFlag
			return aead.Seal(out, n[:], chunk, nil), nil
		}
		out = aead.Seal(out, n[:], chunk, nil)
		n.next()
	}
}

// SealedSize returns the length of what Seal makes of n bytes.
func SealedSize(n int) int {
	return n + overhead*max(1, (n+chunkSize-1)/chunkSize)
}

// NewReader reads what Seal sealed. It gives nothing of a chunk before the chunk was verified; a stream that
// was cut, at a chunk's end too, ends in ErrSealed and never in io.EOF.
func NewReader(key [32]byte, r io.Reader) (io.Reader, error) {
	aead, err := chacha20poly1305.New(key[:])
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &reader{aead: aead, src: r, buf: make([]byte, chunkSize+overhead)}, nil
}

type reader struct {
	aead cipher.AEAD
	src  io.Reader
	n    nonce
	buf  []byte
	left []byte // verified and not read yet
	done bool
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.left) == 0 && r.err == nil {
		r.err = r.chunk()
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// chunk verifies the next chunk, and that nothing follows the last.
func (r *reader) chunk() error {
	if r.done {
		return io.EOF
	}
	first := r.n == nonce{}
	n, err := io.ReadFull(r.src, r.buf)
	switch {
	case err == io.EOF:
		return ErrSealed // the last chunk says that it is: it has not come
	case err == nil, errors.Is(err, io.ErrUnexpectedEOF):
	default:
		return fmt.Errorf("blob: read: %w", err)
	}
	full := n == len(r.buf)
	if full {
		// It may be the last all the same.
		if out, err := r.aead.Open(nil, r.n[:], r.buf, nil); err == nil {
			r.left = out
			r.n.next()
			return nil
		}
	}
	r.n[len(r.n)-1] = lastFlag
	out, err := r.aead.Open(nil, r.n[:], r.buf[:n], nil)
	if err != nil || (len(out) == 0 && !first) {
		return ErrSealed
	}
	if full {
		if m, err := io.ReadFull(r.src, make([]byte, 1)); m > 0 || err != io.EOF {
			return ErrSealed
		}
	}
	r.left, r.done = out, true
	return nil
}

// Open returns the whole of what was sealed.
func Open(key [32]byte, sealed []byte) ([]byte, error) {
	r, err := NewReader(key, bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

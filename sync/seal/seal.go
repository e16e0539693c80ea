// Package seal keeps what is personal unreadable on the disk: one data key per replica, what is sealed
// under it, and where the key itself is kept: in the key store of the operating system, or in a file where
// there is none. It knows no record and no entry. Its invariant: what is sealed opens only with the key it
// was sealed under and in the place it was sealed for.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// Errors of keys and of what is sealed.
var (
	ErrNoKey = errors.New("seal: the data key is not on this device")
	ErrOpen  = errors.New("seal: sealed under another key, for another place, or damaged")
)

// KeyLen is the length of a data key in bytes.
const KeyLen = 32

// Key is a replica's data key.
type Key [KeyLen]byte

// NewKey draws a key.
func NewKey(random io.Reader) (Key, error) {
	var k Key
	if _, err := io.ReadFull(random, k[:]); err != nil {
		return k, fmt.Errorf("seal: draw a data key: %w", err)
	}
	return k, nil
}

// ID names the key without telling it: 32 hexadecimal digits.
func (k Key) ID() string {
	sum := sha256.Sum256(append([]byte("buron data key v1\n"), k[:]...))
	return hex.EncodeToString(sum[:16])
}

// Box seals and opens under one key. It may be used by several goroutines.
type Box struct{ aead cipher.AEAD }

// Box returns what seals under the key: AES-256-GCM with a random nonce, which is safe for 2³² sealings, a
// thousand a second for forty-nine days.
func (k Key) Box() (*Box, error) {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &Box{aead}, nil
}

// Seal seals plain for a place: what stands elsewhere does not open.
func (b *Box) Seal(plain []byte, place ...string) []byte {
	return b.aead.Seal(nil, nil, plain, placed(place))
}

// Open opens what was sealed for a place. The error is ErrOpen.
func (b *Box) Open(sealed []byte, place ...string) ([]byte, error) {
	plain, err := b.aead.Open(nil, nil, sealed, placed(place))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// placed writes the parts of a place so that no two places are the same bytes.
func placed(place []string) []byte {
	var b strings.Builder
	b.WriteString("buron seal v1\n")
	for _, p := range place {
		fmt.Fprintf(&b, "%d:%s", len(p), p)
	}
	return []byte(b.String())
}

// Wrap seals the key to an age recipient.
func (k Key) Wrap(recipient string) ([]byte, error) {
	to, err := age.ParseX25519Recipient(recipient)
	if err != nil {
		return nil, fmt.Errorf("seal: wrap the data key: %w", err)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err == nil {
		_, err = w.Write(k[:])
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("seal: wrap the data key: %w", err)
	}
	return out.Bytes(), nil
}

// Unwrap opens what Wrap made.
func Unwrap(wrapped []byte, with ...age.Identity) (Key, error) {
	var k Key
	r, err := age.Decrypt(bytes.NewReader(wrapped), with...)
	if err == nil {
		_, err = io.ReadFull(r, k[:])
	}
	if err != nil {
		return Key{}, fmt.Errorf("seal: unwrap the data key: %w", err)
	}
	return k, nil
}

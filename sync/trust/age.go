package trust

import (
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// bech32Alphabet is the alphabet of BIP 173, in which age writes its recipients.
const bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// recipientPrefix and recipientChecksum frame the key in "age1…": BIP 173's separator and six
// characters of checksum.
const (
	recipientPrefix   = "age1"
	recipientChecksum = 6
)

// RecipientBytes returns the 32 bytes of an X25519 recipient "age1…", as the first entry of a chain
// holds them.
func RecipientBytes(recipient string) ([]byte, error) {
	// age checks prefix, alphabet and checksum; what is left to do here is to regroup bits.
	if _, err := age.ParseX25519Recipient(recipient); err != nil {
		return nil, fmt.Errorf("trust: recipient: %w", err)
	}
	digits := strings.ToLower(recipient)[len(recipientPrefix) : len(recipient)-recipientChecksum]
	key := make([]byte, 0, 32)
	acc, bits := uint32(0), 0
	for _, c := range []byte(digits) {
		acc = acc<<5 | uint32(strings.IndexByte(bech32Alphabet, c))
		if bits += 5; bits >= 8 {
			bits -= 8
			key = append(key, byte(acc>>bits))
			acc &= 1<<bits - 1
		}
	}
	return key, nil
}

// identityPrefix is the human-readable part of an age identity.
const identityPrefix = "age-secret-key-"

// newSealingKey makes an X25519 identity from 32 bytes of random. The age library draws from the system
// alone, and reads its own text form only: so the text is made here.
func newSealingKey(random io.Reader) (*age.X25519Identity, error) {
	var seed [32]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return nil, fmt.Errorf("trust: draw a sealing key: %w", err)
	}
	defer clear(seed[:])
	return age.ParseX25519Identity(bech32Of(identityPrefix, seed[:]))
}

// bech32Of writes data as BIP 173 does, in capitals.
func bech32Of(prefix string, data []byte) string {
	var digits []byte
	acc, bits := uint32(0), 0
	for _, b := range data {
		acc, bits = acc<<8|uint32(b), bits+8
		for ; bits >= 5; bits -= 5 {
			digits = append(digits, byte(acc>>(bits-5))&31)
		}
	}
	if bits > 0 {
		digits = append(digits, byte(acc<<(5-bits))&31)
	}
	var framed []byte
	for _, c := range []byte(prefix) {
		framed = append(framed, c>>5)
	}
	framed = append(framed, 0)
	for _, c := range []byte(prefix) {
		framed = append(framed, c&31)
	}
	sum := bech32Sum(append(append(framed, digits...), make([]byte, recipientChecksum)...)) ^ 1
	for i := range recipientChecksum {
		digits = append(digits, byte(sum>>(5*(recipientChecksum-1-i)))&31)
	}
	text := []byte(prefix + "1")
	for _, d := range digits {
		text = append(text, bech32Alphabet[d])
	}
	return strings.ToUpper(string(text))
}

// bech32Sum is the checksum polynomial of BIP 173.
func bech32Sum(values []byte) uint32 {
	sum := uint32(1)
	for _, v := range values {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	return sum
}

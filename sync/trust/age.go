package trust

import (
	"fmt"
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

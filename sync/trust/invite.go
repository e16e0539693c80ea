package trust

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Sides of a proof: the joining device speaks first, the admitter answers.
const (
	SideJoin  = "join"
	SideAdmit = "admit"
)

// crockford is the alphabet of Douglas Crockford's base 32, without I, L, O and U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength is the number of characters of a code: 16 × 5 bits = 80 bits.
const codeLength = 16

// ErrInvitation is returned for a text that is not an invitation.
var ErrInvitation = errors.New("trust: this is not an invitation: four groups of four letters or digits are expected, ABCD-EFGH-JKMN-PQRS")

// Invitation is what the coordination hands to the person who sets a device up.
type Invitation struct {
	Code string // canonical: four groups of four
	URL  string // the central's address, "" where the invitation does not name it
	Peer string // host:port of the neighbour that admits, "" where it is the central
}

// String returns the form that is printed and typed.
func (i Invitation) String() string {
	if where := i.URL + i.Peer; where != "" {
		return i.Code + "@" + where
	}
	return i.Code
}

// NewCode draws a code of 80 bits.
func NewCode(random io.Reader) (string, error) {
	var b [codeLength]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("trust: draw a code: %w", err)
	}
	for i := range b {
		b[i] = crockford[b[i]&31]
	}
	return group(string(b[:])), nil
}

// ParseInvitation reads what somebody typed: lower case, spaces and the letters that resemble
// digits are forgiven, as Crockford's alphabet provides for.
func ParseInvitation(text string) (Invitation, error) {
	code, where, _ := strings.Cut(strings.TrimSpace(text), "@")
	var b strings.Builder
	for _, r := range strings.ToUpper(code) {
		switch r {
		case ' ', '-', '\u00a0', '\u2011':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(crockford, r) {
			return Invitation{}, ErrInvitation
		}
		b.WriteRune(r)
	}
	if b.Len() != codeLength {
		return Invitation{}, ErrInvitation
	}
	return Invitation{Code: group(b.String())}.At(strings.TrimSpace(where)), nil
}

// At returns the invitation with the address of its admitter: a URL is the central's, host:port a neighbour's.
func (i Invitation) At(where string) Invitation {
	i.URL, i.Peer = "", ""
	if strings.Contains(where, "://") {
		i.URL = where
	} else {
		i.Peer = where
	}
	return i
}

func group(code string) string {
	return code[0:4] + "-" + code[4:8] + "-" + code[8:12] + "-" + code[12:16]
}

// Proof shows knowledge of a code on one connection: HMAC-SHA-256 under the code, over the side
// that speaks, the connection's Exporter bytes and each part with its length. Compare with
// hmac.Equal.
func Proof(code string, exporter []byte, side string, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, []byte(code))
	mac.Write([]byte("buron invitation v1\n"))
	for _, p := range append([][]byte{[]byte(side), exporter}, parts...) {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		mac.Write(n[:])
		mac.Write(p)
	}
	return mac.Sum(nil)
}

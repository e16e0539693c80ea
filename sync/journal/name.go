package journal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Domain strings: each stands before what is hashed or signed in one place of the format only.
const (
	domainTerritory   = "buron territory v1\n"
	domainIncarnation = "buron incarnation v1\n"
	domainChain       = "buron chain v1\n"
	domainOp          = "buron op v1\n"
	domainEntry       = "buron entry v1\n"
	domainSign        = "buron sign v1\n"
	domainCell        = "buron cell v1\n"
	domainRecord      = "buron record v1\n"
	domainMachine     = "buron machine v1\n"
)

// TerritoryOf names the territory of a root key; the name commits to the hash of the root key that
// will follow it.
func TerritoryOf(root ed25519.PublicKey, nextRoot Hash) Territory {
	return Territory(digest(domainTerritory, root, nextRoot[:]))
}

// IncarnationOf names one life of a device's database: nobody else can open a chain under that name.
func IncarnationOf(t Territory, key ed25519.PublicKey, nonce [16]byte) Incarnation {
	h := digest(domainIncarnation, t[:], key, nonce[:])
	return Incarnation(h[:incarnationID])
}

// Fingerprint names a machine to the databases of one territory: it is kept, never sent, and tells nothing of
// the name that the system has for it.
func Fingerprint(t Territory, machine string) Hash {
	return digest(domainMachine, t[:], []byte(machine))
}

// GenesisHash is what the first entry of a chain follows.
func GenesisHash(t Territory, c Chain) Hash {
	return digest(domainChain, t[:], c.Incarnation[:], []byte(c.Scope))
}

func digest(domain string, parts ...[]byte) Hash {
	h := sha256.New()
	io.WriteString(h, domain)
	for _, p := range parts {
		h.Write(p)
	}
	return Hash(h.Sum(nil))
}

// idHead is the length of the free part of a record id; the rest binds it to its scope and kind.
const idHead = 12

// NewID mints the id of a record. In people/… it is random (version 8 of RFC 9562), elsewhere it
// begins with the milliseconds of now (version 7), so that indexes grow at their end. Its last four
// bytes bind it to scope and kind.
func NewID(scope, kind string, now time.Time, random io.Reader) (uuid.UUID, error) {
	var id uuid.UUID
	if _, err := io.ReadFull(random, id[:idHead]); err != nil {
		return uuid.Nil, fmt.Errorf("journal: mint an id: %w", err)
	}
	version := byte(0x80)
	if !strings.HasPrefix(scope, "people/") {
		// A v7 id in people/… would keep the millisecond at which a pupil stood there.
		version = 0x70
		var ms [8]byte
		binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
		copy(id[:6], ms[2:])
	}
	id[6] = id[6]&0x0f | version
	id[8] = id[8]&0x3f | 0x80
	copy(id[idHead:], binding(scope, kind, id))
	return id, nil
}

// Bound reports whether the id was minted for a record of this scope and kind. An operation on an id
// that is not is refused everywhere, whatever else has arrived: that is how nobody who may write one
// scope can write into another.
func Bound(scope, kind string, id uuid.UUID) bool {
	return bytes.Equal(id[idHead:], binding(scope, kind, id))
}

func binding(scope, kind string, id uuid.UUID) []byte {
	h := digest(domainRecord, []byte(scope), []byte{'\n'}, []byte(kind), []byte{'\n'}, id[:idHead])
	return h[:16-idHead]
}

// saltOf derives the salt of operation i from the seed of its entry.
func saltOf(seed []byte, i int) []byte {
	m := hmac.New(sha256.New, seed)
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(i))
	m.Write(n[:])
	return m.Sum(nil)[:seedLen]
}

func commitment(salt, body []byte) Hash { return digest(domainOp, salt, body) }

// entryHash links an entry to the one before it.
func entryHash(prev Hash, rawHead []byte, commitments []Hash) Hash {
	head := sha256.Sum256(rawHead)
	h := sha256.New()
	io.WriteString(h, domainEntry)
	h.Write(prev[:])
	h.Write(head[:])
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(commitments)))
	h.Write(n[:])
	for i := range commitments {
		h.Write(commitments[i][:])
	}
	return Hash(h.Sum(nil))
}

// signed returns the bytes under the signature of the entry whose hash is h.
func signed(t Territory, h Hash) []byte {
	b := make([]byte, 0, len(domainSign)+len(t)+len(h))
	b = append(b, domainSign...)
	b = append(b, t[:]...)
	return append(b, h[:]...)
}

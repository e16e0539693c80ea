package bundle

import (
	"crypto/ed25519"
	"fmt"
	"reflect"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
	"github.com/fxamacker/cbor/v2"
)

// domain stands before what the maker of a bundle signs, and nowhere else.
const domain = "buron bundle v1\n"

// version of the manifest.
const version = 1

// manifest says who made a file, when, and of which segments it consists. It names no scope and no device but
// its maker: every device of the territory reads it.
type manifest struct {
	Version  int      `cbor:"0,keyasint"`
	Maker    []byte   `cbor:"1,keyasint"` // signing key
	Made     int64    `cbor:"2,keyasint"` // Unix milliseconds of the maker's clock
	Set      []byte   `cbor:"3,keyasint"` // 16 random bytes, the same in the files of one writing
	Part     int      `cbor:"4,keyasint"` // from 1
	Last     bool     `cbor:"5,keyasint"` // no file of the set comes after
	Segments [][]byte `cbor:"6,keyasint"` // SHA-256 of each segment before the cover, as it lies in the file
}

// wireScope is what a receipt says of one scope.
type wireScope struct {
	_     struct{} `cbor:",toarray"`
	Scope string
	Heads []wireHead
}

type wireHead struct {
	_           struct{} `cbor:",toarray"`
	Incarnation []byte
	Seq         uint64
	Hash        []byte
}

var codec = func() (m struct {
	enc cbor.EncMode
	dec cbor.DecMode
}) {
	var err1, err2 error
	m.enc, err1 = cbor.CoreDetEncOptions().EncMode()
	m.dec, err2 = cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxArrayElements: maxHeads, MaxNestedLevels: 8, DefaultMapType: reflect.TypeFor[map[string]any]()}.DecMode()
	if err1 != nil || err2 != nil {
		panic("bundle: cbor options")
	}
	return m
}()

func signed(t journal.Territory, raw []byte) []byte {
	return append(append([]byte(domain), t[:]...), raw...)
}

// seal encodes and signs a manifest: the signature, then the manifest.
func (m manifest) seal(t journal.Territory, key ed25519.PrivateKey) ([]byte, error) {
	raw, err := codec.enc.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("bundle: encode the manifest: %w", err)
	}
	return append(ed25519.Sign(key, signed(t, raw)), raw...), nil
}

// openManifest reads what seal wrote and checks its signature: from there on its maker is known, though not
// yet whether the territory has admitted it.
func openManifest(t journal.Territory, b []byte) (manifest, trust.Key, error) {
	var m manifest
	if len(b) < ed25519.SignatureSize {
		return m, trust.Key{}, fmt.Errorf("%w: manifest", ErrDamaged)
	}
	signature, raw := b[:ed25519.SignatureSize], b[ed25519.SignatureSize:]
	if err := codec.dec.Unmarshal(raw, &m); err != nil {
		return m, trust.Key{}, fmt.Errorf("%w: manifest: %w", ErrDamaged, err)
	}
	maker, ok := trust.KeyOf(m.Maker)
	switch {
	case m.Version > version:
		return m, maker, ErrNewer
	case !ok || m.Version != version || len(m.Set) != setLen || m.Part < 1:
		return m, maker, fmt.Errorf("%w: manifest", ErrDamaged)
	case !ed25519.Verify(maker[:], signed(t, raw), signature):
		return m, maker, fmt.Errorf("%w: the manifest's signature", ErrDamaged)
	}
	return m, maker, nil
}

// setLen is the length of the name of a set of files.
const setLen = 16

func (m manifest) made() time.Time { return time.UnixMilli(m.Made) }

// receipt is what the maker holds of some scopes.
type receipt []wireScope

func (r *receipt) add(scope string, heads []exchange.Head) {
	if len(heads) == 0 {
		return
	}
	s := wireScope{Scope: scope}
	for _, h := range heads {
		s.Heads = append(s.Heads, wireHead{Incarnation: h.Chain.Incarnation[:], Seq: h.Seq, Hash: h.Hash[:]})
	}
	*r = append(*r, s)
}

func (r receipt) encode() ([]byte, error) {
	b, err := codec.enc.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("bundle: encode a receipt: %w", err)
	}
	return b, nil
}

func parseReceipt(b []byte) ([]exchange.Head, error) {
	var r receipt
	if err := codec.dec.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("%w: receipt: %w", ErrDamaged, err)
	}
	var out []exchange.Head
	for _, s := range r {
		for _, h := range s.Heads {
			head := exchange.Head{Chain: journal.Chain{Scope: s.Scope}, Seq: h.Seq}
			if len(h.Incarnation) != len(head.Chain.Incarnation) || len(h.Hash) != len(head.Hash) || len(s.Scope) > journal.MaxScope {
				return nil, fmt.Errorf("%w: receipt", ErrDamaged)
			}
			copy(head.Chain.Incarnation[:], h.Incarnation)
			copy(head.Hash[:], h.Hash)
			out = append(out, head)
		}
		if len(out) > maxHeads {
			return nil, fmt.Errorf("%w: receipt of %d ends", ErrDamaged, len(out))
		}
	}
	return out, nil
}

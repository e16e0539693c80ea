package journal

import (
	"crypto/ed25519"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"
)

// Version is the version of the format that this package writes.
const Version = 1

// Keys 32 to 63 of a head are critical: who does not know one stores the entry and passes it on, but
// does not fold it. Keys from 64 on may be ignored.
const (
	firstCritical  = 32
	firstIgnorable = 64
)

// Flags qualify an operation in the signed head.
type Flags uint64

// Flags of an operation.
const (
	Personal Flags = 1 // its body holds personal data
	Once     Flags = 2 // an act: written once
	Blobs    Flags = 4 // its body names blobs
)

// Genesis opens a chain: it shows the key and the nonce that the incarnation's name is made of.
type Genesis struct {
	Key   ed25519.PublicKey
	Nonce [16]byte
	Age   []byte // X25519 recipient, 32 bytes
	App   string // version of the program that wrote it
}

// OpHead is the part of an operation that stays when its body is erased.
type OpHead struct {
	Kind  string
	ID    uuid.UUID
	Flags Flags
}

// Head is the signed head of an entry.
type Head struct {
	Version     uint64
	Incarnation Incarnation
	Scope       string
	Seq         uint64
	HLC         HLC
	Operator    uuid.UUID // opaque id of an operator record; nil for none
	Action      [8]byte   // shared by the sibling entries of one action; zero when alone
	Ops         []OpHead
	Genesis     *Genesis // at seq 1 only
	Critical    bool     // carries a critical key that this version does not know
}

// wireHead is the head as CBOR.
type wireHead struct {
	Version     uint64       `cbor:"0,keyasint"`
	Incarnation []byte       `cbor:"1,keyasint"`
	Scope       string       `cbor:"2,keyasint"`
	Seq         uint64       `cbor:"3,keyasint"`
	HLC         uint64       `cbor:"4,keyasint"`
	Operator    []byte       `cbor:"5,keyasint,omitempty"`
	Action      []byte       `cbor:"6,keyasint,omitempty"`
	Ops         []wireOp     `cbor:"7,keyasint"`
	Genesis     *wireGenesis `cbor:"8,keyasint,omitempty"`
}

type wireOp struct {
	_     struct{} `cbor:",toarray"`
	Kind  string
	ID    []byte
	Flags uint64
}

type wireGenesis struct {
	Key   []byte `cbor:"0,keyasint"`
	Nonce []byte `cbor:"1,keyasint"`
	Age   []byte `cbor:"2,keyasint"`
	App   string `cbor:"3,keyasint"`
}

// maxItems is the most elements of an array and pairs of a map, for whichever reader.
const maxItems = 4096

// codec holds the encoder and the decoder of the format; both are safe for concurrent use.
var codec = newCodec()

type modes struct {
	enc cbor.EncMode
	dec cbor.DecMode
}

func newCodec() modes {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	dec, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		IntDec: cbor.IntDecConvertSignedOrFail, UTF8: cbor.UTF8RejectInvalid, MaxNestedLevels: 12,
		MaxArrayElements: maxItems, MaxMapPairs: maxItems, DefaultMapType: mapType,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return modes{enc, dec}
}

func encodeHead(h Head) ([]byte, error) {
	w := wireHead{Version: h.Version, Incarnation: h.Incarnation[:], Scope: h.Scope, Seq: h.Seq, HLC: uint64(h.HLC), Ops: make([]wireOp, len(h.Ops))}
	if h.Operator != uuid.Nil {
		w.Operator = h.Operator[:]
	}
	if h.Action != ([8]byte{}) {
		w.Action = h.Action[:]
	}
	for i, op := range h.Ops {
		w.Ops[i] = wireOp{Kind: op.Kind, ID: op.ID[:], Flags: uint64(op.Flags)}
	}
	if g := h.Genesis; g != nil {
		w.Genesis = &wireGenesis{g.Key, g.Nonce[:], g.Age, g.App}
	}
	return codec.enc.Marshal(w)
}

// parseHead reads a head and checks its form and limits. It never encodes it again: what is hashed is
// what arrived.
func parseHead(raw []byte) (Head, error) {
	var h Head
	if len(raw) > MaxHead {
		return h, fmt.Errorf("%w: head of %d bytes", ErrLimit, len(raw))
	}
	if w, ok := quickHead(raw); ok {
		err := h.fill(w)
		return h, err
	}
	var keys map[uint64]cbor.RawMessage
	if err := codec.dec.Unmarshal(raw, &keys); err != nil {
		return h, fmt.Errorf("%w: head: %w", ErrForm, err)
	}
	for k := range keys {
		switch {
		case k >= firstIgnorable, k <= 8:
		case k >= firstCritical:
			h.Critical = true
		default:
			return h, fmt.Errorf("%w: head key %d", ErrForm, k)
		}
	}
	var w wireHead
	if err := codec.dec.Unmarshal(raw, &w); err != nil {
		return h, fmt.Errorf("%w: head: %w", ErrForm, err)
	}
	return h, h.fill(w)
}

func (h *Head) fill(w wireHead) error {
	h.Version, h.Scope, h.Seq, h.HLC = w.Version, w.Scope, w.Seq, HLC(w.HLC)
	if h.Version != Version && !h.Critical {
		return fmt.Errorf("%w: version %d", ErrForm, h.Version)
	}
	ok := exact(h.Incarnation[:], w.Incarnation) && optional(h.Operator[:], w.Operator) && optional(h.Action[:], w.Action)
	if !ok || h.Seq == 0 || h.Seq > math.MaxInt64 || (h.Seq == 1) != (w.Genesis != nil) {
		return fmt.Errorf("%w: head", ErrForm)
	}
	if err := checkText(h.Scope, MaxScope); err != nil {
		return fmt.Errorf("scope: %w", err)
	}
	if len(w.Ops) == 0 || len(w.Ops) > MaxOps {
		return fmt.Errorf("%w: %d operations", ErrLimit, len(w.Ops))
	}
	h.Ops = make([]OpHead, len(w.Ops))
	seen := make(map[uuid.UUID]bool, len(w.Ops))
	for i, op := range w.Ops {
		o := &h.Ops[i]
		o.Kind, o.Flags = op.Kind, Flags(op.Flags)
		if !exact(o.ID[:], op.ID) || seen[o.ID] {
			return fmt.Errorf("%w: operation %d", ErrForm, i)
		}
		seen[o.ID] = true
		if err := checkText(o.Kind, MaxKind); err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
	}
	if w.Genesis != nil {
		h.Genesis = &Genesis{Key: w.Genesis.Key, Age: w.Genesis.Age, App: w.Genesis.App}
		if len(h.Genesis.Key) != ed25519.PublicKeySize || len(h.Genesis.Age) != 32 || !exact(h.Genesis.Nonce[:], w.Genesis.Nonce) {
			return fmt.Errorf("%w: genesis", ErrForm)
		}
		return checkText(h.Genesis.App, 64)
	}
	return nil
}

func exact(dst, src []byte) bool { return copy(dst, src) == len(src) && len(src) == len(dst) }

func optional(dst, src []byte) bool { return src == nil || exact(dst, src) }

// checkText refuses what PostgreSQL could not store and what is longer than most bytes.
func checkText(s string, most int) error {
	switch {
	case len(s) == 0 || len(s) > most:
		return fmt.Errorf("%w: text of %d bytes, 1 to %d expected", ErrLimit, len(s), most)
	case strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s):
		return fmt.Errorf("%w: text", ErrForm)
	}
	return nil
}

package exchange

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"

	"cantal.fr/buron/sync/journal"
	"github.com/fxamacker/cbor/v2"
)

// Kinds of requests.
const (
	askHello = 1 // prove that both belong to the territory
	askOffer = 2 // one digest per shared scope
	askGet   = 3 // entries wanted
	askPut   = 4 // entries brought
	askBlobs = 5 // blobs wanted, each from an offset on

	askPutBlobs = 6 // parts of blobs brought
	askLacks    = 7 // the next page of what the other end lacks of blobs

	askSnapshot = 8 // the header of a snapshot, or frames of it
)

// Codes of answers.
const (
	codeOK       = 0
	codeStranger = 1 // no proof of the territory: nothing is said
	codeUnknown  = 2 // of the territory, but not admitted as far as is known here
	codeBad      = 3 // a request that cannot be read
	codeFailed   = 4 // the store failed: nothing was taken in
	codeRevoked  = 5 // admitted once and no more: nothing is said, but that the central takes in its own entries
)

// request is any request. Integer keys are the protocol, version 1.
type request struct {
	Ask     int         `cbor:"0,keyasint"`
	Proof   []byte      `cbor:"1,keyasint,omitempty"`
	Digests []scopeSum  `cbor:"2,keyasint,omitempty"`
	Wants   []want      `cbor:"3,keyasint,omitempty"`
	Pieces  []byte      `cbor:"4,keyasint,omitempty"` // pack
	Control bool        `cbor:"5,keyasint,omitempty"` // an offer of control alone
	Blobs   []wireBlob  `cbor:"6,keyasint,omitempty"`
	Chunks  []wireChunk `cbor:"7,keyasint,omitempty"`
	Reads   int         `cbor:"8,keyasint,omitempty"`  // 1: pieces may come as columns
	Columns []byte      `cbor:"9,keyasint,omitempty"`  // packColumns, in place of pieces
	Later   bool        `cbor:"18,keyasint,omitempty"` // with an offer: photos and documents are left for later here
	One     bool        `cbor:"19,keyasint,omitempty"` // of each chain, what follows the one entry alone (Store.Following)
	Room    int         `cbor:"15,keyasint,omitempty"` // most bytes of the entries, or frames, wanted; 0 for BatchBytes

	Snapshot *wireSnapshot `cbor:"10,keyasint,omitempty"`
}

type answer struct {
	Code     int           `cbor:"0,keyasint"`
	Proof    []byte        `cbor:"1,keyasint,omitempty"`
	Differ   []scopeHeads  `cbor:"2,keyasint,omitempty"`
	Pieces   []byte        `cbor:"3,keyasint,omitempty"`
	More     bool          `cbor:"4,keyasint,omitempty"`
	Admitted int           `cbor:"5,keyasint,omitempty"`
	Refused  []wireRefusal `cbor:"6,keyasint,omitempty"`
	Equal    []string      `cbor:"7,keyasint,omitempty"` // of the scopes offered, those that were found equal
	Receipts []wireReceipt `cbor:"8,keyasint,omitempty"` // of scopes that the peer writes without reading
	Lacks    []wireBlob    `cbor:"9,keyasint,omitempty"` // blobs that are lacking here and may be had of the peer
	Chunks   []wireChunk   `cbor:"10,keyasint,omitempty"`
	Clock    *wireClock    `cbor:"13,keyasint,omitempty"` // of a central, to an offer
	Held     []int64       `cbor:"11,keyasint,omitempty"` // of each blob brought, how many bytes are held now; -1 if it is not wanted
	Bare     []scopeHeads  `cbor:"12,keyasint,omitempty"` // entries after which bodies are missing here that are owed
	Reads    int           `cbor:"14,keyasint,omitempty"` // 1, in the answer to an offer that differs: pieces may come as columns
	Columns  []byte        `cbor:"15,keyasint,omitempty"` // packColumns, in place of pieces
	Later    bool          `cbor:"18,keyasint,omitempty"` // to an offer: photos and documents are left for later here
	Header   *wireHeader   `cbor:"16,keyasint,omitempty"`
	Frames   [][]byte      `cbor:"17,keyasint,omitempty"` // of a snapshot
}

type wireReceipt struct {
	_         struct{} `cbor:",toarray"`
	Scope     string
	Signature []byte
}

type scopeSum struct {
	_     struct{} `cbor:",toarray"`
	Scope string
	Sum   []byte
}

type scopeHeads struct {
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

type want struct {
	_           struct{} `cbor:",toarray"`
	Scope       string
	Incarnation []byte
	Have        [][]byte
}

type wireRefusal struct {
	_           struct{} `cbor:",toarray"`
	Scope       string
	Seq         uint64
	Reason      string
	Sentence    string
	Incarnation []byte
}

// Errors of an exchange.
var (
	ErrStranger = errors.New("exchange: the other end is not of this territory")
	ErrUnknown  = errors.New("exchange: the other end is not admitted to this territory")
	// ErrUnadmitted says that this device goes on under a key that nobody has admitted yet.
	ErrUnadmitted = errors.New("exchange: this device is not admitted to this territory yet")
	ErrFailed     = errors.New("exchange: the other end could not store what was sent")
	// ErrRevoked says that this device is no longer admitted, ErrPeerRevoked that the other end is not.
	ErrRevoked     = errors.New("exchange: this device is no longer admitted to this territory")
	ErrPeerRevoked = errors.New("exchange: the other end is no longer admitted to this territory")
	ErrMessage     = errors.New("exchange: a message that cannot be read")
)

var codec = func() (m struct {
	enc cbor.EncMode
	dec cbor.DecMode
}) {
	var err1, err2 error
	m.enc, err1 = cbor.CoreDetEncOptions().EncMode()
	m.dec, err2 = cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxArrayElements: 1 << 16, MaxNestedLevels: 8, DefaultMapType: reflect.TypeFor[map[string]any]()}.DecMode()
	if err1 != nil || err2 != nil {
		panic("exchange: cbor options")
	}
	return m
}()

func encode(v any) ([]byte, error) {
	b, err := codec.enc.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("exchange: encode: %w", err)
	}
	return b, nil
}

func decode(b []byte, v any) error {
	if len(b) > MaxFrame {
		return fmt.Errorf("%w: %d bytes", ErrMessage, len(b))
	}
	if err := codec.dec.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return nil
}

// Sides of a proof of the territory.
const (
	sideAsk    = "ask"
	sideAnswer = "answer"
)

// proof shows, on this connection only, that its author knows the territory's id.
func proof(t journal.Territory, exporter []byte, side string) []byte {
	m := hmac.New(sha256.New, t[:])
	m.Write([]byte("buron hello v1\n"))
	m.Write([]byte(side))
	m.Write([]byte{'\n'})
	m.Write(exporter)
	return m.Sum(nil)
}

func (h wireHead) head(scope string) (Head, error) {
	out := Head{Chain: journal.Chain{Scope: scope}, Seq: h.Seq}
	if len(h.Incarnation) != len(out.Chain.Incarnation) || len(h.Hash) != len(out.Hash) {
		return out, ErrMessage
	}
	copy(out.Chain.Incarnation[:], h.Incarnation)
	copy(out.Hash[:], h.Hash)
	return out, nil
}

func wireHeads(heads []Head) []wireHead {
	out := make([]wireHead, len(heads))
	for i, h := range heads {
		out[i] = wireHead{Incarnation: append([]byte(nil), h.Chain.Incarnation[:]...), Seq: h.Seq, Hash: append([]byte(nil), h.Hash[:]...)}
	}
	return out
}

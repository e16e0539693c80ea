package exchange

import (
	"fmt"
	"sync"

	"cantal.fr/buron/sync/journal"
	"github.com/klauspost/compress/zstd"
)

// pack compresses pieces for the wire: zstd of a CBOR array with the bytes of each, so that one that cannot
// be read does not take the others with it.
func pack(pieces []journal.Piece) ([]byte, error) {
	list, size := make([][]byte, 0, len(pieces)), 0
	for _, p := range pieces {
		b, err := p.AppendWire(nil)
		if err != nil {
			return nil, err
		}
		list, size = append(list, b), size+len(b)
	}
	if size > MaxPieceBytes {
		return nil, fmt.Errorf("exchange: %d bytes of pieces in one message: %w", size, ErrMessage)
	}
	b, err := encode(list)
	if err != nil {
		return nil, err
	}
	return compress(b)
}

// packed are pieces as a message brings them: in one of two forms.
type packed struct{ pieces, columns []byte }

// packFor packs pieces for a peer that reads columns, or for one that does not.
func packFor(columns bool, pieces []journal.Piece) (m packed, err error) {
	if columns && len(pieces) > 0 {
		m.columns, err = packColumns(pieces)
		return m, err
	}
	m.pieces, err = pack(pieces)
	return m, err
}

// unpack reads what packFor wrote, within the limit of a frame. Broken are the chains of the pieces that could
// not be read, as far as their first bytes tell them.
func unpack(m packed) (pieces []journal.Piece, broken []journal.Chain, err error) {
	var list [][]byte
	switch {
	case len(m.columns) > 0:
		if list, err = unpackColumns(m.columns); err != nil {
			return nil, nil, err
		}
	case len(m.pieces) > 0:
		raw, err := decompress(m.pieces)
		if err != nil {
			return nil, nil, err
		}
		if err := decode(raw, &list); err != nil {
			return nil, nil, err
		}
	}
	if len(list) > maxPieces {
		return nil, nil, fmt.Errorf("%w: %d pieces", ErrMessage, len(list))
	}
	for _, one := range list {
		p, rest, err := journal.ParsePiece(one)
		if err != nil || len(rest) > 0 || len(one) > MaxPieceBytes {
			broken = append(broken, p.Chain)
			continue
		}
		pieces = append(pieces, p)
	}
	return pieces, broken, nil
}

// takeIn unpacks and admits what sender brought; came are the chains of which there was anything.
func takeIn(m packed, admit func([]journal.Piece) (int, []Refusal, error), unreadable func([]journal.Chain) ([]Refusal, error)) (n int, refused []Refusal, came map[journal.Chain]bool, err error) {
	pieces, broken, err := unpack(m)
	if err != nil {
		return 0, nil, nil, err
	}
	came = map[journal.Chain]bool{}
	if len(broken) > 0 {
		if refused, err = unreadable(broken); err != nil {
			return 0, nil, nil, err
		}
	}
	for _, c := range broken {
		came[c] = true
	}
	for _, p := range pieces {
		came[p.Chain] = true
	}
	n, more, err := admit(pieces)
	return n, append(refused, more...), came, err
}

// Pack compresses pieces one after the other: for a file, which is whole or not at all and so has no use for
// reading on beyond one that is broken.
func Pack(pieces []journal.Piece) ([]byte, error) {
	var b []byte
	var err error
	for _, p := range pieces {
		if b, err = p.AppendWire(b); err != nil {
			return nil, err
		}
	}
	return compress(b)
}

// Unpack reads what Pack wrote. It checks form and limits; what the pieces are worth is for Store.Admit to
// say.
func Unpack(b []byte) ([]journal.Piece, error) {
	rest, err := decompress(b)
	if err != nil {
		return nil, err
	}
	var out []journal.Piece
	for len(rest) > 0 {
		var p journal.Piece
		if p, rest, err = journal.ParsePiece(rest); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMessage, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// Size returns about how many bytes a piece takes in a batch, before compression.
func Size(p journal.Piece) int { return sizeOf(p) }

// compressWindow is how far back a repetition is found: about a batch. It takes twice as much memory.
const compressWindow = 1 << 20

// encoders and decoders are kept for the next message: their tables cost more than a small one. Given whole
// messages, they have no goroutines that would have to end.
var encoders, decoders sync.Pool

func compress(b []byte) ([]byte, error) {
	enc, ok := encoders.Get().(*zstd.Encoder)
	if !ok {
		var err error
		enc, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(compressWindow))
		if err != nil {
			return nil, fmt.Errorf("exchange: compress: %w", err)
		}
	}
	defer encoders.Put(enc)
	return enc.EncodeAll(b, nil), nil
}

// decompress undoes compress, within the limit of a frame.
func decompress(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, nil
	}
	dec, ok := decoders.Get().(*zstd.Decoder)
	if !ok {
		var err error
		if dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxFrame)); err != nil {
			return nil, fmt.Errorf("exchange: decompress: %w", err)
		}
	}
	defer decoders.Put(dec)
	raw, err := dec.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return raw, nil
}

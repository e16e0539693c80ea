package bundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Kinds of frames inside a segment.
const (
	frameManifest = 1 // signature and manifest: the first frame of the cover, and nowhere else
	framePieces   = 2 // pieces of chains, as an exchange packs them
	frameReceipt  = 3 // up to where the maker holds the chains of some scopes
	frameBlob     = 4 // a part of a photo or a document
	frameLacks    = 5 // which blobs of a scope the maker lacks
)

// frameHead is the length of what stands before a frame's content: its kind and its length.
const frameHead = 5

func writeFrame(w io.Writer, kind byte, content []byte) error {
	head := [frameHead]byte{kind}
	binary.BigEndian.PutUint32(head[1:], uint32(len(content)))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}

// readFrame reads one frame; the error is io.EOF where the segment ends after the one before.
func readFrame(r io.Reader) (kind byte, content []byte, err error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: a frame's head", ErrDamaged)
		}
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("%w: a frame of %d bytes", ErrDamaged, n)
	}
	content = make([]byte, n)
	if _, err := io.ReadFull(r, content); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: a frame's content", ErrDamaged)
		}
		return 0, nil, err
	}
	return head[0], content, nil
}

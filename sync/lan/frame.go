// Package lan is the transport between neighbours: it finds them by mDNS, meets them over mutual TLS 1.3
// with the keys checked, and carries requests and answers in frames. It knows nothing of what they say. Its
// invariant: a handler is only ever called with the key that the other end has proved.
package lan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Types of frames. A request of type t is answered by a frame of the same type.
const (
	Exchange byte = 1
	Class    byte = 2
	Ring     byte = 3 // « exchange with me »: something new was written
	Join     byte = 4 // a device that asks to be admitted
	failed   byte = 255
)

// Limits of the transport.
const (
	maxFrame    = 8 << 20
	idleLimit   = 60 * time.Second // without a request
	callLimit   = 30 * time.Second // one request and its answer
	dialLimit   = 4 * time.Second
	maxSessions = 64 // connections served at once
	acceptAgain = time.Second

	// Of peers that have proved nothing yet.
	maxStrangers  = 16 // of the connections served at once
	strangerFrame = 64 << 10
	strangerLimit = 10 * time.Second // from the handshake on
)

// ErrFrame is returned for bytes that are not frames.
var ErrFrame = errors.New("lan: not a frame of this protocol")

// ErrRemote is returned where the other end could not serve a request.
var ErrRemote = errors.New("lan: the neighbour could not answer")

func writeFrame(w io.Writer, kind byte, payload []byte) error {
	if len(payload) > maxFrame {
		return fmt.Errorf("lan: frame of %d bytes: %w", len(payload), ErrFrame)
	}
	b := make([]byte, 5, 5+len(payload))
	b[0] = kind
	binary.BigEndian.PutUint32(b[1:], uint32(len(payload)))
	_, err := w.Write(append(b, payload...))
	return err
}

// readFrame reads one frame of at most limit bytes. Memory grows as bytes arrive: a length alone costs nothing.
func readFrame(r io.Reader, limit uint32) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > limit {
		return 0, nil, fmt.Errorf("lan: frame of %d bytes: %w", n, ErrFrame)
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, int64(n)); err != nil {
		return 0, nil, fmt.Errorf("lan: frame cut short: %w", err)
	}
	return head[0], b.Bytes(), nil
}

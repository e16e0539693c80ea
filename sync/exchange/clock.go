package exchange

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// wireClock is what the clock of the central shows, for one device on one connection.
type wireClock struct {
	_         struct{} `cbor:",toarray"`
	At        int64    // Unix milliseconds
	Signature []byte
}

const domainClock = "buron clock v1\n"

// slowest is the longest round trip that tells what time it is: the error is half of it at most.
const slowest = time.Minute

// clockSigned returns the bytes under the signature of an instant. The exporter is that of the connection: what was said
// on another one, to the same device too, says nothing here.
func clockSigned(t journal.Territory, to trust.Key, exporter []byte, at int64) []byte {
	b := append([]byte(domainClock), t[:]...)
	b = append(b, to[:]...)
	sum := sha256.Sum256(exporter)
	return binary.BigEndian.AppendUint64(append(b, sum[:]...), uint64(at))
}

// clock is what a central tells a device that it knows: the time. Nobody else is asked, nor believed.
func (v *Server) clock(w view, exporter []byte) *wireClock {
	if w.me.Role != record.Central || !w.peerKnown {
		return nil
	}
	at := v.s.Now().UnixMilli()
	return &wireClock{At: at, Signature: ed25519.Sign(v.s.Identity().Key, clockSigned(v.s.Territory(), w.peer.Key, exporter, at))}
}

// hearClock notes by how much the central's clock is ahead of this device's, which read asked when the question left.
// One that says nothing, or cannot be believed, is passed over: a clock keeps nothing from being exchanged.
func (r *run) hearClock(ctx context.Context, c *wireClock, asked time.Time) error {
	d, known := r.s.Roster().Device(r.peer)
	trip := r.s.Now().Sub(asked)
	if c == nil || !known || d.Role != record.Central || trip < 0 || trip > slowest {
		return nil
	}
	if !ed25519.Verify(r.peer[:], clockSigned(r.s.Territory(), r.s.Identity().Public(), r.exporter, c.At), c.Signature) {
		return nil
	}
	return r.s.NoteClock(ctx, r.peer, time.Duration(c.At-asked.Add(trip/2).UnixMilli())*time.Millisecond)
}

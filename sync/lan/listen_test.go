package lan

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"cantal.fr/buron/sync/trust"
)

func newIdentity(t *testing.T, name string) *trust.Identity {
	t.Helper()
	id, err := trust.NewIdentity(name, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A length that is only announced costs no memory.
func TestAFrameTakesMemoryAsItArrives(t *testing.T) {
	head := binary.BigEndian.AppendUint32([]byte{Exchange}, maxFrame)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := readFrame(bytes.NewReader(head), maxFrame)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; err == nil || got > 1<<20 {
		t.Errorf("%d bytes for nothing, %v", got, err)
	}
}

func TestStrangersSendShortFramesUntilSomeoneVouches(t *testing.T) {
	host, friend, stranger := newIdentity(t, "host"), newIdentity(t, "friend"), newIdentity(t, "stranger")
	const vouch = 7
	l, err := Listen("127.0.0.1:0", func() *trust.Identity { return host }, func(k trust.Key) bool { return k == friend.Public() }, map[byte]Handler{
		Exchange: func(_ context.Context, _ Peer, b []byte) ([]byte, error) { return b[:1], nil },
		vouch:    func(_ context.Context, p Peer, _ []byte) ([]byte, error) { p.Vouch(); return []byte{1}, nil },
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	defer func() { cancel(); <-done }()
	for _, c := range []struct {
		what    string
		id      *trust.Identity
		vouched bool
		size    int
		through bool
	}{
		{"a friend's long frame", friend, false, 1 << 20, true},
		{"a stranger's short frame", stranger, false, strangerFrame, true},
		{"a stranger's long frame", stranger, false, strangerFrame + 1, false},
		{"a long frame of one that was vouched for", stranger, true, 1 << 20, true},
	} {
		conn, err := Dial(t.Context(), l.Addr().String(), c.id, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.vouched {
			_, err = conn.Do(t.Context(), vouch, nil)
		}
		_, err2 := conn.Call(t.Context(), make([]byte, c.size))
		if err := errors.Join(err, err2); (err == nil) != c.through {
			t.Errorf("%s: %v", c.what, err)
		}
		_ = conn.Close()
	}
}

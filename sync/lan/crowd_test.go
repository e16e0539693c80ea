package lan

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"cantal.fr/buron/sync/trust"
	"github.com/grandcat/zeroconf"
)

// echo serves a listener that answers the first byte of what it is asked, and knows one friend.
func echo(t *testing.T, friend trust.Key, change func(*Listener)) string {
	t.Helper()
	host := newIdentity(t, "host")
	l, err := Listen("127.0.0.1:0", func() *trust.Identity { return host }, func(k trust.Key) bool { return k == friend }, map[byte]Handler{
		Exchange: func(_ context.Context, _ Peer, b []byte) ([]byte, error) { return b[:1], nil },
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	change(l)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return address
}

// Strangers have places of their own: however many hold on, a neighbour is served.
func TestStrangersKeepNoNeighbourOut(t *testing.T) {
	friend, stranger := newIdentity(t, "friend"), newIdentity(t, "stranger")
	address := echo(t, friend.Public(), func(*Listener) {})
	served := 0
	for range maxSessions {
		c, err := Dial(t.Context(), address, stranger, nil)
		if err != nil {
			continue
		}
		defer c.Close()
		if _, err := c.Call(t.Context(), []byte("x")); err == nil {
			served++
		}
	}
	if served == 0 {
		t.Fatal("no stranger is served: nobody could join")
	}
	c, err := Dial(t.Context(), address, friend, nil)
	if err != nil {
		t.Fatalf("beside %d strangers: %v", served, err)
	}
	defer c.Close()
	if _, err := c.Call(t.Context(), []byte("x")); err != nil {
		t.Errorf("beside %d strangers: %v", served, err)
	}
}

// A place that a stranger has is free again after a while, however busy the stranger is.
func TestAStrangerIsNotServedForEver(t *testing.T) {
	address := echo(t, trust.Key{}, func(l *Listener) { l.patience = 300 * time.Millisecond })
	c, err := Dial(t.Context(), address, newIdentity(t, "stranger"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for began := time.Now(); time.Since(began) < 10*time.Second; {
		if _, err := c.Call(t.Context(), []byte("x")); err != nil {
			return
		}
	}
	t.Error("a stranger holds its place as long as it asks")
}

// short is a listener of a system that has had no file left to open, once.
type short struct {
	net.Listener
	failed bool
}

func (s *short) Accept() (net.Conn, error) {
	if !s.failed {
		s.failed = true
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return s.Listener.Accept()
}

// What the system lacks for a moment ends nothing.
func TestNeighboursAreServedAfterAShortage(t *testing.T) {
	friend := newIdentity(t, "friend")
	address := echo(t, friend.Public(), func(l *Listener) { l.l = &short{Listener: l.l} })
	c, err := Dial(t.Context(), address, friend, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Call(t.Context(), []byte("x")); err != nil {
		t.Error(err)
	}
}

// Anyone on the network may announce a neighbour, at as many addresses as a datagram holds.
func TestANeighbourHasSoManyAddressesAndNoMore(t *testing.T) {
	b := NewBeacon("cafe", "1111", 1, func(Neighbour) {})
	e := &zeroconf.ServiceEntry{Port: 4242, Text: []string{"v=1", "t=cafe", "d=2222"}}
	for i := range 4000 {
		e.AddrIPv4 = append(e.AddrIPv4, net.IPv4(192, 0, byte(i>>8), byte(i)))
		e.AddrIPv6 = append(e.AddrIPv6, net.ParseIP("2001:db8::1"))
	}
	b.hear(e)
	if got := b.Neighbours(); len(got) != 1 || len(got[0].Addresses) == 0 || len(got[0].Addresses) > 16 {
		t.Errorf("%d neighbours, the first at %d addresses", len(got), len(got[0].Addresses))
	}
}

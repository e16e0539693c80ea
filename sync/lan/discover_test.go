package lan

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grandcat/zeroconf"
)

// What is announced are tags: the machine's own name is often a person's.
func TestTheMachinesNameIsNotAnnounced(t *testing.T) {
	name, err := os.Hostname()
	if err != nil || name == "" {
		t.Skip("the machine has no name")
	}
	b := NewBeacon("11223344", "aabbccdd", 4242, func(Neighbour) {})
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() { b.announce(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	r, err := zeroconf.NewResolver(nil)
	if err != nil {
		t.Skip("no multicast here: ", err)
	}
	entries := make(chan *zeroconf.ServiceEntry, 8)
	if err := r.Browse(ctx, Service, domain, entries); err != nil {
		t.Skip("no multicast here: ", err)
	}
	for e := range entries {
		if e.Instance == "buron-aabbccdd" {
			if strings.Contains(strings.ToLower(e.HostName), strings.ToLower(name)) {
				t.Errorf("announced as %s", e.HostName)
			}
			return
		}
	}
	t.Skip("no multicast here")
}

// Whoever announces without end neither fills the memory nor keeps those out who come later.
func TestWhatIsHeardIsBoundedAndForgotten(t *testing.T) {
	b := NewBeacon("11223344", "aabbccdd", 4242, func(Neighbour) {})
	for i := range 1000 {
		e := zeroconf.NewServiceEntry(fmt.Sprint("buron-", i), Service, domain)
		e.Port, e.Text, e.AddrIPv4 = 4242, []string{"v=1", "t=11223344", fmt.Sprint("d=", i)}, []net.IP{net.IPv4(192, 0, 2, 1)}
		b.hear(e)
	}
	if n := len(b.Neighbours()); n != maxKnown {
		t.Errorf("%d neighbours kept", n)
	}
	for tag, n := range b.known {
		n.Seen = n.Seen.Add(-2 * liveness)
		b.known[tag] = n
	}
	if n := len(b.Neighbours()); n != 0 || len(b.known) != 0 {
		t.Errorf("%d are still shown after their time, %d kept", n, len(b.known))
	}
}

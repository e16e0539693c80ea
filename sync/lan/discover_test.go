package lan

import (
	"context"
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

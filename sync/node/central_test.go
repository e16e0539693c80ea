package node

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// Strangers that begin a request and never end it must not keep the territory's devices out.
func TestStrangersDoNotTakeTheCentralsPlaces(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Agent)
	save(t, a, record.Equipment, machine("PC-1"))
	id, err := trust.NewIdentity("x", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	config, err := trust.ClientTLS(id, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 32 {
		c, err := tls.Dial("tcp", f.url[len("https://"):], config)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "POST /v1/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(c).ReadString('\n'); err != nil { // « 100 Continue »: it has a place, and waits for the body
			t.Fatal(fmt.Sprint(line, err))
		}
	}
	if o := f.exchange(a); o.Err != nil {
		t.Errorf("a device of the territory is turned away: %v", o.Err)
	}
}

// A central that asks for a moment is given it, whatever is written meanwhile.
func TestABusyCentralIsLeftAloneAsLongAsItAsks(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Agent)
	f.stop()
	var mu sync.Mutex
	var calls []time.Time
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		calls = append(calls, time.Now())
		mu.Unlock()
		w.Header().Set("Content-Type", "application/vnd.buron")
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
	})}
	l, err := tls.Listen("tcp", "127.0.0.1:0", trust.ServerTLS(f.central.Identity))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() { server.Close(); <-served }()
	n := New(a, Options{Listen: "127.0.0.1:0", Alone: true, Central: "https://" + l.Addr().String()})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.RunReady(ctx, nil) }()
	defer func() { cancel(); <-done }()
	eventually(t, "the central is asked again", func() bool {
		n.ExchangeNow(ctx)
		mu.Lock()
		defer mu.Unlock()
		return len(calls) > 1
	})
	if wait := calls[1].Sub(calls[0]); wait < 2*time.Second {
		t.Errorf("asked again after %s", wait)
	}
}

// Commands beside a running server count at once: both have the folder open.
func TestTheCentralNoticesWhatCommandsWrite(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Agent)
	if o := f.exchange(a); o.Err != nil {
		t.Fatal(o.Err)
	}
	command, err := replica.Open(t.Context(), f.central.Dir(), replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer command.Close()
	if _, err := command.Revoke(t.Context(), a.Identity().Public(), "perdue"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server knows that the device is revoked", func() bool { return f.central.Roster().Revoked(a.Identity().Public()) })
	if err := command.Readmit(t.Context(), a.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server knows that it is back", func() bool { return !f.central.Roster().Revoked(a.Identity().Public()) })
}

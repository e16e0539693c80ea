package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// Who does not end its request keeps the central from ending neither in time nor well, and is served no longer.
func TestACentralEndsBesideASlowRequest(t *testing.T) {
	f := newField(t)
	f.stop()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		done <- ServeCentral(ctx, f.central, ServeOptions{Listen: "127.0.0.1:0", Ready: func(a net.Addr) { ready <- a }, Log: f.log})
	}()
	config, err := trust.ClientTLS(f.central.Identity(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tls.Dial("tcp", (<-ready).String(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "POST /v1/exchange HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	// The handler has begun: it asks for the rest.
	if _, err := io.ReadFull(c, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("it ends with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the connection outlives the service: %d, %v", n, err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// A request line and headers of ours take a few hundred bytes: who sends more takes memory, and is cut off.
func TestACentralReadsNoLongHeaders(t *testing.T) {
	f := newField(t)
	config, err := trust.ClientTLS(f.join("poste", record.Agent).Identity(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tls.Dial("tcp", strings.TrimPrefix(f.url, "https://"), config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "GET /v1/hello HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", 64<<10)); err != nil {
		t.Fatal(err)
	}
	status := make([]byte, len("HTTP/1.1 431"))
	if _, err := io.ReadFull(c, status); err != nil || string(status) != "HTTP/1.1 431" {
		t.Errorf("%q, %v", status, err)
	}
}

// A device that cannot begin to exchange, as on a full disk, leaves no address taken that nobody answers at.
func TestAnAddressIsLeftWhereTheBeginningFails(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := errors.Join(l.Close(), a.Close()); err != nil { // nothing can be written any more
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	if _, err := New(a, Options{Listen: address, Alone: true}).open(t.Context(), &wg); err == nil {
		t.Fatal("it began")
	}
	if l, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}

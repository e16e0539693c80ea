package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// segment is the most bytes that are carried at once: about what a packet takes.
const segment = 1400

// queued is how many segments wait on the line in one direction of a connection before who sends is held up.
const queued = 32

// relay is a line between programs that connect to it and one that listens: each way it takes delay for a byte to
// arrive and carries rate bytes a second, all connections together, and every so often it resets all of them. The zero
// value of a limit is none.
type relay struct {
	to    string
	delay time.Duration
	rate  int
	ways  [2]way

	mu     sync.Mutex
	open   map[net.Conn]bool
	resets int
	made   int // connections
	cut    int // connections that were reset
}

// way is one direction of the line.
type way struct {
	mu    sync.Mutex
	free  time.Time // when what was taken so far has been sent
	bytes atomic.Int64
}

// carried is what a relay has done, in bytes that arrived.
type carried struct {
	Up          int64 `json:"up"`
	Down        int64 `json:"down"`
	Connections int   `json:"connections"`
	Resets      int   `json:"resets"` // times at which every connection was reset
	Cut         int   `json:"cut"`    // connections that were
}

func relayMain(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	listen, to := flags.String("listen", "127.0.0.1:0", "address"), flags.String("to", "", "address that connections are passed on to")
	delay := flags.Duration("delay", 0, "of a byte, each way")
	rate := flags.Int("rate", 0, "bytes a second, each way; 0 without limit")
	every := flags.Duration("every", 0, "time between two resets of all connections; 0 for none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	r := newRelay(*to, *delay, *rate)
	fmt.Fprintln(os.Stderr, "relay:", l.Addr())
	go r.serve(l)
	var tick <-chan time.Time
	if *every > 0 {
		t := time.NewTicker(*every)
		defer t.Stop()
		tick = t.C
	}
	for ctx.Err() == nil {
		select {
		case <-tick:
			r.reset()
		case <-ctx.Done():
		}
	}
	err = l.Close()
	r.reset()
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(r.carried()))
}

func newRelay(to string, delay time.Duration, rate int) *relay {
	return &relay{to: to, delay: delay, rate: rate, open: map[net.Conn]bool{}}
}

// serve passes connections on until the listener is closed.
func (r *relay) serve(l net.Listener) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		there, err := net.Dial("tcp", r.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		r.mu.Lock()
		r.made++
		r.open[from], r.open[there] = true, true
		r.mu.Unlock()
		go r.pass(there, from, &r.ways[0])
		go r.pass(from, there, &r.ways[1])
	}
}

// packet is what is on the line, and when it arrives.
type packet struct {
	bytes []byte
	at    time.Time
}

// pass carries one direction of a connection until either end has left.
func (r *relay) pass(to, from net.Conn, w *way) {
	line := make(chan packet, queued)
	go func() {
		defer close(line)
		for {
			b := make([]byte, segment)
			n, err := from.Read(b)
			if n > 0 {
				line <- packet{b[:n], r.arrival(w, n)}
			}
			if err != nil {
				return
			}
		}
	}()
	var err error
	for p := range line {
		if err != nil {
			continue // the reader must end
		}
		time.Sleep(time.Until(p.at))
		if _, err = to.Write(p.bytes); err == nil {
			w.bytes.Add(int64(len(p.bytes)))
		}
	}
	r.drop(from, to)
}

// arrival takes n bytes onto the line, once those before them are on it, and returns when they are at its end.
func (r *relay) arrival(w *way, n int) time.Time {
	if r.rate == 0 {
		return time.Now().Add(r.delay)
	}
	w.mu.Lock()
	begins := time.Now()
	if w.free.After(begins) {
		begins = w.free
	}
	w.free = begins.Add(time.Duration(n) * time.Second / time.Duration(r.rate))
	sent := w.free
	w.mu.Unlock()
	time.Sleep(time.Until(sent))
	return sent.Add(r.delay)
}

func (r *relay) drop(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		delete(r.open, c)
		_ = c.Close() // a second time, it is closed already
	}
}

// reset ends every connection with a reset rather than an end: what was on the line is lost.
func (r *relay) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resets++
	for c := range r.open {
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = c.Close()
		delete(r.open, c)
		r.cut++
	}
}

func (r *relay) carried() carried {
	r.mu.Lock()
	defer r.mu.Unlock()
	return carried{r.ways[0].bytes.Load(), r.ways[1].bytes.Load(), r.made, r.resets - 1, r.cut / 2}
}

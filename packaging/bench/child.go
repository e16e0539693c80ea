package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// Processes of their own, so that each has its own memory.
const (
	childServe  = "serve"
	childDevice = "device"
)

// Words that a device's process is told; to each it answers with a line of JSON.
const (
	sayExchange = "exchange" // by the journal alone
	saySnapshot = "snapshot" // begun with the service's snapshots
	saySearch   = "search"   // brings the search up to date
)

// told is the answer of a device's process.
type told struct {
	Seconds        float64
	Readable       float64 // until the records of a snapshot could be listed
	Received, Sent int
	RoundTrips     int
	Error          string
}

// serveChild is the service: it prints its address, and serves until its input ends.
func serveChild(ctx context.Context, dir string) error {
	r, err := replica.Open(ctx, dir, replica.Options{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until the other end is closed
		cancel()
	}()
	err = node.ServeCentral(ctx, r, node.ServeOptions{Listen: "127.0.0.1:0", Ready: func(a net.Addr) { fmt.Println(a) }, Log: slog.New(slog.DiscardHandler)})
	return errors.Join(err, r.Close())
}

// deviceChild is a device: it joins, and does what it is told.
func deviceChild(ctx context.Context, dir, code, url string) error {
	r, err := node.Join(ctx, dir, code, url, "poste", replica.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	enc := json.NewEncoder(os.Stdout)
	if err := enc.Encode(told{}); err != nil {
		return err
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var t told
		begun := time.Now()
		switch in.Text() {
		case sayExchange:
			r.SetByJournal(true)
			t = exchangeOnce(ctx, r)
		case saySnapshot:
			r.SetByJournal(false)
			t = snapshotOnce(ctx, r)
		case saySearch:
			_, err = r.Search(ctx, "zzz", nil, 1)
		}
		t.Seconds = time.Since(begun).Seconds()
		if err != nil {
			t.Error = err.Error()
		}
		if err := enc.Encode(t); err != nil {
			return err
		}
	}
	return nil
}

// exchangeOnce makes one exchange with the service.
func exchangeOnce(ctx context.Context, r *replica.Replica) (t told) {
	out, err := node.New(r, node.Options{Listen: "off"}).Once(ctx)
	if err == nil && len(out) != 1 {
		err = fmt.Errorf("%d partners", len(out))
	}
	if err == nil {
		t.Received, t.Sent, t.RoundTrips = out[0].Received, out[0].Sent, out[0].RoundTrips
		err = out[0].Err
	}
	if err != nil {
		t.Error = err.Error()
	}
	return t
}

// snapshotOnce makes a first exchange, and notes when the records were there to be listed.
func snapshotOnce(ctx context.Context, r *replica.Replica) (t told) {
	begun := time.Now()
	readable := make(chan time.Duration, 1)
	unsubscribe := r.Subscribe(func(replica.Notice) {
		list, err := r.Unverified(ctx)
		if err != nil || len(list) == 0 {
			return
		}
		if page, err := r.List(ctx, replica.Query{Kind: record.Equipment, Order: []string{"tag"}, Limit: 50}); err == nil && len(page) == 50 {
			select {
			case readable <- time.Since(begun):
			default: // it is the first time that counts
			}
		}
	})
	defer unsubscribe()
	t = exchangeOnce(ctx, r)
	select {
	case d := <-readable:
		t.Readable = d.Seconds()
	default:
	}
	return t
}

// child is a process that was started, from the side of who started it.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(ctx context.Context, words ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, words...)}
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	c.out = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if !c.out.Scan() {
		return nil, fmt.Errorf("%s: it ended: %w", words[0], c.cmd.Wait())
	}
	return c, nil
}

// tell says a word to a device and returns its answer.
func (c *child) tell(word string) (t told, err error) {
	if _, err := fmt.Fprintln(c.in, word); err != nil {
		return t, err
	}
	if !c.out.Scan() {
		return t, fmt.Errorf("%s: the device ended", word)
	}
	if err := json.Unmarshal(c.out.Bytes(), &t); err != nil {
		return t, err
	}
	if t.Error != "" {
		return t, fmt.Errorf("%s: %s", word, t.Error)
	}
	return t, nil
}

func (c *child) close() error { return errors.Join(c.in.Close(), c.cmd.Wait()) }

// wire passes bytes on between devices and the service, and counts them.
type wire struct {
	l     net.Listener
	bytes atomic.Int64
}

func newWire(to string) (*wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{l: l}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", to)
			if err != nil {
				_ = from.Close()
				continue
			}
			go w.pass(from, there)
			go w.pass(there, from)
		}
	}()
	return w, nil
}

func (w *wire) url() string { return "https://" + w.l.Addr().String() }

func (w *wire) pass(to, from net.Conn) {
	_, _ = io.Copy(io.MultiWriter(to, counter{w}), from) // ends when either end has left
	_ = to.Close()
}

// counted returns the bytes that have passed since it was last asked.
func (w *wire) counted() int64 { return w.bytes.Swap(0) }

type counter struct{ w *wire }

func (c counter) Write(b []byte) (int, error) {
	c.w.bytes.Add(int64(len(b)))
	return len(b), nil
}

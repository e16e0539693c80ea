package lan

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"cantal.fr/buron/sync/trust"
)

// Peer is the other end of a connection.
type Peer struct {
	Key      trust.Key
	Exporter []byte // trust.Exporter of the connection
	Addr     net.Addr
	vouched  *bool
}

// Vouch lets the peer send whole frames from now on: a handler calls it once the peer has proved that it
// belongs, though its key is not known yet.
func (p Peer) Vouch() {
	if p.vouched != nil {
		*p.vouched = true
	}
}

// Handler answers one request.
type Handler func(ctx context.Context, p Peer, request []byte) (answer []byte, err error)

// Listener serves neighbours.
type Listener struct {
	l        net.Listener
	known    func(trust.Key) bool
	handlers map[byte]Handler
	log      *slog.Logger
	patience time.Duration // for a stranger, from its handshake on
}

// Listen opens a TCP address for neighbours; ":0" lets the system choose the port. Known tells which keys are
// admitted: of others only short frames are read, until a handler has vouched for them.
func Listen(addr string, id func() *trust.Identity, known func(trust.Key) bool, handlers map[byte]Handler, log *slog.Logger) (*Listener, error) {
	config := trust.ServerTLS(id)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("lan: listen on %s: %w", addr, err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Listener{tls.NewListener(l, config), known, handlers, log, strangerLimit}, nil
}

// Addr returns the address that is listened on.
func (l *Listener) Addr() *net.TCPAddr { return l.l.Addr().(*net.TCPAddr) }

// Close leaves the address of a listener that does not serve.
func (l *Listener) Close() error { return l.l.Close() }

// Serve answers neighbours until ctx is done, and returns once every connection is closed.
func (l *Listener) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = l.l.Close() })
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	slots, strangers := make(chan struct{}, maxSessions), make(chan struct{}, maxStrangers)
	for {
		c, err := l.l.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			// Files to open, or memory, may lack for a moment: neighbours are served again as soon as they do not.
			l.log.Warn("no neighbour is let in for now", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(acceptAgain):
			}
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			_ = c.Close() // the neighbour tries again
			continue
		}
		wg.Go(func() {
			defer func() { <-slots }()
			defer c.Close()
			done := context.AfterFunc(ctx, func() { _ = c.Close() })
			defer done()
			if err := l.serve(ctx, c.(*tls.Conn), strangers); err != nil && ctx.Err() == nil {
				l.log.Debug("neighbour left", "addr", c.RemoteAddr(), "err", err)
			}
		})
	}
}

// errCrowd says that strangers have no place left: those that belong here keep theirs.
var errCrowd = errors.New("lan: too many strangers at once")

func (l *Listener) serve(ctx context.Context, c *tls.Conn, strangers chan struct{}) error {
	if err := c.SetDeadline(time.Now().Add(dialLimit)); err != nil {
		return err
	}
	peer, err := handshake(ctx, c)
	if err != nil {
		return err
	}
	if !l.known(peer.Key) {
		select {
		case strangers <- struct{}{}:
			defer func() { <-strangers }()
		default:
			return errCrowd
		}
	}
	enough := time.Now().Add(l.patience) // of a stranger, however much it asks
	for {
		limit, until := uint32(maxFrame), time.Now().Add(idleLimit)
		if !*peer.vouched && !l.known(peer.Key) {
			limit, until = strangerFrame, enough
		}
		if err := c.SetDeadline(until); err != nil {
			return err
		}
		kind, request, err := readFrame(c, limit)
		if err != nil {
			return err
		}
		handler := l.handlers[kind]
		if handler == nil {
			return writeFrame(c, failed, nil)
		}
		answer, err := handler(ctx, peer, request)
		if err != nil {
			l.log.Info("request failed", "peer", peer.Key.Tag(), "type", kind, "err", err)
		}
		if answer == nil && err != nil {
			kind = failed
		}
		if err := c.SetDeadline(time.Now().Add(callLimit)); err != nil {
			return err
		}
		if err := writeFrame(c, kind, answer); err != nil {
			return err
		}
	}
}

func handshake(ctx context.Context, c *tls.Conn) (Peer, error) {
	if err := c.HandshakeContext(ctx); err != nil {
		return Peer{}, fmt.Errorf("lan: handshake: %w", err)
	}
	state := c.ConnectionState()
	key, err := trust.PeerKey(state)
	if err != nil {
		return Peer{}, err
	}
	exporter, err := trust.Exporter(state)
	if err != nil {
		return Peer{}, err
	}
	return Peer{key, exporter, c.RemoteAddr(), new(bool)}, nil
}

// Conn is a connection to a neighbour. Its calls are made one after the other.
type Conn struct {
	c    *tls.Conn
	peer Peer
	mu   sync.Mutex
}

// Dial meets a neighbour at host:port. Pinned, where it is not nil, is the key that it must prove.
func Dial(ctx context.Context, addr string, id *trust.Identity, pinned *trust.Key) (*Conn, error) {
	config, err := trust.ClientTLS(id, pinned)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("lan: dial %s: %w", addr, err)
	}
	c := tls.Client(raw, config)
	peer, err := handshake(ctx, c)
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return &Conn{c: c, peer: peer}, nil
}

// Peer returns the other end.
func (c *Conn) Peer() Peer { return c.peer }

// Close ends the connection.
func (c *Conn) Close() error { return c.c.Close() }

// Do sends a request of a type and waits for its answer, 30 s at most.
func (c *Conn) Do(ctx context.Context, kind byte, request []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.c.SetDeadline(time.Now().Add(callLimit)); err != nil {
		return nil, fmt.Errorf("lan: call: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.c.SetDeadline(time.Now()) })
	defer stop()
	if err := writeFrame(c.c, kind, request); err != nil {
		return nil, fmt.Errorf("lan: call: %w", err)
	}
	got, answer, err := readFrame(c.c, maxFrame)
	switch {
	case err != nil:
		return nil, fmt.Errorf("lan: call: %w", err)
	case got == failed:
		return nil, ErrRemote
	case got != kind:
		return nil, ErrFrame
	}
	return answer, nil
}

// Call sends an exchange request: a Conn is an exchange.Conn.
func (c *Conn) Call(ctx context.Context, request []byte) ([]byte, error) {
	return c.Do(ctx, Exchange, request)
}

// Package node is one running device: it owns every goroutine, meets neighbours and the central, decides
// when to exchange, lends classes, and says how things stand. It draws nothing and decides nothing about
// records. Its invariant: when Run returns, none of its goroutines is left.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cantal.fr/buron/sync/class"
	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/lan"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/gofrs/flock"
	"github.com/google/uuid"
)

// Settings of a replica that a node keeps.
const (
	settingCentral    = "central"         // URL
	settingCentralKey = "central.key"     // learnt when joining
	settingContact    = "central.contact" // last exchange with the central, RFC 3339
	settingPort       = "lan.port"        // so that the address that others remember stays true
	settingNeighbours = "lan.neighbours"  // where devices were met last
)

// lockFile is held by the process that exchanges for a data folder.
const lockFile = "sync.lock"

// Options of a node; the zero value meets neighbours and the central that the device joined through.
type Options struct {
	Central  string        // URL; "" for the one that is remembered, "off" for none
	Listen   string        // address for neighbours; "" for any port, "off" for none
	Peers    []string      // host:port of neighbours to meet besides those that mDNS finds
	Alone    bool          // do not announce or look for neighbours by mDNS
	Interval time.Duration // between two exchanges with nothing new; 0 for a minute
	OnClass  func()        // a class was lent, changed or ended on this terminal
	USB      bool          // read the bundles of sticks that are plugged in, and those dropped into the inbox
	Folders  []string      // folders that are looked at like sticks
	// FactsOnly leaves photos and documents for later, whatever the setting says: the network costs money.
	FactsOnly bool
	// Importable says whether a file dropped into the inbox is one that the program can import; nil for none.
	// Those are listed in the status, and are never imported without being asked.
	Importable func(path string) bool
	Log        *slog.Logger // nil: nothing is logged
}

// Node is a device that exchanges.
type Node struct {
	r        *replica.Replica
	o        Options
	log      *slog.Logger
	server   *exchange.Server
	desk     *class.Desk
	terminal *class.Terminal

	sticks sync.Mutex // held while bundles are read, one after the other

	mu         sync.Mutex
	subs       map[int]func(Status)
	sub        int
	partners   map[string]*partner // by address, "" for the central
	busy       int                 // exchanges under way
	progress   exchange.Progress
	central    CentralStatus
	last       time.Time
	listen     string // address that is listened on, "" without
	beacon     *lan.Beacon
	hostIP     string // of the host that lent a class
	kiosks     map[string]*lan.Conn
	importable []string                // files of the inbox that can be imported
	over       map[trust.Key]uuid.UUID // class that a terminal has ended
	run        context.Context         // of Run, nil before and after
	wg         *sync.WaitGroup
}

// New returns a node on a replica; it does nothing until Run.
func New(r *replica.Replica, o Options) *Node {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Interval == 0 {
		o.Interval = time.Minute
	}
	if o.FactsOnly {
		r.SetFactsOnly(true)
	}
	if o.OnClass == nil {
		o.OnClass = func() {}
	}
	return &Node{
		r: r, o: o, log: o.Log, server: exchange.NewServer(r, o.Log), desk: class.NewDesk(r.Now), terminal: class.NewTerminal(r.Now, standsAt(r), o.OnClass),
		subs: map[int]func(Status){}, partners: map[string]*partner{}, kiosks: map[string]*lan.Conn{}, over: map[trust.Key]uuid.UUID{},
	}
}

// standsAt tells whether a public terminal stands at a place; other devices are nobody's terminal.
func standsAt(r *replica.Replica) func(place string) bool {
	return func(place string) bool {
		d := r.Self()
		return d.Role != record.Kiosk || slices.Contains(d.Places, place)
	}
}

// Replica returns the replica that the node exchanges for.
func (n *Node) Replica() *replica.Replica { return n.r }

// Timing of the loops.
const (
	pollEvery  = 250 * time.Millisecond // for writes of other processes
	debounce   = 200 * time.Millisecond // after a write, for what comes right behind it
	classEvery = 600 * time.Millisecond
)

// Run exchanges until ctx is done. Beside another process that exchanges for the same folder it only
// notices what is written, and takes over when the other ends.
func (n *Node) Run(ctx context.Context) error { return n.RunReady(ctx, nil) }

// RunReady is Run; ready, which may be nil, is called with the address for neighbours once it is listened on.
func (n *Node) RunReady(ctx context.Context, ready func(addr string)) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { poll(ctx, n.r, n.log) })
	lock := flock.New(filepath.Join(n.r.Dir(), lockFile))
	if err := n.takeLock(ctx, lock); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil
	}
	defer func() { _ = lock.Unlock() }()
	sweepCopies(n.r.Dir(), n.log)
	n.mu.Lock()
	n.run, n.wg = ctx, &wg
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		n.run, n.wg = nil, nil
		n.mu.Unlock()
	}()
	unsubscribe := n.r.Subscribe(func(replica.Notice) { n.kickAll() })
	defer unsubscribe()
	addr, err := n.open(ctx, &wg)
	if err != nil {
		return err
	}
	if ready != nil {
		ready(addr)
	}
	n.meetKnown(ctx)
	wg.Go(func() { n.classLoop(ctx) })
	wg.Go(func() { n.watchNetwork(ctx) })
	if n.o.USB || len(n.o.Folders) > 0 {
		wg.Go(func() { n.watchSticks(ctx) })
	}
	<-ctx.Done()
	return nil
}

// takeLock waits until this process is the one that exchanges.
func (n *Node) takeLock(ctx context.Context, lock *flock.Flock) error {
	for {
		ok, err := lock.TryLock()
		if err != nil {
			return fmt.Errorf("node: lock %s: %w", n.r.Dir(), err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

// open listens for neighbours and announces this device.
func (n *Node) open(ctx context.Context, wg *sync.WaitGroup) (string, error) {
	if n.o.Listen == "off" {
		return "", nil
	}
	l, err := n.listenOn(ctx)
	if err != nil {
		return "", err
	}
	port := l.Addr().Port
	if err := n.r.SetSetting(ctx, settingPort, strconv.Itoa(port)); err != nil {
		return "", errors.Join(err, l.Close())
	}
	n.mu.Lock()
	n.listen = l.Addr().String()
	n.mu.Unlock()
	wg.Go(func() {
		if err := l.Serve(ctx); err != nil {
			n.log.Error("neighbours are not served any more", "err", err)
		}
	})
	if !n.o.Alone {
		b := lan.NewBeacon(n.r.Territory().String()[:8], n.r.Identity().Public().Tag(), port, func(found lan.Neighbour) { n.heard(found) })
		n.mu.Lock()
		n.beacon = b
		n.mu.Unlock()
		wg.Go(func() { _ = b.Run(ctx) })
	}
	return l.Addr().String(), nil
}

// listenOn opens the address asked for; left free, the port of last time, so that others find it again.
func (n *Node) listenOn(ctx context.Context) (*lan.Listener, error) {
	handlers := map[byte]lan.Handler{lan.Exchange: n.serveExchange, lan.Class: n.serveClass, lan.Join: n.serveJoin}
	listen := func(addr string) (*lan.Listener, error) {
		return lan.Listen(addr, n.r.Identity, n.knows, handlers, n.log)
	}
	if n.o.Listen != "" && !strings.HasSuffix(n.o.Listen, ":0") {
		return listen(n.o.Listen)
	}
	host := strings.TrimSuffix(n.o.Listen, ":0")
	if port, err := n.r.Setting(ctx, settingPort); err == nil && port != "" {
		if l, err := listen(net.JoinHostPort(host, port)); err == nil {
			return l, nil
		}
	}
	return listen(net.JoinHostPort(host, "0"))
}

func (n *Node) knows(k trust.Key) bool {
	_, ok := n.r.Roster().Device(k)
	return ok
}

func (n *Node) serveExchange(ctx context.Context, p lan.Peer, b []byte) ([]byte, error) {
	if !n.knows(p.Key) && exchange.Proves(n.r.Territory(), p.Exporter, b) {
		p.Vouch() // admitted lately, as its control entries are about to say
	}
	return n.server.Serve(ctx, p.Key, p.Exporter, b)
}

func (n *Node) serveClass(_ context.Context, p lan.Peer, b []byte) ([]byte, error) {
	from, ok := n.r.Roster().Device(p.Key)
	if !ok {
		return nil, exchange.ErrUnknown
	}
	var terminal *class.Terminal
	var desk *class.Desk
	if from.Role == record.Kiosk {
		desk = n.desk
	}
	if n.r.Self().Role == record.Kiosk {
		terminal = n.terminal
	}
	answer, err := class.Serve(desk, terminal, from, b)
	if terminal != nil && from.Key == terminal.Host() {
		if host, _, err := net.SplitHostPort(p.Addr.String()); err == nil {
			n.mu.Lock()
			n.hostIP = host
			n.mu.Unlock()
		}
	}
	return answer, err
}

// poll notices what other processes write to the same folder, until ctx is done.
func poll(ctx context.Context, r *replica.Replica, log *slog.Logger) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := r.Poll(ctx); err != nil && ctx.Err() == nil {
				log.Warn("poll", "err", err)
			}
		}
	}
}

// PlaceKey returns the name in scopes of the place that a text names: its id or its name.
func PlaceKey(b record.Book, text string) (string, error) {
	for _, field := range []string{"uai", "name"} {
		found, err := b.Find(record.Site, field, text)
		if err != nil {
			return "", err
		}
		if len(found) == 1 {
			return record.PlaceKey(found[0]), nil
		}
	}
	if id, err := parseID(text); err == nil {
		if site, ok, err := b.Get(id); err == nil && ok && site.Kind == record.Site {
			return record.PlaceKey(site), nil
		}
		return id.String(), nil
	}
	return "", fmt.Errorf("lieu inconnu\u00a0: %s. Donnez l'UAI d'un collège, bus, ou l'identifiant du lieu", text)
}

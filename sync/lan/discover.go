package lan

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/grandcat/zeroconf"
)

// Service is the mDNS service of Buron.
const Service = "_buron._tcp"

const (
	domain    = "local."
	window    = 8 * time.Second  // of one browse: a resolver serves once
	liveness  = 90 * time.Second // after which a neighbour that was not heard again is gone
	lookAgain = 5 * time.Second  // between looks at the interfaces
)

// maxKnown is the most neighbours that are kept: anyone on the network may announce as many as they like.
const maxKnown = 200

// maxAddresses is the most addresses of a kind that a neighbour is known by.
const maxAddresses = 8

// Neighbour is a device that announces itself. It is a hint: its key is proved by a handshake only.
type Neighbour struct {
	Tag       string   // first digits of its key
	Addresses []string // host:port, most likely first
	Seen      time.Time
}

// Beacon announces this device and listens for others of its territory. The names that it announces are
// tags, never a person's or a place's.
type Beacon struct {
	territory, device string
	port              int
	found             func(Neighbour)

	mu    sync.Mutex
	known map[string]Neighbour
}

// NewBeacon returns a beacon for the device with these tags, which listens on port. Found is called with
// every neighbour heard, again and again as long as it is there; it must not block.
func NewBeacon(territory, device string, port int, found func(Neighbour)) *Beacon {
	return &Beacon{territory: territory, device: device, port: port, found: found, known: map[string]Neighbour{}}
}

// Run announces and listens until ctx is done.
func (b *Beacon) Run(ctx context.Context) error {
	// The library writes to the standard logger whatever happens on the network; none of it is for people.
	log.SetOutput(io.Discard)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { b.announce(ctx) })
	for ctx.Err() == nil {
		b.browse(ctx)
	}
	return nil
}

// announce registers the service, and again whenever the interfaces change: an address is frozen when it
// is registered.
func (b *Beacon) announce(ctx context.Context) {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	var server *zeroconf.Server
	defer func() {
		if server != nil {
			server.Shutdown()
		}
	}()
	var last []string
	for {
		if now := Addresses(); !slices.Equal(now, last) {
			if server != nil {
				server.Shutdown()
				server = nil
			}
			last = nil
			if len(now) > 0 {
				// The library would announce the machine's own name, which is often a person's. An error here is
				// a network that is just going: the next look tries again.
				name := "buron-" + b.device
				var err error
				if server, err = zeroconf.RegisterProxy(name, Service, domain, b.port, name, now, []string{"v=1", "t=" + b.territory, "d=" + b.device}, nil); err == nil {
					last = now
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Addresses returns where a neighbour may reach this machine, in order.
func Addresses() []string {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var out []string
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			// A link-local address of IPv6 would need a zone, which mDNS does not tell.
			if n, ok := a.(*net.IPNet); ok && (n.IP.IsGlobalUnicast() || n.IP.To4() != nil && n.IP.IsLinkLocalUnicast()) {
				out = append(out, n.IP.String())
			}
		}
	}
	slices.Sort(out)
	return out
}

// browse listens for one window, with a resolver and a channel of its own.
func (b *Beacon) browse(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, window)
	defer cancel()
	resolver, err := zeroconf.NewResolver(nil)
	if err != nil {
		<-ctx.Done()
		return
	}
	entries := make(chan *zeroconf.ServiceEntry, 16)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for e := range entries {
			b.hear(e)
		}
	})
	if err := resolver.Browse(ctx, Service, domain, entries); err != nil {
		close(entries)
		<-ctx.Done()
		return
	}
	<-ctx.Done()
}

// hear keeps a neighbour of this territory.
func (b *Beacon) hear(e *zeroconf.ServiceEntry) {
	txt := map[string]string{}
	for _, t := range e.Text {
		k, v, _ := strings.Cut(t, "=")
		txt[k] = v
	}
	if txt["v"] != "1" || txt["t"] != b.territory || txt["d"] == b.device || txt["d"] == "" {
		return
	}
	n := Neighbour{Tag: txt["d"], Seen: time.Now()}
	for _, ip := range e.AddrIPv4[:min(len(e.AddrIPv4), maxAddresses)] {
		n.Addresses = append(n.Addresses, net.JoinHostPort(ip.String(), strconv.Itoa(e.Port)))
	}
	for _, ip := range e.AddrIPv6[:min(len(e.AddrIPv6), maxAddresses)] {
		if !ip.IsLinkLocalUnicast() { // it would need a zone, which mDNS does not tell
			n.Addresses = append(n.Addresses, net.JoinHostPort(ip.String(), strconv.Itoa(e.Port)))
		}
	}
	if len(n.Addresses) == 0 {
		return
	}
	if b.keep(n) {
		b.found(n)
	}
}

// keep notes a neighbour, and reports whether there is room for it.
func (b *Beacon) keep(n Neighbour) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.prune()
	if _, again := b.known[n.Tag]; !again && len(b.known) >= maxKnown {
		return false
	}
	b.known[n.Tag] = n
	return true
}

// prune forgets those that were not heard for long: mDNS never says that one has left.
func (b *Beacon) prune() {
	maps.DeleteFunc(b.known, func(_ string, n Neighbour) bool { return time.Since(n.Seen) > liveness })
}

// Neighbours returns those heard in the last 90 seconds.
func (b *Beacon) Neighbours() []Neighbour {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.prune()
	out := slices.Collect(maps.Values(b.known))
	slices.SortFunc(out, func(a, c Neighbour) int { return strings.Compare(a.Tag, c.Tag) })
	return out
}

// String describes the beacon, for logs.
func (b *Beacon) String() string { return fmt.Sprintf("%s %s:%d", Service, b.device, b.port) }

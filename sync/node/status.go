package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/sync/central"
	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// CentralStatus says how the central stands.
type CentralStatus struct {
	URL         string // "" where no central was ever named
	LastContact time.Time
	State       string // "", "ok", "silent", "portal", "intercepted", "refused", "unadmitted", "revoked"
	Reason      string // sentence for people, "" where all is well
}

// PeerStatus says how a neighbour stands.
type PeerStatus struct {
	Key          trust.Key
	Name         string
	Role         record.Role
	Places       []string
	Address      string
	LastExchange time.Time
	Near         bool // the last exchange with it went well, lately
}

// Status is what a screen or a script needs to know of a device.
type Status struct {
	Device, Territory string
	Role              record.Role
	Records           int
	Pending           int
	Conflicts         int
	Central           CentralStatus
	Peers             []PeerStatus
	Refusals          []exchange.Refusal
	Exchanging        bool
	Received, Sent    int // of the exchange under way
	LastExchange      time.Time
	Listen            string
	KeyStore          string      // where the data key is kept, as people read it; "" where it is not on this device
	Sealed            string      // what to do where it is not; "" where it is
	DiskFree          uint64      // bytes; 0 where it is not known
	Copied            string      // sentence: this database was found to live twice; "" once it was read
	Clock             string      // sentence: the central has said that this device's clock is wrong, and what to do; "" where it is not
	Sticks            []StickNote // what was said of the last sticks, the newest first
	Importable        []string    // files of the inbox that wait to be imported

	Unverified []replica.Unverified // scopes whose records come from a snapshot that is still to be checked
}

// DiskFree returns the bytes that are free where the replica lives; 0 where that is not known.
func (n *Node) DiskFree() uint64 { return diskFree(n.r.Dir()) }

// nearFor is how long a neighbour counts as near after an exchange.
const nearFor = 3 * time.Minute

// Status returns how the device stands.
func (n *Node) Status(ctx context.Context) (Status, error) {
	s := Status{Device: n.r.Self().Name, Role: n.r.Self().Role, DiskFree: diskFree(n.r.Dir())}
	s.Territory, _, _ = n.r.Roster().Territory()
	var err error
	if s.Records, err = n.r.Records(ctx); err != nil {
		return s, err
	}
	s.KeyStore, s.Clock = n.r.KeyStore(), clockSentence(n.r)
	if s.Sealed, err = n.r.SealedSentence(ctx); err != nil {
		return s, err
	}
	if s.Pending, err = n.r.Pending(ctx); err != nil {
		return s, err
	}
	if s.Conflicts, err = n.r.CountConflicts(ctx); err != nil {
		return s, err
	}
	if s.Refusals, err = n.r.Refusals(ctx); err != nil {
		return s, err
	}
	if s.Sticks, err = listOf[StickNote](ctx, n, settingNotes); err != nil {
		return s, err
	}
	if s.Unverified, err = n.r.Unverified(ctx); err != nil {
		return s, err
	}
	if s.Copied, err = n.copied(ctx); err != nil {
		return s, err
	}
	if s.Central, err = n.centralStatus(ctx); err != nil {
		return s, err
	}
	seen, err := n.r.LastSeen(ctx)
	if err != nil {
		return s, err
	}
	s.Peers = n.peers(ctx, seen)
	n.mu.Lock()
	defer n.mu.Unlock()
	s.Exchanging, s.Received, s.Sent = n.busy > 0, n.progress.Received, n.progress.Sent
	s.Listen, s.LastExchange = n.listen, n.last
	s.Importable = slices.Clone(n.importable)
	for _, at := range seen {
		if at.After(s.LastExchange) {
			s.LastExchange = at
		}
	}
	if s.Central.LastContact.After(s.LastExchange) {
		s.LastExchange = s.Central.LastContact
	}
	return s, nil
}

func (n *Node) centralStatus(ctx context.Context) (CentralStatus, error) {
	n.mu.Lock()
	c := n.central
	n.mu.Unlock()
	if n.r.Roster().Revoked(n.r.Identity().Public()) {
		c.State, c.Reason = centralState(exchange.ErrRevoked), central.Sentence(exchange.ErrRevoked)
	}
	var err error
	if c.URL == "" {
		if c.URL, err = n.centralURL(ctx); err != nil {
			return c, err
		}
	}
	if c.LastContact.IsZero() {
		text, err := n.r.Setting(ctx, settingContact)
		if err != nil {
			return c, err
		}
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			c.LastContact = at
		}
	}
	return c, nil
}

// peers lists the neighbours that were ever met, the near ones first.
func (n *Node) peers(ctx context.Context, seen map[trust.Key]time.Time) []PeerStatus {
	known := map[trust.Key]PeerStatus{}
	add := func(key trust.Key, address string, at time.Time, near bool) {
		d, ok := n.r.Roster().Device(key)
		if !ok || d.Role == record.Central || key == n.r.Identity().Public() {
			return
		}
		p := known[key]
		p.Key, p.Name, p.Role, p.Places = key, d.Name, d.Role, d.Places
		if address != "" {
			p.Address = address
		}
		if at.After(p.LastExchange) {
			p.LastExchange = at
		}
		p.Near = p.Near || near
		known[key] = p
	}
	for key, at := range seen {
		add(key, "", at, false)
	}
	for _, k := range n.knownNeighbours(ctx) {
		if key, err := trust.ParseKey(k.Key); err == nil {
			add(key, k.Address, k.At, false)
		}
	}
	n.mu.Lock()
	for _, p := range n.partners {
		if p.address != "" && p.key != (trust.Key{}) {
			add(p.key, p.address, p.last, p.err == nil && time.Since(p.last) < nearFor)
		}
	}
	n.mu.Unlock()
	out := make([]PeerStatus, 0, len(known))
	for _, p := range known {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b PeerStatus) int {
		if a.Near != b.Near {
			if a.Near {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name+a.Key.String(), b.Name+b.Key.String())
	})
	return out
}

// Subscribe calls f with the status after each exchange and while one goes on; f must not block.
func (n *Node) Subscribe(f func(Status)) (cancel func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sub++
	id := n.sub
	n.subs[id] = f
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.subs, id)
	}
}

func (n *Node) publish(ctx context.Context) {
	n.mu.Lock()
	list := make([]func(Status), 0, len(n.subs))
	for _, f := range n.subs {
		list = append(list, f)
	}
	n.mu.Unlock()
	if len(list) == 0 {
		return
	}
	s, err := n.Status(context.WithoutCancel(ctx))
	if err != nil {
		return
	}
	for _, f := range list {
		f(s)
	}
}

func parseID(text string) (uuid.UUID, error) { return uuid.Parse(strings.TrimSpace(text)) }

package node

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"cantal.fr/buron/sync/central"
	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/lan"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// Limits of the retries with a partner that does not answer.
const (
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
)

// maxPartners is the number from which on nobody is met who was only announced: anyone on the network may
// announce as many as they like. Those that do not answer make room after a while.
const maxPartners = 200

// partner is one with whom this device exchanges: the central, or a neighbour at an address.
type partner struct {
	address string // "" for the central
	kick    chan struct{}
	key     trust.Key // proved by the last handshake, zero before
	last    time.Time // last exchange that went well
	err     error     // of the last exchange
}

// kickAll wakes every partner: something new was written.
func (n *Node) kickAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.partners {
		p.wake()
	}
}

func (p *partner) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// meet starts exchanging with the partner at an address; one that is known is only woken if it was heard
// after a failure.
func (n *Node) meet(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run == nil || n.run.Err() != nil {
		return
	}
	if p := n.partners[address]; p != nil {
		if p.err != nil {
			p.wake()
		}
		return
	}
	p := &partner{address: address, kick: make(chan struct{}, 1)}
	n.partners[address] = p
	ctx := n.run
	n.wg.Go(func() { n.serve(ctx, p) })
}

// heard is called by the beacon.
func (n *Node) heard(found lan.Neighbour) {
	for _, a := range found.Addresses[:min(len(found.Addresses), 2)] {
		n.mu.Lock()
		full := n.partners[a] == nil && len(n.partners) >= maxPartners
		n.mu.Unlock()
		if !full {
			n.meet(a)
		}
	}
}

// meetKnown begins with the central, the addresses that were given and those where devices were met last.
func (n *Node) meetKnown(ctx context.Context) {
	if url, err := n.centralURL(ctx); err == nil && url != "" {
		n.meet("")
	}
	for _, a := range n.o.Peers {
		n.meet(a)
	}
	for _, k := range n.knownNeighbours(ctx) {
		n.meet(k.Address)
	}
}

// serve exchanges with one partner until ctx is done: when it is woken, and every so often.
func (n *Node) serve(ctx context.Context, p *partner) {
	retry := firstRetry
	for ctx.Err() == nil {
		res, err := n.exchangeWith(ctx, p)
		wait := jitter(n.o.Interval)
		if err != nil {
			if res.Moved() {
				retry = firstRetry // the line is bad, and yet it brings something
			}
			wait = jitter(retry)
			retry = min(2*retry, lastRetry)
			if p.address != "" && retry == lastRetry && !slices.Contains(n.o.Peers, p.address) {
				n.drop(p) // mDNS will tell if it comes back
				return
			}
		} else {
			retry = firstRetry
		}
		if !rest(ctx, err) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-p.kick:
			if err != nil {
				retry = firstRetry
			}
		case <-time.After(wait):
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(debounce):
		}
	}
}

// rest waits as long as a busy central has asked for, whatever is written meanwhile; false once ctx is done.
func rest(ctx context.Context, err error) bool {
	var busy *central.Busy
	if !errors.As(err, &busy) {
		return true
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(busy.After):
		return true
	}
}

func (n *Node) drop(p *partner) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.partners, p.address)
}

func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1)
}

// Outcome is what one exchange did.
type Outcome struct {
	Partner string
	exchange.Result
	Err error
}

// exchangeWith makes one exchange and notes how it went.
func (n *Node) exchangeWith(ctx context.Context, p *partner) (exchange.Result, error) {
	n.begin()
	var res exchange.Result
	var err error
	if p.address == "" {
		res, err = n.withCentral(ctx)
	} else {
		res, err = n.withNeighbour(ctx, p)
	}
	n.mu.Lock()
	p.err = err
	if err == nil {
		p.last = n.r.Now()
		n.last = p.last
	}
	n.busy--
	n.mu.Unlock()
	if err == nil {
		n.dropDelivered(ctx)
	}
	if err != nil && ctx.Err() == nil {
		n.log.Info("exchange", "partner", p.address, "err", err)
	}
	n.publish(ctx)
	return res, err
}

// dropDelivered empties a public terminal of what people wrote on it, once others have signed for it.
func (n *Node) dropDelivered(ctx context.Context) {
	if n.r.Self().Role != record.Kiosk {
		return
	}
	if _, err := n.r.DropDelivered(ctx); err != nil && ctx.Err() == nil {
		n.log.Error("drop what was delivered", "err", err)
	}
}

func (n *Node) begin() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.busy++
	n.progress = exchange.Progress{}
}

func (n *Node) noteProgress(p exchange.Progress) {
	n.mu.Lock()
	n.progress = p
	n.mu.Unlock()
	n.publish(context.Background())
}

func (n *Node) centralURL(ctx context.Context) (string, error) {
	switch n.o.Central {
	case "":
	case "off":
		return "", nil
	default:
		return n.o.Central, nil
	}
	return n.r.Setting(ctx, settingCentral)
}

// centralKey returns the key that the central must prove: the one learnt when joining, unless it was ended
// since, else the one that the roster names.
func (n *Node) centralKey(ctx context.Context) (*trust.Key, error) {
	text, err := n.r.Setting(ctx, settingCentralKey)
	if err != nil {
		return nil, err
	}
	if text != "" {
		if k, err := trust.ParseKey(text); err != nil || !n.r.Roster().Revoked(k) {
			return &k, err
		}
	}
	for _, d := range n.r.Roster().Devices() {
		if d.Role == record.Central && !d.Revoked {
			return &d.Key, nil
		}
	}
	return nil, errors.New("cet appareil n'a pas rejoint ce territoire par un central\u00a0: faites «\u00a0buron join INVITATION --central URL\u00a0» dans un dossier neuf, ou échangez avec --peer")
}

func (n *Node) withCentral(ctx context.Context) (exchange.Result, error) {
	url, err := n.centralURL(ctx)
	if err != nil {
		return exchange.Result{}, err
	}
	res, err := n.callCentral(ctx, url)
	if err == nil {
		err = n.admitted()
	}
	n.mu.Lock()
	n.central = CentralStatus{URL: url, State: centralState(err), Reason: central.Sentence(err), LastContact: n.central.LastContact}
	if err == nil {
		n.central.LastContact = n.r.Now()
	}
	n.mu.Unlock()
	if err == nil && (n.contactIsOld(ctx) || res.Received+res.Sent > 0) {
		err = n.r.SetSetting(ctx, settingContact, n.r.Now().UTC().Format(time.RFC3339))
	}
	return res, err
}

// admitted is the error of a device that is on no roster: it levels control, and nothing else moves.
func (n *Node) admitted() error {
	if self := n.r.Identity().Public(); !n.knows(self) && !n.r.Roster().Revoked(self) {
		return exchange.ErrUnadmitted
	}
	return nil
}

// noteRevoked shows what a neighbour has said, as long as the central does not say otherwise.
func (n *Node) noteRevoked(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.central.State != "ok" {
		n.central.State, n.central.Reason = centralState(err), central.Sentence(err)
	}
}

// contactIsOld spares a durable write when nothing but the minute has changed.
func (n *Node) contactIsOld(ctx context.Context) bool {
	text, err := n.r.Setting(ctx, settingContact)
	if err != nil {
		return true
	}
	return isOld(n.r.Now(), text, 30*time.Second)
}

func (n *Node) callCentral(ctx context.Context, url string) (exchange.Result, error) {
	key, err := n.centralKey(ctx)
	if err != nil {
		return exchange.Result{}, err
	}
	res, err := n.callPinned(ctx, url, key)
	if !errors.Is(err, trust.ErrPinned) {
		return res, err
	}
	next, e := n.successor(ctx, url, *key)
	if e != nil {
		return res, err
	}
	if err := n.r.SetSetting(ctx, settingCentralKey, next.String()); err != nil {
		return res, err
	}
	return n.callPinned(ctx, url, &next)
}

// successor returns the key of the service at an address, where that is another central of the territory, as one that
// took the place of a lost one, or goes on from the one that is known.
func (n *Node) successor(ctx context.Context, url string, known trust.Key) (trust.Key, error) {
	c, err := central.NewClient(url, n.r.Identity(), nil)
	if err != nil {
		return trust.Key{}, err
	}
	defer c.Close()
	key, err := c.Successor(ctx, n.r.Territory(), known)
	if d, ok := n.r.Roster().Device(key); ok && d.Role == record.Central {
		return key, nil
	}
	return key, err
}

func (n *Node) callPinned(ctx context.Context, url string, key *trust.Key) (exchange.Result, error) {
	c, err := central.NewClient(url, n.r.Identity(), key)
	if err != nil {
		return exchange.Result{}, err
	}
	defer c.Close()
	res, err := exchange.Run(ctx, n.r, *key, nil, c, n.noteProgress)
	if !errors.Is(err, exchange.ErrStranger) {
		return res, err
	}
	// It has not heard of this device's key: one that goes on from another, or was admitted elsewhere.
	exporter, err := c.Exporter(ctx)
	if err != nil {
		return res, err
	}
	return exchange.Run(ctx, n.r, *key, exporter, c, n.noteProgress)
}

func centralState(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, exchange.ErrRevoked):
		return "revoked"
	case errors.Is(err, exchange.ErrUnadmitted):
		return "unadmitted"
	case errors.Is(err, central.ErrPortal):
		return "portal"
	case errors.Is(err, central.ErrIntercepted):
		return "intercepted"
	case errors.Is(err, central.ErrRefused):
		return "refused"
	}
	return "silent"
}

func (n *Node) withNeighbour(ctx context.Context, p *partner) (exchange.Result, error) {
	c, err := lan.Dial(ctx, p.address, n.r.Identity(), nil)
	if err != nil {
		return exchange.Result{}, err
	}
	defer c.Close()
	peer := c.Peer()
	if peer.Key == n.r.Identity().Public() {
		n.drop(p)
		return exchange.Result{}, nil
	}
	res, err := exchange.Run(ctx, n.r, peer.Key, peer.Exporter, c, n.noteProgress)
	n.mu.Lock()
	p.key = peer.Key
	n.mu.Unlock()
	if err == nil {
		n.remember(ctx, peer.Key, p.address)
		err = n.admitted()
	}
	if errors.Is(err, exchange.ErrRevoked) {
		n.noteRevoked(err)
	}
	return res, err
}

// neighbour is where a device was met last.
type neighbour struct {
	Key     string    `json:"key"`
	Address string    `json:"address"`
	At      time.Time `json:"at"`
}

// maxKnown is the number of addresses that are remembered.
const maxKnown = 40

func (n *Node) knownNeighbours(ctx context.Context) []neighbour {
	text, err := n.r.Setting(ctx, settingNeighbours)
	if err != nil || text == "" {
		return nil
	}
	var list []neighbour
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	return list
}

// remember keeps the address of a device; an address that has not changed is written again after an hour
// only.
func (n *Node) remember(ctx context.Context, key trust.Key, address string) {
	list := n.knownNeighbours(ctx)
	now := n.r.Now()
	for _, k := range list {
		if k.Key == key.String() && k.Address == address && now.Sub(k.At) < time.Hour {
			return
		}
	}
	list = slices.DeleteFunc(list, func(k neighbour) bool { return k.Key == key.String() })
	list = append([]neighbour{{key.String(), address, now}}, list...)
	b, err := json.Marshal(list[:min(len(list), maxKnown)])
	if err == nil {
		err = n.r.SetSetting(ctx, settingNeighbours, string(b))
	}
	if err != nil {
		n.log.Warn("remember a neighbour", "err", err)
	}
}

// ExchangeNow wakes every partner and begins with those that are only remembered.
func (n *Node) ExchangeNow(ctx context.Context) {
	n.meetKnown(ctx)
	n.kickAll()
}

// AddPeer begins to exchange with the neighbour at an address that somebody typed.
func (n *Node) AddPeer(address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return errors.New("écrivez une adresse et un port, comme 192.168.1.20:4242")
	}
	n.meet(address)
	return nil
}

// Once exchanges one time with the central and with the given neighbours, or with those that are remembered
// where none is given, and returns what each exchange did.
func (n *Node) Once(ctx context.Context) ([]Outcome, error) {
	var partners []*partner
	url, err := n.centralURL(ctx)
	if err != nil {
		return nil, err
	}
	if url != "" {
		partners = append(partners, &partner{})
	}
	addresses := n.o.Peers
	if len(addresses) == 0 && url == "" {
		for _, k := range n.knownNeighbours(ctx) {
			addresses = append(addresses, k.Address)
		}
	}
	for _, a := range addresses {
		partners = append(partners, &partner{address: a})
	}
	var out []Outcome
	for _, p := range partners {
		res, err := n.exchangeWith(ctx, p)
		o := Outcome{Partner: p.address, Result: res, Err: err}
		if p.address == "" {
			o.Partner = url
		}
		out = append(out, o)
	}
	return out, nil
}

package node

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"cantal.fr/buron/sync/class"
	"cantal.fr/buron/sync/lan"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// claimLimit is how long a pupil waits for the host's word before going on without it.
const claimLimit = 1500 * time.Millisecond

// LendClass lends a class to every terminal of its place that is near, now or later, until EndClass.
func (n *Node) LendClass(s class.Session) {
	n.mu.Lock()
	if _, port, err := net.SplitHostPort(n.listen); err == nil {
		s.Port, _ = strconv.Atoi(port)
	}
	n.mu.Unlock()
	if s.ID == uuid.Nil {
		s.ID = uuid.New()
	}
	s.Lent = n.r.Now()
	n.desk.Begin(s)
}

// EndClass ends the loan: the terminals that are reached forget the names at once, the others an hour after
// their last signature.
func (n *Node) EndClass(ctx context.Context) {
	s, ok := n.desk.Session()
	n.desk.End()
	n.mu.Lock()
	conns := n.kiosks
	n.kiosks = map[string]*lan.Conn{}
	n.mu.Unlock()
	for _, c := range conns {
		if ok {
			_, _ = ask(ctx, c, class.Message{Ask: class.AskEnd, Session: s.ID})
		}
		_ = c.Close()
	}
}

// Lent returns the class that this device lends, with who is done, and the names of the terminals that have it.
func (n *Node) Lent() (s class.Session, terminals []string, ok bool) {
	s, ok = n.desk.Session()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.kiosks {
		terminals = append(terminals, n.r.Roster().Name(c.Peer().Key))
	}
	return s, terminals, ok
}

// Over returns the names of the terminals that have ended the class that this device lends.
func (n *Node) Over() (terminals []string) {
	s, ok := n.desk.Session()
	n.mu.Lock()
	defer n.mu.Unlock()
	for key, id := range n.over {
		if ok && id == s.ID {
			terminals = append(terminals, n.r.Roster().Name(key))
		}
	}
	return terminals
}

// Terminal returns this device's side as a kiosk: the class that was lent to it.
func (n *Node) Terminal() *class.Terminal { return n.terminal }

// classLoop keeps the terminals in step while a class is lent.
func (n *Node) classLoop(ctx context.Context) {
	tick := time.NewTicker(classEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			n.EndClass(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			if s, ok := n.desk.Session(); ok {
				n.lendRound(ctx, s)
			}
		}
	}
}

// lendRound lends to terminals that lack the class and tells the others who is done; all at once, since one
// that is switched off must not keep the others waiting.
func (n *Node) lendRound(ctx context.Context, s class.Session) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for address, key := range n.nearTerminals(s) {
		wg.Go(func() { n.lendTo(ctx, s, address, key) })
	}
}

// lendTo is one terminal's part of a round.
func (n *Node) lendTo(ctx context.Context, s class.Session, address string, key trust.Key) {
	n.mu.Lock()
	c := n.kiosks[address]
	n.mu.Unlock()
	m := class.Message{Ask: class.AskSync, Session: s.ID, Done: s.Done}
	if c == nil {
		loan, err := class.Lend(s, n.r.Identity())
		if err != nil {
			n.log.Error("lend", "err", err)
			return
		}
		dialling, cancel := context.WithTimeout(ctx, askLimit)
		defer cancel()
		if c, err = lan.Dial(dialling, address, n.r.Identity(), &key); err != nil {
			n.log.Info("terminal not reached", "address", address, "err", err)
			return
		}
		m = class.Message{Ask: class.AskLend, Session: s.ID, Loan: &loan}
	}
	answer, err := ask(ctx, c, m)
	if err == nil && answer.OK && !answer.Ended {
		_, err = n.desk.Mark(s.ID, answer.Done)
	} else if err == nil && !answer.Ended {
		err = errors.New("the terminal has no such class") // restarted: lent again on the next round
	}
	n.mu.Lock()
	// Under the lock: EndClass ends the loan before it looks who has it.
	now, lent := n.desk.Session()
	over := !lent || now.ID != s.ID
	if err != nil || answer.Ended || over {
		delete(n.kiosks, address)
	} else {
		n.kiosks[address] = c
	}
	if answer.Ended {
		n.over[key] = s.ID
	}
	n.mu.Unlock()
	if over {
		_, _ = ask(ctx, c, class.Message{Ask: class.AskEnd, Session: s.ID}) // it may have taken the names just now
	} else if err != nil {
		n.log.Info("terminal lost", "address", address, "err", err)
	}
	if err != nil || answer.Ended || over {
		_ = c.Close()
	}
}

// nearTerminals returns the addresses of the kiosks of the class's place that were met and have not ended it.
func (n *Node) nearTerminals(s class.Session) map[string]trust.Key {
	roster := n.r.Roster()
	n.mu.Lock()
	defer n.mu.Unlock()
	out := map[string]trust.Key{}
	taken := map[trust.Key]bool{}
	for address := range n.kiosks {
		k := n.kiosks[address].Peer().Key
		out[address], taken[k] = k, true
	}
	for address, p := range n.partners {
		d, ok := roster.Device(p.key)
		over := n.over[p.key] == s.ID && s.ID != uuid.Nil
		if ok && d.Role == record.Kiosk && p.err == nil && !taken[p.key] && !over && slices.Contains(d.Places, s.Place) {
			out[address], taken[p.key] = p.key, true
		}
	}
	return out
}

// askLimit is how long a terminal has to answer its host.
const askLimit = 3 * time.Second

func ask(ctx context.Context, c *lan.Conn, m class.Message) (class.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	b, err := m.Encode()
	if err != nil {
		return class.Message{}, err
	}
	raw, err := c.Do(ctx, lan.Class, b)
	if err != nil {
		return class.Message{}, err
	}
	return class.Parse(raw)
}

// ClaimMember asks the host whether a pupil may sign on this terminal, and the terminals near in case the host
// is out of reach. Where nobody answers it may: no pupil is sent away, and a second signature is shown as one.
func (n *Node) ClaimMember(ctx context.Context, member uuid.UUID) bool {
	if !n.terminal.Begin(member) {
		return false
	}
	m := class.Message{Ask: class.AskClaim, Member: member}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var free bool
	wg.Go(func() { free = n.tellTerminals(ctx, m) })
	a, err := n.tellHost(ctx, m)
	if err == nil {
		cancel() // the host knows of all terminals: nobody else is waited for
	}
	if wg.Wait(); err == nil {
		free = a.OK
	}
	if !free {
		n.terminal.Leave(member)
	}
	return free
}

// ReleaseMember tells the host that a pupil did not go on.
func (n *Node) ReleaseMember(ctx context.Context, member uuid.UUID) {
	n.terminal.Leave(member)
	_, _ = n.tellHost(ctx, class.Message{Ask: class.AskRelease, Member: member})
}

// MemberDone tells the host and the terminals near at once that a pupil has acted on this terminal, which
// notes it first.
func (n *Node) MemberDone(ctx context.Context, member uuid.UUID) {
	n.terminal.Signed(member)
	m := class.Message{Ask: class.AskDone, Member: member}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { n.tellTerminals(ctx, m) })
	if a, err := n.tellHost(ctx, m); err == nil && a.OK {
		if s, ok := n.terminal.Current(); ok {
			_, _ = n.terminal.Sync(s.ID, a.Done)
		}
	}
}

// tellTerminals asks the other terminals of the place that were met lately; false where one of them says no.
func (n *Node) tellTerminals(ctx context.Context, m class.Message) bool {
	s, ok := n.terminal.Current()
	if !ok {
		return true
	}
	m.Session = s.ID
	ctx, cancel := context.WithTimeout(ctx, claimLimit)
	defer cancel()
	var wg sync.WaitGroup
	var refused atomic.Bool
	for address, key := range n.nearTerminals(s) {
		wg.Go(func() {
			c, err := lan.Dial(ctx, address, n.r.Identity(), &key)
			if err != nil {
				return
			}
			defer c.Close()
			if a, err := ask(ctx, c, m); err == nil && !a.OK {
				refused.Store(true)
			}
		})
	}
	wg.Wait()
	return !refused.Load()
}

// tellHost asks the host that lent the class, at the address from which it came.
func (n *Node) tellHost(ctx context.Context, m class.Message) (class.Message, error) {
	s, ok := n.terminal.Current()
	if !ok {
		return m, class.ErrNone
	}
	m.Session = s.ID
	n.mu.Lock()
	ip := n.hostIP
	n.mu.Unlock()
	if ip == "" || s.Port == 0 {
		return m, class.ErrNone
	}
	ctx, cancel := context.WithTimeout(ctx, claimLimit)
	defer cancel()
	host := n.terminal.Host()
	c, err := lan.Dial(ctx, net.JoinHostPort(ip, strconv.Itoa(s.Port)), n.r.Identity(), &host)
	if err != nil {
		return m, err
	}
	defer c.Close()
	return ask(ctx, c, m)
}

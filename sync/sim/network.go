package sim

import (
	"context"
	"errors"
	"slices"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/trust"
)

// A flight is an exchange under way. It runs on a goroutine of its own, but one at a time and only while the
// life waits for it: it stops at each request until the life carries that, loses it, doubles or damages it.
type flight struct {
	from, to *node
	key      trust.Key // under which the connection was made
	exporter []byte
	asked    chan []byte // the request that it waits for an answer to; closed when it is over
	answer   chan carried
	request  []byte // the one that waits
	early    []byte // a copy of an earlier one that the network still holds
	result   exchange.Result
	err      error
}

type carried struct {
	answer []byte
	err    error
}

var errNetwork = errors.New("sim: the network failed")

// Call is exchange.Conn.
func (f *flight) Call(_ context.Context, request []byte) ([]byte, error) {
	f.asked <- request
	c := <-f.answer
	return c.answer, c.err
}

// depart begins an exchange and runs it to its first request.
func (l *life) depart(from, to *node) *flight {
	f := &flight{from: from, to: to, key: from.id.Public(), asked: make(chan []byte), answer: make(chan carried), exporter: make([]byte, 32)}
	_, _ = l.random.Read(f.exporter)
	l.report.Exchanges++
	r, peer := from.r, to.id.Public()
	go func() {
		f.result, f.err = exchange.Run(l.ctx, r, peer, f.exporter, f, nil)
		close(f.asked)
	}()
	l.wait(f)
	return f
}

// wait lets the flight run to its next request or its end.
func (l *life) wait(f *flight) {
	request, going := <-f.asked
	if !going {
		l.flights = slices.DeleteFunc(l.flights, func(o *flight) bool { return o == f })
		f.request = nil
		if f.result.Snapshots > 0 {
			l.fault("begun with a snapshot")
		}
		if f.result.Snapshots > 0 && f.err != nil {
			l.fault("begun with a snapshot, and cut")
		}
		return
	}
	f.request = request
	if !slices.Contains(l.flights, f) {
		l.flights = append(l.flights, f)
	}
}

// resume hands an answer to the flight.
func (l *life) resume(f *flight, answer []byte, err error) {
	f.answer <- carried{answer, err}
	l.wait(f)
}

// dropFlights breaks the exchanges of a device, or all of them.
func (l *life) dropFlights(n *node) {
	for _, f := range slices.Clone(l.flights) {
		if n == nil || f.from == n || f.to == n {
			for f.request != nil {
				l.resume(f, nil, errNetwork)
			}
		}
	}
}

// serve has the other end answer a request.
func (l *life) serve(f *flight, request []byte) ([]byte, error) {
	l.report.Requests++
	n := f.to
	if n.r == nil {
		return nil, errNetwork
	}
	if l.random.chance(l.outages) {
		n.disk.left = 1 + l.random.IntN(4)
	}
	answer, err := n.server.Serve(l.ctx, f.key, f.exporter, request)
	n.disk.left = 0
	l.follow(n)
	if n.disk.dead || l.random.chance(l.outages) {
		l.outage(n, "as it answers "+f.from.label)
		return nil, errNetwork
	}
	if err != nil && len(answer) == 0 {
		return nil, errNetwork
	}
	return answer, nil
}

// Requests that are about blobs, by their first value (message.go of exchange), and the fault that is theirs.
const (
	askBlobs    = 5
	askPutBlobs = 6
	cutPower    = -1
)

// carry moves one exchange on by one request, over a network that fails.
func (l *life) carry(f *flight) {
	request := f.request
	if l.blocked[[2]*node{f.from, f.to}] {
		l.fault("one-way partition")
		l.resume(f, nil, errNetwork)
		return
	}
	fail := l.random.IntN(60)
	if blobs := len(request) > 2 && (request[2] == askBlobs || request[2] == askPutBlobs); blobs && l.random.chance(3) {
		fail = pick(l.random, []int{0, 2, 3, 5, 6, 7, cutPower})
		l.fault("blob cut")
		l.fail(l.cutPapers(f.from, f.to))
	}
	switch fail {
	case cutPower:
		l.outage(pick(l.random, []*node{f.from, f.to}), "as a blob is under way")
		return
	case 0:
		l.fault("loss of a request")
		l.resume(f, nil, errNetwork)
		return
	case 1:
		l.fault("duplication")
		_, _ = l.serve(f, request)
	case 2:
		l.fault("request corrupted")
		request = l.damage(request)
	case 3:
		l.fault("cut in a request")
		request = request[:l.random.IntN(len(request))]
	case 4:
		if f.early != nil {
			l.fault("reordering")
			_, _ = l.serve(f, f.early)
		}
	}
	f.early = request
	if f.request == nil {
		return // the power went at the copy, and the exchange with it
	}
	answer, err := l.serve(f, request)
	if f.request == nil {
		return
	}
	if l.blocked[[2]*node{f.to, f.from}] {
		l.fault("one-way partition")
		answer, err = nil, errNetwork
	}
	switch {
	case err != nil:
	case fail == 5:
		l.fault("loss of an answer")
		answer, err = nil, errNetwork
	case fail == 6 && len(answer) > 0:
		l.fault("cut in an answer")
		answer = answer[:l.random.IntN(len(answer))]
	case fail == 7 && len(answer) > 0:
		l.fault("answer corrupted")
		answer = l.damage(answer)
	}
	if l.random.chance(l.outages) {
		f.from.disk.left = 1 + l.random.IntN(4)
	}
	l.resume(f, answer, err)
	f.from.disk.left = 0
	l.follow(f.from)
	if f.from.disk.dead {
		l.outage(f.from, "in an exchange with "+f.to.label)
	}
}

// outage takes the power of a device away, in the middle of a transaction or just after it, and gives it back.
func (l *life) outage(n *node, when string) {
	l.say("  %s loses power %s", n.label, when)
	if n.disk.dead {
		l.fault("crash before commit")
	} else {
		l.fault("crash after commit")
	}
	l.halt(n)
	l.restart(n)
}

// damage changes some bits.
func (l *life) damage(b []byte) []byte {
	b = slices.Clone(b)
	for range 1 + l.random.IntN(3) {
		if len(b) > 0 {
			b[l.random.IntN(len(b))] ^= 1 << l.random.IntN(8)
		}
	}
	return b
}

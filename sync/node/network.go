package node

import (
	"context"
	"slices"
	"time"

	"cantal.fr/buron/sync/lan"
)

// lookEvery is the time between two looks at the network.
const lookEvery = 5 * time.Second

// sleptAfter is how far the clock on the wall may run ahead of the one that stops while the machine sleeps
// before it counts as having slept.
const sleptAfter = 20 * time.Second

// surroundings is what a device can see of its network without asking anyone.
type surroundings struct {
	wall      time.Time
	awake     time.Duration // by the clock that stops while the machine sleeps
	addresses []string
}

// opened reports whether somebody may be within reach now who was not when s was seen: an address was added, or
// the machine has slept in between. A network that is gone opens nothing.
func (s surroundings) opened(now surroundings) bool {
	if len(now.addresses) > 0 && s.moved(now) > sleptAfter {
		return true
	}
	return slices.ContainsFunc(now.addresses, func(a string) bool { return !slices.Contains(s.addresses, a) })
}

// moved returns by how much the clock on the wall has moved more than the other.
func (s surroundings) moved(now surroundings) time.Duration {
	return now.wall.Sub(s.wall) - (now.awake - s.awake)
}

// watchNetwork tries everybody again, without the patience that silence has taught, as soon as the network has
// changed or the machine wakes up: who sits down in a room with a network waits for nothing.
func (n *Node) watchNetwork(ctx context.Context) {
	began := time.Now()
	look := func() surroundings { return surroundings{time.Now().Round(0), time.Since(began), lan.Addresses()} }
	last := look()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := look()
		if err := n.r.ClockMoved(ctx, last.moved(now)); err != nil && ctx.Err() == nil {
			n.log.Warn("the clock was set, and is corrected until the next exchange", "err", err)
		}
		if last.opened(now) {
			n.ExchangeNow(ctx)
		}
		last = now
	}
}

package replica

import (
	"encoding/binary"
	"testing"

	"cantal.fr/buron/sync/journal"
	"pgregory.net/rapid"
)

// The way back on any branch comes to the same entry as step by step.
func TestTheWayBackOnABranch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := func(i int) (h journal.Hash) {
			binary.BigEndian.PutUint32(h[:], uint32(i+1))
			return h
		}
		chain, before := tree{}, []int{-1}
		chain.add(1, name(0), name(-1))
		for i := range rapid.IntRange(1, 200).Draw(rt, "entries") {
			from := i
			if rapid.IntRange(0, 9).Draw(rt, "fork") == 0 {
				from = rapid.IntRange(0, i).Draw(rt, "after")
			}
			before = append(before, from)
			chain.add(chain[name(from)].seq+1, name(i+1), name(from))
		}
		from := rapid.IntRange(0, len(before)-1).Draw(rt, "from")
		for at := from; at >= 0; at = before[at] {
			if got := chain.at(name(from), chain[name(at)].seq); got != name(at) {
				rt.Fatalf("from %d back to %d: %x", from, at, got[:4])
			}
		}
		if got := chain.at(name(from), 0); got != (journal.Hash{}) {
			rt.Fatalf("before the first: %x", got[:4])
		}
	})
}

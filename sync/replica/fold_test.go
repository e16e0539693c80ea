package replica

import (
	"encoding/binary"
	"testing"

	"cantal.fr/buron/sync/journal"
	"pgregory.net/rapid"
)

// Of many dots that are awaited each is found, once, as of few.
func TestWhatIsAwaitedIsFound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c, want := &cell{}, map[uint64]bool{}
		number, _ := numberedWriters()
		for range rapid.IntRange(1, 600).Draw(rt, "steps") {
			d := journal.Dot{Seq: rapid.Uint64Range(1, 300).Draw(rt, "dot")}
			if got := c.awaits(d) >= 0; got != want[d.Seq] {
				rt.Fatalf("%d is awaited: %t", d.Seq, got)
			}
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				s := &state{cells: []cell{*c}}
				if _, err := s.packCells(number); err != nil {
					rt.Fatal(err)
				}
				c = &s.cells[0]
			case 1, 2, 3:
				if got := c.arrives(d); got != want[d.Seq] {
					rt.Fatalf("%d was awaited: %t", d.Seq, got)
				}
				delete(want, d.Seq)
			default:
				if !want[d.Seq] {
					c.await(d)
				}
				want[d.Seq] = true
			}
			if len(c.pending) != len(want) {
				rt.Fatalf("%d are awaited, of %d", len(c.pending), len(want))
			}
		}
		for _, d := range c.pending {
			if !want[d.Seq] {
				rt.Fatalf("%d is still awaited", d.Seq)
			}
		}
	})
}

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

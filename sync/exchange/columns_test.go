package exchange

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"pgregory.net/rapid"
)

// pieces draws a chain in pieces: entries of one action and of many, some of them erased.
func pieces(t *rapid.T) []journal.Piece {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var territory journal.Territory
	g := &journal.Genesis{Key: public, Age: make([]byte, 32), App: "essai"}
	c := journal.Chain{Incarnation: journal.IncarnationOf(territory, g.Key, g.Nonce), Scope: "parc"}
	prev, seq := journal.GenesisHash(territory, c), uint64(1)
	var out []journal.Piece
	for range rapid.IntRange(0, 3).Draw(t, "pieces") {
		p := journal.Piece{Chain: c, Prev: prev}
		for range rapid.IntRange(1, 40).Draw(t, "entries") {
			d := journal.Draft{Incarnation: c.Incarnation, Scope: c.Scope, Seq: seq, Prev: prev, HLC: journal.HLC(seq << 20), Genesis: g}
			for range rapid.SampledFrom([]int{1, 1, 1, 2, 60}).Draw(t, "operations") {
				id, err := journal.NewID("parc", "equipment", time.Now(), rand.Reader)
				if err != nil {
					t.Fatal(err)
				}
				value := strings.Repeat("x", rapid.IntRange(0, 3).Draw(t, "length"))
				d.Ops = append(d.Ops, journal.Op{OpHead: journal.OpHead{Kind: "equipment", ID: id}, Cells: []journal.Cell{{Field: "note", Value: value}}})
			}
			e, err := journal.Sign(territory, key, d, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 5).Draw(t, "erased") == 0 {
				e.Erase(0)
			}
			p.Entries = append(p.Entries, e)
			prev, g = e.Hash, nil
			seq++
		}
		out = append(out, p)
	}
	return out
}

// What comes out of columns are the bytes that went in: what is signed does not change.
func TestColumnsGiveEachPieceBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := pieces(rt)
		b, err := packColumns(list)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := unpackColumns(b)
		if err != nil || len(got) != len(list) {
			rt.Fatalf("%d of %d pieces, %v", len(got), len(list), err)
		}
		for i, p := range list {
			want, err := p.AppendWire(nil)
			if err != nil || string(got[i]) != string(want) {
				rt.Fatalf("piece %d is\n%X\nand was\n%X, %v", i, got[i], want, err)
			}
		}
	})
}

func TestColumnsThatDoNotAddUpAreRefused(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b, err := packColumns(pieces(rt))
		if err != nil {
			rt.Fatal(err)
		}
		raw, err := decompress(b)
		if err != nil {
			rt.Fatal(err)
		}
		var c columns
		if err := decode(raw, &c); err != nil {
			rt.Fatal(err)
		}
		wrong := []func(){
			func() { c.Counts = append(c.Counts, 1) }, func() { c.HeadLens = append(c.HeadLens, 1) }, func() { c.TailLens = append(c.TailLens, -1) },
			func() { c.Heads = append(c.Heads, 1) }, func() { c.Seeds = append(c.Seeds, 1) }, func() { c.Tails = append(c.Tails, 1) },
			func() { c.Signatures = append(c.Signatures, 1) }, func() { c.Frames = append(c.Frames, nil) },
			func() { c.Frames, c.Counts = append(c.Frames, nil), append(c.Counts, 1<<60) },
			func() { c.HeadLens, c.TailLens = append(c.HeadLens, -5, 5), append(c.TailLens, 1<<40, -1<<40) },
		}
		rapid.SampledFrom(wrong).Draw(rt, "wrong")()
		raw, err1 := encode(c)
		b, err2 := compress(raw)
		if err := errors.Join(err1, err2); err != nil {
			rt.Fatal(err)
		}
		if got, err := unpackColumns(b); !errors.Is(err, ErrMessage) {
			rt.Fatalf("%d pieces, %v", len(got), err)
		}
	})
}

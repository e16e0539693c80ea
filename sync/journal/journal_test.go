package journal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// author writes a chain, one entry after the other.
type author struct {
	t     testing.TB
	terr  Territory
	key   ed25519.PrivateKey
	gen   *Genesis
	in    Incarnation
	scope string
	last  *Entry
}

func newAuthor(t testing.TB, scope string) *author {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	terr := TerritoryOf(pub, Hash{1})
	g := &Genesis{Key: pub, Nonce: [16]byte{9}, Age: make([]byte, 32), App: "test"}
	return &author{t, terr, key, g, IncarnationOf(terr, pub, g.Nonce), scope, nil}
}

func (a *author) public() ed25519.PublicKey { return a.gen.Key }

func (a *author) id(kind string) uuid.UUID {
	a.t.Helper()
	id, err := NewID(a.scope, kind, noon, rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return id
}

func (a *author) draft(ops ...Op) Draft {
	d := Draft{Incarnation: a.in, Scope: a.scope, Seq: 1, HLC: Tick(0, noon), Genesis: a.gen, Ops: ops,
		Prev: GenesisHash(a.terr, Chain{a.in, a.scope})}
	if a.last != nil {
		d.Seq, d.Prev, d.Genesis, d.HLC = a.last.Seq+1, a.last.Hash, nil, Tick(a.last.HLC, noon)
	}
	return d
}

func (a *author) write(ops ...Op) *Entry {
	a.t.Helper()
	e, err := Sign(a.terr, a.key, a.draft(ops...), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.last = e
	return e
}

func (a *author) room(cells ...Cell) Op {
	return Op{OpHead: OpHead{Kind: "room", ID: a.id("room")}, Cells: cells}
}

func pieceOf(entries ...*Entry) Piece {
	return Piece{Chain: entries[0].Chain(), Prev: entries[0].Prev, Entries: entries}
}

func wire(t testing.TB, p Piece) []byte {
	t.Helper()
	b, err := p.AppendWire(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t testing.TB, b []byte) Piece {
	t.Helper()
	p, rest, err := ParsePiece(b)
	if err != nil || len(rest) != 0 {
		t.Fatalf("ParsePiece: %v, %d bytes left", err, len(rest))
	}
	return p
}

func TestAPieceArrivesAsItWasSigned(t *testing.T) {
	a := newAuthor(t, "parc")
	parent := Dot{Incarnation: Incarnation{7}, Seq: 3, Tag: [8]byte{1}}
	op := a.room(
		Cell{Field: "floor", Value: int64(-1)}, Cell{Field: "name", Value: "Salle 12", Parents: []Dot{parent}}, Cell{Field: "note", Value: nil},
		Cell{Field: "photo", Value: []byte{1, 2}}, Cell{Field: "sockets", Value: []any{int64(1), "deux", map[string]any{"x": true}}})
	first := a.write(op)
	second := a.write(a.room(Cell{Field: "name", Value: "CDI"}), a.room(Cell{Field: "name", Value: "Salle 13"}))
	b := wire(t, pieceOf(first, second))
	p := parse(t, b)
	if err := p.Verify(a.terr, a.public()); err != nil {
		t.Fatal(err)
	}
	if p.Entries[1].Hash != second.Hash || p.Entries[0].Dot() != first.Dot() {
		t.Error("hashes differ from the author's")
	}
	got, err := p.Entries[0].Op(0)
	if diff := cmp.Diff(op, got); err != nil || diff != "" {
		t.Errorf("operation (%v) differs: %s", err, diff)
	}
	if again := wire(t, p); !bytes.Equal(b, again) {
		t.Error("a relayed piece has other bytes")
	}
	stored, err := ParseStored(AppendStored(nil, p.Entries[1]))
	if err != nil || stored.Hash != second.Hash || !bytes.Equal(stored.Signature, second.Signature) || stored.Prev != first.Hash {
		t.Errorf("stored entry: %+v, %v", stored, err)
	}
}

func TestASealedEntryShowsItsHeadAlone(t *testing.T) {
	a := newAuthor(t, "people/0150646X")
	op := a.room(Cell{Field: "name", Value: "Salle 12"})
	e := a.write(op)
	turn := func(b []byte) ([]byte, error) { // not a cipher: what is tested is where it is applied
		out := bytes.Clone(b)
		for i := range out {
			out[i] ^= 0x5a
		}
		return out, nil
	}
	sealed, err := e.Seal(turn)
	if err != nil || e.Sealed != nil {
		t.Fatal(err)
	}
	b := AppendStored(nil, sealed)
	if bytes.Contains(b, []byte("Salle 12")) || bytes.Contains(b, e.Seed) || !bytes.Contains(b, e.RawHead) {
		t.Error("what is stored shows a body or its salt, or hides the head")
	}
	got, err := ParseStored(b)
	if err != nil || got.Hash != e.Hash || got.HLC != e.HLC || !bytes.Equal(AppendStored(nil, got), b) {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := got.Op(0); !errors.Is(err, ErrSealed) {
		t.Errorf("an operation without the key: %v", err)
	}
	if _, err := pieceOf(got).AppendWire(nil); !errors.Is(err, ErrSealed) {
		t.Errorf("a sealed entry travels: %v", err)
	}
	if err := got.Unseal(turn); err != nil || !bytes.Equal(AppendStored(nil, got), AppendStored(nil, e)) {
		t.Errorf("unsealed: %v", err)
	}
	if _, err := got.Op(0); err != nil {
		t.Error(err)
	}
}

func TestEveryChangedByteIsRefused(t *testing.T) {
	a := newAuthor(t, "parc")
	b := wire(t, pieceOf(a.write(a.room(Cell{Field: "name", Value: "Salle 12"})), a.write(a.room(Cell{Field: "name", Value: "CDI"}))))
	for i := range b {
		for _, flip := range []byte{0x01, 0x80} {
			forged := bytes.Clone(b)
			forged[i] ^= flip
			p, rest, err := ParsePiece(forged)
			if err != nil {
				continue
			}
			if len(rest) == 0 && p.Verify(a.terr, a.public()) == nil {
				t.Fatalf("byte %d changed and still accepted", i)
			}
		}
	}
	for n := range b {
		if _, _, err := ParsePiece(b[:n]); err == nil {
			t.Fatalf("accepted when cut at %d of %d bytes", n, len(b))
		}
	}
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	a, other := newAuthor(t, "parc"), newAuthor(t, "parc")
	one, two, three := a.write(a.room()), a.write(a.room()), a.write(a.room())
	for _, c := range []struct {
		what  string
		piece Piece
		terr  Territory
		key   ed25519.PublicKey
		want  error
	}{
		{"whole", pieceOf(one, two, three), a.terr, a.public(), nil},
		{"tail", pieceOf(two, three), a.terr, a.public(), nil},
		{"another key", pieceOf(two, three), a.terr, other.public(), ErrSignature},
		{"another key opens the chain", pieceOf(one), a.terr, other.public(), ErrLink},
		{"another territory", pieceOf(one), other.terr, a.public(), ErrLink},
		{"another territory, later on", pieceOf(two), other.terr, a.public(), ErrSignature},
		{"a hole", pieceOf(one, three), a.terr, a.public(), ErrLink},
		{"another chain's start", Piece{Chain: Chain{a.in, "staff"}, Prev: one.Prev, Entries: []*Entry{one}}, a.terr, a.public(), ErrLink},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := parse(t, wire(t, c.piece))
			if err := p.Verify(c.terr, c.key); !errors.Is(err, c.want) {
				t.Errorf("Verify = %v, want %v", err, c.want)
			}
		})
	}
}

func TestErasingABodyKeepsTheChain(t *testing.T) {
	a := newAuthor(t, "people/bus")
	ops := []Op{{OpHead: OpHead{"attendance", a.id("attendance"), Personal | Once}, Cells: []Cell{{Field: "person_name", Value: "Élève 07"}}},
		{OpHead: OpHead{"attendance", a.id("attendance"), Personal | Once}, Cells: []Cell{{Field: "person_name", Value: "Élève 08"}}}}
	e := a.write(ops...)
	for i := range e.Ops {
		e.Salts = append(e.Salts, e.salt(i))
	}
	e.Seed, e.Salts[0], e.Bodies[0] = nil, nil, nil
	b := wire(t, pieceOf(e))
	if bytes.Contains(b, []byte("Élève 07")) || !bytes.Contains(b, []byte("Élève 08")) {
		t.Error("the wrong body was erased")
	}
	p := parse(t, b)
	if err := p.Verify(a.terr, a.public()); !errors.Is(err, ErrHollow) {
		t.Errorf("Verify = %v, want ErrHollow and nothing worse", err)
	}
	if p.Entries[0].Hash != e.Hash {
		t.Error("the hash changed with the erasure")
	}
	if _, err := p.Entries[0].Op(0); !errors.Is(err, ErrHollow) {
		t.Errorf("Op(0) = %v", err)
	}
	if op, err := p.Entries[0].Op(1); err != nil || op.Cells[0].Value != "Élève 08" {
		t.Errorf("Op(1) = %v, %v", op, err)
	}
	// A commitment put in place of a body that the seed still opens is no erasure.
	p.Entries[0].Seed = make([]byte, seedLen)
	if _, _, err := ParsePiece(wire(t, p)); err == nil {
		t.Error("a hollow operation came with the seed of its salt")
	}
}

func TestIdsAreBoundToScopeAndKind(t *testing.T) {
	for _, scope := range []string{"parc", "people/0150646X", "agenda"} {
		id, err := NewID(scope, "room", noon, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !Bound(scope, "room", id) || Bound("staff", "room", id) || Bound(scope, "scan", id) {
			t.Errorf("%s in %s is bound wrongly", id, scope)
		}
		if want := map[bool]uuid.Version{true: 8, false: 7}[scope == "people/0150646X"]; id.Version() != want {
			t.Errorf("%s in %s has version %d, want %d", id, scope, id.Version(), want)
		}
	}
	a, b := newAuthor(t, "parc"), newAuthor(t, "agenda")
	foreign := Op{OpHead: OpHead{Kind: "room", ID: b.id("room")}}
	if _, err := Sign(a.terr, a.key, a.draft(foreign), rand.Reader); !errors.Is(err, ErrBound) {
		t.Errorf("Sign = %v, want ErrBound", err)
	}
}

func TestSignRefusesWhatTheFormatForbids(t *testing.T) {
	a := newAuthor(t, "parc")
	deep := any("x")
	for range MaxDepth + 1 {
		deep = []any{deep}
	}
	many := make([]Op, MaxOps+1)
	for i := range many {
		many[i] = a.room()
	}
	parents := make([]Dot, MaxRefs+1)
	for i := range parents {
		parents[i].Seq = uint64(i)
	}
	same := a.room()
	for what, ops := range map[string][]Op{
		"no operation":  {},
		"float":         {a.room(Cell{Field: "x", Value: 1.5})},
		"NUL":           {a.room(Cell{Field: "x", Value: "a\x00b"})},
		"not UTF-8":     {a.room(Cell{Field: "x", Value: "\xff"})},
		"deep":          {a.room(Cell{Field: "x", Value: deep})},
		"long field":    {a.room(Cell{Field: "x", Value: string(bytes.Repeat([]byte("a"), MaxField+1))})},
		"long name":     {a.room(Cell{Field: string(bytes.Repeat([]byte("a"), MaxFieldName+1)), Value: true})},
		"field twice":   {a.room(Cell{Field: "x", Value: true}, Cell{Field: "x", Value: false})},
		"record twice":  {same, same},
		"many ops":      many,
		"many parents":  {a.room(Cell{Field: "x", Value: true, Parents: parents})},
		"entry too big": {a.room(big()...), a.room(big()...), a.room(big()...)},
	} {
		if _, err := Sign(a.terr, a.key, a.draft(ops...), rand.Reader); !errors.Is(err, ErrForm) && !errors.Is(err, ErrLimit) {
			t.Errorf("%s: Sign = %v", what, err)
		}
	}
}

func big() []Cell {
	v := string(bytes.Repeat([]byte("a"), MaxField-64))
	return []Cell{{Field: "a", Value: v}, {Field: "b", Value: v}}
}

func TestAWrongClockMovesOursByADayAtMost(t *testing.T) {
	ours := Tick(0, noon)
	if next := Tick(ours, noon.Add(-time.Hour)); next <= ours {
		t.Error("the clock went back")
	}
	ahead := Observe(ours, Tick(0, noon.AddDate(10, 0, 0)), noon)
	if lead := ahead.Time().Sub(noon); lead != maxLead {
		t.Errorf("lead %v, want %v", lead, maxLead)
	}
	if behind := Observe(ours, Tick(0, noon.AddDate(-10, 0, 0)), noon); behind != ours {
		t.Errorf("an old clock moved ours to %v", behind.Time())
	}
}

func TestDigestIsASum(t *testing.T) {
	x := CellDigest("room", uuid.UUID{1}, "name", []Dot{{Seq: 1}, {Seq: 2}})
	if x != CellDigest("room", uuid.UUID{1}, "name", []Dot{{Seq: 2}, {Seq: 1}}) {
		t.Error("depends on the order of dots")
	}
	y := CellDigest("room", uuid.UUID{1}, "name", []Dot{{Seq: 1}})
	var a, b Digest
	a.Add(x)
	a.Add(y)
	b.Add(y)
	b.Add(x)
	if a != b || a == x {
		t.Error("depends on the order of cells")
	}
	a.Sub(x)
	a.Sub(y)
	if a != (Digest{}) {
		t.Errorf("what was taken away stays: %x", a)
	}
}

func FuzzParsePiece(f *testing.F) {
	a := newAuthor(f, "parc")
	f.Add(wire(f, pieceOf(a.write(a.room(Cell{Field: "name", Value: "Salle 12"})))))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, rest, err := ParsePiece(b)
		if err != nil {
			return
		}
		again, err := p.AppendWire(nil)
		if err != nil || !bytes.Equal(again, b[:len(b)-len(rest)]) {
			t.Errorf("parsed and written again differ: %v", err)
		}
		for _, e := range p.Entries {
			for i := range e.Ops {
				_, _ = e.Op(i)
			}
		}
	})
}

func FuzzParseStored(f *testing.F) {
	a := newAuthor(f, "parc")
	e := a.write(a.room(Cell{Field: "name", Value: "Salle 12"}))
	f.Add(AppendStored(nil, e))
	sealed, _ := e.Seal(func(b []byte) ([]byte, error) { return b, nil })
	f.Add(AppendStored(nil, sealed))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ParseStored(b)
		if err == nil && !bytes.Equal(AppendStored(nil, e), b) {
			t.Error("parsed and stored again differ")
		}
	})
}

func BenchmarkSign(b *testing.B) {
	a := newAuthor(b, "parc")
	for b.Loop() {
		a.last = nil
		a.write(a.room(Cell{Field: "name", Value: "Salle 12"}, Cell{Field: "use", Value: "classe"}))
	}
}

func BenchmarkVerify500(b *testing.B) {
	a := newAuthor(b, "parc")
	var list []*Entry
	for range MaxPiece {
		list = append(list, a.write(a.room(Cell{Field: "name", Value: "Salle 12"}, Cell{Field: "use", Value: "classe"})))
	}
	raw := wire(b, pieceOf(list...))
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		p := parse(b, raw)
		if err := p.Verify(a.terr, a.public()); err != nil {
			b.Fatal(err)
		}
		for _, e := range p.Entries {
			if _, err := e.Op(0); err != nil {
				b.Fatal(err)
			}
		}
	}
}

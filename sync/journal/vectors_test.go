package journal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"testing"

	"github.com/google/uuid"
)

var update = flag.Bool("update", false, "write the golden vectors again: only for a new version of the format")

// vector is one golden piece, in hexadecimal.
type vector struct {
	What      string `json:"what"`
	Territory string `json:"territory"`
	Key       string `json:"key"`
	Piece     string `json:"piece"`
	Hash      string `json:"hash"`              // of the last entry
	Refused   string `json:"refused,omitempty"` // "form", "limit", "link", "signature", "hollow", "bound"; "" where it holds
	Critical  bool   `json:"critical,omitempty"`
}

const vectorsFile = "testdata/vectors.json"

var reasons = map[string]error{"form": ErrForm, "limit": ErrLimit, "link": ErrLink, "signature": ErrSignature, "hollow": ErrHollow, "bound": ErrBound}

func TestGoldenVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	b, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(b, &list); err != nil || len(list) < 10 {
		t.Fatalf("%d vectors, %v", len(list), err)
	}
	for _, v := range list {
		t.Run(v.What, func(t *testing.T) {
			raw, err1 := hex.DecodeString(v.Piece)
			key, err2 := hex.DecodeString(v.Key)
			territory, err3 := hex.DecodeString(v.Territory)
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Fatal(err)
			}
			p, rest, err := ParsePiece(raw)
			if err == nil {
				err = p.Verify(Territory(territory), key)
			}
			if want := reasons[v.Refused]; !errors.Is(err, want) || len(rest) != 0 {
				t.Fatalf("%v, want %v", err, want)
			}
			if v.Refused == "" || v.Refused == "hollow" {
				last := p.Entries[len(p.Entries)-1]
				if last.Hash.String() != v.Hash || last.Critical != v.Critical {
					t.Errorf("hash %s, critical %t", last.Hash, last.Critical)
				}
			}
		})
	}
}

// stream is a source of bytes that is always the same.
type stream struct{ n uint64 }

func (s *stream) Read(b []byte) (int, error) {
	for i := range b {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("vectors"), s.n))
		b[i] = sum[0]
		s.n++
	}
	return len(b), nil
}

// scribe writes a chain with nothing left to chance.
type scribe struct {
	*author
	random *stream
}

func newScribe(t *testing.T, scope string) scribe {
	s := &stream{}
	seed := make([]byte, ed25519.SeedSize)
	s.Read(seed)
	key := ed25519.NewKeyFromSeed(seed)
	pub := key.Public().(ed25519.PublicKey)
	terr := TerritoryOf(pub, Hash{1})
	g := &Genesis{Key: pub, Nonce: [16]byte{9}, Age: make([]byte, 32), App: "vectors"}
	return scribe{&author{t, terr, key, g, IncarnationOf(terr, pub, g.Nonce), scope, nil}, s}
}

func (s scribe) op(kind string, cells ...Cell) Op {
	id, err := NewID(s.scope, kind, noon, s.random)
	if err != nil {
		s.t.Fatal(err)
	}
	return Op{OpHead: OpHead{Kind: kind, ID: id}, Cells: cells}
}

func (s scribe) sign(ops ...Op) *Entry {
	e, err := Sign(s.terr, s.key, s.draft(ops...), s.random)
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// resign gives an entry another head, hash and signature: for what Sign would not write.
func (s scribe) resign(e *Entry, head []byte) *Entry {
	c := *e
	c.RawHead = head
	c.Hash = entryHash(c.Prev, head, c.Commitments)
	c.Signature = ed25519.Sign(s.key, signed(s.terr, c.Hash))
	return &c
}

// withKey adds a key to a head, after the others: one more pair in the map's first byte.
func withKey(head []byte, key byte) []byte {
	out := append([]byte{head[0] + 1}, head[1:]...)
	return append(out, 0x18, key, 0xf5)
}

func writeVectors(t *testing.T) {
	a := newScribe(t, "parc")
	name := func(v any, parents ...Dot) Cell { return Cell{Field: "name", Value: v, Parents: parents} }
	first := a.sign(a.op("room", name("Salle 12"), Cell{Field: "floor", Value: int64(-1)}))
	a.last = first
	second := a.sign(a.op("room", name("CDI"), Cell{Field: "tags", Value: []any{"a", true, nil, map[string]any{"k": []byte{1}}}}), a.op("hologram", name("d'une autre version")))
	twin := a.sign(a.op("room", name("Salle 13", Dot{Incarnation{7}, 3, [8]byte{1}})))
	hollow := *second
	for i := range hollow.Ops {
		hollow.Salts = append(hollow.Salts, second.salt(i))
	}
	hollow.Seed, hollow.Bodies = nil, [][]byte{nil, second.Bodies[1]}
	hollow.Salts[0] = nil
	foreign := *first
	ops := []OpHead{{Kind: "room", ID: uuid.UUID{1, 2, 3, 4, 5, 6, 0x70, 8, 0x80}}}
	foreign.Ops = ops
	h := first.Head
	h.Ops = ops
	badHead, err := encodeHead(h)
	if err != nil {
		t.Fatal(err)
	}
	whole := wire(t, pieceOf(first, second))
	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)-1] ^= 1
	list := []vector{
		{What: "one entry", Piece: hex.EncodeToString(wire(t, pieceOf(first))), Hash: first.Hash.String()},
		{What: "two entries, an unknown kind", Piece: hex.EncodeToString(whole), Hash: second.Hash.String()},
		{What: "the tail of a chain", Piece: hex.EncodeToString(wire(t, pieceOf(second))), Hash: second.Hash.String()},
		{What: "the other branch of a fork", Piece: hex.EncodeToString(wire(t, pieceOf(first, twin))), Hash: twin.Hash.String()},
		{What: "an erased operation", Piece: hex.EncodeToString(wire(t, pieceOf(first, &hollow))), Hash: second.Hash.String(), Refused: "hollow"},
		{What: "a critical key", Critical: true}, {What: "an ignorable key"}, {What: "a forbidden key", Refused: "form"},
		{What: "a record of another scope", Piece: hex.EncodeToString(wire(t, pieceOf(a.resign(&foreign, badHead)))), Refused: "bound"},
		{What: "a changed signature", Piece: hex.EncodeToString(flipped), Refused: "signature"},
		{What: "another entry before it", Piece: hex.EncodeToString(wire(t, Piece{Chain: second.Chain(), Prev: Hash{1}, Entries: []*Entry{second}})), Refused: "signature"},
		{What: "a hole", Piece: hex.EncodeToString(wire(t, Piece{Chain: first.Chain(), Prev: first.Prev, Entries: []*Entry{second}})), Refused: "signature"},
		{What: "a length that is not the shortest", Piece: hex.EncodeToString(append(append([]byte{1}, first.Incarnation[:]...), 0x84, 0x00)), Refused: "form"},
	}
	ref := BlobRef{Hash: Hash{1, 2}, Key: [32]byte{3, 4}, Size: 70_016, MIME: "image/jpeg"}
	photo := a.op("room", name("Salle 14"))
	photo.Flags, photo.Blobs = Blobs, []BlobRef{ref, {Hash: Hash{5}, Size: 1, MIME: "application/pdf"}}
	last := a.sign(photo)
	list = append(list, vector{What: "an operation with blobs", Piece: hex.EncodeToString(wire(t, pieceOf(first, last))), Hash: last.Hash.String()})
	for i, key := range map[int]byte{5: 40, 6: 70, 7: 20} {
		e := a.resign(first, withKey(first.RawHead, key))
		list[i].Piece, list[i].Hash = hex.EncodeToString(wire(t, pieceOf(e))), e.Hash.String()
	}
	for i := range list {
		list[i].Territory, list[i].Key = a.terr.String(), hex.EncodeToString(a.public())
	}
	b, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(vectorsFile, append(b, '\n'), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestTheLargestEntryPasses(t *testing.T) {
	a := newAuthor(t, "parc")
	var ops []Op
	for range MaxOps {
		ops = append(ops, a.room(Cell{Field: "note", Value: string(make800())}))
	}
	e := a.write(ops...)
	p := parse(t, wire(t, pieceOf(e)))
	if err := p.Verify(a.terr, a.public()); err != nil || len(p.Entries[0].Ops) != MaxOps {
		t.Errorf("%d operations, %v", len(p.Entries[0].Ops), err)
	}
}

func make800() []byte {
	b := make([]byte, 800)
	for i := range b {
		b[i] = 'a'
	}
	return b
}

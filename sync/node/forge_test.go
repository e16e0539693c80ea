package node

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"

	"cantal.fr/buron/sync/lan"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/klauspost/compress/zstd"
)

// forger writes entries by hand, byte after byte, so that the product's encoder cannot hide its own
// mistakes, nor refuse to write what an attacker would.
type forger struct {
	t         *testing.T
	territory [32]byte
	key       ed25519.PrivateKey
	nonce     [16]byte
	scope     string
	in        []byte // incarnation claimed, "" for the forger's own
	idScope   string // scope to which the record's id is bound
	kind      string
	hollow    bool
}

func (f forger) incarnation() []byte {
	if f.in != nil {
		return f.in
	}
	h := sha256.New()
	h.Write([]byte("buron incarnation v1\n"))
	h.Write(f.territory[:])
	h.Write(f.key.Public().(ed25519.PublicKey))
	h.Write(f.nonce[:])
	return h.Sum(nil)[:16]
}

// Pieces of CBOR, written out.
func bstr(b []byte) []byte {
	if len(b) < 24 {
		return append([]byte{0x40 | byte(len(b))}, b...)
	}
	return append([]byte{0x58, byte(len(b))}, b...)
}

func tstr(s string) []byte {
	b := bstr([]byte(s))
	b[0] |= 0x20
	return b
}

func cat(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func (f forger) id() []byte {
	id := make([]byte, 12)
	rand.Read(id)
	id[6], id[8] = 0x70|id[6]&0x0f, 0x80|id[8]&0x3f
	bound := f.idScope
	if bound == "" {
		bound = f.scope
	}
	sum := sha256.Sum256(cat([]byte("buron record v1\n"+bound+"\n"+f.kind+"\n"), id))
	return append(id, sum[:4]...)
}

// piece returns one piece of one first entry, as it travels.
func (f forger) piece() []byte {
	if f.kind == "" {
		f.kind = "equipment"
	}
	in, pub := f.incarnation(), f.key.Public().(ed25519.PublicKey)
	clock := binary.BigEndian.AppendUint64([]byte{0x1b}, uint64(time.Now().UnixMilli())<<16)
	head := cat([]byte{0xa7, 0x00, 0x01, 0x01}, bstr(in), []byte{0x02}, tstr(f.scope), []byte{0x03, 0x01, 0x04}, clock,
		[]byte{0x07, 0x81, 0x83}, tstr(f.kind), bstr(f.id()), []byte{0x00},
		[]byte{0x08, 0xa4, 0x00}, bstr(pub), []byte{0x01}, bstr(f.nonce[:]), []byte{0x02}, bstr(make([]byte, 32)), []byte{0x03}, tstr("forge"))
	// Keys in order: 0 1 2 3 4 7 8.
	body := cat([]byte{0xa1, 0x01, 0xa1}, tstr("tag"), []byte{0x81}, tstr("FORGED"))
	seed := make([]byte, 16)
	rand.Read(seed)
	m := hmac.New(sha256.New, seed)
	m.Write([]byte{0, 0, 0, 0})
	commitment := sha256.Sum256(cat([]byte("buron op v1\n"), m.Sum(nil)[:16], body))
	prev := sha256.Sum256(cat([]byte("buron chain v1\n"), f.territory[:], in, []byte(f.scope)))
	headSum := sha256.Sum256(head)
	hash := sha256.Sum256(cat([]byte("buron entry v1\n"), prev[:], headSum[:], []byte{0, 0, 0, 1}, commitment[:]))
	signature := ed25519.Sign(f.key, cat([]byte("buron sign v1\n"), f.territory[:], hash[:]))
	out := cat([]byte{1}, in, []byte{byte(len(f.scope))}, []byte(f.scope), prev[:], []byte{1}, binary.AppendUvarint(nil, uint64(len(head))), head)
	if f.hollow {
		return cat(out, []byte{1, 33, 0x40}, commitment[:], signature)
	}
	return cat(out, []byte{0}, seed, []byte{byte(len(body))}, body, signature)
}

// put wraps pieces as a request of the exchange, by hand too.
func put(t *testing.T, pieces ...[]byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	list := []byte{0x80 | byte(len(pieces))}
	for _, p := range pieces {
		list = cat(list, []byte{0x59, byte(len(p) >> 8), byte(len(p))}, p)
	}
	packed := w.EncodeAll(list, nil)
	return cat([]byte{0xa2, 0x00, 0x04, 0x04, 0x59, byte(len(packed) >> 8), byte(len(packed))}, packed)
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestForgeriesAreRefusedAndTheRestGoesOn(t *testing.T) {
	f := newField(t)
	victim, mule := f.join("victime", record.Agent, "0150001V"), f.join("porteur", record.Agent, "0150001V")
	f.exchange(victim) // so that it has heard of the mule
	f.stop()
	_, addr := listen(t, victim)
	honest := forger{t: t, territory: victim.Territory(), key: mule.Identity().Key, scope: "parc"}
	with := func(change func(*forger)) []byte {
		g := honest
		rand.Read(g.nonce[:])
		change(&g)
		return g.piece()
	}
	mine := victim.Incarnation()
	changed := with(func(*forger) {})
	changed[len(changed)-70] ^= 1 // inside the body, before the signature
	cases := []struct {
		what, reason string
		piece        []byte
	}{
		{"another territory's device", "link", with(func(g *forger) { g.territory = [32]byte{1}; g.key = newKey(t) })},
		{"an unknown key", "unknown", with(func(g *forger) { g.key = newKey(t) })},
		{"a changed byte", "signature", changed},
		{"a stripped body", "hollow", with(func(g *forger) { g.hollow = true })},
		{"an operation on another scope's record", "bound", with(func(g *forger) { g.idScope = "agenda" })},
		{"an entry in a scope not granted", "grant", with(func(g *forger) { g.scope, g.kind = "agenda", "charter" })},
		{"people of a place not assigned", "scope", with(func(g *forger) { g.scope, g.kind = "people/bus", "attendance" })},
		{"an admission by one who is no delegate", "grant", with(func(g *forger) { g.scope, g.kind = "control", "device" })},
		{"a chain opened under another's incarnation", "link", with(func(g *forger) { g.in = mine[:] })},
	}
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			before := count(t, victim)
			if err := victim.ClearRefusals(t.Context()); err != nil {
				t.Fatal(err)
			}
			good := with(func(*forger) {})
			send(t, mule, addr, put(t, c.piece, good, good)) // the good one twice: a replay changes nothing
			list, err := victim.Refusals(t.Context())
			if err != nil || len(list) != 1 || list[0].Reason != c.reason || list[0].SenderName != "porteur" {
				t.Fatalf("refusals %+v, %v; want one, %s, brought by porteur", list, err, c.reason)
			}
			if after := count(t, victim); after != before+1 {
				t.Errorf("%d machines, want %d: the rest did not go on, or a replay counted", after, before+1)
			}
		})
	}
	if err := victim.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// send brings a raw request as a device would.
func send(t *testing.T, from *replica.Replica, addr string, request []byte) {
	t.Helper()
	c, err := lan.Dial(t.Context(), addr, from.Identity(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Call(t.Context(), request); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, r *replica.Replica) int {
	t.Helper()
	n, err := r.Count(t.Context(), replica.Query{Kind: record.Equipment})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAStrangersEntriesAreNotEvenRead(t *testing.T) {
	f, g := newField(t), newField(t)
	a, foreign := f.join("a", record.Agent), g.join("x", record.Agent)
	_, addr := listen(t, a)
	piece := forger{t: t, territory: a.Territory(), key: foreign.Identity().Key, scope: "parc"}.piece()
	send(t, foreign, addr, put(t, piece))
	if n := count(t, a); n != 0 {
		t.Errorf("%d machines came from a stranger", n)
	}
}

// The sender filters, and the receiver fails closed too: pupils' names never come to stand on a public terminal.
func TestATerminalTakesNothingThatIsNotForIt(t *testing.T) {
	f := newField(t)
	office, kiosk := f.join("accueil", record.Coordination), f.join("borne", record.Kiosk, "0150001V")
	f.exchange(kiosk)
	f.stop()
	_, addr := listen(t, kiosk)
	p := forger{t: t, territory: kiosk.Territory(), key: office.Identity().Key, scope: "people/0150001V", kind: "class_member"}
	send(t, office, addr, put(t, p.piece()))
	if n, _ := kiosk.Records(t.Context()); n != 0 {
		t.Errorf("%d records of people on a public terminal", n)
	}
}

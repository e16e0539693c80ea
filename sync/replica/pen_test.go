package replica

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"
)

// wire is a connection to the exchange server of a replica, in memory; it breaks once calls is used up.
type wire struct {
	to    *exchange.Server
	from  trust.Key
	calls int // 0 for no end
}

func (w *wire) Call(ctx context.Context, request []byte) ([]byte, error) {
	if w.calls == 1 {
		return nil, context.DeadlineExceeded
	}
	w.calls--
	answer, err := w.to.Serve(ctx, w.from, []byte("exporter"), request)
	if answer != nil {
		return answer, nil
	}
	return nil, err
}

// meet makes one exchange that from begins with to; the line is cut after so many calls, 0 for never.
func meet(t testing.TB, from, to *Replica, calls int) (exchange.Result, error) {
	t.Helper()
	w := &wire{exchange.NewServer(to, nil), from.Identity().Public(), calls}
	if calls > 0 {
		w.calls++
	}
	return exchange.Run(t.Context(), from, to.Identity().Public(), []byte("exporter"), w, nil)
}

// chainPen writes entries of one chain by hand: what the product's encoder refuses to write.
type chainPen struct {
	t     testing.TB
	terr  journal.Territory
	key   ed25519.PrivateKey
	nonce [16]byte
	scope string
	seq   uint64
	prev  [32]byte
	in    []byte
}

func newChainPen(t testing.TB, r *Replica, key ed25519.PrivateKey, scope string) *chainPen {
	p := &chainPen{t: t, terr: r.Territory(), key: key, scope: scope}
	rand.Read(p.nonce[:])
	h := sha256.Sum256(joined([]byte("buron incarnation v1\n"), p.terr[:], key.Public().(ed25519.PublicKey), p.nonce[:]))
	p.in = h[:16]
	p.prev = sha256.Sum256(joined([]byte("buron chain v1\n"), p.terr[:], p.in, []byte(scope)))
	return p
}

func joined(parts ...[]byte) (out []byte) {
	for _, b := range parts {
		out = append(out, b...)
	}
	return out
}

func mustCBOR(t testing.TB, v any) []byte {
	t.Helper()
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rawEntry is an entry as it travels, with its signature.
type rawEntry struct {
	prev, hash [32]byte
	bytes, sig []byte
}

// rawOp is an operation on a record id of a kind, with its body.
type rawOp struct {
	kind string
	id   [16]byte
	body []byte
}

// entry writes the next entry: one operation on a record id of a kind, with this body; more is added to the head.
func (p *chainPen) entry(kind string, id [16]byte, body []byte, more map[uint64]any) rawEntry {
	p.t.Helper()
	return p.action(more, rawOp{kind, id, body})
}

// action is entry with several operations.
func (p *chainPen) action(more map[uint64]any, ops ...rawOp) rawEntry {
	p.t.Helper()
	p.seq++
	seed := make([]byte, 16)
	rand.Read(seed)
	var heads []any
	var commitments, bodies []byte
	for i, o := range ops {
		heads = append(heads, []any{o.kind, o.id[:], 0})
		m := hmac.New(sha256.New, seed)
		m.Write(binary.BigEndian.AppendUint32(nil, uint32(i)))
		commitment := sha256.Sum256(joined([]byte("buron op v1\n"), m.Sum(nil)[:16], o.body))
		commitments = append(commitments, commitment[:]...)
		bodies = append(binary.AppendUvarint(bodies, uint64(len(o.body))), o.body...)
	}
	head := map[uint64]any{0: 1, 1: p.in, 2: p.scope, 3: p.seq, 4: uint64(noon.UnixMilli()) << 16, 7: heads}
	if p.seq == 1 {
		head[8] = map[uint64]any{0: []byte(p.key.Public().(ed25519.PublicKey)), 1: p.nonce[:], 2: make([]byte, 32), 3: "pen"}
	}
	for k, v := range more {
		head[k] = v
	}
	raw := mustCBOR(p.t, head)
	sum := sha256.Sum256(raw)
	e := rawEntry{prev: p.prev}
	e.hash = sha256.Sum256(joined([]byte("buron entry v1\n"), p.prev[:], sum[:], binary.BigEndian.AppendUint32(nil, uint32(len(ops))), commitments))
	e.sig = ed25519.Sign(p.key, joined([]byte("buron sign v1\n"), p.terr[:], e.hash[:]))
	e.bytes = joined(binary.AppendUvarint(nil, uint64(len(raw))), raw, []byte{0}, seed, bodies)
	p.prev = e.hash
	return e
}

// bytes returns the piece of these entries.
func (p *chainPen) bytes(entries ...rawEntry) []byte {
	b := joined([]byte{1}, p.in, []byte{byte(len(p.scope))}, []byte(p.scope), entries[0].prev[:], binary.AppendUvarint(nil, uint64(len(entries))))
	for _, e := range entries {
		b = append(b, e.bytes...)
	}
	return append(b, entries[len(entries)-1].sig...)
}

func (p *chainPen) piece(entries ...rawEntry) journal.Piece {
	p.t.Helper()
	piece, rest, err := journal.ParsePiece(p.bytes(entries...))
	if err != nil || len(rest) > 0 {
		p.t.Fatal(err, len(rest))
	}
	return piece
}

// cells is a body that sets fields, each as [value] or [value, references].
func cells(t testing.TB, fields map[string]any, refs ...any) []byte {
	body := map[uint64]any{1: fields}
	if len(refs) > 0 {
		body[0] = refs
	}
	return mustCBOR(t, body)
}

// twin is the statement by which the device of from goes on under the keys of to.
func twin(t testing.TB, terr journal.Territory, from, to *trust.Identity) rawOp {
	t.Helper()
	return rawOp{trust.TwinKind, newID(t, trust.Control, trust.TwinKind), saying(t, trust.TwinFields(terr, from, to))}
}

// saying is a body that sets fields, each without references.
func saying(t testing.TB, fields record.Fields) []byte {
	t.Helper()
	out := map[string]any{}
	for name, v := range fields {
		out[name] = []any{v}
	}
	return cells(t, out)
}

// on returns a pen for another scope of the same incarnation.
func (p *chainPen) on(scope string) *chainPen {
	q := *p
	q.scope, q.seq = scope, 0
	q.prev = sha256.Sum256(joined([]byte("buron chain v1\n"), p.terr[:], p.in, []byte(scope)))
	return &q
}

func newID(t testing.TB, scope, kind string) [16]byte {
	t.Helper()
	id, err := journal.NewID(scope, kind, noon, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func machines(t testing.TB, r *Replica) int {
	t.Helper()
	n, err := r.Count(t.Context(), Query{Kind: record.Equipment})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// bring puts raw pieces as the device from would.
func bring(t *testing.T, from trust.Key, to *Replica, pieces ...[]byte) {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	request := mustCBOR(t, map[uint64]any{0: 4, 4: w.EncodeAll(mustCBOR(t, pieces), nil)})
	if _, err := exchange.NewServer(to, nil).Serve(context.Background(), from, []byte("exporter"), request); err != nil {
		t.Errorf("the whole delivery failed: %v", err)
	}
}

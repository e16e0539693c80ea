package exchange

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// founded returns the control of a territory, and its first device.
func founded(t testing.TB) (*trust.Founding, *trust.Identity) {
	t.Helper()
	id, err := trust.NewIdentity("Central", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f, err := trust.Found("Cantal", id, record.Central, rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return f, id
}

// spent returns how many bytes were allocated meanwhile.
func spent(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A message of a few bytes may not cost much memory: what it holds is at most so many times as large as it is.
const (
	amplification = 200
	allowance     = 1 << 20 // tables of the decoder, made once
)

// FuzzMessage reads any bytes as a request and as an answer: what is read is written in one form only, and every
// part of it can be looked at.
func FuzzMessage(f *testing.F) {
	h := make([]byte, 32)
	for _, v := range []any{
		request{Ask: askHello, Proof: h},
		request{Ask: askOffer, Digests: []scopeSum{{Scope: "parc", Sum: h[:16]}}, Control: true},
		request{Ask: askGet, Wants: []want{{Scope: "parc", Incarnation: h[:16], Have: [][]byte{h}}}},
		request{Ask: askBlobs, Blobs: []wireBlob{{Hash: h, Have: 5, Size: 900}}},
		request{Ask: askPutBlobs, Chunks: []wireChunk{{Hash: h, Offset: 5, Bytes: []byte("bytes")}}},
		answer{Differ: []scopeHeads{{Scope: "parc", Heads: []wireHead{{Incarnation: h[:16], Seq: 7, Hash: h}}}}, Equal: []string{"agenda"},
			Receipts: []wireReceipt{{Scope: "parc", Signature: append(h, h...)}}, Refused: []wireRefusal{{Scope: "parc", Seq: 7, Reason: "hollow", Incarnation: h[:16]}}},
		answer{Lacks: []wireBlob{{Hash: h, Size: 900}}, Chunks: []wireChunk{{Hash: h}}, Held: []int64{-1, 900}},
	} {
		b, err := encode(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var q request
		var a answer
		var err1, err2 error
		if n := spent(func() { err1, err2 = decode(b, &q), decode(b, &a) }); n > allowance+uint64(len(b))*amplification {
			t.Errorf("%d bytes cost %d", len(b), n)
		}
		if err1 == nil {
			var again request
			stable(t, q, &again)
			for _, x := range q.Blobs {
				if y, err := x.blob(); err == nil && (y.Have > y.Size || y.Size > journal.MaxBlob) {
					t.Errorf("a blob of %d bytes, %d of them held", y.Size, y.Have)
				}
			}
			for _, c := range q.Chunks {
				_ = hashOrZero(c.Hash)
			}
		}
		if err2 == nil {
			var again answer
			stable(t, a, &again)
			for _, s := range a.Differ {
				for _, h := range s.Heads {
					_, _ = h.head(s.Scope)
				}
			}
		}
		if Proves(journal.Territory{1}, nil, b) && (err1 != nil || !bytes.Equal(q.Proof, proof(journal.Territory{1}, nil, sideAsk))) {
			t.Error("the proof of a territory was guessed")
		}
	})
}

// stable checks that what was read is written, read and written again alike.
func stable(t *testing.T, v, again any) {
	t.Helper()
	one, err := encode(v)
	if err == nil {
		err = decode(one, again)
	}
	if err != nil {
		t.Fatalf("what was read cannot be read again: %v", err)
	}
	if two, err := encode(again); err != nil || !bytes.Equal(one, two) {
		t.Errorf("written again it differs: %x, %x, %v", one, two, err)
	}
}

// FuzzPack reads any bytes as packed pieces, in each form: what is read is packed in both, and read again alike.
func FuzzPack(f *testing.F) {
	t, _ := founded(f)
	for _, write := range []func([]journal.Piece) ([]byte, error){pack, Pack, packColumns} {
		b, err := write(t.Control)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range []packed{{pieces: b}, {columns: b}} {
			pieces, _, err := unpack(m)
			if err != nil {
				continue
			}
			want := wires(t, pieces)
			for _, columns := range []bool{false, true} {
				again, err := packFor(columns, pieces)
				if err != nil {
					t.Fatal(err)
				}
				if back, broken, err := unpack(again); err != nil || len(broken) != 0 || !bytes.Equal(wires(t, back), want) {
					t.Errorf("%d pieces, packed again %d, %d broken, %v", len(pieces), len(back), len(broken), err)
				}
			}
		}
		if pieces, err := Unpack(b); err == nil {
			wires(t, pieces)
		}
	})
}

// wires returns pieces as they are signed.
func wires(t *testing.T, pieces []journal.Piece) (out []byte) {
	t.Helper()
	for _, p := range pieces {
		var err error
		if out, err = p.AppendWire(out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// FuzzReceipt flips one bit of what a receipt says or of its signature: it must not hold any more.
func FuzzReceipt(f *testing.F) {
	_, signer := founded(f)
	_, to := founded(f)
	f.Add("people/0150001V", make([]byte, 112), uint16(3))
	f.Add("parc", make([]byte, 56), uint16(500))
	f.Fuzz(func(t *testing.T, scope string, raw []byte, at uint16) {
		read := func(scope string, raw []byte) (r Receipt) {
			r.Signer, r.Scope = signer.Public(), scope
			for ; len(raw) >= 56 && len(r.Heads) < 50; raw = raw[56:] {
				h := Head{Chain: journal.Chain{Incarnation: journal.Incarnation(raw[:16]), Scope: scope}, Hash: journal.Hash(raw[16:48])}
				for _, b := range raw[48:56] {
					h.Seq = h.Seq<<8 | uint64(b)
				}
				r.Heads = append(r.Heads, h)
			}
			return r
		}
		r := read(scope, raw)
		if len(r.Heads) == 0 {
			return
		}
		terr := journal.Territory{1}
		r.Signature = ed25519.Sign(signer.Key, receiptSigned(terr, to.Public(), r.Scope, r.Heads))
		if !r.Valid(terr, to.Public()) {
			t.Fatal("a good receipt does not hold")
		}
		signed := append([]byte(scope), raw[:56*len(r.Heads)]...)
		bit := int(at) % (8 * (len(signed) + len(r.Signature)))
		signature := bytes.Clone(r.Signature)
		if i := bit / 8; i < len(signed) {
			signed[i] ^= 1 << (bit % 8)
		} else {
			signature[i-len(signed)] ^= 1 << (bit % 8)
		}
		bad := read(string(signed[:len(scope)]), signed[len(scope):])
		bad.Signature = signature
		if bad.Valid(terr, to.Public()) || r.Valid(journal.Territory{2}, to.Public()) || r.Valid(terr, signer.Public()) {
			t.Errorf("bit %d flipped, it still holds", bit)
		}
	})
}

// FuzzJoin flips bits of the answer to a device that joins, and reads any bytes as one: nothing but what the admitter
// said is believed.
func FuzzJoin(f *testing.F) {
	found, _ := founded(f)
	var control []byte
	for _, p := range found.Control {
		var err error
		if control, err = p.AppendWire(control); err != nil {
			f.Fatal(err)
		}
	}
	const code = "ABCD-EFGH-JKMN-PQRS"
	// Drawn anew in every process: a seed of another one is of another connection.
	exporter := make([]byte, 32)
	if _, err := rand.Read(exporter); err != nil {
		f.Fatal(err)
	}
	good, err := json.Marshal(joinAnswer{Territory: found.Territory[:], Control: control, Proof: trust.Proof(code, exporter, trust.SideAdmit, found.Territory[:], control)})
	if err != nil {
		f.Fatal(err)
	}
	if j, err := ReadJoin(code, exporter, good); err != nil || len(j.Control) != len(found.Control) {
		f.Fatal(j, err)
	}
	f.Add(good, uint16(100))
	f.Add(NoJoin(), uint16(0))
	f.Add([]byte(`{"territory":"AA==","control":"","proof":"AA=="}`), uint16(9))
	f.Fuzz(func(t *testing.T, raw []byte, at uint16) {
		flipped := bytes.Clone(good)
		flipped[int(at)/8%len(flipped)] ^= 1 << (at % 8)
		for _, b := range [][]byte{raw, flipped} {
			j, err := ReadJoin(code, exporter, b)
			if err == nil && (j.Territory != found.Territory || len(j.Control) != len(found.Control)) {
				t.Errorf("believed %+v", j)
			}
			if _, err := ReadJoin(code, []byte("another connection"), b); err == nil {
				t.Error("an answer of another connection is believed")
			}
		}
		if _, err := AnswerJoin(t.Context(), nil, nobody{}, trust.Key{}, exporter, raw); err == nil {
			t.Error("somebody was admitted without an invitation")
		}
	})
}

// nobody is a device with no invitation to spend.
type nobody struct{}

func (nobody) Admit(_ context.Context, match func(string) bool, _ trust.Key, _, _ string) (string, error) {
	_ = match("ABCD-EFGH-JKMN-PQRS")
	return "", ErrNoInvitation
}

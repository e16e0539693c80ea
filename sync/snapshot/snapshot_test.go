package snapshot

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var update = flag.Bool("update", false, "write the golden vector again")

var (
	territory = journal.Territory(bytes.Repeat([]byte{7}, 32))
	key       = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
)

func dot(in byte, seq uint64) journal.Dot {
	return journal.Dot{Incarnation: journal.Incarnation(bytes.Repeat([]byte{in}, 16)), Seq: seq, Tag: [8]byte{in, byte(seq)}}
}

// samples are records with every value that a field can hold.
func samples(n int) []Record {
	var out []Record
	for i := range n {
		at := dot(1, uint64(i/10+1))
		out = append(out, Record{Kind: "equipment", ID: uuid.UUID{byte(i >> 8), byte(i)}, Personal: i%7 == 0, Cells: []Cell{
			{Field: "archived", Versions: []Version{{Dot: dot(2, 3), HLC: 9, Value: true, Into: uuid.UUID{5}}}},
			{Field: "bought", Versions: []Version{{Dot: at, HLC: 1 << 60, Value: int64(-20000 - i)}, {Dot: dot(3, 300), HLC: 4, Value: int64(1) << 40}}},
			{Field: "gone", Versions: []Version{{Dot: at, HLC: 1 << 60, Value: nil}}},
			{Field: "image", Versions: []Version{{Dot: at, HLC: 1 << 60, Value: []byte{0, 1, 2}}}},
			{Field: "list", Versions: []Version{{Dot: at, HLC: 1 << 60, Value: []any{"a", int64(24), false, map[string]any{"k": []any{}, "é": "x"}}}}},
			{Field: "tag", Versions: []Version{{Dot: at, HLC: 1 << 60, Value: fmt.Sprintf("PC-%05d é", i)}}, Pending: []journal.Dot{dot(4, 70000)}},
		}})
	}
	return out
}

func build(t testing.TB, list []Record) ([][]byte, []Part) {
	t.Helper()
	b := new(Builder)
	for i := range list {
		if err := b.Add(&list[i]); err != nil {
			t.Fatal(err)
		}
	}
	frames, parts, err := b.Frames()
	if err != nil {
		t.Fatal(err)
	}
	return frames, parts
}

func header(parts []Part) Header {
	h := Header{Scope: "parc", At: time.UnixMilli(1790000000123), Digest: journal.Digest{3}, Records: 12, Parts: parts,
		Vector:  []Head{{Incarnation: journal.Incarnation{2}, Seq: 9, Hash: journal.Hash{1}}, {Incarnation: journal.Incarnation{1}, Seq: 70000, Hash: journal.Hash{9}}},
		Control: []Head{{Incarnation: journal.Incarnation{1}, Seq: 1, Hash: journal.Hash{4}}}}
	h.Signer, _ = trust.KeyOf(key.Public().(ed25519.PublicKey))
	return h
}

// copyOf is a record that outlives the frame it is read from.
func copyOf(r *Record) Record {
	out := *r
	out.Cells = nil
	for _, c := range r.Cells {
		c.Versions, c.Pending = append([]Version(nil), c.Versions...), append([]journal.Dot(nil), c.Pending...)
		out.Cells = append(out.Cells, c)
	}
	return out
}

func read(t testing.TB, frames [][]byte) (out []Record) {
	t.Helper()
	for _, f := range frames {
		if err := Frame(f, func(r *Record) error { out = append(out, copyOf(r)); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestWhatIsPackedIsRead(t *testing.T) {
	list := samples(3000)
	frames, parts := build(t, list)
	if len(frames) < 2 {
		t.Fatalf("%d frames: nothing is put to the proof", len(frames))
	}
	if diff := cmp.Diff(list, read(t, frames)); diff != "" {
		t.Error(diff)
	}
	raw, signature, err := Sign(territory, key, header(parts))
	if err != nil {
		t.Fatal(err)
	}
	h, err := Verify(territory, raw, signature)
	if err != nil {
		t.Fatal(err)
	}
	want := header(parts)
	want.Vector[0], want.Vector[1] = want.Vector[1], want.Vector[0] // in order
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	for n, f := range frames {
		if err := h.Check(n, f); err != nil {
			t.Error(err)
		}
		if err := h.Check(n+1, f); !errors.Is(err, ErrFrame) {
			t.Errorf("frame %d passes for another: %v", n, err)
		}
	}
}

func TestNoOtherBytesPass(t *testing.T) {
	frames, parts := build(t, samples(12))
	raw, signature, err := Sign(territory, key, header(parts))
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 1
		if _, err := Verify(territory, changed, signature); err == nil {
			t.Errorf("byte %d of the header may be changed", i)
		}
	}
	if _, err := Verify(journal.Territory{}, raw, signature); !errors.Is(err, ErrTerritory) {
		t.Errorf("of another territory: %v", err)
	}
	h, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	for i := range frames[0] {
		changed := bytes.Clone(frames[0])
		changed[i] ^= 1
		if err := h.Check(0, changed); !errors.Is(err, ErrFrame) {
			t.Errorf("byte %d of a frame may be changed: %v", i, err)
		}
	}
	whole, err := unpack(frames[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole { // one who signs may still err: whatever stands in a frame, reading it ends with a record or an error
		packed, err := pack(whole[:i])
		if err != nil {
			t.Fatal(err)
		}
		if err := Frame(packed, func(*Record) error { return nil }); !errors.Is(err, ErrForm) {
			t.Errorf("%d of %d bytes pass for a frame: %v", i, len(whole), err)
		}
	}
}

func TestWhatTheFormatHasNoRoomForIsRefused(t *testing.T) {
	b := new(Builder)
	if err := b.Add(&Record{Kind: "k", Cells: []Cell{{Field: "f", Versions: []Version{{Dot: dot(1, 1), Value: strings.Repeat("x", maxValue)}}}}}); err != nil {
		t.Fatal(err)
	}
	if frames, _, err := b.Frames(); err != nil || !errors.Is(Frame(frames[0], func(*Record) error { return nil }), ErrForm) {
		t.Errorf("a value that no entry brings is read, %v", err)
	}
	for name, rec := range map[string]Record{
		"a long record":     {Kind: "k", Cells: []Cell{{Field: "f", Versions: []Version{{Dot: dot(1, 1), Value: strings.Repeat("x", maxRecord)}}}}},
		"too many fields":   {Kind: "k", Cells: make([]Cell, maxCells+1)},
		"too many versions": {Kind: "k", Cells: []Cell{{Field: "f", Versions: make([]Version, maxVersions+1)}}},
	} {
		if err := new(Builder).Add(&rec); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := new(Builder).Add(&Record{Kind: "k", Cells: []Cell{{Field: "f", Versions: []Version{{Value: 1.5}}}}}); err == nil {
		t.Error("a number with a fraction passes")
	}
	h := header(nil)
	h.Vector = make([]Head, MaxHeads+1)
	if _, _, err := Sign(territory, key, h); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many ends: %v", err)
	}
}

// The bytes are for ever: this vector was made by the first version.
func TestGoldenSnapshot(t *testing.T) {
	frames, parts := build(t, samples(3))
	raw, signature, err := Sign(territory, key, header(parts))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := unpack(frames[0])
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{"header": hex.EncodeToString(raw), "signature": hex.EncodeToString(signature), "frame": hex.EncodeToString(frames[0]), "unpacked": hex.EncodeToString(plain)}
	if *update {
		b, err := json.MarshalIndent(got, "", " ")
		if err == nil {
			err = os.WriteFile("testdata/snapshot.json", append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile("testdata/snapshot.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if got["unpacked"] != want["unpacked"] {
		t.Errorf("the same records give\n%s\nand gave\n%s", got["unpacked"], want["unpacked"])
	}
	golden := map[string][]byte{}
	for k, v := range want {
		if golden[k], err = hex.DecodeString(v); err != nil {
			t.Fatal(err)
		}
	}
	h, err := Verify(territory, golden["header"], golden["signature"])
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Check(0, golden["frame"]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(samples(3), read(t, [][]byte{golden["frame"]})); diff != "" {
		t.Error(diff)
	}
}

// What is read is written again with the same bytes, and nothing makes the reader fail otherwise than with ErrForm.
func FuzzFrame(f *testing.F) {
	frames, _ := build(f, samples(4))
	raw, err := unpack(frames[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte{0xa4, 0, 0x80, 1, 0x80, 2, 0x80, 3, 0x80})
	f.Fuzz(func(t *testing.T, raw []byte) {
		packed, err := pack(raw)
		if err != nil {
			t.Fatal(err)
		}
		var list []Record
		if err := Frame(packed, func(r *Record) error { list = append(list, copyOf(r)); return nil }); err != nil {
			if !errors.Is(err, ErrForm) {
				t.Fatal(err)
			}
			return
		}
		again, _ := build(t, list)
		if diff := cmp.Diff(list, read(t, again)); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzHeader(f *testing.F) {
	_, parts := build(f, samples(4))
	raw, _, err := Sign(territory, key, header(parts))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, of, err := parse(raw)
		if err != nil {
			return
		}
		if again := appendHeader(nil, of, h); !bytes.Equal(raw, again) {
			t.Errorf("another encoding is read:\n%x\n%x", raw, again)
		}
	})
}

// One who signs may err, or lie: lists that say that they are as long as the frame take no more memory than it.
func TestListsThatSayTheyAreLongTakeNoMemory(t *testing.T) {
	long := func(b []byte, majors ...byte) []byte {
		for _, m := range majors {
			b = appendHead(b, m, MaxFrame-4096)
		}
		return append(b, make([]byte, MaxFrame-4000-len(b))...)
	}
	d := dot(1, 1)
	tables := appendHead(appendHead(appendHead(appendHead(nil, cborMap, 4), cborUint, 0), cborArray, 1), cborBytes, 16)
	tables = appendText(appendText(appendHead(appendHead(append(tables, d.Incarnation[:]...), cborUint, 1), cborArray, 2), "k"), "f")
	tables = append(appendHead(appendHead(tables, cborUint, 2), cborArray, 1), 0x84, 0, 1)
	tables = append(appendBytes(tables, d.Tag[:]), 9)
	value := append(appendHead(appendHead(tables, cborUint, 3), cborArray, 1), 0x84, 0)
	value = append(appendBytes(value, make([]byte, 16)), 0, 0x81, 0x82, 1, 0x81, 0x82, 0)
	for name, raw := range map[string][]byte{
		"incarnations": long(appendHead(appendHead(nil, cborMap, 4), cborUint, 0), cborArray),
		"stamps":       long(append(appendHead(nil, cborMap, 4), 0, 0x80, 1, 0x80, 2), cborArray),
		"lists":        long(value, cborArray, cborArray, cborArray, cborArray),
		"objects":      long(value, cborArray, cborArray, cborArray, cborMap),
	} {
		packed, err := pack(raw)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err = Frame(packed, func(*Record) error { return nil })
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, ErrForm) || took > 8*MaxFrame {
			t.Errorf("%s: %d MB were taken, %v", name, took>>20, err)
		}
	}
}

package journal

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// bodies draws bodies as this package writes them.
func bodies(t *rapid.T) []byte {
	op := Op{}
	dots := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Dot { return Dot{Seq: uint64(rapid.Int64Range(0, 1<<62).Draw(t, "seq"))} }), 0, 3).Draw(t, "dots")
	for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching("[a-zé_]{1,8}"), 0, 6, rapid.ID[string]).Draw(t, "names") {
		value := rapid.OneOf(
			rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(v bool) any { return v }),
			rapid.Map(rapid.Int64Min(-1<<62), func(v int64) any { return v }),
			rapid.Map(rapid.StringMatching("[ a-zàé<\"]{0,40}"), func(v string) any { return v }),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 30), func(v []byte) any { return v }),
			rapid.Just[any]([]any{int64(1), "a"}), rapid.Just[any](map[string]any{"a": int64(1)})).Draw(t, "value")
		op.Cells = append(op.Cells, Cell{Field: name, Value: value, Parents: dots[:rapid.IntRange(0, len(dots)).Draw(t, "parents")]})
	}
	if rapid.Bool().Draw(t, "undo") {
		op.UndoOf[0] = 1
	}
	raw, err := encodeBody(op)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// damage changes, drops or adds a byte or two.
func damage(t *rapid.T, raw []byte) []byte {
	for range rapid.IntRange(0, 2).Draw(t, "damage") {
		if len(raw) == 0 {
			break
		}
		i := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "how") {
		case 0:
			raw[i] = rapid.Byte().Draw(t, "byte")
		case 1:
			raw = append(raw[:i:i], raw[i+1:]...)
		default:
			raw = append(append(raw[:i:i], rapid.Byte().Draw(t, "byte")), raw[i:]...)
		}
	}
	return raw
}

// TestQuickReadsLikeTheCodec damages bodies too: what the quick reader takes, the codec must take, and alike.
func TestQuickReadsLikeTheCodec(t *testing.T) {
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		raw := damage(t, bodies(t))
		quick, ok := quickBody(raw, OpHead{Kind: "k"})
		if !ok {
			return
		}
		taken++
		slow, err := slowBody(raw, OpHead{Kind: "k"})
		if err != nil {
			t.Fatalf("%x: the codec refuses it: %v", raw, err)
		}
		for i := range slow.Cells { // a list of no parents is none
			if len(slow.Cells[i].Parents) == 0 && len(quick.Cells[i].Parents) == 0 {
				slow.Cells[i].Parents, quick.Cells[i].Parents = nil, nil
			}
		}
		if !reflect.DeepEqual(quick, slow) {
			t.Fatalf("%x: %+v, by the codec %+v", raw, quick, slow)
		}
	})
	if taken == 0 {
		t.Error("nothing was read")
	}
}

func TestQuickReadsHeadsLikeTheCodec(t *testing.T) {
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		h := Head{Version: Version, Scope: "parc", Seq: uint64(rapid.Int64Min(2).Draw(t, "seq")), HLC: HLC(rapid.Uint64().Draw(t, "hlc"))}
		for i := range rapid.IntRange(1, 4).Draw(t, "ops") {
			h.Ops = append(h.Ops, OpHead{Kind: rapid.StringMatching("[a-zé]{1,30}").Draw(t, "kind"), Flags: Flags(rapid.Uint64().Draw(t, "flags"))})
			h.Ops[i].ID[0] = byte(i)
		}
		if rapid.Bool().Draw(t, "more") {
			h.Operator[3], h.Action[2] = 1, 1
		}
		raw, err := encodeHead(h)
		if err != nil {
			t.Fatal(err)
		}
		raw = damage(t, raw)
		quick, ok := quickHead(raw)
		if !ok {
			return
		}
		taken++
		var slow wireHead
		if err := codec.dec.Unmarshal(raw, &slow); err != nil {
			t.Fatalf("%x: the codec refuses it: %v", raw, err)
		}
		if !reflect.DeepEqual(quick, slow) {
			t.Fatalf("%x: %+v, by the codec %+v", raw, quick, slow)
		}
	})
	if taken == 0 {
		t.Error("nothing was read")
	}
}

// What the codec refuses, the quick reader must not take: one byte a parent would become a whole dot each.
func TestQuickTakesNoMoreParentsThanTheCodec(t *testing.T) {
	for _, n := range []int{4096, 4097} {
		parents := make([]any, n)
		for i := range parents {
			parents[i] = 0
		}
		raw, err := codec.enc.Marshal(wireBody{Refs: []wireRef{{Incarnation: make([]byte, incarnationID), Seq: 1, Tag: make([]byte, tagLen)}},
			Cells: map[string][]any{"name": {"x", parents}}})
		if err != nil {
			t.Fatal(err)
		}
		_, slow := slowBody(raw, OpHead{Kind: "k"})
		if _, err := decodeBody(raw, OpHead{Kind: "k"}); (err == nil) != (slow == nil) {
			t.Errorf("%d parents: %v, by the codec %v", n, err, slow)
		}
	}
}

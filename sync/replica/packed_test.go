package replica

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// anyValue draws a value of a field: all that an entry can bring.
func anyValue(depth int) *rapid.Generator[any] {
	scalar := rapid.OneOf(rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64Min(-1<<62).AsAny(), rapid.SliceOfN(rapid.Byte(), 0, 40).AsAny(),
		rapid.SampledFrom([]string{"", "en_service", "Été <&> \"x\" \\ \t", "~", "\u2028", "\ufffd", "\x7f", "a\x01b"}).AsAny(), rapid.StringN(0, 400, 70_000).AsAny())
	if depth == 0 {
		return scalar
	}
	return rapid.OneOf(scalar, rapid.Custom(func(t *rapid.T) any {
		return append([]any{}, rapid.SliceOfN(anyValue(depth-1), 0, 3).Draw(t, "list")...)
	}), rapid.Custom(func(t *rapid.T) any {
		return rapid.MapOfN(rapid.SampledFrom([]string{"begin", "end", "A", "é\"", "^", "~"}), anyValue(depth-1), 0, 3).Draw(t, "map")
	}))
}

// anyState draws a record with cells of every kind.
func anyState(t *rapid.T) *state {
	var stamps []version
	for i := range rapid.IntRange(1, 4).Draw(t, "stamps") {
		v := version{hlc: journal.HLC(rapid.Uint64().Draw(t, "instant"))}
		v.dot.Seq, v.dot.Tag[0] = uint64(rapid.IntRange(1, 1<<40).Draw(t, "seq")), byte(i)
		v.dot.Incarnation[3] = byte(rapid.IntRange(0, 2).Draw(t, "writer"))
		stamps = append(stamps, v)
	}
	s := &state{id: uuid.New(), kind: "equipment", scope: "parc"}
	for _, field := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"archived", "note", "tag", "A", "B7", "^", "^A", "unheard_of", "é", MergedInto}), 1, 8, rapid.ID).Draw(t, "fields") {
		c := s.cell(field)
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(stamps)-1), 0, 3, rapid.ID).Draw(t, "versions") {
			v := stamps[i]
			v.value = anyValue(2).Draw(t, "value")
			if field == archived && rapid.Bool().Draw(t, "merges") {
				v.into = uuid.New()
			}
			c.versions = append(c.versions, v)
		}
		for i := range rapid.IntRange(0, 1).Draw(t, "pending") {
			c.pending = append(c.pending, journal.Dot{Seq: uint64(i + 7), Incarnation: journal.Incarnation{9}, Tag: [8]byte{1, 2}})
		}
	}
	return s
}

// numberedWriters is a numbering in memory.
func numberedWriters() (numbering, naming) {
	var list []journal.Incarnation
	return func(i journal.Incarnation) (uint64, error) {
			if at := slices.Index(list, i); at >= 0 {
				return uint64(at), nil
			}
			list = append(list, i)
			return uint64(len(list) - 1), nil
		}, func(n uint64) (journal.Incarnation, error) {
			if n >= uint64(len(list)) {
				return journal.Incarnation{}, ErrDamaged
			}
			return list[n], nil
		}
}

// What a row says is what was folded, whatever it was, and the same state makes the same row.
func TestARowIsReadAsItWasFolded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := anyState(rt)
		number, name := numberedWriters()
		fields, err1 := packFields(s.fields(), "")
		cells, err2 := s.packCells(number)
		f, err3 := unpackFields(fields)
		if err := errors.Join(err1, err2, err3); err != nil {
			rt.Fatal(err)
		}
		got := &state{id: s.id, kind: s.kind, scope: s.scope}
		if err := got.unpackCells(cells, f, name); err != nil {
			rt.Fatal(err)
		}
		for i := range s.cells {
			if len(s.cells[i].pending) == 0 {
				s.cells[i].pending = nil
			}
		}
		for i := range got.cells {
			if len(got.cells[i].pending) == 0 {
				got.cells[i].pending = nil
			}
			if len(got.cells[i].versions) == 0 {
				got.cells[i].versions = nil
			}
		}
		if !reflect.DeepEqual(got.cells, s.cells) {
			rt.Fatal(cmp.Diff(s.cells, got.cells, cmp.AllowUnexported(cell{}, version{})))
		}
		if again, err := got.packCells(number); err != nil || string(again) != string(cells) {
			rt.Fatalf("packed again, the cells are\n%X, %v\nand were\n%X", again, err, cells)
		}
	})
}

// A row that was damaged is refused or read as another, and nothing worse.
func TestADamagedRowStopsNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := anyState(rt)
		number, name := numberedWriters()
		fields, _ := packFields(s.fields(), "")
		cells, _ := s.packCells(number)
		for _, b := range [][]byte{fields, cells} {
			if len(b) > 1 {
				at := rapid.IntRange(1, len(b)-1).Draw(rt, "at")
				b[at] ^= byte(rapid.IntRange(1, 255).Draw(rt, "with"))
			}
		}
		f, err := unpackFields(fields[:rapid.IntRange(0, len(fields)).Draw(rt, "cut")])
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				rt.Fatal(err)
			}
			f = record.Fields{}
		}
		got := &state{id: s.id}
		if err := got.unpackCells(cells, f, name); err != nil && !errors.Is(err, ErrDamaged) {
			rt.Fatal(err)
		}
	})
}

// SQLite reads the values as it reads the JSON of the same values, strictly.
func TestSQLiteReadsTheBinaryJSON(t *testing.T) {
	f := newField(t)
	rapid.Check(t, func(rt *rapid.T) {
		v := anyValue(2).Draw(rt, "value")
		if _, image := v.([]byte); image || v == nil {
			return
		}
		b, err := packFields(record.Fields{"tag": v, "Z": "not a code", "unheard_of": true}, "")
		if err != nil {
			rt.Fatal(err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			rt.Fatal(err)
		}
		var valid bool
		var got, want, other string
		if err := f.central.read.QueryRow("SELECT json_valid(?1, 8), json(json_extract(?1, '$')) , json_quote(json_extract(?1, '$."+codeOf("tag")+"')), json_extract(?1, '$.^Z')", b).Scan(&valid, &got, &want, &other); err != nil {
			rt.Fatalf("%X: %v", b, err)
		}
		var all map[string]any
		if err := json.Unmarshal([]byte(got), &all); err != nil || !valid || other != "not a code" || all["unheard_of"] != true {
			rt.Fatalf("%X is read as %s, valid %v: %v", b, got, valid, err)
		}
		var same bool
		if err := f.central.read.QueryRow("SELECT json_extract(?1, '$."+codeOf("tag")+"') IS json_extract(?2, '$.x')", b, `{"x":`+string(text)+`}`).Scan(&same); err != nil || !same {
			rt.Fatalf("%s is read otherwise than %s: %v", want, text, err)
		}
	})
}

// Rows that stand in databases say what a code means: a list that changed would give values to other fields.
func TestCodesStayWhatTheyAre(t *testing.T) {
	sum := sha256.Sum256([]byte(oneLetter + "|" + letterAndDigit))
	if got := hex.EncodeToString(sum[:8]); got != "874140c9db56fc08" {
		t.Errorf("the lists of codes changed: %s", got)
	}
	if len(fieldNames) != len(fieldCodes) {
		t.Errorf("%d codes for %d fields", len(fieldNames), len(fieldCodes))
	}
	for name, code := range fieldCodes {
		if codeOf(name) != code || nameOfCode(code) != name {
			t.Errorf("%s is %s and then %s", name, codeOf(name), nameOfCode(code))
		}
	}
	for _, name := range []string{"A", "A0", "^", "^A", "Zz", "unheard_of", "é"} {
		if nameOfCode(codeOf(name)) != name {
			t.Errorf("%s is read as %s", name, nameOfCode(codeOf(name)))
		}
	}
}

package journal

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

var mapType = reflect.TypeFor[map[string]any]()

// Cell is one field that an operation sets, with the versions that its author saw and replaces. A
// value is nil (cleared), bool, int64, string, []byte, []any or map[string]any.
type Cell struct {
	Field   string
	Value   any
	Parents []Dot
}

// Op is one operation of an entry: the fields it sets on one record, ordered by name.
type Op struct {
	OpHead
	Cells     []Cell
	UndoOf    uuid.UUID // the record whose earlier action this one takes back; nil for none
	MergeInto uuid.UUID // the record into which this duplicate was merged; nil for none
	Blobs     []BlobRef // what it brings along, kept outside the journal
}

// wireBody is a body as CBOR.
type wireBody struct {
	Refs  []wireRef        `cbor:"0,keyasint,omitempty"`
	Cells map[string][]any `cbor:"1,keyasint"`
	Undo  []byte           `cbor:"2,keyasint,omitempty"`
	Blobs []wireBlob       `cbor:"3,keyasint,omitempty"`
	Merge []byte           `cbor:"4,keyasint,omitempty"`
}

type wireRef struct {
	_           struct{} `cbor:",toarray"`
	Incarnation []byte
	Seq         uint64
	Tag         []byte
}

func encodeBody(op Op) ([]byte, error) {
	w := wireBody{Cells: make(map[string][]any, len(op.Cells))}
	index := map[Dot]int64{}
	for _, c := range op.Cells {
		if err := checkCell(c); err != nil {
			return nil, err
		}
		if _, twice := w.Cells[c.Field]; twice {
			return nil, fmt.Errorf("%w: field %s twice", ErrForm, c.Field)
		}
		cell := []any{c.Value}
		if len(c.Parents) > 0 {
			refs := make([]any, len(c.Parents))
			for i, d := range c.Parents {
				n, ok := index[d]
				if !ok {
					n = int64(len(w.Refs))
					index[d] = n
					w.Refs = append(w.Refs, wireRef{Incarnation: slices.Clone(d.Incarnation[:]), Seq: d.Seq, Tag: slices.Clone(d.Tag[:])})
				}
				refs[i] = n
			}
			cell = append(cell, refs)
		}
		w.Cells[c.Field] = cell
	}
	if len(w.Refs) > MaxRefs {
		return nil, fmt.Errorf("%w: %d references", ErrLimit, len(w.Refs))
	}
	if op.UndoOf != uuid.Nil {
		w.Undo = op.UndoOf[:]
	}
	if op.MergeInto != uuid.Nil {
		w.Merge = op.MergeInto[:]
	}
	var err error
	if w.Blobs, err = wireBlobs(op); err != nil {
		return nil, err
	}
	return codec.enc.Marshal(w)
}

func checkCell(c Cell) error {
	if err := checkText(c.Field, MaxFieldName); err != nil {
		return fmt.Errorf("field name: %w", err)
	}
	size, err := measure(c.Value, 0)
	if err != nil {
		return fmt.Errorf("field %s: %w", c.Field, err)
	}
	if size > MaxField {
		return fmt.Errorf("field %s: %w: %d bytes", c.Field, ErrLimit, size)
	}
	return nil
}

// measure returns about how many bytes a value takes, and refuses what is not one.
func measure(v any, depth int) (int, error) {
	if depth > MaxDepth {
		return 0, fmt.Errorf("%w: nested deeper than %d", ErrLimit, MaxDepth)
	}
	switch v := v.(type) {
	case nil, bool:
		return 1, nil
	case int64:
		if v == math.MinInt64 {
			return 0, fmt.Errorf("%w: integer out of range", ErrForm)
		}
		return 9, nil
	case string:
		if strings.IndexByte(v, 0) >= 0 || !utf8.ValidString(v) {
			return 0, fmt.Errorf("%w: text", ErrForm)
		}
		return len(v) + 5, nil
	case []byte:
		return len(v) + 5, nil
	case []any:
		total := 5
		for _, e := range v {
			n, err := measure(e, depth+1)
			if err != nil {
				return 0, err
			}
			total += n
		}
		return total, nil
	case map[string]any:
		total := 5
		for k, e := range v {
			n, err := measure(e, depth+1)
			if err != nil {
				return 0, err
			}
			if err := checkText(k, MaxField); err != nil {
				return 0, err
			}
			total += n + len(k)
		}
		return total, nil
	}
	return 0, fmt.Errorf("%w: value of type %T", ErrForm, v)
}

// decodeBody reads a body. Keys that it does not know are passed over: the bytes stay as they came.
func decodeBody(raw []byte, head OpHead) (Op, error) {
	if op, ok := quickBody(raw, head); ok {
		return op, nil
	}
	return slowBody(raw, head)
}

func slowBody(raw []byte, head OpHead) (Op, error) {
	op := Op{OpHead: head}
	var w wireBody
	if err := codec.dec.Unmarshal(raw, &w); err != nil {
		return op, fmt.Errorf("%w: body: %w", ErrForm, err)
	}
	if len(w.Refs) > MaxRefs {
		return op, fmt.Errorf("%w: %d references", ErrLimit, len(w.Refs))
	}
	if !optional(op.UndoOf[:], w.Undo) || !optional(op.MergeInto[:], w.Merge) {
		return op, fmt.Errorf("%w: body", ErrForm)
	}
	var err error
	if op.Blobs, err = blobsOf(w.Blobs, head.Flags); err != nil {
		return op, err
	}
	refs := make([]Dot, len(w.Refs))
	for i, r := range w.Refs {
		refs[i].Seq = r.Seq
		if r.Seq > math.MaxInt64 || !exact(refs[i].Incarnation[:], r.Incarnation) || !exact(refs[i].Tag[:], r.Tag) {
			return op, fmt.Errorf("%w: reference %d", ErrForm, i)
		}
	}
	op.Cells = make([]Cell, 0, len(w.Cells))
	for field, cell := range w.Cells {
		c := Cell{Field: field}
		if len(cell) == 0 {
			return op, fmt.Errorf("%w: field %s without a value", ErrForm, field)
		}
		c.Value = cell[0]
		if err := checkCell(c); err != nil {
			return op, err
		}
		if len(cell) > 1 {
			var err error
			if c.Parents, err = parentsOf(cell[1], refs); err != nil {
				return op, fmt.Errorf("field %s: %w", field, err)
			}
		}
		op.Cells = append(op.Cells, c)
	}
	slices.SortFunc(op.Cells, func(a, b Cell) int { return cmp.Compare(a.Field, b.Field) })
	return op, nil
}

func parentsOf(v any, refs []Dot) ([]Dot, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: references", ErrForm)
	}
	out := make([]Dot, len(list))
	for i, e := range list {
		n, ok := e.(int64)
		if !ok || n < 0 || n >= int64(len(refs)) {
			return nil, fmt.Errorf("%w: reference", ErrForm)
		}
		out[i] = refs[n]
	}
	return out, nil
}

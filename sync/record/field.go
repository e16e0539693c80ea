package record

import (
	"slices"

	"github.com/google/uuid"
)

// Text returns the text of a field, "" where it holds none.
func (f Fields) Text(name string) string { s, _ := f[name].(string); return s }

// Int returns the number, day, instant or amount of a field, 0 where it holds none.
func (f Fields) Int(name string) int64 { n, _ := f[name].(int64); return n }

// Bool returns the truth of a field, false where it holds none.
func (f Fields) Bool(name string) bool { b, _ := f[name].(bool); return b }

// Has reports whether the field holds a value.
func (f Fields) Has(name string) bool { return f[name] != nil && f[name] != "" }

// List returns the list of a field, nil where it holds none.
func (f Fields) List(name string) []any { l, _ := f[name].([]any); return l }

// ID returns the record that a field refers to, uuid.Nil where it refers to none.
func (f Fields) ID(name string) uuid.UUID {
	id, err := uuid.Parse(f.Text(name))
	if err != nil {
		return uuid.Nil
	}
	return id
}

// IDs returns the records that a field refers to.
func (f Fields) IDs(name string) []uuid.UUID {
	var out []uuid.UUID
	for _, v := range f.List(name) {
		if s, ok := v.(string); ok {
			if id, err := uuid.Parse(s); err == nil {
				out = append(out, id)
			}
		}
	}
	return out
}

// Clone returns a copy whose fields can be set without changing f. Lists are shared.
func (f Fields) Clone() Fields {
	out := make(Fields, len(f))
	for k, v := range f {
		out[k] = v
	}
	return out
}

// Type says what a field holds and how it is entered.
type Type int

// Types of fields. Day, Instant, Number and Cents are int64; Ref is UUID text; the others are what
// their name says.
const (
	Text Type = iota
	Long
	Choice  // the code of one Option
	Choices // a list of codes
	Ref
	Refs
	Day     // days since 1970-01-01
	Instant // Unix milliseconds
	Number
	Cents
	Flag
	Image // bytes of a PNG, at most 32 KiB
	Texts
	List // a list of maps, entered by a screen of its own
)

// Shape is the mark that stands for a state, beside its colour and its word.
type Shape string

// Shapes of states.
const (
	Good      Shape = "good"
	UnderWay  Shape = "under_way"
	NotBegun  Shape = "not_begun"
	Waiting   Shape = "waiting"
	Wrong     Shape = "wrong"
	Elsewhere Shape = "elsewhere"
	Closed    Shape = "closed"
)

// Option is one choice of a field: the code is recorded, the label is shown.
type Option struct {
	Code, Label string
	Shape       Shape
}

// Field describes one field of a kind.
type Field struct {
	Name, Label, Help string
	Type              Type
	Options           []Option
	Target            Kind // of Ref and Refs
	Must              bool // mandatory
	More              bool // entered under « Plus de champs »
	Personal          bool
}

// Option returns the option of a code.
func (f Field) Option(code string) (Option, bool) {
	i := slices.IndexFunc(f.Options, func(o Option) bool { return o.Code == code })
	if i < 0 {
		return Option{}, false
	}
	return f.Options[i], true
}

// Schema describes one kind.
type Schema struct {
	Kind             Kind
	Singular, Plural string // in French, as people read them
	Feminine         bool
	Act              bool   // written once, never edited
	Personal         bool   // lives in people/<place>
	Status           string // name of the field that holds its state, "" for none
	Retention        string // how long it is kept, in words; "" without limit
	Fields           []Field
}

// Field returns the field of a name.
func (s Schema) Field(name string) (Field, bool) {
	i := slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return s.Fields[i], true
}

// State returns the option of the record's status field, and false where the kind has none or the
// record holds none.
func (s Schema) State(f Fields) (Option, bool) {
	field, ok := s.Field(s.Status)
	if !ok {
		return Option{}, false
	}
	return field.Option(f.Text(s.Status))
}

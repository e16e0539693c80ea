package record

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// Days counts days since 1970-01-01 in a struct of a kind.
type Days int64

// Millis counts Unix milliseconds in a struct of a kind.
type Millis int64

// Amount counts cents of euro in a struct of a kind.
type Amount int64

// model is what is declared for a kind: its struct and what the struct's tags cannot say.
type model struct {
	schema Schema
	data   any // zero value of the kind's struct
	title  func(Record, Book) string
	under  func(Record, Book) string
	check  func(*checker)
	derive func(*deriver)
	scope  func(Fields, Book) (string, error)
	search []string // fields that full-text search covers
}

// models lists every kind: adding one is adding a line here, beside its file.
func models() []model {
	return []model{
		operatorModel(), siteModel(), eventModel(), workshopModel(), charterModel(), adoptionModel(),
		roomModel(), equipmentTypeModel(), equipmentModel(), visitModel(), auditModel(), scanModel(), interventionModel(),
		classMemberModel(), acknowledgementModel(), attendanceModel(),
	}
}

// catalogue holds the models with their schemas built, in order.
type catalogue struct {
	kinds  []Kind
	byKind map[Kind]model
	clear  map[Kind]map[string]bool // of the kinds with personal fields, those that are not sealed at rest
}

// cache keeps the catalogue once it is built: it depends on nothing but this package's source, and an
// initializer would refer to itself through the titles.
var cache struct {
	sync.Once
	catalogue
}

func loaded() catalogue {
	cache.Do(func() {
		c := catalogue{byKind: map[Kind]model{}, clear: map[Kind]map[string]bool{}}
		for _, m := range models() {
			m.schema.Fields = append(fieldsOf(reflect.TypeOf(m.data)), common()...)
			c.kinds = append(c.kinds, m.schema.Kind)
			c.byKind[m.schema.Kind] = m
			if fields := clearFields(m.schema); fields != nil {
				c.clear[m.schema.Kind] = fields
			}
		}
		cache.catalogue = c
	})
	return cache.catalogue
}

// common are the fields that every kind has.
func common() []Field {
	return []Field{
		{Name: "archived", Label: "Archivé", Type: Flag, More: true},
		{Name: "continues", Label: "Fait suite à", Type: Ref, More: true, Help: "L'enregistrement d'une autre portée que celui-ci prolonge."},
	}
}

// Kinds returns every kind that this version knows.
func Kinds() []Kind { return loaded().kinds }

// Of returns the schema of a kind, and false for a kind of another version.
func Of(k Kind) (Schema, bool) {
	m, ok := loaded().byKind[k]
	return m.schema, ok
}

// Searchable returns the fields of a kind that full-text search covers; never a personal one.
func Searchable(k Kind) []string { return loaded().byKind[k].search }

// Title returns the name under which people know the record. The book may be nil.
func Title(r Record, b Book) string {
	if m, ok := loaded().byKind[r.Kind]; ok {
		if t := strings.TrimSpace(m.title(r, lookup(b))); t != "" {
			return t
		}
		return m.schema.Singular + " " + r.ID.String()[:8]
	}
	return string(r.Kind) + " " + r.ID.String()[:8]
}

// Subtitle returns a second line that tells records of one title apart, "" for none.
func Subtitle(r Record, b Book) string {
	m, ok := loaded().byKind[r.Kind]
	if !ok || m.under == nil {
		return ""
	}
	return strings.TrimSpace(m.under(r, lookup(b)))
}

// emptyBook holds nothing: what a nil Book stands for.
type emptyBook struct{}

func (emptyBook) Get(uuid.UUID) (Record, bool, error)      { return Record{}, false, nil }
func (emptyBook) Find(Kind, string, any) ([]Record, error) { return nil, nil }

func lookup(b Book) Book {
	if b == nil {
		return emptyBook{}
	}
	return b
}

// titleOf returns the title of the record that a field refers to, "" where it is out of reach.
func titleOf(f Fields, field string, b Book) string {
	id := f.ID(field)
	if id == uuid.Nil {
		return ""
	}
	r, ok, err := b.Get(id)
	if err != nil || !ok {
		return ""
	}
	return Title(r, b)
}

// join puts the texts that are not empty together.
func join(texts ...string) string {
	var kept []string
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, " · ")
}

// fieldsOf reads the declarations of a kind's struct. The tag buron holds the name and any of must,
// more, personal and long; label and help are shown; options names a list of choices, target a kind.
func fieldsOf(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		name, flags, _ := strings.Cut(sf.Tag.Get("buron"), ",")
		f := Field{Name: name, Label: sf.Tag.Get("label"), Help: sf.Tag.Get("help"), Target: Kind(sf.Tag.Get("target")), Options: options(sf.Tag.Get("options"))}
		f.Must, f.More, f.Personal = strings.Contains(flags, "must"), strings.Contains(flags, "more"), strings.Contains(flags, "personal")
		f.Type = typeOf(sf.Type, len(f.Options) > 0, strings.Contains(flags, "long"))
		out = append(out, f)
	}
	return out
}

func typeOf(t reflect.Type, choice, long bool) Type {
	switch reflect.Zero(t).Interface().(type) {
	case string:
		switch {
		case choice:
			return Choice
		case long:
			return Long
		}
		return Text
	case []string:
		if choice {
			return Choices
		}
		return Texts
	case uuid.UUID:
		return Ref
	case []uuid.UUID:
		return Refs
	case Days:
		return Day
	case Millis:
		return Instant
	case Amount:
		return Cents
	case int64:
		return Number
	case bool:
		return Flag
	case []byte:
		return Image
	case []any:
		return List
	}
	panic(fmt.Sprintf("record: no field type for %s", t))
}

// Decode reads fields into the struct of their kind: RoomData, EquipmentData… Fields of another version
// are left aside.
func Decode[T any](f Fields) T {
	var out T
	v := reflect.ValueOf(&out).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("buron"), ",")
		set(v.Field(i), f, name)
	}
	return out
}

func set(v reflect.Value, f Fields, name string) {
	switch v.Interface().(type) {
	case string:
		v.SetString(f.Text(name))
	case bool:
		v.SetBool(f.Bool(name))
	case Days, Millis, Amount, int64:
		v.SetInt(f.Int(name))
	case uuid.UUID:
		v.Set(reflect.ValueOf(f.ID(name)))
	case []uuid.UUID:
		v.Set(reflect.ValueOf(f.IDs(name)))
	case []byte:
		b, _ := f[name].([]byte)
		v.SetBytes(b)
	case []string:
		var texts []string
		for _, e := range f.List(name) {
			if s, ok := e.(string); ok {
				texts = append(texts, s)
			}
		}
		v.Set(reflect.ValueOf(texts))
	case []any:
		v.Set(reflect.ValueOf(f.List(name)))
	}
}

// Encode returns the fields of a kind's struct that are not zero.
func Encode(data any) Fields {
	out := Fields{}
	v := reflect.ValueOf(data)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("buron"), ",")
		if v.Field(i).IsZero() {
			continue
		}
		switch x := v.Field(i).Interface().(type) {
		case uuid.UUID:
			out[name] = x.String()
		case []uuid.UUID:
			list := make([]any, len(x))
			for i, id := range x {
				list[i] = id.String()
			}
			out[name] = list
		case []string:
			list := make([]any, len(x))
			for i, s := range x {
				list[i] = s
			}
			out[name] = list
		case Days, Millis, Amount, int64:
			out[name] = v.Field(i).Int()
		default:
			out[name] = x
		}
	}
	return out
}

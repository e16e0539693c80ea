package record

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Problem is a rule that what was entered does not keep.
type Problem struct {
	Field string // where it is shown, "" for the whole record
	Rule  string // short code, for programs
	text  string
}

// Sentence says in French what is wrong and what to do.
func (p Problem) Sentence() string { return p.text }

// Error returns the field and the rule.
func (p Problem) Error() string { return p.Field + ": " + p.Rule }

// Problems are all that Check found.
type Problems []Problem

// Error puts the problems together.
func (p Problems) Error() string {
	texts := make([]string, len(p))
	for i, q := range p {
		texts[i] = q.Error() + ": " + q.text
	}
	return strings.Join(texts, "; ")
}

// checker gathers problems while a record is checked.
type checker struct {
	kind   Kind
	before Fields // nil for a creation
	after  Fields
	book   Book
	found  Problems
}

func (c *checker) fail(field, rule, sentence string, args ...any) {
	c.found = append(c.found, Problem{field, rule, fmt.Sprintf(sentence, args...)})
}

// changed reports whether the edit touches one of the fields.
func (c *checker) changed(fields ...string) bool {
	for _, f := range fields {
		if c.before == nil || !same(c.before[f], c.after[f]) {
			return true
		}
	}
	return false
}

func same(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// refer returns the record that a field refers to; false where there is none or it is out of reach.
func (c *checker) refer(field string) (Record, bool) {
	id := c.after.ID(field)
	if id == uuid.Nil {
		return Record{}, false
	}
	r, ok, err := c.book.Get(id)
	return r, ok && err == nil
}

// Check returns the rules that a record would break, nil for none. Before is nil for a creation; after
// holds all its fields. A reference to what this device does not hold is accepted: it is out of reach.
func Check(k Kind, before, after Fields, b Book) Problems {
	m, ok := loaded().byKind[k]
	if !ok {
		return Problems{{"", "kind", "Cette version ne connaît pas cette sorte d'enregistrement\u00a0: mettez Buron à jour."}}
	}
	c := &checker{kind: k, before: before, after: after, book: lookup(b)}
	if before != nil && m.schema.Act {
		c.checkUntouched()
		return c.found
	}
	for _, f := range m.schema.Fields {
		if f.Must && !after.Has(f.Name) && c.changed(f.Name) {
			c.fail(f.Name, "must", "%s\u00a0: ce champ est obligatoire.", f.Label)
			continue
		}
		if v := after[f.Name]; v != nil && c.changed(f.Name) {
			c.checkValue(f, v)
		}
	}
	if m.check != nil {
		m.check(c)
	}
	return c.found
}

// checkUntouched lets an act be put aside, and nothing else: what happened is written once.
func (c *checker) checkUntouched() {
	for name := range c.after {
		if name != "archived" && c.changed(name) {
			c.fail(name, "act", "Un acte ne se corrige pas\u00a0: enregistrez-en un autre, ou annulez celui-ci.")
			return
		}
	}
}

// maxText is the most bytes of a text field; charter texts alone may hold more.
const maxText = 64 << 10

func (c *checker) checkValue(f Field, v any) {
	ok := true
	switch f.Type {
	case Text, Long, Choice, Ref:
		s, text := v.(string)
		ok = text
		if len(s) > maxText && c.kind != Charter {
			c.fail(f.Name, "long", "%s\u00a0: ce texte est trop long (64 Ko au plus).", f.Label)
		}
		c.checkCharacters(f, s)
		if f.Type == Choice && ok && s != "" {
			_, ok = f.Option(s)
		}
		if f.Type == Ref && ok && s != "" {
			c.checkRef(f, s)
		}
	case Day, Instant, Number, Cents:
		n, number := v.(int64)
		ok = number && n != math.MinInt64 // which the journal does not take
	case Flag:
		_, ok = v.(bool)
	case Image:
		b, image := v.([]byte)
		ok = image
		if len(b) > MaxImage {
			c.fail(f.Name, "image", "%s\u00a0: l'image dépasse 32 Ko.", f.Label)
		}
	case Choices, Refs, Texts, List:
		list, isList := v.([]any)
		ok = isList
		c.checkItems(f, list)
	}
	if !ok {
		c.fail(f.Name, "value", "%s\u00a0: cette valeur n'est pas possible.", f.Label)
	}
}

func (c *checker) checkItems(f Field, list []any) {
	for _, e := range list {
		s, text := e.(string)
		switch f.Type {
		case Choices:
			if _, ok := f.Option(s); !ok || !text {
				c.fail(f.Name, "value", "%s\u00a0: «\u00a0%v\u00a0» n'est pas un choix possible.", f.Label, e)
			}
		case Refs:
			c.checkRef(f, s)
		case Texts:
			c.checkCharacters(f, s)
		}
	}
}

// checkCharacters refuses what the journal does not take: a damaged file must not keep the others from being saved.
func (c *checker) checkCharacters(f Field, text string) {
	if strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		c.fail(f.Name, "characters", "%s\u00a0: ce texte contient un caractère illisible. Saisissez-le de nouveau.", f.Label)
	}
}

func (c *checker) checkRef(f Field, text string) {
	id, err := uuid.Parse(text)
	if err != nil {
		c.fail(f.Name, "reference", "%s\u00a0: ce n'est pas un identifiant.", f.Label)
		return
	}
	if r, ok, err := c.book.Get(id); err == nil && ok && f.Target != "" && r.Kind != f.Target {
		s, _ := Of(f.Target)
		c.fail(f.Name, "reference", "%s\u00a0: choisissez un enregistrement de la sorte «\u00a0%s\u00a0».", f.Label, s.Singular)
	}
}

// deriver fills in what follows from what was entered.
type deriver struct {
	before, set Fields
	book        Book
}

// value returns what a field will hold after the edit.
func (d *deriver) value(field string) any {
	if v, ok := d.set[field]; ok {
		return v
	}
	return d.before[field]
}

// from sets field from the record that via refers to, where neither the person nor the record says it.
func (d *deriver) from(field, via, source string) {
	if v := d.value(field); v != nil && v != "" {
		return
	}
	id := Fields{"x": d.value(via)}.ID("x")
	if id == uuid.Nil {
		return
	}
	if r, ok, err := d.book.Get(id); err == nil && ok && r.Fields.Has(source) {
		d.set[field] = r.Fields[source]
	}
}

// Derive adds to set the fields that follow from what was entered: the site of a room, the hash of a
// charter's text. It is called before Check, by whoever writes.
func Derive(k Kind, before, set Fields, b Book) {
	if m, ok := loaded().byKind[k]; ok && m.derive != nil {
		m.derive(&deriver{before, set, lookup(b)})
	}
}

// Default returns the fields with which the form of a new record opens.
func Default(k Kind, now time.Time) Fields {
	switch k {
	case Equipment:
		return Fields{"status": "en_service", "network": "pedagogique"}
	case Intervention:
		return Fields{"status": "ouverte", "opened": now.UnixMilli()}
	case Visit:
		return Fields{"arrival": now.UnixMilli()}
	case RoomAudit:
		return Fields{"begun": now.UnixMilli()}
	case Scan, Acknowledgement, Attendance:
		return Fields{"at": now.UnixMilli()}
	case Operator:
		return Fields{"active": true}
	case Event:
		return Fields{"status": "programme"}
	case Workshop:
		return Fields{"status": "propose"}
	case Charter:
		return Fields{"status": "brouillon"}
	case ClassMember:
		return Fields{"school_year": SchoolYear(DayOf(now))}
	}
	return Fields{}
}

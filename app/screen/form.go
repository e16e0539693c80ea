package screen

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"github.com/google/uuid"
)

// formPage enters or edits a record of any kind, from its own declarations. It stays filled until what it
// holds is on the disk, and survives a crash.
type formPage struct {
	kind     record.Kind
	id       uuid.UUID // nil for a new record
	title    string
	texts    map[string]string // what was typed, by field
	lists    map[string][]string
	opened   draft         // what the form of a record was opened with
	fixed    record.Fields // what the form was opened with and does not ask
	seen     replica.Seen
	before   record.Fields
	faults   map[string]string
	more     bool
	begun    bool
	restored time.Time
	after    func(uuid.UUID) // instead of going back
}

// draft is a form as it is kept against a crash.
type draft struct {
	Texts map[string]string
	Lists map[string][]string
	At    time.Time
}

// newForm opens a form for a new record, filled with set.
func newForm(k record.Kind, set record.Fields) *formPage {
	p := &formPage{kind: k, texts: map[string]string{}, lists: map[string][]string{}, fixed: record.Fields{}, faults: map[string]string{}}
	schema, _ := record.Of(k)
	p.title = newWord(schema) + " " + strings.ToLower(schema.Singular)
	values := record.Default(k, time.Now())
	for name, v := range set {
		values[name] = v
	}
	p.fill(schema, values)
	return p
}

// newWord agrees with the kind: « Nouvelle charte », « Nouvel appareil », « Nouveau lieu ».
func newWord(s record.Schema) string {
	switch {
	case s.Feminine:
		return "Nouvelle"
	case strings.ContainsRune("aeiouyh", rune(record.Plain(s.Singular)[0])):
		return "Nouvel"
	}
	return "Nouveau"
}

// editForm opens a form on a record.
func editForm(s *Shell, id uuid.UUID) *formPage {
	v, err := s.r.Get(s.ctx, id)
	p := newForm(v.Kind, nil)
	p.texts, p.lists = map[string]string{}, map[string][]string{}
	if err != nil {
		p.faults[""] = sentence(err)
		return p
	}
	schema, _ := record.Of(v.Kind)
	p.id, p.seen, p.before, p.title = id, v.Seen, v.Fields, "Modifier "+record.Title(v.Record, s.book())
	p.fill(schema, v.Fields)
	p.opened.Texts, p.opened.Lists = maps.Clone(p.texts), map[string][]string{}
	for name, list := range p.lists {
		p.opened.Lists[name] = slices.Clone(list)
	}
	return p
}

// kept reports whether a field of a record is as the form was opened: it is not written then, since what is shown of
// an instant has no seconds, and since who changes one field decides nothing about another.
func (p *formPage) kept(name string) bool {
	if p.id == uuid.Nil || !slices.Equal(p.lists[name], p.opened.Lists[name]) {
		return false
	}
	for key, text := range p.texts {
		if (key == name || strings.HasPrefix(key, name+".")) && text != p.opened.Texts[key] {
			return false
		}
	}
	return true
}

func (p *formPage) fill(schema record.Schema, values record.Fields) {
	for _, f := range schema.Fields {
		v, ok := values[f.Name]
		if !ok || v == nil {
			continue
		}
		switch f.Type {
		case record.Choice, record.Ref:
			p.texts[f.Name], _ = v.(string)
		case record.Choices, record.Refs, record.Texts:
			for _, e := range values.List(f.Name) {
				if t, ok := e.(string); ok {
					p.lists[f.Name] = append(p.lists[f.Name], t)
				}
			}
		case record.List, record.Image:
			p.fixed[f.Name] = v
			if f.Name == "timings" {
				p.splitTimings(values.List(f.Name))
			}
		case record.Instant:
			p.splitMoment(f.Name, values.Int(f.Name))
		default:
			p.texts[f.Name] = f.Format(v)
		}
	}
}

func (p *formPage) Title() string { return p.title }

func (p *formPage) Steady() {}

// Focus goes to the first field that is typed, once: the person has come here to write.
func (p *formPage) Focus(s *Shell) {
	if p.begun || p.id != uuid.Nil {
		return
	}
	p.begun = true
	var first fyne.Focusable
	visit(s.body, func(o fyne.CanvasObject) {
		switch e := o.(type) {
		case *look.Entry:
			first = cmp.Or[fyne.Focusable](first, e)
		case *look.Combo:
			first = cmp.Or[fyne.Focusable](first, e)
		}
	})
	if first != nil {
		s.win.Canvas().Focus(first)
	}
}

func (p *formPage) Key(s *Shell, k fyne.KeyName) bool {
	if k == saveKey {
		p.save(s)
		return true
	}
	return false
}

func (p *formPage) draftKey() string { return "draft." + string(p.kind) + "." + p.id.String() }

// keep writes the draft; what is typed is on the disk before it is a record.
func (p *formPage) keep(s *Shell) {
	b, err := json.Marshal(draft{p.texts, p.lists, s.r.Now()})
	if err != nil {
		return
	}
	s.keepDraft(p.draftKey(), string(b))
}

// recall takes a draft up again, once.
func (p *formPage) recall(s *Shell) {
	if !p.restored.IsZero() {
		return
	}
	p.restored = time.Unix(1, 0)
	var d draft
	if text := s.draftText(p.draftKey()); text == "" || json.Unmarshal([]byte(text), &d) != nil {
		return
	}
	for k, v := range d.Texts {
		p.texts[k] = v
	}
	for k, v := range d.Lists {
		p.lists[k] = v
	}
	schema, _ := record.Of(p.kind)
	p.splitOld(schema)
	p.restored = d.At
}

func (p *formPage) Content(s *Shell) fyne.CanvasObject {
	p.recall(s)
	schema, _ := record.Of(p.kind)
	box := container.NewVBox()
	if p.restored.After(time.Unix(1, 0)) {
		box.Add(container.NewHBox(look.Muted("Brouillon repris de "+look.Clock(p.restored)), button("Jeter", "trash", look.Quiet, func() {
			s.dropDraft(p.draftKey())
			if p.id != uuid.Nil {
				s.Replace(editForm(s, p.id))
				return
			}
			s.Replace(newForm(p.kind, p.fixed))
		})))
	}
	if f := p.faults[""]; f != "" {
		box.Add(look.Problem(f))
	}
	hidden := 0
	for _, musts := range []bool{true, false} {
		for _, f := range schema.Fields {
			if f.Must != musts || !p.asked(f) {
				continue
			}
			if f.More && !p.more && p.faults[f.Name] == "" && !f.Must {
				hidden++
				continue
			}
			box.Add(look.Field(f.Label, f.Help, p.faults[f.Name], f.Must, p.input(s, f)))
		}
	}
	if hidden > 0 {
		box.Add(container.NewHBox(button("Plus de champs", "caret-down", look.Quiet, func() { p.more = true; s.draw() })))
	}
	foot := container.NewHBox(button("Enregistrer", "floppy-disk", look.Primary, func() { p.save(s) }),
		button("Fermer sans enregistrer", "", look.Quiet, func() { s.dropDraft(p.draftKey()); s.Back() }))
	return container.NewBorder(nil, foot, nil, nil, container.NewVScroll(look.Width(s.em(640), box)))
}

// asked reports whether the form asks for a field.
func (p *formPage) asked(f record.Field) bool {
	switch f.Name {
	case "archived", "continues", "text_hash", "simple_hash":
		return false
	}
	return f.Type != record.Image && (f.Type != record.List || f.Name == "timings")
}

// save writes the record. On any fault the form stays as it is, with a sentence under the field.
func (p *formPage) save(s *Shell) {
	p.faults = map[string]string{}
	set := p.values(s.r.Now())
	if len(p.faults) > 0 {
		p.point(s)
		return
	}
	s.sign(func() { p.write(s, set) })
}

func (p *formPage) write(s *Shell, set record.Fields) {
	saved, err := s.save(replica.Change{ID: p.id, Kind: p.kind, Set: set, Seen: p.seen})
	var problems record.Problems
	if errors.As(err, &problems) {
		for _, q := range problems {
			p.faults[q.Field] = q.Sentence()
		}
		p.point(s)
		return
	}
	if err != nil {
		p.faults[""] = sentence(err)
		s.draw()
		return
	}
	s.dropDraft(p.draftKey())
	if p.after != nil {
		p.after(saved.IDs[0])
		return
	}
	s.Back()
}

// point draws the page with its faults, and goes to the first, which may be out of sight; who is in that field stays.
func (p *formPage) point(s *Shell) {
	s.draw()
	var wrong *look.FieldBox
	visit(s.body, func(o fyne.CanvasObject) {
		if f, ok := o.(*look.FieldBox); ok && f.Fault() != "" && wrong == nil {
			wrong = f
		}
	})
	if wrong == nil {
		return
	}
	held := s.win.Canvas().Focused()
	var inputs []fyne.Focusable
	visit(wrong, func(o fyne.CanvasObject) {
		if f, ok := o.(fyne.Focusable); ok {
			inputs = append(inputs, f)
		}
	})
	switch {
	case slices.Contains(inputs, held):
		look.Reveal(held)
	case len(inputs) > 0:
		s.win.Canvas().Focus(inputs[0])
	}
}

// values reads what was typed, and notes what cannot be read.
func (p *formPage) values(now time.Time) record.Fields {
	schema, _ := record.Of(p.kind)
	set := record.Fields{}
	if p.id == uuid.Nil {
		set = p.fixed.Clone()
	}
	for _, f := range schema.Fields {
		if !p.asked(f) {
			continue
		}
		if p.kept(f.Name) {
			continue
		}
		v, ok := p.value(f, now)
		if !ok {
			continue
		}
		if v == nil && p.before[f.Name] == nil {
			continue
		}
		set[f.Name] = v
	}
	return set
}

// fault says under a field what is wrong with it.
func (p *formPage) fault(name string, err error) { p.faults[name] = look.Capital(err.Error()) + "." }

// value reads one field; false where it cannot be read, which is noted.
func (p *formPage) value(f record.Field, now time.Time) (any, bool) {
	var v any
	var err error
	switch f.Type {
	case record.Choices, record.Refs, record.Texts:
		if len(p.lists[f.Name]) == 0 {
			return nil, true
		}
		out := make([]any, len(p.lists[f.Name]))
		for i, t := range p.lists[f.Name] {
			out[i] = t
		}
		return out, true
	case record.List:
		return p.timing(f, now)
	case record.Day:
		v, err = p.readDay(f.Name, now)
	case record.Instant:
		v, err = p.readMoment(f.Name, now)
	default:
		v, err = f.Parse(p.texts[f.Name])
	}
	if err != nil {
		p.fault(f.Name, err)
	}
	return v, err == nil
}

package screen

import (
	"fmt"
	"strings"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
	"github.com/google/uuid"
)

// cardPage shows one record whole: what it is on the left, its fields in the middle, its history on the
// right. It serves equipment and every kind without a screen of its own.
type cardPage struct {
	id   uuid.UUID
	kind record.Kind
	name string
}

func (p *cardPage) Title() string {
	if p.name != "" {
		return p.name
	}
	schema, _ := record.Of(p.kind)
	return schema.Singular
}

func (p *cardPage) Primary(s *Shell) *Action {
	p.name = s.titleOf(p.id)
	if p.kind == record.Equipment && s.mayCreate(record.Intervention) {
		return &Action{"Intervention", "wrench", func() { s.Push(&interventionPage{equipment: p.id}) }}
	}
	return nil
}

func (p *cardPage) Key(s *Shell, k fyne.KeyName) bool {
	switch k {
	case fyne.KeyF8:
		if p.kind == record.Equipment && s.mayCreate(record.Intervention) {
			s.Push(&interventionPage{equipment: p.id})
		}
	case fyne.KeyF9:
		if rec, ok, err := s.book().Get(p.id); err == nil && ok && rec.Fields.ID("room") != uuid.Nil {
			s.Push(&auditPage{room: rec.Fields.ID("room")})
		}
	case fyne.KeyF2:
		if rec, ok, err := s.book().Get(p.id); err == nil && ok && s.mayEdit(rec) {
			s.Push(editForm(s, p.id))
		}
	case duplicateKey:
		p.duplicate(s)
	default:
		return false
	}
	return true
}

func (p *cardPage) Content(s *Shell) fyne.CanvasObject {
	v, err := s.r.Get(s.ctx, p.id)
	if err != nil {
		return look.Problem(sentence(err))
	}
	p.id, p.name = v.ID, record.Title(v.Record, s.book())
	left := container.NewVBox()
	schema, _ := record.Of(v.Kind)
	if st, ok := schema.State(v.Fields); ok {
		left.Add(look.Mark(st))
	}
	if under := record.Subtitle(v.Record, s.book()); under != "" {
		left.Add(look.Body(under))
	}
	left.Add(look.NewTap(container.NewHBox(container.NewCenter(look.Lauzes(v.Lauzes)), look.Muted(lauzeWord(v.Lauzes))), func() { s.Push(&wherePage{id: v.ID}) }))
	if n := len(v.Merged); n > 0 {
		left.Add(look.Wrapped(look.Muted(look.Count(n, "fiche réunie à celle-ci", "fiches réunies à celle-ci"))))
	}
	if len(v.Conflicts) > 0 {
		left.Add(look.Problem("À décider\u00a0: " + p.labels(schema, v.Conflicts)))
		left.Add(button("Décider", "git-fork", look.Plain, func() { s.Push(&decidePage{}) }))
	}
	left.Add(p.joined(s, v))
	for _, a := range p.actions(s, v) {
		left.Add(a)
	}
	left.Add(button("Où est cet enregistrement\u00a0?", "map-pin", look.Quiet, func() { s.Push(&wherePage{id: v.ID}) }))
	if schema.Personal && s.mayAdmit() {
		left.Add(button("Effacer", "eraser", look.Danger, func() { s.Push(&erasePage{id: v.ID}) }))
	}
	fields := p.fields(s, schema, v)
	if v.Sealed {
		fields = container.NewVBox(p.sealed(schema), fields)
	}
	return look.Columns(nil, left, fields, p.history(s, schema))
}

// lauzeWord says what the slates show.
func lauzeWord(n int) string {
	switch {
	case n >= 3:
		return "Au central"
	case n == 2:
		return "Chez un voisin"
	}
	return "Enregistré ici"
}

func (p *cardPage) labels(schema record.Schema, fields []string) string {
	var out []string
	for _, name := range fields {
		f, _ := schema.Field(name)
		out = append(out, f.Label)
	}
	return join(out...)
}

func (p *cardPage) actions(s *Shell, v replica.View) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	if !s.mayEdit(v.Record) {
		return nil
	}
	out = append(out, button("Modifier", "pencil-simple", look.Plain, func() { s.Push(editForm(s, p.id)) }),
		button("Dupliquer", "copy", look.Plain, func() { p.duplicate(s) }))
	if v.Kind == record.Equipment {
		out = append(out, button("Déplacer", "map-pin", look.Plain, func() { s.Push(&movePage{id: p.id}) }))
		if v.Fields.Text("status") != "reforme" {
			out = append(out, button("Réformer", "archive", look.Danger, s.signed(func() {
				if _, err := s.save(replica.Change{ID: p.id, Set: record.Fields{"status": "reforme"}, Seen: v.Seen}); err == nil {
					s.draw()
				}
			})))
		}
	}
	if v.Kind == record.Intervention {
		out = append(out, p.steps(s, v)...)
	}
	return append(out, button("Archiver", "trash", look.Quiet, s.signed(func() {
		if _, err := s.save(replica.Change{ID: p.id, Set: record.Fields{"archived": true}, Seen: v.Seen}); err == nil {
			s.Back()
		}
	})))
}

// steps are the states an intervention can go to in one tap.
func (p *cardPage) steps(s *Shell, v replica.View) []fyne.CanvasObject {
	schema, _ := record.Of(record.Intervention)
	field, _ := schema.Field("status")
	var out []fyne.CanvasObject
	for _, o := range field.Options {
		if o.Code == v.Fields.Text("status") || o.Code == "externalisee" {
			continue
		}
		out = append(out, button(o.Label, "", look.Plain, s.signed(func() {
			if _, err := s.save(replica.Change{ID: p.id, Set: record.Fields{"status": o.Code}, Seen: v.Seen}); err == nil {
				s.draw()
			}
		})))
	}
	return []fyne.CanvasObject{look.Bold("Passer à"), container.NewGridWithColumns(2, out...)}
}

// duplicate opens a form filled like this record, without what is this one's alone.
func (p *cardPage) duplicate(s *Shell) {
	rec, ok, err := s.book().Get(p.id)
	if err != nil || !ok {
		return
	}
	set := rec.Fields.Clone()
	for _, own := range []string{"tag", "serial", "uuid", "mac", "name", "archived", "continues", replica.MergedInto} {
		delete(set, own)
	}
	dropJoined(set)
	s.Push(newForm(rec.Kind, set))
}

func (p *cardPage) fields(s *Shell, schema record.Schema, v replica.View) fyne.CanvasObject {
	box := container.NewVBox()
	for _, g := range groups {
		form := container.New(&pairs{})
		for _, f := range schema.Fields {
			if !v.Fields.Has(f.Name) || hiddenFields[f.Name] || groupOf(schema.Kind, f.Name) != g {
				continue
			}
			form.Add(look.Wrapped(look.Muted(f.Label)))
			form.Add(look.Body(s.readable(f, v.Fields[f.Name])))
		}
		if len(form.Objects) == 0 {
			continue
		}
		if g != "" {
			box.Add(look.Title(g))
		}
		box.Add(form)
	}
	return box
}

// sealed lists the fields that cannot be read, since the data key is not on this device.
func (p *cardPage) sealed(schema record.Schema) fyne.CanvasObject {
	form := container.New(&pairs{})
	for _, f := range schema.Fields {
		if !record.Clear(schema.Kind, f.Name) {
			form.Add(look.Wrapped(look.Muted(f.Label)))
			form.Add(look.Body("scellé"))
		}
	}
	return form
}

// readable formats a value for people, what it refers to by its title.
func (s *Shell) readable(f record.Field, v any) string {
	switch f.Type {
	case record.Ref:
		return s.titleOf(record.Fields{"r": v}.ID("r"))
	case record.Refs:
		var names []string
		for _, id := range (record.Fields{"r": v}).IDs("r") {
			names = append(names, s.titleOf(id))
		}
		return join(names...)
	}
	if name, ok := replica.JoinedName(v); ok {
		return name
	}
	return f.Format(v)
}

// maxHistory bounds the lines of a record's history that are drawn.
const maxHistory = 60

// history says who did what, when, on which device.
func (p *cardPage) history(s *Shell, schema record.Schema) fyne.CanvasObject {
	events, err := s.r.History(s.ctx, p.id)
	if err != nil {
		return look.Problem(sentence(err))
	}
	box := look.Tight(look.Title("Histoire"))
	last := ""
	for i, e := range events {
		if i == maxHistory {
			box.Add(look.Muted(fmt.Sprintf("et %d lignes plus anciennes", len(events)-maxHistory)))
			break
		}
		who := join(look.When(e.At, s.r.Now()), e.OperatorName, e.DeviceName)
		if e.ClockLead > 0 {
			who += fmt.Sprintf(" (horloge décalée de %d\u00a0h)", int(e.ClockLead.Hours()+0.5))
		}
		if hiddenFields[e.Field] && e.Field != "archived" {
			continue
		}
		if e.Parallel {
			who += " · modifié en parallèle"
		}
		if e.Merged != uuid.Nil {
			who += " · sur la fiche fusionnée"
		}
		if who != last {
			box.Add(look.Wrapped(look.Bold(who)))
			last = who
		}
		f, ok := schema.Field(e.Field)
		if !ok {
			f = record.Field{Label: look.Capital(joinedField(e.Field))}
		}
		text := s.readable(f, e.Value)
		if e.Value == nil {
			text = "effacé"
		}
		if e.Field == "archived" {
			f = record.Field{Label: "Fiche archivée"}
			text = map[bool]string{true: "oui", false: "non"}[e.Value == true]
		}
		if e.Into != uuid.Nil {
			f, text = record.Field{Label: "Fusionné"}, "réuni à cette fiche"
		}
		line, _, _ := strings.Cut(text, "\n")
		l := widget.NewLabel(f.Label + "\u00a0: " + line)
		l.Truncation = fyne.TextTruncateEllipsis
		box.Add(l)
	}
	return box
}

// movePage chooses the room a machine goes to.
type movePage struct{ id uuid.UUID }

func (p *movePage) Title() string { return "Déplacer" }

func (p *movePage) Content(s *Shell) fyne.CanvasObject {
	v, err := s.r.Get(s.ctx, p.id)
	if err != nil {
		return look.Problem(sentence(err))
	}
	rooms, err := s.r.List(s.ctx, replica.Query{Kind: record.Room, Where: []replica.Cond{{Field: "site", Value: v.Fields.Text("site")}}, Order: []string{"name"}})
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(rooms) == 0 {
		return look.Empty("Aucune salle n'est connue dans ce lieu.", button("Ajouter une salle", "plus", look.Plain, func() {
			s.Replace(newForm(record.Room, record.Fields{"site": v.Fields["site"]}))
		}))
	}
	var tiles []fyne.CanvasObject
	for _, room := range rooms {
		tiles = append(tiles, look.NewTile("door", room.Fields.Text("name"), floor(room.Fields.Text("floor")), 48, s.signed(func() {
			if _, err := s.save(replica.Change{ID: p.id, Set: record.Fields{"room": room.ID.String()}, Seen: v.Seen}); err == nil {
				s.Back()
			}
		})))
	}
	return look.Grid(3, tiles...)
}

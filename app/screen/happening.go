package screen

import (
	"slices"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"github.com/google/uuid"
)

// attendee is one person of an event, by the name under which they came.
type attendee struct {
	name  string
	state string // of record.PresenceOf
}

// people derives who is expected and who came, from their acts.
func (s *Shell) people(h record.Record) []attendee {
	field := "workshop"
	if h.Kind == record.Event {
		field = "event"
	}
	acts, err := s.r.List(s.ctx, replica.Query{Kind: record.Attendance, Where: []replica.Cond{{Field: field, Value: h.ID.String()}}})
	if err != nil {
		return nil
	}
	byName := map[string][]record.Record{}
	var names []string
	for _, a := range acts {
		n := a.Fields.Text("person_name")
		if byName[n] == nil {
			names = append(names, n)
		}
		byName[n] = append(byName[n], a)
	}
	slices.Sort(names)
	_, end := record.Span(h)
	over := end != 0 && end < s.r.Now().UnixMilli()
	var out []attendee
	for _, n := range names {
		if st := record.PresenceOf(byName[n], over); st != "" {
			out = append(out, attendee{n, st})
		}
	}
	return out
}

// happeningPage is one event or workshop: what it is, and who comes.
type happeningPage struct {
	id      uuid.UUID
	name    string
	signing bool
}

func (p *happeningPage) Title() string {
	if p.name == "" {
		return "Évènement"
	}
	return p.name
}

func (p *happeningPage) Primary(s *Shell) *Action {
	p.name = s.titleOf(p.id)
	if p.signing || !s.mayCreate(record.Attendance) {
		return nil
	}
	return &Action{"Émarger", "signature", func() { p.signing = true; s.draw() }}
}

func (p *happeningPage) Content(s *Shell) fyne.CanvasObject {
	h, ok, err := s.book().Get(p.id)
	if err != nil || !ok {
		return look.Problem("Cet évènement n'est pas sur cet appareil.")
	}
	p.name = record.Title(h, s.book())
	if p.signing {
		return p.sign(s, h)
	}
	schema, _ := record.Of(h.Kind)
	info := container.NewVBox(look.Mark(state(h)), look.Body(record.Subtitle(h, s.book())))
	form := container.New(&pairs{})
	info.Add(form)
	for _, f := range schema.Fields {
		switch f.Name {
		case "title", "status", "place", "begin", "archived":
			continue
		}
		if h.Fields.Has(f.Name) {
			form.Add(look.Wrapped(look.Muted(f.Label)))
			form.Add(look.Body(s.readable(f, h.Fields[f.Name])))
		}
	}
	if s.mayEdit(h) {
		info.Add(look.Wrap(button("Modifier", "pencil-simple", look.Plain, func() { s.Push(editForm(s, p.id)) }),
			button("Fiche et histoire", "clock", look.Quiet, func() { s.Push(&cardPage{id: p.id, kind: h.Kind}) })))
	}
	return look.Columns(nil, info, p.list(s, h))
}

func (p *happeningPage) list(s *Shell, h record.Record) fyne.CanvasObject {
	people := s.people(h)
	rows := []fyne.CanvasObject{look.Title(look.Count(len(people), "personne", "personnes"))}
	for _, a := range people {
		o, _ := record.Presences().Option(a.state)
		rows = append(rows, look.NewRowTap(o.Shape, a.name, "", o.Label, nil))
	}
	if len(people) == 0 {
		rows = append(rows, look.Body("Personne n'est inscrit pour l'instant."))
	}
	return look.Card(theme.ColorNameHyperlink, rows...)
}

// next is what a tap on a name makes of its state.
var next = map[string]string{"inscrit": "presence", "absent": "presence", "present": "excuse", "excuse": "inscription"}

// sign is the attendance sheet: large names, a tap goes round the states.
func (p *happeningPage) sign(s *Shell, h record.Record) fyne.CanvasObject {
	var tiles []fyne.CanvasObject
	present := 0
	for _, a := range s.people(h) {
		o, _ := record.Presences().Option(a.state)
		if a.state == "present" {
			present++
		}
		tiles = append(tiles, look.NewStateTile(o.Shape, a.name, o.Label, 64, s.signed(func() { p.act(s, h, next[a.state], a.name) })))
	}
	name := look.NewEntry()
	name.SetPlaceHolder("Prénom")
	add := func() {
		if typed := name.Text; typed != "" {
			s.sign(func() { p.act(s, h, "presence", typed) })
		}
	}
	name.OnSubmitted = func(string) { add() }
	top := container.NewBorder(nil, nil, look.Title(look.Count(present, "présent", "présents")), button("Ajouter un prénom", "plus", look.Plain, add), middle(name))
	foot := container.NewHBox(button("Terminer l'émargement", "check", look.Primary, func() { p.signing = false; s.draw() }))
	return container.NewBorder(top, foot, nil, nil, look.Grid(2, tiles...))
}

func (p *happeningPage) act(s *Shell, h record.Record, act, name string) {
	set := record.Fields{"act": act, "person_name": name, "at": s.r.Now().UnixMilli(), "workshop": h.ID.String()}
	if h.Kind == record.Event {
		delete(set, "workshop")
		set["event"] = h.ID.String()
	}
	if _, err := s.save(replica.Change{Kind: record.Attendance, Set: set}); err == nil {
		s.draw()
	}
}

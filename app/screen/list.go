package screen

import (
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

// listPage lists the records of a kind that needs no screen of its own.
type listPage struct {
	kind   record.Kind
	where  []replica.Cond
	filter string // code of the status
}

func newList(k record.Kind) *listPage { return &listPage{kind: k} }

func (p *listPage) Title() string {
	schema, _ := record.Of(p.kind)
	return schema.Plural
}

func (p *listPage) Primary(s *Shell) *Action {
	schema, _ := record.Of(p.kind)
	if !s.mayCreate(p.kind) || schema.Act || p.kind == record.Intervention {
		return nil
	}
	return &Action{"Ajouter", "plus", func() { s.Push(newForm(p.kind, nil)) }}
}

func (p *listPage) Content(s *Shell) fyne.CanvasObject {
	schema, _ := record.Of(p.kind)
	q := replica.Query{Kind: p.kind, Where: p.where}
	var head fyne.CanvasObject
	if schema.Status != "" {
		tally, err := s.r.Tally(s.ctx, q, schema.Status)
		if err != nil {
			return look.Problem(sentence(err))
		}
		head = p.chips(s, schema, tally)
		if p.filter != "" {
			q.Where = append(q.Where[:len(q.Where):len(q.Where)], replica.Cond{Field: schema.Status, Value: p.filter})
		}
	}
	numbers, err := s.r.Index(s.ctx, q)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(numbers) == 0 {
		return container.NewBorder(head, nil, nil, nil, look.Empty("Rien ici pour l'instant."))
	}
	fill := func(i int, o fyne.CanvasObject) {
		recs, err := s.r.Rows(s.ctx, numbers[i:i+1])
		if err != nil || len(recs) == 0 {
			return
		}
		st := state(recs[0])
		o.(*look.Row).Set(st.Shape, record.Title(recs[0], s.book()), record.Subtitle(recs[0], s.book()), st.Label)
	}
	list := look.NewList(look.ListOptions{Length: func() int { return len(numbers) }, Make: newRow, Fill: fill, Open: func(i int) {
		if recs, err := s.r.Rows(s.ctx, numbers[i:i+1]); err == nil && len(recs) == 1 {
			s.open(recs[0])
		}
	}})
	return container.NewBorder(head, nil, nil, nil, list)
}

func (p *listPage) chips(s *Shell, schema record.Schema, tally map[string]int) fyne.CanvasObject {
	field, _ := schema.Field(schema.Status)
	row := container.NewHBox(look.NewChip("Tous", sum(tally), p.filter == "", func() { p.filter = ""; s.draw() }))
	for _, o := range field.Options {
		if n := tally[o.Code]; n > 0 {
			row.Add(look.NewChip(o.Label, n, p.filter == o.Code, func() { p.filter = o.Code; s.draw() }))
		}
	}
	return container.NewHScroll(row)
}

// newPage offers what can be made: the likeliest first, then all.
type newPage struct{ all bool }

func (p *newPage) Title() string { return "Nouveau" }

// likely are the kinds that a role makes most.
var likely = map[record.Role][]record.Kind{
	record.Coordination: {record.Event, record.Charter, record.CharterAdoption, record.Operator},
	record.Agent:        {record.Intervention, record.Equipment, record.Room, record.Visit},
	record.Facilitator:  {record.Workshop, record.Event, record.Equipment, record.Room},
	record.Host:         {record.Workshop, record.Event, record.Equipment, record.Room},
}

var kindIcons = map[record.Kind]string{
	record.Event: "calendar-dots", record.Workshop: "presentation", record.Charter: "seal-check", record.CharterAdoption: "check-circle", record.Operator: "users",
	record.Site: "buildings", record.Room: "door", record.Equipment: "desktop", record.EquipmentType: "package", record.Visit: "clipboard-text",
	record.Intervention: "wrench", record.ClassMember: "student",
}

func (p *newPage) Content(s *Shell) fyne.CanvasObject {
	kinds := likely[s.r.Self().Role]
	if p.all || len(kinds) == 0 {
		kinds = nil
		for _, k := range record.Kinds() {
			if schema, _ := record.Of(k); !schema.Act && k != record.RoomAudit {
				kinds = append(kinds, k)
			}
		}
	}
	var tiles []fyne.CanvasObject
	for _, k := range kinds {
		if !s.mayCreate(k) {
			continue
		}
		schema, _ := record.Of(k)
		icon := kindIcons[k]
		if icon == "" {
			icon = "plus"
		}
		tiles = append(tiles, look.NewTile(icon, schema.Singular, "", 64, func() { s.Replace(newForm(k, nil)) }))
	}
	if !p.all {
		tiles = append(tiles, look.NewTile("caret-down", "Tout voir", "", 64, func() { p.all = true; s.draw() }))
	}
	return look.Grid(2, tiles...)
}

// helpPage lists the keys.
type helpPage struct{}

func (p *helpPage) Title() string { return "Aide" }

func (p *helpPage) Content(s *Shell) fyne.CanvasObject {
	form := container.New(layout.NewFormLayout())
	for _, k := range [][2]string{
		{"Ctrl+K", "Chercher"}, {"Ctrl+N", "Nouveau"}, {"Ctrl+S", "Enregistrer"}, {"Ctrl+D", "Dupliquer"}, {"F2", "Modifier"}, {"F4", "Créer d'après le dernier"},
		{"F5", "Échanger maintenant"}, {"F6", "Absent"}, {"F8", "Intervention"}, {"F9", "Tour de salle"}, {"Échap", "Revenir, en gardant le brouillon"},
		{"Ctrl+Page suivante", "Rubrique suivante"}, {"Un lecteur de codes", "Ouvre la salle, l'appareil ou le reçu, sur toute page"},
	} {
		form.Add(look.Bold(k[0]))
		form.Add(look.Body(k[1]))
	}
	return container.NewVScroll(look.Width(s.em(640), form))
}

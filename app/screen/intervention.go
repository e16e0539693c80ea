package screen

import (
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"github.com/google/uuid"
)

// interventionPage records a repair in three taps: the symptom, a sentence if need be, Enregistrer.
type interventionPage struct {
	equipment, room, visit uuid.UUID
	symptom                string
	text                   string
}

func (p *interventionPage) Title() string { return "Intervention" }

func (p *interventionPage) Steady() {}

func (p *interventionPage) Key(s *Shell, k fyne.KeyName) bool {
	if k == saveKey {
		p.save(s)
		return true
	}
	return false
}

func (p *interventionPage) Content(s *Shell) fyne.CanvasObject {
	schema, _ := record.Of(record.Intervention)
	field, _ := schema.Field("symptom")
	target := p.equipment
	if target == uuid.Nil {
		target = p.room
	}
	grid := container.NewGridWithColumns(5)
	for _, o := range field.Options {
		rank := look.Plain
		if o.Code == p.symptom {
			rank = look.Primary
		}
		grid.Add(look.NewTouchButton(o.Label, "", rank, func() {
			p.symptom = o.Code
			s.draw()
		}))
	}
	text := look.NewLong(3)
	text.SetPlaceHolder("Ce qui se passe, en une phrase (facultatif)")
	text.SetText(p.text)
	text.OnChanged = func(t string) { p.text = t }
	return container.NewBorder(container.NewVBox(look.Title(s.titleOf(target)), grid), container.NewHBox(
		button("Enregistrer", "floppy-disk", look.Primary, func() { p.save(s) })), nil, nil, look.Width(640, text))
}

func (p *interventionPage) save(s *Shell) {
	set := record.Default(record.Intervention, s.r.Now())
	if p.equipment != uuid.Nil {
		set["equipment"] = p.equipment.String()
	}
	if p.room != uuid.Nil {
		set["room"] = p.room.String()
	}
	visit := p.visit
	if visit == uuid.Nil {
		visit = s.visitHere(p.equipment, p.room)
	}
	if visit != uuid.Nil {
		set["visit"] = visit.String()
	}
	if p.symptom != "" {
		set["symptom"] = p.symptom
	}
	if p.text != "" {
		set["description"] = p.text
	}
	if _, err := s.save(replica.Change{Kind: record.Intervention, Set: set}); err == nil {
		s.Back()
	}
}

// visitHere returns the visit that goes on where a machine or a room is, uuid.Nil without one.
func (s *Shell) visitHere(equipment, room uuid.UUID) uuid.UUID {
	for _, id := range []uuid.UUID{equipment, room} {
		if rec, ok, err := s.book().Get(id); err == nil && ok {
			return s.openVisit(rec.Fields.ID("site"))
		}
	}
	return uuid.Nil
}

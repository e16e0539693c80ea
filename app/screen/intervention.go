package screen

import (
	"strings"

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
	text                   *look.Entry
	tiles                  *look.Tiles
}

func (p *interventionPage) Title() string { return "Intervention" }

func (p *interventionPage) Steady() {}

func (p *interventionPage) draftKey() string {
	return "draft.intervention." + p.equipment.String() + p.room.String()
}

// Focus goes to the symptoms: an arrow and Enter choose one.
func (p *interventionPage) Focus(s *Shell) { s.win.Canvas().Focus(p.tiles.Current()) }

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
	var options []look.TileOption
	for _, o := range field.Options {
		options = append(options, look.TileOption{Code: o.Code, Word: o.Label})
	}
	columns := 5
	if s.large() {
		columns = 3
	}
	p.tiles = look.NewTiles(columns, options, func(code string) {
		p.symptom = code
		p.text.Focus() // Enter goes on: the sentence, if need be, then Enter saves
	})
	p.tiles.Set(p.symptom)
	p.text = look.NewEntry()
	p.text.SetPlaceHolder("Ce qui se passe, en une phrase (facultatif)")
	p.text.SetText(s.draftText(p.draftKey()))
	p.text.OnChanged = func(t string) { s.keepDraft(p.draftKey(), t) }
	p.text.OnSubmitted = func(string) { p.save(s) }
	var where fyne.CanvasObject = look.Wrapped(look.Title(s.titleOf(target)))
	if rec, ok, err := s.book().Get(target); err == nil && ok {
		where = look.Tight(where, look.Wrapped(look.Muted(record.Subtitle(rec, s.book()))))
	}
	return container.NewBorder(nil, container.NewHBox(button("Enregistrer", "floppy-disk", look.Primary, func() { p.save(s) })), nil, nil,
		container.NewVScroll(container.NewVBox(where, p.tiles, look.Gap(look.Space8), look.Pad(0, look.Space8, look.Width(s.em(640), p.text)))))
}

func (p *interventionPage) save(s *Shell) { s.sign(func() { p.write(s) }) }

func (p *interventionPage) write(s *Shell) {
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
	if text := strings.TrimSpace(p.text.Text); text != "" {
		set["description"] = text
	}
	if _, err := s.save(replica.Change{Kind: record.Intervention, Set: set}); err == nil {
		s.dropDraft(p.draftKey())
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

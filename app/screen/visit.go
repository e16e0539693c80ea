package screen

import (
	"fmt"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"github.com/google/uuid"
)

// openVisit returns the visit of a place that is not over, uuid.Nil without one.
func (s *Shell) openVisit(site uuid.UUID) uuid.UUID {
	if site == uuid.Nil {
		return uuid.Nil
	}
	open, err := s.r.List(s.ctx, replica.Query{Kind: record.Visit, Where: []replica.Cond{{Field: "site", Value: site.String()}, {Field: "departure"}}, Order: []string{"-arrival"}, Limit: 1})
	if err != nil || len(open) == 0 {
		return uuid.Nil
	}
	return open[0].ID
}

func (s *Shell) beginVisit(site uuid.UUID) { s.sign(func() { s.startVisit(site) }) }

func (s *Shell) startVisit(site uuid.UUID) {
	set := record.Default(record.Visit, s.r.Now())
	set["site"] = site.String()
	if op := s.operator(); op != uuid.Nil {
		set["agents"] = []any{op.String()}
	}
	saved, err := s.save(replica.Change{Kind: record.Visit, Set: set})
	if err == nil {
		s.Push(&visitPage{id: saved.IDs[0]})
	}
}

// visitPage is one visit: the rooms to go through, what was repaired, what to pass on, and the end.
type visitPage struct {
	id   uuid.UUID
	name string
}

func (p *visitPage) Title() string {
	if p.name == "" {
		return "Visite"
	}
	return p.name
}

func (p *visitPage) Primary(s *Shell) *Action {
	v, err := s.r.Get(s.ctx, p.id)
	if err != nil {
		return nil
	}
	p.name = "Visite · " + s.titleOf(v.Fields.ID("site"))
	if v.Fields.Has("departure") || !s.mayEdit(v.Record) {
		return nil
	}
	return &Action{"Terminer la visite", "check", s.signed(func() {
		if _, err := s.save(replica.Change{ID: p.id, Set: record.Fields{"departure": s.r.Now().UnixMilli()}, Seen: v.Seen}); err == nil {
			s.draw()
		}
	})}
}

func (p *visitPage) Content(s *Shell) fyne.CanvasObject {
	v, err := s.r.Get(s.ctx, p.id)
	if err != nil {
		return look.Problem(sentence(err))
	}
	site := v.Fields.Text("site")
	when := "arrivée " + look.When(msTime(v.Fields.Int("arrival")), s.r.Now())
	if v.Fields.Has("departure") {
		when += " · départ " + look.When(msTime(v.Fields.Int("departure")), s.r.Now())
	}
	var agents []string
	for _, a := range v.Fields.IDs("agents") {
		agents = append(agents, s.titleOf(a))
	}
	head := container.NewBorder(nil, nil, container.NewCenter(look.Lauzes(v.Lauzes)), nil, look.Wrapped(look.Muted(look.Capital(join(when, join(agents...), v.Fields.Text("purpose"))))))
	left := container.NewVBox(look.Title("Salles"))
	rooms, err := s.r.List(s.ctx, replica.Query{Kind: record.Room, Where: []replica.Cond{{Field: "site", Value: site}}, Order: []string{"floor", "name"}})
	if err != nil {
		return look.Problem(sentence(err))
	}
	done := p.audits(s)
	for _, room := range rooms {
		shape, text := record.NotBegun, "à faire"
		if a, ok := done[room.ID]; ok {
			shape, text = record.UnderWay, "commencée"
			if a.Fields.Has("ended") {
				shape, text = record.Good, "faite à "+look.Clock(msTime(a.Fields.Int("ended")))
			}
		}
		left.Add(look.NewRowTap(shape, room.Fields.Text("name"), floor(room.Fields.Text("floor")), text, func() {
			s.Push(&auditPage{room: room.ID, visit: p.id})
		}))
	}
	if len(rooms) == 0 {
		left.Add(look.Body("Aucune salle. Ajoutez-en une, ou importez un inventaire."))
		left.Add(button("Ajouter une salle", "plus", look.Plain, func() { s.Push(newForm(record.Room, record.Fields{"site": site})) }))
	}
	repairs := s.rows(replica.Query{Kind: record.Intervention, Where: []replica.Cond{{Field: "visit", Value: p.id.String()}}}, "Aucune pour l'instant. Scannez un appareil, puis F8.")
	right := container.NewVBox(look.Card(look.ColorGentian, append([]fyne.CanvasObject{look.Title(fmt.Sprintf("Interventions · %d", count(repairs)))}, repairs...)...),
		look.Card(theme.ColorNameHyperlink, look.Title("Constats à transmettre"), p.findings(s, v)))
	return look.Columns(head, left, right)
}

func count(rows []fyne.CanvasObject) int {
	n := 0
	for _, r := range rows {
		if _, ok := r.(*look.Tap); ok {
			n++
		}
	}
	return n
}

// audits returns the tours of this visit by room, the latest of each.
func (p *visitPage) audits(s *Shell) map[uuid.UUID]record.Record {
	list, err := s.r.List(s.ctx, replica.Query{Kind: record.RoomAudit, Where: []replica.Cond{{Field: "visit", Value: p.id.String()}}, Order: []string{"begun"}})
	out := map[uuid.UUID]record.Record{}
	if err != nil {
		return out
	}
	for _, a := range list {
		out[a.Fields.ID("room")] = a
	}
	return out
}

func (p *visitPage) findings(s *Shell, v replica.View) fyne.CanvasObject {
	if !s.mayEdit(v.Record) {
		return look.Body(v.Fields.Text("findings"))
	}
	text := look.NewLong(3)
	text.SetPlaceHolder("Ce que les Bâtiments, la DSI ou le collège doivent savoir")
	key := "draft.findings." + p.id.String()
	text.SetText(v.Fields.Text("findings"))
	if draft := s.draftText(key); draft != "" {
		text.SetText(draft)
	}
	text.OnChanged = func(t string) { s.keepDraft(key, t) }
	return container.NewVBox(text, container.NewHBox(button("Enregistrer les constats", "floppy-disk", look.Plain, s.signed(func() {
		value := any(text.Text)
		if text.Text == "" {
			value = nil
		}
		if _, err := s.save(replica.Change{ID: p.id, Set: record.Fields{"findings": value}, Seen: v.Seen}); err == nil {
			s.dropDraft(key)
		}
	}))))
}

package screen

import (
	"fmt"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// homePage says what to do now. A card with nothing to say is not drawn.
type homePage struct{}

func (p *homePage) Title() string { return "Aujourd'hui" }

// Heading is the day: the rail says already that this is today.
func (p *homePage) Heading(s *Shell) string { return look.Capital(look.Day(s.r.Now(), s.r.Now())) }

func (p *homePage) Primary(s *Shell) *Action {
	return &Action{"Nouveau", "plus", func() { s.Push(&newPage{}) }}
}

func (p *homePage) Content(s *Shell) fyne.CanvasObject {
	wide := container.NewVBox()
	left, right := container.NewVBox(), container.NewVBox()
	add := func(to *fyne.Container, card fyne.CanvasObject) {
		if card != nil {
			to.Add(card)
		}
	}
	add(wide, s.copiedCard())
	add(wide, s.clockCard())
	parc := record.MayRead(s.r.Self().Grants, record.ScopeParc)
	if parc {
		add(wide, s.visitCard())
		add(left, s.todoCard())
	}
	add(right, s.decideCard())
	add(right, s.lentCard())
	add(left, s.todayCard())
	switch s.r.Self().Role {
	case record.Coordination:
		n := s.news()
		add(right, s.silentCard(n))
		add(right, s.receivedCard(n))
		add(right, s.kiosksCard(n))
		add(right, s.figuresCard())
	case record.Host:
		add(right, s.kiosksCard(s.news()))
	}
	add(right, s.aroundCard())
	if len(wide.Objects)+len(left.Objects)+len(right.Objects) == 0 {
		return look.Empty("Rien d'urgent. Bonne journée.", look.NewButton("Nouveau", "plus", look.Plain, func() { s.Push(&newPage{}) }))
	}
	if len(left.Objects) == 0 {
		half := (len(right.Objects) + 1) / 2
		left.Objects, right.Objects = right.Objects[:half], right.Objects[half:]
	}
	return look.Columns(wide, left, right)
}

// visitCard shows the visit that is going on.
func (s *Shell) visitCard() fyne.CanvasObject {
	open, err := s.r.List(s.ctx, replica.Query{Kind: record.Visit, Where: []replica.Cond{{Field: "departure"}}, Order: []string{"-arrival"}, Limit: 1})
	if err != nil || len(open) == 0 {
		return nil
	}
	v := open[0]
	audits, _ := s.r.List(s.ctx, replica.Query{Kind: record.RoomAudit, Where: []replica.Cond{{Field: "visit", Value: v.ID.String()}}})
	done := 0
	for _, a := range audits {
		if a.Fields.Has("ended") {
			done++
		}
	}
	rooms, _ := s.r.Count(s.ctx, replica.Query{Kind: record.Room, Where: []replica.Cond{{Field: "site", Value: v.Fields.Text("site")}}})
	fixed, _ := s.r.Count(s.ctx, replica.Query{Kind: record.Intervention, Where: []replica.Cond{{Field: "visit", Value: v.ID.String()}}})
	line := join("Arrivée "+look.At(msTime(v.Fields.Int("arrival")), s.r.Now()), look.Count(done, "salle faite", "salles faites")+" sur "+look.Number(rooms),
		look.Count(fixed, "intervention", "interventions"))
	return look.Card(theme.ColorNamePrimary, container.NewBorder(nil, nil, nil,
		container.NewCenter(look.NewButton("Reprendre la visite", "clipboard-text", look.Primary, func() { s.Push(&visitPage{id: v.ID}) })),
		look.Tight(look.Wrapped(look.Title("Visite en cours · "+s.titleOf(v.Fields.ID("site")))), look.Wrapped(look.Muted(line)))))
}

// listed is how many lines a card of the home shows.
const listed = 5

// todoCard shows the interventions that wait, the latest first.
func (s *Shell) todoCard() fyne.CanvasObject {
	open := replica.Query{Kind: record.Intervention, Where: []replica.Cond{{Field: "status", Value: []any{"ouverte", "en_cours", "attente_piece"}}},
		Order: []string{"-opened"}, Limit: listed}
	found, err := s.r.List(s.ctx, open)
	if err != nil || len(found) == 0 {
		return nil
	}
	open.Limit = 0
	n, _ := s.r.Count(s.ctx, open)
	rows := []fyne.CanvasObject{look.Wrapped(look.Title("À faire · " + look.Count(n, "intervention", "interventions")))}
	for _, f := range found {
		rows = append(rows, s.row(f, "ouverte "+look.Ago(msTime(f.Fields.Int("opened")), s.r.Now())))
	}
	rows = append(rows, container.NewHBox(look.NewButton("Toutes les interventions", "", look.Quiet, func() { s.Push(newList(record.Intervention)) })))
	return look.Card(look.ColorGentian, rows...)
}

func (s *Shell) decideCard() fyne.CanvasObject {
	doubles := s.doubled()
	if s.status.Conflicts+doubles == 0 {
		return nil
	}
	rows := []fyne.CanvasObject{look.Title("À décider · " + record.Grouped(int64(s.status.Conflicts+doubles)))}
	if s.status.Conflicts == 0 {
		rows = append(rows, look.Body(look.Count(doubles, "fiche semble", "fiches semblent")+" saisies deux fois."))
	} else if mine, err := s.r.Overruled(s.ctx); err == nil && len(mine) > 0 {
		rows = append(rows, look.Body("Votre valeur n'est pas celle affichée\u00a0: "+s.titleOf(mine[0].ID)+"."))
	} else {
		rows = append(rows, look.Body("Deux appareils ont écrit des valeurs différentes. Choisissez la bonne."))
	}
	if doubles > 0 && s.status.Conflicts > 0 {
		rows = append(rows, look.Muted("et "+look.Count(doubles, "doublon", "doublons")))
	}
	return look.Card(theme.ColorNameError, append(rows, container.NewHBox(look.NewButton("Décider", "git-fork", look.Plain, func() { s.Push(&decidePage{}) })))...)
}

func (s *Shell) lentCard() fyne.CanvasObject {
	class, terminals, ok := s.n.Lent()
	if !ok {
		return nil
	}
	return look.Card(theme.ColorNameHyperlink, look.Title("Classe "+class.Label+" prêtée"),
		look.Body(fmt.Sprintf("%d sur %d ont répondu · %s", len(class.Done), len(class.Members), look.Count(len(terminals), "borne", "bornes"))),
		look.NewButton("Suivre la classe", "student", look.Plain, func() { s.Push(&lendPage{}) }))
}

// todayCard shows the next events and workshops.
func (s *Shell) todayCard() fyne.CanvasObject {
	next, err := s.happenings(s.r.Now().AddDate(0, 0, -1), listed)
	if err != nil || len(next) == 0 {
		return nil
	}
	rows := []fyne.CanvasObject{look.Title("Agenda")}
	for _, h := range next {
		begin, _ := record.Span(h)
		rows = append(rows, s.row(h, look.When(msTime(begin), s.r.Now())))
	}
	return look.Card(theme.ColorNameHyperlink, rows...)
}

// figuresCard shows four figures, each opening its records.
func (s *Shell) figuresCard() fyne.CanvasObject {
	grid := container.NewGridWithColumns(2)
	for _, f := range []struct {
		label string
		q     replica.Query
	}{
		{"appareils", replica.Query{Kind: record.Equipment}},
		{"en panne", replica.Query{Kind: record.Equipment, Where: []replica.Cond{{Field: "status", Value: "en_panne"}}}},
		{"visites", replica.Query{Kind: record.Visit}},
		{"adoptions de la charte", replica.Query{Kind: record.CharterAdoption}},
	} {
		n, err := s.r.Count(s.ctx, f.q)
		if err != nil {
			return nil
		}
		q := f.q
		grid.Add(look.NewTap(look.Tight(look.Page(record.Grouped(int64(n))), look.Wrapped(look.Muted(f.label))), func() {
			if q.Kind == record.Equipment {
				status := ""
				if len(q.Where) > 0 {
					status = "en_panne"
				}
				s.Push(&parcPage{status: status})
				return
			}
			s.Push(newList(q.Kind))
		}))
	}
	return look.Card(look.ColorMuted, look.Title("Chiffres"), grid)
}

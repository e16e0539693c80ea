package screen

import (
	"cmp"
	"slices"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// happenings returns events and workshops that end after from, the next first; max 0 is all.
func (s *Shell) happenings(from time.Time, most int) ([]record.Record, error) {
	var out []record.Record
	for _, k := range []record.Kind{record.Event, record.Workshop} {
		found, err := s.r.List(s.ctx, replica.Query{Kind: k})
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			begin, end := record.Span(h)
			if max(begin, end) >= from.UnixMilli() || begin == 0 {
				out = append(out, h)
			}
		}
	}
	slices.SortFunc(out, func(a, b record.Record) int {
		x, _ := record.Span(a)
		y, _ := record.Span(b)
		return cmp.Compare(x, y)
	})
	if most > 0 && len(out) > most {
		out = out[:most]
	}
	return out, nil
}

// agendaPage lists what happens, by day.
type agendaPage struct{ past bool }

func (p *agendaPage) Title() string { return "Agenda" }

func (p *agendaPage) Primary(s *Shell) *Action {
	if !s.mayCreate(record.Workshop) {
		return nil
	}
	return &Action{"Nouvel atelier", "plus", func() { s.Push(newForm(record.Workshop, nil)) }}
}

func (p *agendaPage) Content(s *Shell) fyne.CanvasObject {
	from := s.r.Now().AddDate(0, 0, -1)
	if p.past {
		from = time.Time{}
	}
	list, err := s.happenings(from, 0)
	if err != nil {
		return look.Problem(sentence(err))
	}
	row := container.NewHBox(look.NewChip("À venir", -1, !p.past, func() { p.past = false; s.draw() }), look.NewChip("Tout", -1, p.past, func() { p.past = true; s.draw() }))
	if s.mayCreate(record.Event) {
		row.Add(button("Nouvel évènement", "plus", look.Quiet, func() { s.Push(newForm(record.Event, nil)) }))
	}
	if len(list) == 0 {
		return container.NewBorder(row, nil, nil, nil, look.Empty("Rien à l'agenda."))
	}
	box := container.NewVBox()
	day := int64(-1)
	for _, h := range list {
		begin, _ := record.Span(h)
		if d := record.DayOf(msTime(begin)); begin != 0 && d != day {
			day = d
			box.Add(look.Title(look.Capital(look.Day(msTime(begin), s.r.Now()))))
		}
		right := ""
		if h.Kind == record.Workshop {
			right = s.seats(h)
		}
		box.Add(s.row(h, right))
	}
	return container.NewBorder(row, nil, nil, nil, container.NewVScroll(box))
}

// seats says how many have signed up for a workshop.
func (s *Shell) seats(w record.Record) string {
	people := s.people(w)
	n := 0
	for _, p := range people {
		if p.state == "inscrit" || p.state == "present" {
			n++
		}
	}
	if w.Fields.Text("status") == "realise" {
		return look.Count(n, "présent", "présents")
	}
	text := look.Count(n, "inscrit", "inscrits")
	if seats := w.Fields.Int("capacity"); seats > 0 {
		text += " sur " + record.Grouped(seats)
	}
	return text
}

package screen

import (
	"context"
	"fmt"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"github.com/google/uuid"
)

// parcPage lists the equipment: every row at hand, however many there are.
type parcPage struct {
	status, site, text string
	numbers            []int64
	cache              map[int64]line
	names              map[uuid.UUID]string
	list               *look.List
	head               *fyne.Container
	asked              int    // the latest query: answers to older ones are dropped
	shown              string // the query of the rows shown: another one begins at the top
	cancel             context.CancelFunc
	stale              bool // rows have changed since they were read
}

// line is a row ready to be drawn.
type line struct {
	id                uuid.UUID
	shape             record.Shape
	name, under, code string
}

func (p *parcPage) Title() string { return "Parc" }

// Arrived asks again, and leaves the list where somebody reads it.
func (p *parcPage) Arrived(s *Shell) {
	p.stale = true
	p.reload(s)
}

func (p *parcPage) Primary(s *Shell) *Action {
	if !s.mayCreate(record.Equipment) {
		return nil
	}
	return &Action{"Nouvel appareil", "plus", func() { s.Push(newForm(record.Equipment, nil)) }}
}

func (p *parcPage) query() replica.Query {
	q := replica.Query{Kind: record.Equipment, Text: p.text, Order: []string{"tag"}}
	if p.status != "" {
		q.Where = append(q.Where, replica.Cond{Field: "status", Value: p.status})
		q.Order = nil
	}
	if p.site != "" {
		q.Where = append(q.Where, replica.Cond{Field: "site", Value: p.site})
		q.Order = nil
	}
	if p.text != "" {
		q.Order = nil
	}
	return q
}

func (p *parcPage) Content(s *Shell) fyne.CanvasObject {
	p.cache, p.names = map[int64]line{}, map[uuid.UUID]string{}
	p.head = container.NewVBox()
	p.list = look.NewList(look.ListOptions{Length: func() int { return len(p.numbers) }, Make: newRow,
		Fill: func(i int, o fyne.CanvasObject) {
			if i < len(p.numbers) {
				l := p.line(s, p.numbers[i])
				o.(*look.Row).Set(l.shape, l.name, l.under, l.code)
			}
		},
		Open: func(i int) { s.Push(&cardPage{id: p.line(s, p.numbers[i]).id, kind: record.Equipment}) }})
	filter := look.NewEntry()
	filter.SetPlaceHolder("Filtrer\u00a0: étiquette, série, marque…")
	filter.SetText(p.text)
	filter.OnChanged = func(text string) {
		p.text = text
		p.reload(s)
	}
	p.reload(s)
	tools := container.NewHBox(button("Interventions", "wrench", look.Quiet, func() { s.Push(newList(record.Intervention)) }),
		button("Modèles", "package", look.Quiet, func() { s.Push(newList(record.EquipmentType)) }),
		button("Importer", "download-simple", look.Quiet, func() { s.Push(&importPage{}) }))
	top := container.NewVBox(container.NewBorder(nil, nil, nil, tools, middle(filter)), p.head)
	if s.large() {
		top = container.NewVBox(tools, filter, p.head)
	}
	return container.NewBorder(top, nil, nil, nil, p.list)
}

// reload asks for the rows and the counts again, beside the window.
func (p *parcPage) reload(s *Shell) {
	p.asked++
	asked, q := p.asked, p.query()
	if p.cancel != nil {
		p.cancel() // the answer to a shorter word would only hold this one's up
	}
	ctx, cancel := context.WithCancel(s.ctx)
	p.cancel = cancel
	type answer struct {
		numbers []int64
		tally   map[string]int
	}
	load(s.live, func() (answer, error) {
		numbers, err := s.r.Index(ctx, q)
		if err != nil {
			return answer{}, err
		}
		all := q
		all.Where = nil
		if p.site != "" {
			all.Where = []replica.Cond{{Field: "site", Value: p.site}}
		}
		tally, err := s.r.Tally(ctx, all, "status")
		return answer{numbers, tally}, err
	}, func(a answer, err error) {
		cancel()
		if asked != p.asked {
			return
		}
		p.numbers = a.numbers
		if p.stale {
			p.stale, p.cache, p.names = false, map[int64]line{}, map[uuid.UUID]string{}
		}
		p.head.Objects = []fyne.CanvasObject{p.chips(s, a.tally, err)}
		p.head.Refresh()
		if q := p.status + "|" + p.site + "|" + p.text; q != p.shown {
			p.shown = q
			p.list.Reset()
		}
		p.list.Refresh()
	})
}

// chips are the filters with their counts, and what to do where nothing is found.
func (p *parcPage) chips(s *Shell, tally map[string]int, err error) fyne.CanvasObject {
	if err != nil {
		return look.Problem(sentence(err))
	}
	set := func(status string) func() {
		return func() { p.status = status; p.reload(s) }
	}
	row := container.NewHBox(look.NewChip("Tous", sum(tally), p.status == "", set("")))
	schema, _ := record.Of(record.Equipment)
	field, _ := schema.Field("status")
	for _, o := range field.Options {
		if n := tally[o.Code]; n > 0 || p.status == o.Code {
			row.Add(look.NewChip(o.Label, n, p.status == o.Code, set(o.Code)))
		}
	}
	if p.site != "" {
		row.Add(button(fmt.Sprintf("Lieu\u00a0: %s", s.titleOf(record.Fields{"s": p.site}.ID("s"))), "x", look.Plain, func() { p.site = ""; p.reload(s) }))
	}
	box := container.NewVBox(container.NewHScroll(row))
	if len(p.numbers) == 0 {
		text := "Aucun appareil. Ajoutez-en un, ou importez un inventaire."
		if p.text != "" || p.status != "" {
			text = "Rien pour «\u00a0" + join(p.text, field.Format(p.status)) + "\u00a0»."
		}
		box.Add(container.NewHBox(look.Body(text), button("Effacer les filtres", "x", look.Plain, func() {
			p.text, p.status, p.site = "", "", ""
			s.draw()
		})))
	}
	return box
}

// maxCached bounds the rows kept ready.
const maxCached = 2000

// line returns a row, read when it is first shown.
func (p *parcPage) line(s *Shell, number int64) line {
	if l, ok := p.cache[number]; ok {
		return l
	}
	recs, err := s.r.Rows(s.ctx, []int64{number})
	if err != nil || len(recs) == 0 {
		return line{name: "…"}
	}
	if len(p.cache) > maxCached {
		p.cache = map[int64]line{}
	}
	rec := recs[0]
	st := state(rec)
	l := line{rec.ID, st.Shape, record.Title(rec, nil), join(p.name(s, rec, "type"), p.name(s, rec, "room"), p.name(s, rec, "site")), st.Label}
	p.cache[number] = l
	return l
}

// name returns the title of what a row refers to; there are few places and many machines.
func (p *parcPage) name(s *Shell, rec record.Record, field string) string {
	id := rec.Fields.ID(field)
	if id == uuid.Nil {
		return ""
	}
	if n, ok := p.names[id]; ok {
		return n
	}
	p.names[id] = s.titleOf(id)
	return p.names[id]
}

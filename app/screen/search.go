package screen

import (
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// searchPage lists what a few words find.
type searchPage struct{ text string }

func (p *searchPage) Title() string { return "Recherche\u00a0: " + p.text }

// maxHits bounds the answers shown: beyond, another word helps more than another screen.
const maxHits = 60

func (p *searchPage) Content(s *Shell) fyne.CanvasObject {
	hits, err := s.r.Search(s.ctx, p.text, nil, maxHits)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(hits) == 0 {
		return look.Empty("Rien pour «\u00a0"+p.text+"\u00a0».",
			look.NewButton("Effacer la recherche", "x", look.Plain, func() { s.search.SetText(""); s.Back() }))
	}
	box := container.NewVBox()
	for _, h := range hits {
		schema, _ := record.Of(h.Kind)
		state, _ := schema.State(h.Fields)
		shape := state.Shape
		if shape == "" {
			shape = record.Closed
		}
		box.Add(look.NewRowTap(shape, h.Title, join(schema.Singular, h.Subtitle), state.Label, func() { s.open(h.Record) }))
	}
	return container.NewVScroll(box)
}

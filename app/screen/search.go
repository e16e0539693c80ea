package screen

import (
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
)

// searchPage lists what a few words find.
type searchPage struct {
	text string
	list *look.List
}

func (p *searchPage) Title() string { return "Recherche\u00a0: " + p.text }

// maxHits bounds the answers shown: beyond, another word helps more than another screen.
const maxHits = 60

func (p *searchPage) Content(s *Shell) fyne.CanvasObject {
	hits, err := s.hits(p.text, maxHits)
	if err != nil {
		return look.Problem(sentence(err))
	}
	p.list = nil
	if len(hits) == 0 {
		return look.Empty("Rien pour «\u00a0"+p.text+"\u00a0».",
			look.NewButton("Effacer la recherche", "x", look.Plain, func() { s.search.SetText(""); s.Back() }))
	}
	fill := func(i int, o fyne.CanvasObject) {
		h, row := hits[i], o.(*look.Row)
		schema, _ := record.Of(h.Kind)
		state, _ := schema.State(h.Fields)
		row.SetIcon(look.KindIcon(h.Kind))
		row.Set(state.Shape, h.Title, join(schema.Singular, h.Subtitle), state.Label)
	}
	p.list = look.NewList(look.ListOptions{Length: func() int { return len(hits) }, Make: newRow, Fill: fill, Open: func(i int) { s.open(hits[i].Record) }})
	return p.list
}

// Focus goes to the answers: arrows and Enter open one.
func (p *searchPage) Focus(s *Shell) {
	if p.list != nil {
		s.win.Canvas().Focus(p.list)
	}
}

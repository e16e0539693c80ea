package screen

import (
	"strings"

	"cantal.fr/buron/assets/look"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
)

// draw builds the window again. What is read stays where it was scrolled, and the focus where it was.
func (s *Shell) draw() {
	p := s.page()
	was := place{focus: -1}
	if s.drawn == p {
		was = s.where()
	}
	s.drawn = p
	s.win.Canvas().Unfocus() // else the search, which goes from page to page, would keep its ring
	s.drawBottom()
	s.search.SetPlaceHolder("Chercher ou scanner\u00a0: code, numéro de série, salle, collège…")
	if s.large() {
		s.search.SetPlaceHolder("Chercher ou scanner…")
	}
	s.body.Objects = []fyne.CanvasObject{s.heading(p)}
	s.body.Refresh()
	operator := look.NewButton(s.operatorName(), "user", look.Quiet, func() { s.Push(&operatorPage{}) })
	settings := look.NewButton("", "gear", look.Quiet, func() { s.Push(&settingsPage{}) })
	top := container.NewBorder(nil, nil, nil, container.NewHBox(operator, settings), middle(s.search))
	main := container.NewBorder(container.New(layout.NewCustomPaddedLayout(6, 2, 12, 8), top), nil, nil, nil,
		container.New(layout.NewCustomPaddedLayout(2, 4, 12, 12), s.body))
	window := container.NewBorder(s.band(), look.On(look.ColorSunken, s.bottom), look.Rail(s.entries(), s.section), nil, main)
	s.win.SetContent(look.On(theme.ColorNameBackground, window))
	s.win.SetTitle(p.Title() + " – Buron")
	s.back(was)
	if was.search {
		s.win.Canvas().Focus(s.search)
	}
	if f, ok := p.(focused); ok {
		f.Focus(s)
	}
}

// middle keeps a field at its own height beside something higher.
func middle(o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewVBox(layout.NewSpacer(), o, layout.NewSpacer())
}

// large reports whether text is so large that lines hold half as many words.
func (s *Shell) large() bool { return s.prefs.Percent > 125 }

// em scales a length with the text.
func (s *Shell) em(px float32) float32 { return px * float32(s.prefs.Percent) / 100 }

func (s *Shell) band() fyne.CanvasObject {
	var bands []fyne.CanvasObject
	if s.demo {
		bands = append(bands, look.Band("Exemples – rien n'est réel"))
	}
	if s.ended() {
		bands = append(bands, s.endedBand()...)
	}
	switch len(bands) {
	case 0:
		return nil
	case 1:
		return bands[0]
	}
	return container.New(layout.NewCustomPaddedVBoxLayout(0), bands...)
}

// heading puts the breadcrumb, the title and the primary action above a page's content. The action comes
// first: asking for it is what tells a page the name of what it shows.
func (s *Shell) heading(p Page) fyne.CanvasObject {
	var right fyne.CanvasObject
	if a, ok := p.(primed); ok && !s.closed(p) {
		if act := a.Primary(s); act != nil {
			right = container.NewCenter(look.NewButton(act.Label, act.Icon, look.Primary, act.Do))
		}
	}
	content := s.content(p)
	title := p.Title()
	if h, ok := p.(headed); ok {
		title = h.Heading(s)
	}
	var back fyne.CanvasObject
	if len(s.stack) > 1 {
		back = look.NewButton("", "caret-left", look.Quiet, s.Back)
	}
	name := look.Page(title)
	name.Truncation = fyne.TextTruncateEllipsis
	head := container.NewBorder(nil, nil, back, right, name)
	if len(s.stack) > 1 {
		var names []string
		for _, q := range s.stack[:len(s.stack)-1] {
			names = append(names, q.Title())
		}
		crumb := look.Caption(strings.Join(names, " / "))
		crumb.Truncation = fyne.TextTruncateEllipsis
		head = container.New(layout.NewCustomPaddedVBoxLayout(-12), crumb, head)
	}
	return container.NewBorder(head, nil, nil, nil, content)
}

// dataChanged shows what has arrived, unless somebody is typing.
func (s *Shell) dataChanged() {
	was := s.watch.ended
	s.changed()
	s.refreshStatus()
	if s.watch.ended != was {
		s.draw() // whatever is being typed: it is kept, and nothing more is taken
		return
	}
	switch p := s.page().(type) {
	case arriving:
		p.Arrived(s)
	case steady:
	default:
		if !s.typing() {
			s.draw()
			return
		}
	}
	s.drawBottom()
}

// typing reports whether a field has the focus: what is on buttons and lines can be drawn again under them.
func (s *Shell) typing() bool {
	switch s.win.Canvas().Focused().(type) {
	case nil, *look.Tap, *look.Button, *look.List:
		return false
	}
	return true
}

// place is where somebody is on a page: how far each part is scrolled, and which part has the focus.
type place struct {
	scrolled []float32
	focus    int
	search   bool // the search has it
}

// where notes the place.
func (s *Shell) where() place {
	held, n := s.win.Canvas().Focused(), 0
	w := place{focus: -1, search: held == s.search}
	visit(s.body, func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *container.Scroll:
			w.scrolled = append(w.scrolled, o.Offset.Y)
		case *look.List:
			w.scrolled = append(w.scrolled, o.Offset())
		}
		if f, ok := o.(fyne.Focusable); ok {
			if f == held {
				w.focus = n
			}
			n++
		}
	})
	return w
}

// back returns to a place on the page that was built again. The focus comes first: what gets it is scrolled to, and the
// page may have been scrolled away from it.
func (s *Shell) back(w place) {
	n := 0
	visit(s.body, func(o fyne.CanvasObject) {
		if f, ok := o.(fyne.Focusable); ok {
			if n == w.focus {
				s.win.Canvas().Focus(f)
			}
			n++
		}
	})
	visit(s.body, func(o fyne.CanvasObject) {
		var y float32
		if len(w.scrolled) > 0 {
			y = w.scrolled[0]
		}
		switch o := o.(type) {
		case *container.Scroll:
			o.ScrollToOffset(fyne.NewPos(o.Offset.X, y))
		case *look.List:
			if y > 0 {
				o.SetOffset(y)
			}
		default:
			return
		}
		w.scrolled = w.scrolled[min(1, len(w.scrolled)):]
	})
}

// visit goes through what a page is made of, in the order of Tab, as far as containers go.
func visit(o fyne.CanvasObject, f func(fyne.CanvasObject)) {
	f(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			visit(c, f)
		}
	case *container.Scroll:
		visit(o.Content, f)
	case look.Framed:
		visit(o.Framed(), f)
	}
}

package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Reveal scrolls a page so that a field is in sight, with its label and its fault.
func Reveal(o fyne.Focusable) {
	if w, ok := o.(fyne.CanvasObject); ok {
		reveal(w)
	}
}

// reveal does so for what has just got the focus: Fyne leaves it where it is, and who goes by Tab would not see what
// they type. What is not drawn yet does not know its window nor its place in it: both are looked for.
func reveal(o fyne.CanvasObject) {
	app := fyne.CurrentApp()
	if app == nil {
		return
	}
	for _, w := range app.Driver().AllWindows() {
		s := shown{target: o}
		if page := w.Canvas(); page.Content() != nil && page.Overlays().Top() == nil && s.find(page.Content()) && s.scroll != nil {
			s.bring()
			return
		}
	}
}

// shown is where an object stands on a page.
type shown struct {
	target fyne.CanvasObject
	field  fyne.CanvasObject // around it, with its label, nil for none
	y, top float32           // of the object and of the field, from the top of what scrolls
	scroll *container.Scroll // the innermost around it
}

// find goes down to the target and notes on the way back what is around it.
func (s *shown) find(o fyne.CanvasObject) bool {
	if o == s.target {
		s.y = o.Position().Y
		return true
	}
	if !o.Visible() || !s.inside(o) {
		return false
	}
	if s.scroll == nil {
		s.y, s.top = s.y+o.Position().Y, s.top+o.Position().Y
		if f, ok := o.(*FieldBox); ok && s.field == nil {
			s.field, s.top = f, f.Position().Y
		}
	}
	return true
}

func (s *shown) inside(o fyne.CanvasObject) bool {
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			if s.find(c) {
				return true
			}
		}
	case *Scroller:
		return s.scrolls(&o.Scroll)
	case *container.Scroll:
		return s.scrolls(o)
	case Framed:
		return s.find(o.Framed())
	}
	return false
}

func (s *shown) scrolls(scroll *container.Scroll) bool {
	if !s.find(scroll.Content) {
		return false
	}
	if s.scroll == nil {
		s.scroll = scroll
	}
	return true
}

// bring scrolls as little as must be.
func (s *shown) bring() {
	top, height, room := s.y, s.target.Size().Height, s.scroll.Size().Height
	if s.field != nil && s.field.Size().Height <= room {
		top, height = s.top, s.field.Size().Height
	}
	by := top
	if top >= 0 {
		by = max(top+height-room, 0)
	}
	if by != 0 {
		s.scroll.ScrollToOffset(fyne.NewPos(s.scroll.Offset.X, s.scroll.Offset.Y+by))
	}
}

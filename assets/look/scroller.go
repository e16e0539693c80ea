package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Scroller scrolls up and down by wheel, bar, keys and finger: a touch screen is a mouse to Fyne, whose own
// scrolling does not follow a drag.
type Scroller struct {
	container.Scroll
}

// TouchScroll returns a content that is dragged by a finger.
func TouchScroll(content fyne.CanvasObject) *Scroller {
	s := &Scroller{}
	s.Content, s.Direction = content, container.ScrollVerticalOnly
	s.ExtendBaseWidget(s)
	return s
}

// Dragged follows the finger.
func (s *Scroller) Dragged(e *fyne.DragEvent) { s.By(-e.Dragged.DY) }

// DragEnd does nothing.
func (s *Scroller) DragEnd() {}

// By scrolls by so many px, down where they are positive, and no further than the ends.
func (s *Scroller) By(dy float32) { s.To(s.Scroll.Offset.Y + dy) }

// To scrolls to so many px from the top.
func (s *Scroller) To(y float32) {
	y = max(min(y, s.Content.MinSize().Height-s.Size().Height), 0)
	if y != s.Scroll.Offset.Y {
		s.ScrollToOffset(fyne.NewPos(0, y))
		if s.OnScrolled != nil {
			s.OnScrolled(s.Scroll.Offset)
		}
	}
}

// AtEnd reports whether the end of the content is in sight.
func (s *Scroller) AtEnd() bool {
	return s.Size().Height > 0 && s.Scroll.Offset.Y+s.Size().Height >= s.Content.MinSize().Height-2
}

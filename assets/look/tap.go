package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Tap makes any object pressable, by finger, mouse and keyboard, with our focus ring. On lines of a list the
// ring runs inside of the bounds, since lines touch; on tiles it runs around.
type Tap struct {
	widget.BaseWidget
	relay
	content fyne.CanvasObject
	tapped  func()
	moved   func(fyne.KeyName) bool // arrows, for those that stand in a group
	outside bool
	accent  fyne.ThemeColorName // of the ring
	focused bool
	hovered bool
}

// NewTap returns an object that calls tapped when it is pressed.
func NewTap(content fyne.CanvasObject, tapped func()) *Tap {
	t := &Tap{content: content, tapped: tapped, accent: ColorFocus}
	t.ExtendBaseWidget(t)
	return t
}

// CreateRenderer draws the content under the ring.
func (t *Tap) CreateRenderer() fyne.WidgetRenderer {
	ring, over := newRing(8), blank()
	over.CornerRadius = 6
	d := &drawing{objects: []fyne.CanvasObject{t.content, over, ring}}
	edge := func() float32 {
		if t.outside {
			return margin
		}
		return 0
	}
	d.min = func() fyne.Size { return t.content.MinSize().AddWidthHeight(2*edge(), 2*edge()) }
	d.layout = func(s fyne.Size) {
		e := edge()
		for _, o := range []fyne.CanvasObject{t.content, over} {
			place(o, e, e, s.Width-2*e, s.Height-2*e)
		}
		if t.outside {
			around(ring, e, e, s.Width-2*e, s.Height-2*e)
		} else {
			within(ring, 0, 0, s.Width, s.Height)
		}
	}
	d.refresh = func() {
		t.paint(ring, over)
		refreshed(d.objects...)
	}
	t.paint(ring, over)
	return d
}

func (t *Tap) paint(ring, over *canvas.Rectangle) {
	light(ring, t.focused, t.accent)
	over.FillColor = color.Transparent
	if t.hovered {
		over.FillColor = tint(ColorMuted)
	}
}

// Tapped presses it.
func (t *Tap) Tapped(*fyne.PointEvent) {
	if t.tapped != nil {
		t.tapped()
	}
}

// FocusGained draws the ring.
func (t *Tap) FocusGained() { t.focused, t.typing = true, false; t.Refresh(); reveal(t) }

// FocusLost hides the ring.
func (t *Tap) FocusLost() { t.focused = false; t.Refresh() }

// TypedRune goes to the page.
func (t *Tap) TypedRune(r rune) { t.letter(t, r) }

// TypedKey presses it on Space and Enter; arrows go to its group, other keys to the page.
func (t *Tap) TypedKey(e *fyne.KeyEvent) {
	if t.moved != nil && t.moved(e.Name) {
		return
	}
	if t.presses(t, e) {
		t.Tapped(nil)
	}
}

// Cursor shows a hand.
func (t *Tap) Cursor() desktop.Cursor { return desktop.PointerCursor }

// MouseIn tints it.
func (t *Tap) MouseIn(*desktop.MouseEvent) { t.hovered = true; t.Refresh() }

// MouseMoved does nothing.
func (t *Tap) MouseMoved(*desktop.MouseEvent) {}

// MouseOut takes the tint away.
func (t *Tap) MouseOut() { t.hovered = false; t.Refresh() }

package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// gap and ringWidth frame what has the focus: a ring of 3 px outside of it, after 2 px of surface. Inside it
// would be lost: focus against the primary colour is only 1.0 to 1.4.
const (
	gap       = 2
	ringWidth = 3
	margin    = gap + ringWidth
)

func newRing(radius float32) *canvas.Rectangle {
	r := blank()
	r.CornerRadius = radius
	return r
}

// light shows or hides a ring in a colour of the theme.
func light(ring *canvas.Rectangle, on bool, name fyne.ThemeColorName) {
	if on {
		ring.StrokeColor, ring.StrokeWidth = Colour(name), ringWidth
	} else {
		ring.StrokeColor, ring.StrokeWidth = color.Transparent, 0
	}
}

// around lays a ring so that its inner side is gap away from a box: windows draw strokes inside of a rectangle. The
// software painter of tests draws them astride its edge.
func around(ring *canvas.Rectangle, x, y, w, h float32) {
	place(ring, x-margin, y-margin, w+2*margin, h+2*margin)
}

// within lays a ring inside of a box: lines of a list touch, and leave no room around.
func within(ring *canvas.Rectangle, x, y, w, h float32) {
	place(ring, x+1, y+1, w-2, h-2)
}

// ringed draws a ring around what a Fyne widget draws. The ring stands out of the widget's own bounds: what
// holds it leaves margin around it.
type ringed struct {
	fyne.WidgetRenderer
	ring   *canvas.Rectangle
	border *canvas.Rectangle // nil where Fyne draws one
	on     func() bool
}

func newRinged(inner fyne.WidgetRenderer, on func() bool) *ringed {
	return &ringed{inner, newRing(8), nil, on}
}

// newFramed draws the border too, for what Fyne draws without one.
func newFramed(inner fyne.WidgetRenderer, on func() bool) *ringed {
	r := newRinged(inner, on)
	r.border = newRing(4)
	r.paint()
	return r
}

func (r *ringed) paint() {
	light(r.ring, r.on(), ColorFocus)
	if r.border != nil {
		r.border.StrokeColor, r.border.StrokeWidth = Colour(ColorBorder), 1
	}
}

func (r *ringed) Layout(size fyne.Size) {
	r.WidgetRenderer.Layout(size)
	around(r.ring, 0, 0, size.Width, size.Height)
	if r.border != nil {
		place(r.border, 0, 0, size.Width, size.Height)
	}
}

func (r *ringed) Objects() []fyne.CanvasObject {
	out := append([]fyne.CanvasObject{r.ring}, r.WidgetRenderer.Objects()...)
	if r.border != nil {
		out = append(out, r.border)
	}
	return out
}

func (r *ringed) Refresh() {
	r.paint()
	r.ring.Refresh()
	if r.border != nil {
		r.border.Refresh()
	}
	r.WidgetRenderer.Refresh()
}

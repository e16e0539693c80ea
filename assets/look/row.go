package look

import (
	"image/color"
	"time"

	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// rowHeight is the height of a line of a list at 100 %: a name, a second line, and room for a finger.
const rowHeight = 44

// Row is one line of a list: the mark of a state, a bold name, a grey second line, a code on the right. It
// is made once and filled again and again while a list scrolls.
type Row struct {
	widget.BaseWidget
	shape             record.Shape
	icon              string // in place of the mark
	name, under, code string
	lauzes            int // 0 draws none
	flash             *canvas.Rectangle
	fading            *fyne.Animation
}

// NewRow returns an empty line.
func NewRow() *Row {
	r := &Row{flash: blank()}
	r.ExtendBaseWidget(r)
	return r
}

// NewRowTap returns a filled line that can be pressed.
func NewRowTap(shape record.Shape, name, under, code string, tapped func()) *Tap {
	r := NewRow()
	r.Set(shape, name, under, code)
	return NewTap(r, tapped)
}

// Set fills the line; what has not changed is not drawn again. An empty shape leaves no room for a mark.
func (r *Row) Set(shape record.Shape, name, under, code string) {
	if r.shape == shape && r.name == name && r.under == under && r.code == code {
		return
	}
	r.shape, r.name, r.under, r.code = shape, name, under, code
	r.Refresh()
}

// SetIcon shows an icon, by its Phosphor name, where the line has no state.
func (r *Row) SetIcon(name string) {
	if r.icon != name {
		r.icon = name
		r.Refresh()
	}
}

// SetLauzes shows how far the record has gone; 0 shows nothing.
func (r *Row) SetLauzes(n int) {
	if r.lauzes != n {
		r.lauzes = n
		r.Refresh()
	}
}

// Flash tints the line and lets the tint fade: it is new. Nothing else in Buron moves.
func (r *Row) Flash() {
	if r.fading != nil {
		r.fading.Stop()
	}
	from := tint(ColorGentian)
	from.A = 120
	r.fading = canvas.NewColorRGBAAnimation(from, color.NRGBA{R: from.R, G: from.G, B: from.B}, 1500*time.Millisecond, func(c color.Color) {
		r.flash.FillColor = c
		r.flash.Refresh()
	})
	r.fading.Start()
}

// rowDrawing is what a line draws.
type rowDrawing struct {
	r                 *Row
	mark, slates      *canvas.Image
	name, under, code *line
	shown             record.Shape
	icon              string
	lauzes            int
}

// CreateRenderer draws the line.
func (r *Row) CreateRenderer() fyne.WidgetRenderer {
	d := &rowDrawing{r: r, mark: canvas.NewImageFromResource(nil), slates: canvas.NewImageFromResource(nil),
		name: newLine(theme.SizeNameText, ColorText, true), under: newLine(sizeSecond, ColorMuted, false), code: newLine(theme.SizeNameText, ColorMuted, false)}
	d.mark.FillMode, d.slates.FillMode = canvas.ImageFillContain, canvas.ImageFillContain
	d.Refresh()
	return d
}

func (d *rowDrawing) Destroy() {}

func (d *rowDrawing) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{d.r.flash, d.mark, d.name.Text, d.under.Text, d.code.Text, d.slates}
}

func (d *rowDrawing) MinSize() fyne.Size {
	h := d.name.natural().Height + em(8)
	if d.r.under != "" {
		h += d.under.natural().Height
	}
	return fyne.NewSize(em(160), max(h, em(32)))
}

func (d *rowDrawing) Layout(s fyne.Size) {
	place(d.r.flash, 0, 0, s.Width, s.Height)
	x, right := em(8), s.Width-em(8)
	if d.r.shape != "" || d.r.icon != "" {
		place(d.mark, x, (s.Height-em(18))/2, em(18), em(18))
		x += em(18) + em(10)
	}
	if d.r.lauzes > 0 {
		right -= em(18)
		place(d.slates, right, (s.Height-em(16.5))/2, em(18), em(16.5))
		right -= em(10)
	}
	if d.r.code != "" {
		text := d.code.natural()
		w := min(text.Width+1, (right-x)/2)
		right -= w
		d.code.put(right, (s.Height-text.Height)/2, w)
		right -= em(12)
	}
	name, under := d.name.natural().Height, float32(0)
	if d.r.under != "" {
		under = d.under.natural().Height
	}
	top := (s.Height - name - under) / 2
	d.name.put(x, top, right-x)
	d.under.put(x, top+name, right-x)
}

func (d *rowDrawing) Refresh() {
	r := d.r
	switch {
	case r.shape != "":
		if r.shape != d.shown {
			d.mark.Resource = ShapeResource(r.shape)
		}
		d.icon = ""
	case r.icon != "":
		if r.icon != d.icon {
			d.mark.Resource, d.icon = Icon(r.icon, ColorMuted), r.icon
		}
	}
	d.shown = r.shape
	visible(d.mark, r.shape != "" || r.icon != "")
	if r.lauzes > 0 && r.lauzes != d.lauzes {
		d.slates.Resource = LauzesResource(r.lauzes)
	}
	d.lauzes = r.lauzes
	visible(d.slates, r.lauzes > 0)
	for l, text := range map[*line]string{d.name: r.name, d.under: r.under, d.code: r.code} {
		l.set(text)
		l.paint()
	}
	d.Layout(r.Size())
	refreshed(d.Objects()...)
}

func visible(o fyne.CanvasObject, yes bool) {
	if yes {
		o.Show()
	} else {
		o.Hide()
	}
}

package look

import (
	"image/color"

	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Tap makes any object pressable, by finger, mouse and keyboard, with our focus ring around it.
type Tap struct {
	widget.BaseWidget
	content fyne.CanvasObject
	tapped  func()
	ring    *canvas.Rectangle
	tint    *canvas.Rectangle
}

// NewTap returns an object that calls tapped when it is pressed.
func NewTap(content fyne.CanvasObject, tapped func()) *Tap {
	t := &Tap{content: content, tapped: tapped, ring: canvas.NewRectangle(color.Transparent), tint: canvas.NewRectangle(color.Transparent)}
	t.ring.CornerRadius, t.tint.CornerRadius = 6, 6
	t.ExtendBaseWidget(t)
	return t
}

// CreateRenderer draws the content under the ring.
func (t *Tap) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(t.content, t.tint, t.ring))
}

// Tapped presses it.
func (t *Tap) Tapped(*fyne.PointEvent) {
	if t.tapped != nil {
		t.tapped()
	}
}

// FocusGained draws the ring.
func (t *Tap) FocusGained() {
	t.ring.StrokeColor, t.ring.StrokeWidth = current(ColorFocus), ringWidth
	t.ring.Refresh()
}

// FocusLost hides the ring.
func (t *Tap) FocusLost() {
	t.ring.StrokeColor, t.ring.StrokeWidth = color.Transparent, 0
	t.ring.Refresh()
}

// TypedRune does nothing.
func (t *Tap) TypedRune(rune) {}

// TypedKey presses it on Space and Enter.
func (t *Tap) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeySpace || e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		t.Tapped(nil)
	}
}

// MouseIn tints it.
func (t *Tap) MouseIn(*desktop.MouseEvent) {
	t.tint.FillColor = color.NRGBA{R: 0x80, G: 0x88, B: 0x80, A: 0x20}
	t.tint.Refresh()
}

// MouseMoved does nothing.
func (t *Tap) MouseMoved(*desktop.MouseEvent) {}

// MouseOut takes the tint away.
func (t *Tap) MouseOut() {
	t.tint.FillColor = color.Transparent
	t.tint.Refresh()
}

// Row is one line of a list: the mark of a state, a bold name, a grey second line, a code on the right. It
// is made once and filled again and again while a list scrolls.
type Row struct {
	widget.BaseWidget
	mark              *canvas.Image
	name, under, code *widget.Label
	shape             record.Shape
	box               fyne.CanvasObject
}

// NewRow returns an empty line.
func NewRow() *Row {
	r := &Row{mark: picture(ShapeResource(record.Closed), 18, 18), name: Bold(""), under: Muted(""), code: Muted("")}
	for _, l := range []*widget.Label{r.name, r.under} {
		l.Truncation = fyne.TextTruncateClip
	}
	lines := container.New(layout.NewCustomPaddedVBoxLayout(-12), r.name, r.under)
	r.box = container.NewBorder(nil, nil, container.NewCenter(r.mark), container.NewCenter(r.code), lines)
	r.ExtendBaseWidget(r)
	return r
}

// Set fills the line; what has not changed is not drawn again.
func (r *Row) Set(shape record.Shape, name, under, code string) {
	if shape == "" {
		r.mark.Hide()
	} else {
		r.mark.Show()
		if shape != r.shape {
			r.mark.Resource = ShapeResource(shape)
			r.mark.Refresh()
		}
	}
	r.shape = shape
	for l, text := range map[*widget.Label]string{r.name: name, r.under: under, r.code: code} {
		if l.Text != text {
			l.SetText(text)
		}
	}
}

// CreateRenderer draws the line.
func (r *Row) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.box) }

// NewRowTap returns a filled line that can be pressed.
func NewRowTap(shape record.Shape, name, under, code string, tapped func()) *Tap {
	r := NewRow()
	r.Set(shape, name, under, code)
	return NewTap(r, tapped)
}

// NewTile returns a large choice: an icon, a word, a second line.
func NewTile(icon, word, under string, height float32, tapped func()) *Tap {
	ground := Fill(ColorSurface)
	ground.StrokeColor, ground.StrokeWidth, ground.CornerRadius = current(theme.ColorNameInputBorder), 1, 6
	title := Title(word)
	title.Wrapping = fyne.TextWrapWord
	lines := container.New(layout.NewCustomPaddedVBoxLayout(-6), title)
	if under != "" {
		second := Muted(under)
		second.Wrapping = fyne.TextWrapWord
		lines.Add(second)
	}
	var left fyne.CanvasObject
	if icon != "" {
		left = container.NewCenter(IconImage(icon, theme.ColorNamePrimary, theme.TextSize()*2.4))
	}
	spacer := canvas.NewRectangle(color.Transparent)
	spacer.SetMinSize(fyne.NewSize(140, height))
	body := container.NewBorder(nil, nil, left, nil, container.NewVBox(layout.NewSpacer(), lines, layout.NewSpacer()))
	return NewTap(container.NewStack(ground, spacer, container.New(layout.NewCustomPaddedLayout(6, 6, 14, 10), body)), tapped)
}

// NewChip returns a filter with its count; chosen ones are filled.
func NewChip(label string, count int, chosen bool, tapped func()) *Button {
	rank := Plain
	if chosen {
		rank = Primary
	}
	text := label
	if count >= 0 {
		text += "\u00a0· " + record.Grouped(int64(count))
	}
	b := NewButton(text, "", rank, tapped)
	b.height = 30
	return b
}

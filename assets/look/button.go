package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Rank says how much a button weighs on its page: one Primary at most.
type Rank int

// Ranks of buttons.
const (
	Plain Rank = iota
	Primary
	Quiet  // text on the ground, for what is seldom done
	Danger // what cannot be undone
)

// Button is a button with an icon, and a focus ring drawn outside of it: Fyne only tints the background,
// which nobody sees.
type Button struct {
	widget.BaseWidget
	text     string
	icon     string
	rank     Rank
	height   float32 // least height, for fingers
	tapped   func()
	focused  bool
	hovered  bool
	disabled bool
}

// NewButton returns a button; icon is a Phosphor name or "".
func NewButton(text, icon string, rank Rank, tapped func()) *Button {
	b := &Button{text: text, icon: icon, rank: rank, tapped: tapped, height: 36}
	b.ExtendBaseWidget(b)
	return b
}

// NewTouchButton returns a button for fingers: 64 px high at least.
func NewTouchButton(text, icon string, rank Rank, tapped func()) *Button {
	b := NewButton(text, icon, rank, tapped)
	b.height = 64
	return b
}

// SetText changes the words on the button.
func (b *Button) SetText(text string) {
	if b.text != text {
		b.text = text
		b.Refresh()
	}
}

// Disable greys the button; Enable brings it back.
func (b *Button) Disable() { b.disabled = true; b.Refresh() }

// Enable lets the button be pressed.
func (b *Button) Enable() { b.disabled = false; b.Refresh() }

// Tapped presses the button.
func (b *Button) Tapped(*fyne.PointEvent) {
	if !b.disabled && b.tapped != nil {
		b.tapped()
	}
}

// FocusGained draws the ring.
func (b *Button) FocusGained() { b.focused = true; b.Refresh() }

// FocusLost hides the ring.
func (b *Button) FocusLost() { b.focused = false; b.Refresh() }

// TypedRune does nothing: a button holds no text.
func (b *Button) TypedRune(rune) {}

// TypedKey presses the button on Space and Enter.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeySpace || e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		b.Tapped(nil)
	}
}

// MouseIn tints the button.
func (b *Button) MouseIn(*desktop.MouseEvent) { b.hovered = true; b.Refresh() }

// MouseMoved does nothing.
func (b *Button) MouseMoved(*desktop.MouseEvent) {}

// MouseOut takes the tint away.
func (b *Button) MouseOut() { b.hovered = false; b.Refresh() }

// CreateRenderer draws the button.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	r := &buttonRenderer{b: b, ring: canvas.NewRectangle(color.Transparent), ground: canvas.NewRectangle(color.Transparent), text: canvas.NewText("", color.Black)}
	r.text.TextStyle = fyne.TextStyle{Bold: true}
	r.objects = []fyne.CanvasObject{r.ring, r.ground, r.text}
	if b.icon != "" {
		r.icon = canvas.NewImageFromResource(Icon(b.icon, theme.ColorNameForeground))
		r.icon.FillMode = canvas.ImageFillContain
		r.objects = append(r.objects, r.icon)
	}
	r.Refresh()
	return r
}

type buttonRenderer struct {
	b       *Button
	ring    *canvas.Rectangle
	ground  *canvas.Rectangle
	text    *canvas.Text
	icon    *canvas.Image
	objects []fyne.CanvasObject
	drawn   fyne.ThemeColorName
}

// gap and ringWidth frame the button: a ring of 3 after 2 of surface.
const (
	gap       = 2
	ringWidth = 3
	margin    = gap + ringWidth
)

func (r *buttonRenderer) MinSize() fyne.Size {
	m := r.text.MinSize()
	pad := theme.TextSize() * 0.8
	w := m.Width + 2*pad
	if r.icon != nil {
		w += r.iconSize() + 6
		if r.b.text == "" {
			w = r.iconSize() + 2*pad
		}
	}
	return fyne.NewSize(w+2*margin, max(r.b.height, m.Height+12)+2*margin)
}

func (r *buttonRenderer) iconSize() float32 { return theme.TextSize() * 22 / 15 }

func (r *buttonRenderer) Layout(size fyne.Size) {
	inner := fyne.NewSize(size.Width-2*margin, size.Height-2*margin)
	r.ring.Move(fyne.NewPos(1, 1))
	r.ring.Resize(fyne.NewSize(size.Width-2, size.Height-2))
	r.ground.Move(fyne.NewPos(margin, margin))
	r.ground.Resize(inner)
	w := r.text.MinSize().Width
	if r.icon != nil && r.b.text != "" {
		w += r.iconSize() + 6
	}
	x := (size.Width - w) / 2
	if r.icon != nil {
		s := r.iconSize()
		if r.b.text == "" {
			x = (size.Width - s) / 2
		}
		r.icon.Move(fyne.NewPos(x, (size.Height-s)/2))
		r.icon.Resize(fyne.NewSquareSize(s))
		x += s + 6
	}
	h := r.text.MinSize().Height
	r.text.Move(fyne.NewPos(x, (size.Height-h)/2))
	r.text.Resize(fyne.NewSize(r.text.MinSize().Width, h))
}

func (r *buttonRenderer) Refresh() {
	ground, ink := theme.ColorNameButton, theme.ColorNameForeground
	switch {
	case r.b.disabled:
		ink = theme.ColorNameDisabled
	case r.b.rank == Primary:
		ground, ink = theme.ColorNamePrimary, theme.ColorNameForegroundOnPrimary
	case r.b.rank == Danger:
		ink = theme.ColorNameError
	}
	r.ground.FillColor = current(ground)
	if r.b.rank == Quiet && !r.b.hovered {
		r.ground.FillColor = color.Transparent
	}
	r.ground.StrokeColor, r.ground.StrokeWidth = current(theme.ColorNameInputBorder), 1
	if r.b.rank == Quiet || (r.b.rank == Primary && !r.b.disabled) {
		r.ground.StrokeWidth = 0
	}
	if r.b.hovered && !r.b.disabled && r.b.rank != Primary {
		r.ground.FillColor = current(theme.ColorNameHover)
	}
	r.ground.CornerRadius, r.ring.CornerRadius = 4, 8
	r.ring.StrokeColor, r.ring.StrokeWidth = color.Transparent, 0
	if r.b.focused {
		r.ring.StrokeColor, r.ring.StrokeWidth = current(ColorFocus), ringWidth
	}
	r.text.Text, r.text.Color, r.text.TextSize = r.b.text, current(ink), theme.TextSize()
	if r.icon != nil && r.drawn != ink {
		r.icon.Resource, r.drawn = Icon(r.b.icon, ink), ink
	}
	r.Layout(r.b.Size())
	for _, o := range r.objects {
		o.Refresh()
	}
}

func (r *buttonRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *buttonRenderer) Destroy() {}

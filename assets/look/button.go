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
// which nobody sees. Its bounds hold the ring's margin.
type Button struct {
	widget.BaseWidget
	relay
	text     string
	icon     string
	rank     Rank
	height   float32 // least height without the ring, for fingers
	least    float32 // least width without the ring
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
	b.height, b.least = 64, 64
	return b
}

// Label returns the words on the button.
func (b *Button) Label() string { return b.text }

// SetText changes the words on the button.
func (b *Button) SetText(text string) {
	if b.text != text {
		b.text = text
		b.Refresh()
	}
}

// SetIcon changes the icon; "" is none.
func (b *Button) SetIcon(name string) {
	if b.icon != name {
		b.icon = name
		b.Refresh()
	}
}

// SetRank changes how much the button weighs.
func (b *Button) SetRank(r Rank) {
	if b.rank != r {
		b.rank = r
		b.Refresh()
	}
}

// SetTapped changes what a press does.
func (b *Button) SetTapped(f func()) { b.tapped = f }

// Disable greys the button; Enable brings it back.
func (b *Button) Disable() { b.setDisabled(true) }

// Enable lets the button be pressed.
func (b *Button) Enable() { b.setDisabled(false) }

// Disabled reports whether a press does nothing.
func (b *Button) Disabled() bool { return b.disabled }

func (b *Button) setDisabled(to bool) {
	if b.disabled != to {
		b.disabled = to
		b.Refresh()
	}
}

// Tapped presses the button.
func (b *Button) Tapped(*fyne.PointEvent) {
	if !b.disabled && b.tapped != nil {
		b.tapped()
	}
}

// FocusGained draws the ring.
func (b *Button) FocusGained() { b.focused, b.typing = true, false; b.Refresh(); reveal(b) }

// FocusLost hides the ring.
func (b *Button) FocusLost() { b.focused = false; b.Refresh() }

// TypedRune goes to the page: a button holds no text.
func (b *Button) TypedRune(r rune) { b.letter(b, r) }

// TypedKey presses the button on Space and Enter; other keys are the page's.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	if b.presses(b, e) {
		b.Tapped(nil)
	}
}

// Cursor shows a hand.
func (b *Button) Cursor() desktop.Cursor { return desktop.PointerCursor }

// MouseIn tints the button.
func (b *Button) MouseIn(*desktop.MouseEvent) { b.hovered = true; b.Refresh() }

// MouseMoved does nothing.
func (b *Button) MouseMoved(*desktop.MouseEvent) {}

// MouseOut takes the tint away.
func (b *Button) MouseOut() { b.hovered = false; b.Refresh() }

// CreateRenderer draws the button.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	r := &buttonRenderer{b: b, ring: newRing(8), ground: blank(), text: newLine(theme.SizeNameText, ColorText, true), img: canvas.NewImageFromResource(nil)}
	r.img.FillMode = canvas.ImageFillContain
	r.Refresh()
	return r
}

type buttonRenderer struct {
	b      *Button
	ring   *canvas.Rectangle
	ground *canvas.Rectangle
	text   *line
	img    *canvas.Image
	icon   string // drawn, with its ink
	ink    fyne.ThemeColorName
}

func (r *buttonRenderer) Destroy() {}

func (r *buttonRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ring, r.ground, r.text.Text, r.img}
}

// content is the width of icon and words.
func (r *buttonRenderer) content() float32 {
	w := r.text.natural().Width
	if r.b.icon != "" {
		w += em(22)
		if r.b.text != "" {
			w += em(6)
		}
	}
	return w
}

func (r *buttonRenderer) MinSize() fyne.Size {
	pad := em(12)
	if r.b.text == "" || r.b.rank == Quiet {
		pad = em(8)
	}
	w, h := max(r.content()+2*pad, r.b.least), max(r.b.height, fyne.MeasureText("X", theme.TextSize(), r.text.TextStyle).Height+em(12))
	return fyne.NewSize(w+2*margin, h+2*margin)
}

func (r *buttonRenderer) Layout(size fyne.Size) {
	w, h := size.Width-2*margin, size.Height-2*margin
	around(r.ring, margin, margin, w, h)
	place(r.ground, margin, margin, w, h)
	x := (size.Width - min(r.content(), w)) / 2
	room := w
	if r.b.icon != "" {
		place(r.img, x, (size.Height-em(22))/2, em(22), em(22))
		x += em(22) + em(6)
		room -= em(28)
	}
	text := r.text.natural()
	r.text.put(x, (size.Height-text.Height)/2, min(text.Width, max(room, 0))+1)
}

// inks returns the colours of the button: its ground, its words and its border.
func (r *buttonRenderer) inks() (ground, border color.Color, ink fyne.ThemeColorName) {
	b := r.b
	switch {
	case b.disabled && b.rank == Quiet:
		return color.Transparent, color.Transparent, colorOff
	case b.disabled:
		return color.Transparent, Colour(colorOffLine), colorOff
	case b.rank == Primary:
		return Colour(ColorPrimary), Colour(ColorPrimary), ColorOnPrimary
	}
	ink = ColorText
	if b.rank == Danger {
		ink = ColorWrong
	}
	ground, border = Colour(theme.ColorNameButton), Colour(ColorBorder)
	if b.hovered {
		ground = Colour(theme.ColorNameHover)
	} else if b.rank == Quiet {
		ground = color.Transparent
	}
	if b.rank == Quiet {
		border = color.Transparent
	}
	return ground, border, ink
}

func (r *buttonRenderer) Refresh() {
	ground, border, ink := r.inks()
	r.ground.FillColor, r.ground.StrokeColor, r.ground.StrokeWidth, r.ground.CornerRadius = ground, border, 1, 4
	light(r.ring, r.b.focused, ColorFocus)
	r.text.ink = ink
	if bold := !r.b.disabled; r.text.TextStyle.Bold != bold { // a weight too, for who tells no colours apart
		r.text.TextStyle.Bold, r.text.room = bold, 0
	}
	r.text.set(r.b.text)
	r.text.paint()
	if r.b.icon == "" {
		r.img.Hide()
	} else {
		if r.icon != r.b.icon || r.ink != ink {
			r.img.Resource, r.icon, r.ink = Icon(r.b.icon, ink), r.b.icon, ink
		}
		r.img.Show()
	}
	r.Layout(r.b.Size())
	refreshed(r.Objects()...)
}

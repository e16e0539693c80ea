package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// drawing is a renderer made of what differs from one widget to the next.
type drawing struct {
	objects []fyne.CanvasObject
	min     func() fyne.Size
	layout  func(fyne.Size)
	refresh func()
}

func (d *drawing) Destroy() {}

func (d *drawing) Layout(size fyne.Size) { d.layout(size) }

func (d *drawing) MinSize() fyne.Size { return d.min() }

func (d *drawing) Objects() []fyne.CanvasObject { return d.objects }

func (d *drawing) Refresh() { d.refresh() }

// refreshed redraws objects.
func refreshed(objects ...fyne.CanvasObject) {
	for _, o := range objects {
		o.Refresh()
	}
}

// place moves and sizes an object.
func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(max(w, 0), max(h, 0)))
}

// blank is a rectangle of no colour.
func blank() *canvas.Rectangle { return canvas.NewRectangle(color.Transparent) }

// line is one line of text, cut with an ellipsis where it does not fit. It is lighter than a label: lists make
// hundreds of them.
type line struct {
	*canvas.Text
	full string
	size fyne.ThemeSizeName
	ink  fyne.ThemeColorName
	room float32 // width it was last fitted to, 0 before
}

func newLine(size fyne.ThemeSizeName, ink fyne.ThemeColorName, bold bool) *line {
	l := &line{Text: canvas.NewText("", Colour(ink)), size: size, ink: ink}
	l.Text.TextStyle = fyne.TextStyle{Bold: bold}
	l.Text.TextSize = theme.Size(size)
	return l
}

// set changes the words; false where they were the same.
func (l *line) set(text string) bool {
	if l.full == text {
		return false
	}
	l.full, l.room = text, 0
	l.Text.Text = text
	return true
}

// paint reads colour and size from the theme again.
func (l *line) paint() {
	if size := theme.Size(l.size); size != l.Text.TextSize {
		l.Text.TextSize, l.room = size, 0
	}
	l.Text.Color = Colour(l.ink)
}

// natural is the room that the whole text wants.
func (l *line) natural() fyne.Size {
	return fyne.MeasureText(l.full, l.Text.TextSize, l.Text.TextStyle)
}

// put lays the line out in a width, cutting what does not fit.
func (l *line) put(x, y, w float32) {
	if w != l.room {
		l.room = w
		l.Text.Text = cut(l.full, w, l.Text.TextSize, l.Text.TextStyle)
	}
	place(l.Text, x, y, w, fyne.MeasureText("X", l.Text.TextSize, l.Text.TextStyle).Height)
}

// cut returns the longest beginning of a text that fits a width with an ellipsis after it.
func cut(text string, width, size float32, style fyne.TextStyle) string {
	if text == "" || fyne.MeasureText(text, size, style).Width <= width+0.5 {
		return text
	}
	runes := []rune(text)
	low, high := 0, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if fyne.MeasureText(string(runes[:mid])+"…", size, style).Width <= width {
			low = mid
		} else {
			high = mid - 1
		}
	}
	if low == 0 {
		return ""
	}
	return string(runes[:low]) + "…"
}

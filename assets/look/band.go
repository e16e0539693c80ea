package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// band is the strip that stays at the top of a window.
type band struct {
	widget.BaseWidget
	text string
}

// Band returns a gentian strip that stays at the top of a window, such as « Exemples – rien n'est réel ».
func Band(text string) fyne.CanvasObject {
	b := &band{text: text}
	b.ExtendBaseWidget(b)
	return b
}

// CreateRenderer draws the strip.
func (b *band) CreateRenderer() fyne.WidgetRenderer {
	ground, word := blank(), newLine(theme.SizeNameText, ColorOnGentian, true)
	word.set(b.text)
	d := &drawing{objects: []fyne.CanvasObject{ground, word.Text}}
	d.min = func() fyne.Size { return fyne.NewSize(em(80), word.natural().Height+em(8)) }
	d.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		text := word.natural()
		w := min(text.Width+1, s.Width)
		word.put((s.Width-w)/2, (s.Height-text.Height)/2, w)
	}
	d.refresh = func() {
		ground.FillColor = Colour(ColorGentian)
		word.paint()
		d.layout(b.Size())
		refreshed(d.objects...)
	}
	d.refresh()
	return d
}

package look

import (
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// StateMark is the mark of a state beside its word: shape, colour and word, always the three.
type StateMark struct {
	widget.BaseWidget
	shape record.Shape
	word  string
	large bool
}

// NewMark returns a state's mark of 16 px, or 22 where it is large, with its word.
func NewMark(shape record.Shape, word string, large bool) *StateMark {
	m := &StateMark{shape: shape, word: word, large: large}
	m.ExtendBaseWidget(m)
	return m
}

// Mark returns the mark of a choice's option, at the size of text.
func Mark(o record.Option) fyne.CanvasObject { return NewMark(o.Shape, o.Label, false) }

// Set shows another state; nothing is drawn again where it is the same.
func (m *StateMark) Set(shape record.Shape, word string) {
	if m.shape != shape || m.word != word {
		m.shape, m.word = shape, word
		m.Refresh()
	}
}

// CreateRenderer draws the mark and the word.
func (m *StateMark) CreateRenderer() fyne.WidgetRenderer {
	img := canvas.NewImageFromResource(ShapeResource(m.shape))
	img.FillMode = canvas.ImageFillContain
	size := theme.SizeNameText
	if m.large {
		size = SizeTitle
	}
	word := newLine(size, ColorText, m.large)
	shown := m.shape
	side := func() float32 {
		if m.large {
			return em(22)
		}
		return em(16)
	}
	d := &drawing{objects: []fyne.CanvasObject{img, word.Text}}
	d.min = func() fyne.Size {
		text := word.natural()
		return fyne.NewSize(side()+em(6)+text.Width, max(side(), text.Height))
	}
	d.layout = func(s fyne.Size) {
		place(img, 0, (s.Height-side())/2, side(), side())
		x := side() + em(6)
		word.put(x, (s.Height-word.natural().Height)/2, s.Width-x)
	}
	d.refresh = func() {
		if shown != m.shape {
			img.Resource, shown = ShapeResource(m.shape), m.shape
		}
		word.set(m.word)
		word.paint()
		d.layout(m.Size())
		refreshed(d.objects...)
	}
	word.set(m.word)
	return d
}

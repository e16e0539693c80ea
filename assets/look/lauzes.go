package look

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// LauzesWord returns what a number of slates means: 1 here, 2 on a neighbour, 3 at the central.
func LauzesWord(n int) string {
	switch {
	case n <= 0:
		return "Pas encore enregistré"
	case n == 1:
		return "Enregistré ici"
	case n == 2:
		return "Chez un voisin"
	}
	return "Au central"
}

// LauzesResource returns three small roof slates of which n are filled, from the lowest.
func LauzesResource(n int) fyne.Resource {
	n = min(max(n, 0), 3)
	var b strings.Builder
	for i := range 3 {
		// Slates get narrower towards the ridge, and each overlaps the one under it by a shadow's width.
		left, right, top := float32(1+i*2), float32(23-i*2), float32(16-i*7)
		fmt.Fprintf(&b, "M%g %gH%gL%g %gH%gZ", left+1.5, top, right-1.5, right, top+5.4, left)
		if i >= n {
			fmt.Fprintf(&b, "M%g %gL%g %gH%gL%g %gZ", left+2.6, top+1.4, left+1.8, top+4, right-1.8, right-2.6, top+1.4)
		}
	}
	c := ColorMuted
	if n == 3 {
		c = theme.ColorNameSuccess
	}
	return drawn(fmt.Sprintf("lauzes-%d", n), 24, 22, b.String(), c)
}

// Lauzes returns the slates alone.
func Lauzes(n int) fyne.CanvasObject { return NewLauzes(n, false) }

// LauzesMark is the mark of how far a record has gone: three small stacked roof slates.
type LauzesMark struct {
	widget.BaseWidget
	n    int
	word bool
}

// NewLauzes returns the mark for n slates; word adds what they mean.
func NewLauzes(n int, word bool) *LauzesMark {
	l := &LauzesMark{n: n, word: word}
	l.ExtendBaseWidget(l)
	return l
}

// Set shows another number of slates.
func (l *LauzesMark) Set(n int) {
	if l.n != n {
		l.n = n
		l.Refresh()
	}
}

// CreateRenderer draws the slates and their meaning.
func (l *LauzesMark) CreateRenderer() fyne.WidgetRenderer {
	img := canvas.NewImageFromResource(LauzesResource(l.n))
	img.FillMode = canvas.ImageFillContain
	word := newLine(theme.SizeNameText, ColorText, false)
	shown := l.n
	d := &drawing{objects: []fyne.CanvasObject{img}}
	if l.word {
		d.objects = append(d.objects, word.Text)
		word.set(LauzesWord(l.n))
	}
	w, h := func() float32 { return em(18) }, func() float32 { return em(16.5) }
	d.min = func() fyne.Size {
		if !l.word {
			return fyne.NewSize(w(), h())
		}
		text := word.natural()
		return fyne.NewSize(w()+em(6)+text.Width, max(h(), text.Height))
	}
	d.layout = func(s fyne.Size) {
		place(img, 0, (s.Height-h())/2, w(), h())
		if l.word {
			word.put(w()+em(6), (s.Height-word.natural().Height)/2, s.Width-w()-em(6))
		}
	}
	d.refresh = func() {
		if shown != l.n {
			img.Resource, shown = LauzesResource(l.n), l.n
		}
		if l.word {
			word.set(LauzesWord(l.n))
			word.paint()
		}
		d.layout(l.Size())
		refreshed(d.objects...)
	}
	return d
}

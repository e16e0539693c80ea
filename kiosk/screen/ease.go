package screen

import (
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// sizes are the steps of « Texte plus grand », in per cent.
var sizes = []int{100, 125, 150, 200}

// Most that controls grow, in per cent: what is read grows whole, but a button that grew as much would push
// the one that signs off the screen, and a keyboard the field. Their text is large to begin with.
const (
	growControls = 140
	growKeys     = 115
	growHead     = 125
)

// sizeWords is the size of what is read, which grows whole.
const sizeWords fyne.ThemeSizeName = "kiosk.words"

// face is the look of a page: the terminal's theme, whose controls grow less than its words.
type face struct {
	*look.Theme
	controls *look.Theme
	head     *look.Theme
}

// Size returns sizes in device-independent pixels.
func (f face) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case sizeWords:
		return f.Theme.Size(theme.SizeNameText)
	case look.SizePage:
		return f.head.Size(name)
	case look.SizeTitle, look.SizeHuge:
		return f.Theme.Size(name)
	}
	return f.controls.Size(name)
}

// worn is what a face is made of.
type worn struct {
	palette look.Palette
	percent int
	most    int // of the controls
}

// wants returns the face of the state: the host's choice, and what the person has changed of it.
func (k *Kiosk) wants() worn {
	e := k.state.Ease
	w := worn{k.o.Palette, k.o.Percent, growControls}
	if e.Contrast {
		w.palette = look.Contrast
		if k.o.Palette == look.Contrast {
			w.palette = look.Light
		}
	}
	for range e.Larger % len(sizes) {
		w.percent = larger(w.percent)
	}
	if k.types() {
		w.most = growKeys
	}
	return w
}

// larger returns the step after a size; the first follows the last.
func larger(percent int) int {
	for _, n := range sizes {
		if n > percent {
			return n
		}
	}
	return sizes[0]
}

// types reports whether the page holds a keyboard.
func (k *Kiosk) types() bool {
	s := k.state
	return s.Screen == flow.CharterName || s.Screen == flow.Pin || (s.Screen == flow.ClassSign || s.Screen == flow.CharterSign) && s.Person.Typed
}

// wear puts the face of the state in force.
func (k *Kiosk) wear() {
	w := k.wants()
	if w == k.worn {
		return
	}
	k.worn = w
	at := func(most int) *look.Theme { return look.NewKioskTheme(w.palette, min(w.percent, most)) }
	k.o.Apply(face{at(w.percent), at(w.most), at(growHead)})
}

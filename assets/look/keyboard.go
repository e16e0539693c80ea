package look

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// keyRows are the letters of a French keyboard, then accents, then digits and signs.
var keyRows = []string{"1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn'@.-", "éèêëàâçîïô"}

// Keyboard is an on-screen keyboard. It types into its entry even after a press has taken the focus away.
type Keyboard struct {
	widget.BaseWidget
	entry *widget.Entry
	shift bool
	keys  []*Button
	enter func()
}

// NewKeyboard returns a keyboard that types into entry and calls enter, which may be nil, on its Enter key.
func NewKeyboard(entry *widget.Entry, enter func()) *Keyboard {
	k := &Keyboard{entry: entry, enter: enter, shift: true}
	k.ExtendBaseWidget(k)
	return k
}

// CreateRenderer draws the keys.
func (k *Keyboard) CreateRenderer() fyne.WidgetRenderer {
	box := container.New(layout.NewCustomPaddedVBoxLayout(-2))
	for _, row := range keyRows {
		line := container.NewGridWithColumns(len([]rune(row)))
		for _, r := range row {
			b := NewButton(string(r), "", Plain, nil)
			b.height = 44
			b.tapped = func() { k.typed(b.text) }
			k.keys = append(k.keys, b)
			line.Add(b)
		}
		box.Add(line)
	}
	tall := func(b *Button) *Button { b.height = 48; return b }
	shift := tall(NewButton("Maj", "arrow-fat-up", Plain, func() { k.setShift(!k.shift) }))
	space := tall(NewButton("Espace", "", Plain, func() { k.typed(" ") }))
	erase := tall(NewButton("Effacer", "backspace", Plain, k.erase))
	last := []fyne.CanvasObject{shift, space, erase}
	if k.enter != nil {
		last = append(last, tall(NewButton("Entrée", "arrow-elbow-down-left", Plain, k.enter)))
	}
	box.Add(container.NewGridWithColumns(len(last), last...))
	k.setShift(k.shift)
	return widget.NewSimpleRenderer(box)
}

func (k *Keyboard) typed(text string) {
	if k.shift {
		text = strings.ToUpper(text)
	}
	k.entry.Append(text)
	k.setShift(text == " " || text == "-")
}

func (k *Keyboard) erase() {
	r := []rune(k.entry.Text)
	if len(r) > 0 {
		k.entry.SetText(string(r[:len(r)-1]))
	}
	k.setShift(len(r) <= 1)
}

func (k *Keyboard) setShift(on bool) {
	k.shift = on
	for _, b := range k.keys {
		if on {
			b.SetText(strings.ToUpper(b.text))
		} else {
			b.SetText(strings.ToLower(b.text))
		}
	}
}

// NewKeypad returns ten large digits and an eraser that type into entry.
func NewKeypad(entry *widget.Entry) fyne.CanvasObject {
	grid := container.NewGridWithColumns(3)
	for _, d := range "123456789" {
		grid.Add(NewTouchButton(string(d), "", Plain, func() { entry.Append(string(d)) }))
	}
	grid.Add(NewTouchButton("", "x", Plain, func() { entry.SetText("") }))
	grid.Add(NewTouchButton("0", "", Plain, func() { entry.Append("0") }))
	grid.Add(NewTouchButton("", "backspace", Plain, func() {
		if r := []rune(entry.Text); len(r) > 0 {
			entry.SetText(string(r[:len(r)-1]))
		}
	}))
	return grid
}

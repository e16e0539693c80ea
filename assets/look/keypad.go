package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// NewKeypad returns ten large figures, an eraser and a key that empties; they type into entry.
func NewKeypad(entry Typable) fyne.CanvasObject {
	rows := []fyne.CanvasObject{}
	press := func(r rune) *key {
		return newKey(string(r), "", 72, func() { typeInto(entry, string(r)) })
	}
	for _, row := range []string{"123", "456", "789"} {
		keys := container.New(&keyRow{gap: Space12})
		for _, r := range row {
			keys.Add(press(r))
		}
		rows = append(rows, keys)
	}
	empty := newKey("", "x", 72, func() { entry.SetText(""); focus(entry) })
	erase := newKey("", "backspace", 72, func() { eraseIn(entry) })
	rows = append(rows, container.New(&keyRow{gap: Space12}, empty, press('0'), erase))
	return container.New(&column{gap: Space12}, rows...)
}

// column stacks objects at their least height.
type column struct{ gap float32 }

func (c *column) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for i, o := range objects {
		m := o.MinSize()
		s = fyne.NewSize(max(s.Width, m.Width), s.Height+m.Height)
		if i > 0 {
			s.Height += c.gap
		}
	}
	return s
}

func (c *column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for _, o := range objects {
		h := o.MinSize().Height
		place(o, 0, y, size.Width, h)
		y += h + c.gap
	}
}

package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Check is a box to tick, with our focus ring around it.
type Check struct {
	widget.Check
	focused bool
}

// NewCheck returns a box to tick with its words; changed may be nil.
func NewCheck(label string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = label, changed
	c.ExtendBaseWidget(c)
	return c
}

// CreateRenderer draws the box in its ring.
func (c *Check) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c)
	return newRinged(c.Check.CreateRenderer(), func() bool { return c.focused })
}

// FocusGained draws the ring; Fyne's own box is not told, which would put a disc of its colour under the mark.
func (c *Check) FocusGained() { c.focused = true; c.Refresh(); reveal(c) }

// FocusLost hides the ring.
func (c *Check) FocusLost() { c.focused = false; c.Refresh() }

// TypedKey gives the page its keys.
func (c *Check) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		c.SetChecked(!c.Checked)
		return
	}
	if pages(e.Name) {
		forward(c, e)
		return
	}
	c.Check.TypedKey(e)
}

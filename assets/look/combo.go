package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Combo is a field whose text is typed or chosen from a list, with our focus ring around it. The page's keys and
// shortcuts reach the page from it as from any field.
type Combo struct {
	widget.SelectEntry
	OnFocus func(bool) // told when the focus comes and goes
	focused bool
}

// NewCombo returns an empty field with its options.
func NewCombo(options []string) *Combo {
	c := &Combo{}
	c.ExtendBaseWidget(c)
	c.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	c.SetOptions(options)
	return c
}

// CreateRenderer draws the field in its ring.
func (c *Combo) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c)
	return newRinged(c.Entry.CreateRenderer(), func() bool { return c.focused })
}

// MinSize is the field's.
func (c *Combo) MinSize() fyne.Size {
	c.ExtendBaseWidget(c)
	return c.Entry.MinSize()
}

// FocusGained draws the ring.
func (c *Combo) FocusGained() { c.focus(true); c.Entry.FocusGained(); c.Refresh(); reveal(c) }

// FocusLost hides the ring.
func (c *Combo) FocusLost() { c.focus(false); c.Entry.FocusLost(); c.Refresh() }

func (c *Combo) focus(on bool) {
	c.focused = on
	if c.OnFocus != nil {
		c.OnFocus(on)
	}
}

// TypedKey types and unfolds; other keys are the page's.
func (c *Combo) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyDown && c.ActionItem != nil:
		if b, ok := c.ActionItem.(fyne.Tappable); ok {
			b.Tapped(nil)
		}
	case pages(e.Name):
		forward(c, e)
	default:
		c.Entry.TypedKey(e)
	}
}

// TypedShortcut edits; shortcuts of ours go to the page.
func (c *Combo) TypedShortcut(s fyne.Shortcut) {
	if d, ok := s.(*desktop.CustomShortcut); ok && ours(d) {
		shortcut(canvasOf(c), s)
		return
	}
	c.Entry.TypedShortcut(s)
}

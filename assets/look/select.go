package look

import (
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Select is a list that unfolds, with our focus ring around it.
type Select struct {
	widget.Select
	focused bool
}

// NewSelect returns a list of options; changed may be nil.
func NewSelect(options []string, changed func(string)) *Select {
	s := &Select{}
	s.Options, s.OnChanged, s.PlaceHolder = options, changed, "Choisir…"
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer draws the list in its ring.
func (s *Select) CreateRenderer() fyne.WidgetRenderer {
	s.ExtendBaseWidget(s)
	return newFramed(s.Select.CreateRenderer(), func() bool { return s.focused })
}

// FocusGained draws the ring. Fyne's own list is not told: it would fill itself with the ring's colour, and nobody
// could read what is chosen.
func (s *Select) FocusGained() { s.focused = true; s.Refresh(); reveal(s) }

// FocusLost hides the ring.
func (s *Select) FocusLost() { s.focused = false; s.Refresh() }

// TypedKey goes through the options; other keys are the page's.
func (s *Select) TypedKey(e *fyne.KeyEvent) {
	if pages(e.Name) {
		forward(s, e)
		return
	}
	s.Select.TypedKey(e)
}

// Choice is a list that unfolds the options of a field: labels are shown, codes are given.
type Choice struct {
	Select
	options []record.Option
}

// NewChoice returns the options; changed, which may be nil, gets the code of the one chosen.
func NewChoice(options []record.Option, changed func(code string)) *Choice {
	c := &Choice{options: options}
	for _, o := range options {
		c.Options = append(c.Options, o.Label)
	}
	c.PlaceHolder = "Choisir…"
	c.OnChanged = func(string) {
		if changed != nil {
			changed(c.Code())
		}
	}
	c.ExtendBaseWidget(c)
	return c
}

// Code returns the code of what is chosen, "" before.
func (c *Choice) Code() string {
	if i := c.SelectedIndex(); i >= 0 && i < len(c.options) {
		return c.options[i].Code
	}
	return ""
}

// SetCode shows a choice; an unknown code shows none.
func (c *Choice) SetCode(code string) {
	for i, o := range c.options {
		if o.Code == code {
			c.SetSelectedIndex(i)
			return
		}
	}
	c.ClearSelected()
}

// CreateRenderer draws the list in its ring.
func (c *Choice) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c)
	return newFramed(c.Select.Select.CreateRenderer(), func() bool { return c.focused })
}

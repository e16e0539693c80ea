package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Entry is a field of text with our focus ring around it. The page's function keys, Escape and shortcuts reach
// the page even while somebody types.
type Entry struct {
	widget.Entry
	OnFocus  func(bool)                // told when the focus comes and goes
	OnEscape func()                    // in place of the page's Escape
	OnKey    func(*fyne.KeyEvent) bool // asked first; true where the key is dealt with
	focused  bool
	followed func(*Entry) // an on-screen keyboard
}

// NewEntry returns a field of one line.
func NewEntry() *Entry {
	e := &Entry{}
	e.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	e.ExtendBaseWidget(e)
	return e
}

// NewLong returns a field of several lines, so many of which are shown.
func NewLong(lines int) *Entry {
	e := &Entry{}
	e.MultiLine, e.Wrapping = true, fyne.TextWrapWord
	e.ExtendBaseWidget(e)
	e.SetMinRowsVisible(lines)
	return e
}

// NewSecret returns a field whose text is hidden.
func NewSecret() *Entry {
	e := NewEntry()
	e.Password = true
	return e
}

// CreateRenderer draws the field in its ring.
func (e *Entry) CreateRenderer() fyne.WidgetRenderer {
	e.ExtendBaseWidget(e)
	return newRinged(e.Entry.CreateRenderer(), func() bool { return e.focused })
}

// FocusGained draws the ring.
func (e *Entry) FocusGained() {
	e.focused = true
	e.Entry.FocusGained()
	e.Refresh()
	reveal(e)
	if e.followed != nil {
		e.followed(e)
	}
	if e.OnFocus != nil {
		e.OnFocus(true)
	}
}

// FocusLost hides the ring.
func (e *Entry) FocusLost() {
	e.focused = false
	e.Entry.FocusLost()
	e.Refresh()
	if e.OnFocus != nil {
		e.OnFocus(false)
	}
}

// TypedKey types, and gives the page its keys.
func (e *Entry) TypedKey(k *fyne.KeyEvent) {
	switch {
	case e.OnKey != nil && e.OnKey(k):
	case k.Name == fyne.KeyEscape && e.OnEscape != nil:
		e.OnEscape()
	case pages(k.Name):
		forward(e, k)
	default:
		e.Entry.TypedKey(k)
	}
}

// TypedShortcut edits; shortcuts of ours go to the page.
func (e *Entry) TypedShortcut(s fyne.Shortcut) {
	if c, ok := s.(*desktop.CustomShortcut); ok && ours(c) {
		shortcut(canvasOf(e), s)
		return
	}
	e.Entry.TypedShortcut(s)
}

// ours reports whether a shortcut is one of the page's: Fyne's fields move the cursor with some.
func ours(c *desktop.CustomShortcut) bool {
	switch c.KeyName {
	case fyne.KeyLeft, fyne.KeyRight, fyne.KeyHome, fyne.KeyEnd, fyne.KeyBackspace, fyne.KeyDelete, fyne.KeyUp, fyne.KeyDown:
		return false
	}
	return true
}

// Focus asks for the focus.
func (e *Entry) Focus() { focus(e) }

package look

import "fyne.io/fyne/v2"

// relay passes what a focused widget does not use on to its page. Without it a scanner would press whatever
// button has the focus, and the page's own keys would be dead while a field has it.
type relay struct{ typing bool }

func canvasOf(o fyne.CanvasObject) fyne.Canvas {
	if app := fyne.CurrentApp(); app != nil {
		return app.Driver().CanvasForObject(o)
	}
	return nil
}

// letter gives the page a character typed on a widget that holds no text.
func (k *relay) letter(o fyne.CanvasObject, r rune) {
	if r != ' ' {
		k.typing = true
	}
	if !k.typing {
		return // a space alone presses
	}
	if c := canvasOf(o); c != nil && c.OnTypedRune() != nil {
		c.OnTypedRune()(r)
	}
}

// presses reports whether a key presses the widget; what does not goes to the page. Enter that ends a scan is
// the page's.
func (k *relay) presses(o fyne.CanvasObject, e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeySpace:
		return !k.typing
	case fyne.KeyReturn, fyne.KeyEnter:
		if !k.typing {
			return true
		}
		k.typing = false
	}
	forward(o, e)
	return false
}

// forward gives the page a key.
func forward(o fyne.CanvasObject, e *fyne.KeyEvent) {
	if c := canvasOf(o); c != nil && c.OnTypedKey() != nil {
		c.OnTypedKey()(e)
	}
}

// pages reports whether a key is the page's even while a field of text has the focus.
func pages(name fyne.KeyName) bool {
	switch name {
	case fyne.KeyF1, fyne.KeyF2, fyne.KeyF3, fyne.KeyF4, fyne.KeyF5, fyne.KeyF6, fyne.KeyF7, fyne.KeyF8, fyne.KeyF9,
		fyne.KeyF10, fyne.KeyF11, fyne.KeyF12, fyne.KeyEscape:
		return true
	}
	return false
}

// shortcut gives a page a shortcut that a field has no use for.
func shortcut(page fyne.Canvas, s fyne.Shortcut) {
	if c, ok := page.(fyne.Shortcutable); ok {
		c.TypedShortcut(s)
	}
}

// focus asks for the focus, where the object is in a window.
func focus(o fyne.Focusable) {
	if w, ok := o.(fyne.CanvasObject); ok {
		if c := canvasOf(w); c != nil {
			c.Focus(o)
		}
	}
}

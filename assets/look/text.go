package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Page returns the title of a page.
func Page(text string) *widget.Label { return sized(text, SizePage, true) }

// Title returns the title of a card or a group.
func Title(text string) *widget.Label { return sized(text, SizeTitle, true) }

// Bold returns a line of bold text.
func Bold(text string) *widget.Label { return sized(text, theme.SizeNameText, true) }

// Body returns text that wraps.
func Body(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// Muted returns a second line, in the muted colour.
func Muted(text string) *widget.Label {
	l := sized(text, theme.SizeNameText, false)
	l.Importance = widget.LowImportance
	return l
}

// Caption returns a small muted line.
func Caption(text string) *widget.Label {
	l := sized(text, theme.SizeNameCaptionText, false)
	l.Importance = widget.LowImportance
	return l
}

// Wrapped lets a text go on to the next line: a title of a narrow card.
func Wrapped(l *widget.Label) *widget.Label {
	l.Wrapping = fyne.TextWrapWord
	return l
}

// Code returns a code or a serial number, large and in groups.
func Code(text string) *widget.Label { return sized(Groups(text), SizePage, true) }

// Huge returns a number in the largest text.
func Huge(text string) *widget.Label { return sized(text, SizeHuge, true) }

// Problem returns a sentence that says what is wrong.
func Problem(text string) *widget.Label {
	l := Body(text)
	l.Importance = widget.DangerImportance
	return l
}

func sized(text string, size fyne.ThemeSizeName, bold bool) *widget.Label {
	l := widget.NewLabel(text)
	l.SizeName, l.TextStyle = size, fyne.TextStyle{Bold: bold}
	return l
}

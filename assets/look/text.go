package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
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

// Huge returns a code or a number in the largest text.
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

// Fill returns a rectangle of a colour of the theme, made again when the theme changes with its page.
func Fill(c fyne.ThemeColorName) *canvas.Rectangle { return canvas.NewRectangle(current(c)) }

// On lays an object over a colour.
func On(c fyne.ThemeColorName, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(Fill(c), o)
}

// Band returns the strip that stays at the top of a window.
func Band(text string) fyne.CanvasObject {
	t := canvas.NewText(text, rgb(0x1E2328))
	t.TextStyle, t.TextSize, t.Alignment = fyne.TextStyle{Bold: true}, theme.TextSize(), fyne.TextAlignCenter
	return container.NewStack(Fill(ColorGentian), container.NewPadded(t))
}

// Card returns a framed group with a 4 px edge in the colour of its state.
func Card(edge fyne.ThemeColorName, content ...fyne.CanvasObject) fyne.CanvasObject {
	ground := Fill(ColorSurface)
	ground.StrokeColor, ground.StrokeWidth, ground.CornerRadius = current(theme.ColorNameSeparator), 1, 6
	bar := Fill(edge)
	bar.SetMinSize(fyne.NewSize(4, 4))
	inside := container.New(layout.NewCustomPaddedLayout(8, 8, 12, 12), container.NewVBox(content...))
	return container.NewStack(ground, container.NewBorder(nil, nil, bar, nil, inside))
}

// Field returns a form's field: its label above, its help and its fault under it.
func Field(label, help, fault string, must bool, input fyne.CanvasObject) fyne.CanvasObject {
	if must {
		label += " (obligatoire)"
	}
	box := container.NewVBox(Bold(label), input)
	if fault != "" {
		box.Add(Problem(fault))
	} else if help != "" {
		box.Add(Caption(help))
	}
	return box
}

// Width lays an object out at most so wide, on the left.
func Width(w float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(&narrow{w}, o)
}

// narrow is a layout that gives its object the whole height and a bounded width.
type narrow struct{ width float32 }

func (n *narrow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := objects[0].MinSize()
	return fyne.NewSize(min(m.Width, n.width), m.Height)
}

func (n *narrow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(fyne.NewSize(min(size.Width, max(n.width, objects[0].MinSize().Width)), size.Height))
}

// Empty returns what a page shows when there is nothing to list: the ridge, a sentence, and what to do.
func Empty(sentence string, actions ...fyne.CanvasObject) fyne.CanvasObject {
	text := widget.NewLabelWithStyle(sentence, fyne.TextAlignCenter, fyne.TextStyle{})
	text.Wrapping = fyne.TextWrapWord
	row := container.NewHBox(append(append([]fyne.CanvasObject{layout.NewSpacer()}, actions...), layout.NewSpacer())...)
	return container.NewVBox(container.NewCenter(Ridge(360)), text, row)
}

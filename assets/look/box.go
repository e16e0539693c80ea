package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// fill is a rectangle of a colour of the theme.
type fill struct {
	widget.BaseWidget
	colour fyne.ThemeColorName
}

// Fill returns a rectangle of a colour of the theme.
func Fill(c fyne.ThemeColorName) fyne.CanvasObject {
	f := &fill{colour: c}
	f.ExtendBaseWidget(f)
	return f
}

// CreateRenderer draws the rectangle.
func (f *fill) CreateRenderer() fyne.WidgetRenderer {
	r := blank()
	d := &drawing{objects: []fyne.CanvasObject{r}}
	d.min = func() fyne.Size { return fyne.Size{} }
	d.layout = func(s fyne.Size) { r.Resize(s) }
	d.refresh = func() {
		r.FillColor = Colour(f.colour)
		r.Refresh()
	}
	d.refresh()
	return d
}

// On lays an object over a colour.
func On(c fyne.ThemeColorName, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(Fill(c), o)
}

// Pad leaves v px above and under an object, and h px left and right of it.
func Pad(v, h float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(v, v, h, h), o)
}

// Gap is an empty space of a height in px.
func Gap(h float32) fyne.CanvasObject {
	r := blank()
	r.SetMinSize(fyne.NewSize(1, h))
	return r
}

// Tight stacks lines of text close together: labels keep margins of their own.
func Tight(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(-1.4*theme.InnerPadding()), objects...)
}

// Bar lays the actions of a page's foot out: those of the left, and on the right those that go on, the primary
// one last.
func Bar(left, right []fyne.CanvasObject) fyne.CanvasObject {
	row := container.NewHBox(left...)
	row.Add(layout.NewSpacer())
	for _, o := range right {
		row.Add(o)
	}
	return row
}

// Width lays an object out at most so wide, on the left.
func Width(w float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(&narrow{w}, o)
}

// narrow is a layout that gives its object the whole height and a bounded width.
type narrow struct{ width float32 }

func (n *narrow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := objects[0].MinSize()
	return fyne.NewSize(m.Width, m.Height)
}

func (n *narrow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], 0, 0, min(size.Width, max(n.width, objects[0].MinSize().Width)), size.Height)
}

// Empty returns what a page shows when there is nothing to list: the ridge, a sentence, and what to do.
func Empty(sentence string, actions ...fyne.CanvasObject) fyne.CanvasObject {
	text := widget.NewLabelWithStyle(sentence, fyne.TextAlignCenter, fyne.TextStyle{})
	text.Wrapping = fyne.TextWrapWord
	row := container.NewHBox(append(append([]fyne.CanvasObject{layout.NewSpacer()}, actions...), layout.NewSpacer())...)
	return container.NewVBox(Gap(Space24), container.NewCenter(Ridge(360)), text, row)
}

package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// card is a framed group.
type card struct {
	widget.BaseWidget
	edge    fyne.ThemeColorName
	content fyne.CanvasObject
}

// Card returns a framed group with a 4 px edge on its left, in the colour of its state.
func Card(edge fyne.ThemeColorName, content ...fyne.CanvasObject) fyne.CanvasObject {
	c := &card{edge: edge, content: container.NewVBox(content...)}
	c.ExtendBaseWidget(c)
	return c
}

// Framed is what stands around a content: a page that looks for its fields and lists goes through it.
type Framed interface{ Framed() fyne.CanvasObject }

// Framed returns the content of the card.
func (c *card) Framed() fyne.CanvasObject { return c.content }

// CreateRenderer draws the card.
func (c *card) CreateRenderer() fyne.WidgetRenderer {
	ground, edge := blank(), blank()
	ground.CornerRadius, ground.StrokeWidth = 6, 1
	edge.TopLeftCornerRadius, edge.BottomLeftCornerRadius = 6, 6
	d := &drawing{objects: []fyne.CanvasObject{ground, edge, c.content}}
	d.min = func() fyne.Size { return c.content.MinSize().AddWidthHeight(4+2*Space8, 2*Space8) }
	d.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(edge, 0, 0, 4, s.Height)
		place(c.content, 4+Space8, Space8, s.Width-4-2*Space8, s.Height-2*Space8)
	}
	d.refresh = func() {
		ground.FillColor, ground.StrokeColor, edge.FillColor = Colour(ColorSurface), Colour(ColorLine), Colour(c.edge)
		refreshed(d.objects...)
	}
	d.refresh()
	return d
}

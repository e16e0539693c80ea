package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
)

// RailEntry is one entry of the rail.
type RailEntry struct {
	Label, Icon string
	Open        func()
}

// Rail returns the basalt column of entries; the one at index chosen has the gentian edge.
func Rail(entries []RailEntry, chosen int) fyne.CanvasObject {
	box := container.New(layout.NewCustomPaddedVBoxLayout(2))
	for i, e := range entries {
		box.Add(railItem(e, i == chosen))
	}
	ground := Fill(ColorRail)
	width := canvas.NewRectangle(color.Transparent)
	width.SetMinSize(fyne.NewSize(104, 10))
	return container.NewStack(ground, width, container.NewVScroll(box))
}

func railItem(e RailEntry, chosen bool) fyne.CanvasObject {
	ink := ColorRailText
	edge := canvas.NewRectangle(color.Transparent)
	if chosen {
		edge.FillColor = current(ColorGentian)
		ink = ColorGentian
	}
	edge.SetMinSize(fyne.NewSize(4, 56))
	word := canvas.NewText(e.Label, current(ColorRailText))
	word.TextSize, word.Alignment = theme.TextSize()*13/15, fyne.TextAlignCenter
	word.TextStyle = fyne.TextStyle{Bold: chosen}
	icon := IconImage(e.Icon, ink, theme.TextSize()*26/15)
	lines := container.New(layout.NewCustomPaddedVBoxLayout(2), layout.NewSpacer(), container.NewCenter(icon), word, layout.NewSpacer())
	return NewTap(container.NewBorder(nil, nil, edge, nil, lines), e.Open)
}

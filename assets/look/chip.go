package look

import (
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

// NewChip returns a filter with its count, none where it is negative; chosen ones are filled.
func NewChip(label string, count int, chosen bool, tapped func()) *Button {
	b := NewButton(chipText(label, count), "", Plain, tapped)
	b.height = 30
	SetChip(b, label, count, chosen)
	return b
}

// SetChip changes a filter in place.
func SetChip(b *Button, label string, count int, chosen bool) {
	rank := Plain
	if chosen {
		rank = Primary
	}
	b.SetText(chipText(label, count))
	b.SetRank(rank)
}

func chipText(label string, count int) string {
	if count < 0 {
		return label
	}
	return label + "\u00a0· " + record.Grouped(int64(count))
}

// Wrap returns a row of buttons that goes on to the next line where there is no room.
func Wrap(buttons ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewRowWrapLayoutWithCustomPadding(0, 0), buttons...)
}

// Chips returns a row of filters that goes on to the next line where there is no room.
func Chips(chips ...*Button) *fyne.Container {
	box := container.New(layout.NewRowWrapLayoutWithCustomPadding(-4, -4))
	for _, c := range chips {
		box.Add(c)
	}
	return box
}

package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// railWidth is the width of the rail at 100 %.
const railWidth = 104

// RailEntry is one entry of the rail.
type RailEntry struct {
	Label, Icon string
	Open        func()
}

// Rail returns the basalt column of entries; the one at index chosen has the gentian edge. Tab reaches it, the
// arrows go up and down in it, Enter opens.
func Rail(entries []RailEntry, chosen int) fyne.CanvasObject {
	box := container.New(layout.NewCustomPaddedVBoxLayout(2))
	taps := make([]*Tap, len(entries))
	for i, e := range entries {
		tap := NewTap(newRailItem(e, i == chosen), e.Open)
		tap.accent = ColorGentian // the page's ring would be lost on basalt
		tap.moved = func(k fyne.KeyName) bool {
			to := i
			switch k {
			case fyne.KeyUp:
				to--
			case fyne.KeyDown:
				to++
			default:
				return false
			}
			if to >= 0 && to < len(taps) {
				focus(taps[to])
			}
			return true
		}
		taps[i] = tap
		box.Add(tap)
	}
	return container.NewStack(Fill(ColorRail), container.NewVScroll(box))
}

// railItem is the face of an entry: its icon above its word.
type railItem struct {
	widget.BaseWidget
	entry  RailEntry
	chosen bool
}

func newRailItem(e RailEntry, chosen bool) *railItem {
	r := &railItem{entry: e, chosen: chosen}
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer draws the entry.
func (r *railItem) CreateRenderer() fyne.WidgetRenderer {
	ink := ColorRailText
	if r.chosen {
		ink = ColorGentian
	}
	edge := blank()
	img := canvas.NewImageFromResource(Icon(r.entry.Icon, ink))
	img.FillMode = canvas.ImageFillContain
	word := newLine(sizeSecond, ColorRailText, r.chosen)
	word.set(r.entry.Label)
	d := &drawing{objects: []fyne.CanvasObject{edge, img, word.Text}}
	side := func() float32 { return em(26) }
	d.min = func() fyne.Size {
		text := word.natural()
		return fyne.NewSize(max(railWidth, text.Width+em(16)), max(em(58), side()+text.Height+em(12)))
	}
	d.layout = func(s fyne.Size) {
		place(edge, 0, 0, 4, s.Height)
		text := word.natural()
		top := (s.Height - side() - text.Height - em(2)) / 2
		place(img, (s.Width-side())/2, top, side(), side())
		word.put((s.Width-text.Width)/2, top+side()+em(2), text.Width+1)
	}
	d.refresh = func() {
		if r.chosen {
			edge.FillColor = Colour(ColorGentian)
		}
		word.paint()
		d.layout(r.Size())
		refreshed(d.objects...)
	}
	d.refresh()
	return d
}

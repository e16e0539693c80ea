package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// maxSlates is how many slates one course of the roof shows: beyond, a slate stands for several things.
const maxSlates = 60

// RoofBar is the progress of a tour of a room: a roof of slates being laid.
type RoofBar struct {
	widget.BaseWidget
	done, total int
}

// NewRoof returns a roof with no slate.
func NewRoof() *RoofBar {
	r := &RoofBar{}
	r.ExtendBaseWidget(r)
	return r
}

// Roof returns a roof of which done slates out of total are laid.
func Roof(done, total int) fyne.CanvasObject {
	r := NewRoof()
	r.Set(done, total)
	return r
}

// Set lays slates.
func (r *RoofBar) Set(done, total int) {
	done, total = max(done, 0), max(total, 0)
	done = min(done, total)
	if r.done != done || r.total != total {
		r.done, r.total = done, total
		r.Refresh()
	}
}

// slates returns how many slates are drawn and how many of them are laid; all are laid only when all is done.
func (r *RoofBar) slates() (laid, all int) {
	all = min(r.total, maxSlates)
	if r.total == 0 {
		return 0, 0
	}
	return r.done * all / r.total, all
}

// CreateRenderer draws the slates, in two courses that overlap.
func (r *RoofBar) CreateRenderer() fyne.WidgetRenderer {
	d := &drawing{}
	var cells []*canvas.Rectangle
	d.min = func() fyne.Size { return fyne.NewSize(em(120), em(20)) }
	d.layout = func(s fyne.Size) {
		columns := (len(cells) + 1) / 2
		if columns == 0 {
			return
		}
		step := min(s.Width/(float32(columns)+0.5), em(34))
		half := s.Height / 2
		for i, c := range cells {
			x, y := float32(i/2)*step, half
			if i%2 == 1 { // the upper course covers the joints of the lower one
				x, y = x+step/2, 0
			}
			place(c, x+1, y, step-2, half-1)
		}
	}
	d.refresh = func() {
		laid, all := r.slates()
		if len(cells) != all {
			cells, d.objects = nil, nil
			for range all {
				c := blank()
				cells, d.objects = append(cells, c), append(d.objects, c)
			}
		}
		for i, c := range cells {
			c.BottomLeftCornerRadius, c.BottomRightCornerRadius = em(4), em(4)
			c.FillColor, c.StrokeColor, c.StrokeWidth = color.Transparent, Colour(ColorBorder), 1
			if i < laid {
				c.FillColor, c.StrokeWidth = Colour(ColorPrimary), 0
			}
		}
		d.layout(r.Size())
		refreshed(d.objects...)
	}
	d.refresh()
	return d
}

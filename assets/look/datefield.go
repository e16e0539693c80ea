package look

import (
	"time"

	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// DateField is a day that is typed or chosen in a calendar. Up and Down change it by a day, PgUp and PgDn by a
// month, F4 or the button opens the calendar.
type DateField struct {
	widget.BaseWidget
	OnChanged func() // after each change of the text

	Entry  *Entry
	now    func() time.Time
	button *Button
	box    *fyne.Container
	popup  *widget.PopUp
}

// NewDateField returns an empty field; now gives the year that people leave out.
func NewDateField(now func() time.Time) *DateField {
	f := &DateField{Entry: NewEntry(), now: now}
	f.Entry.SetPlaceHolder("jj/mm/aaaa")
	f.Entry.OnChanged = func(string) {
		if f.OnChanged != nil {
			f.OnChanged()
		}
	}
	f.Entry.OnKey = f.key
	f.Entry.OnFocus = func(on bool) {
		if day, set, err := f.Day(); !on && set && err == nil {
			f.Entry.SetText(FormatDay(day))
		}
	}
	f.button = NewButton("", "calendar-dots", Plain, f.Open)
	f.box = container.New(besides{}, f.Entry, f.button)
	f.ExtendBaseWidget(f)
	return f
}

// SetDay shows a day, counted from 1 January 1970.
func (f *DateField) SetDay(day int64) { f.Entry.SetText(FormatDay(day)) }

// Clear empties the field.
func (f *DateField) Clear() { f.Entry.SetText("") }

// Day returns the day; set is false where the field is empty. The error is French; Capital makes a
// sentence of it.
func (f *DateField) Day() (day int64, set bool, err error) {
	if record.Plain(f.Entry.Text) == "" {
		return 0, false, nil
	}
	day, err = ParseDay(f.Entry.Text, f.now())
	return day, err == nil, err
}

func (f *DateField) key(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyUp:
		f.step(1, 0)
	case fyne.KeyDown:
		f.step(-1, 0)
	case fyne.KeyPageUp:
		f.step(0, 1)
	case fyne.KeyPageDown:
		f.step(0, -1)
	case fyne.KeyF4:
		f.Open()
	default:
		return false
	}
	return true
}

func (f *DateField) step(days int64, months int) {
	day, set, err := f.Day()
	if err != nil {
		return
	}
	if !set {
		f.SetDay(record.DayOf(f.now()))
		return
	}
	c := NewCalendar(day+days, nil)
	if months != 0 {
		c.month(months)
	}
	f.SetDay(c.Day())
}

// Open shows the calendar under the field, where the field is in a window.
func (f *DateField) Open() {
	where := canvasOf(f)
	if where == nil {
		return
	}
	day, set, err := f.Day()
	if !set || err != nil {
		day = record.DayOf(f.now())
	}
	c := NewCalendar(day, func(d int64) {
		f.SetDay(d)
		f.close()
	})
	c.SetToday(record.DayOf(f.now()))
	c.escaped = f.close
	f.popup = widget.NewPopUp(container.NewPadded(c), where)
	f.popup.ShowAtPosition(f.beside(f.popup.MinSize(), where.Size()))
	where.Focus(c.grid) // not drawn yet, it does not know its window
}

// beside returns where something of a size stands in a window: under the field, above it where there is no room
// under it, and over it where there is none either.
func (f *DateField) beside(size, window fyne.Size) fyne.Position {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(f)
	y := at.Y + f.Size().Height
	if y+size.Height > window.Height {
		y = at.Y - size.Height
	}
	if y < 0 {
		y = window.Height - size.Height
	}
	return fyne.NewPos(max(min(at.X, window.Width-size.Width), 0), max(y, 0))
}

func (f *DateField) close() {
	if f.popup != nil {
		f.popup.Hide()
		f.popup = nil
		f.Entry.Focus()
	}
}

// Framed returns the field and its button.
func (f *DateField) Framed() fyne.CanvasObject { return f.box }

// CreateRenderer draws the field and its button.
func (f *DateField) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(f.box) }

// besides lays a field and its button out; as the field's ring does, the button's stands out of the bounds.
type besides struct{}

func (besides) MinSize(objects []fyne.CanvasObject) fyne.Size {
	e, b := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(max(e.Width, em(110))+Space12+b.Width-2*margin, max(e.Height, b.Height-2*margin))
}

func (besides) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	side := objects[1].MinSize().Width - 2*margin
	place(objects[0], 0, 0, s.Width-side-Space12, s.Height)
	place(objects[1], s.Width-side-margin, -margin, side+2*margin, s.Height+2*margin)
}

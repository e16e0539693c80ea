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
	f.popup.ShowAtRelativePosition(fyne.NewPos(0, f.Size().Height), f)
	c.Focus()
}

func (f *DateField) close() {
	if f.popup != nil {
		f.popup.Hide()
		f.popup = nil
		f.Entry.Focus()
	}
}

// CreateRenderer draws the field and its button; as the field's ring does, the button's stands out of the bounds.
func (f *DateField) CreateRenderer() fyne.WidgetRenderer {
	d := &drawing{objects: []fyne.CanvasObject{f.Entry, f.button}}
	side := func() float32 { return f.button.MinSize().Width - 2*margin }
	d.min = func() fyne.Size {
		e := f.Entry.MinSize()
		return fyne.NewSize(max(e.Width, em(110))+Space12+side(), max(e.Height, f.button.MinSize().Height-2*margin))
	}
	d.layout = func(s fyne.Size) {
		place(f.Entry, 0, 0, s.Width-side()-Space12, s.Height)
		place(f.button, s.Width-side()-margin, -margin, side()+2*margin, s.Height+2*margin)
	}
	d.refresh = func() { refreshed(d.objects...) }
	return d
}

package look

import (
	"errors"
	"time"

	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// What ParseMoment returns where one half of a moment is missing, in French; Capital makes a sentence of it.
var (
	ErrNoDay  = errors.New("donnez aussi la date, par exemple 24/11/2026")
	ErrNoHour = errors.New("donnez aussi l'heure, par exemple 14\u00a0h\u00a030")
)

// MomentField is a day and an hour, each in its own field.
type MomentField struct {
	widget.BaseWidget
	OnChanged func() // after each change of either text

	Date *DateField
	Time *TimeField
	now  func() time.Time
	box  *fyne.Container
}

// NewMomentField returns an empty field; now gives the year that people leave out.
func NewMomentField(now func() time.Time) *MomentField {
	f := &MomentField{Date: NewDateField(now), Time: NewTimeField(), now: now}
	told := func() {
		if f.OnChanged != nil {
			f.OnChanged()
		}
	}
	f.Date.OnChanged, f.Time.OnChanged = told, told
	f.box = container.New(dayAndHour{}, f.Date, f.Time)
	f.ExtendBaseWidget(f)
	return f
}

// SetTexts shows a day and an hour as they were typed.
func (f *MomentField) SetTexts(day, hour string) {
	f.Date.Entry.SetText(day)
	f.Time.Entry.SetText(hour)
}

// Texts returns both as they are typed.
func (f *MomentField) Texts() (day, hour string) { return f.Date.Entry.Text, f.Time.Entry.Text }

// SetNow shows this minute.
func (f *MomentField) SetNow() { f.SetTexts(SplitMoment(f.now().UnixMilli())) }

// Framed returns both fields.
func (f *MomentField) Framed() fyne.CanvasObject { return f.box }

// CreateRenderer draws both fields.
func (f *MomentField) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(f.box) }

// SplitMoment writes an instant, in Unix milliseconds, as MomentField shows it: « 24/11/2026 » and « 14 h 30 ».
func SplitMoment(ms int64) (day, hour string) {
	t := time.UnixMilli(ms).In(record.Paris())
	return FormatDay(record.DayOf(t)), Hour(t.Hour()*60 + t.Minute())
}

// ParseMoment reads a day and an hour that were typed, in Paris, as Unix milliseconds; set is false where both
// are empty. The error is ErrDay, ErrTime, ErrNoDay or ErrNoHour.
func ParseMoment(day, hour string, now time.Time) (ms int64, set bool, err error) {
	day, hour = record.Plain(day), record.Plain(hour)
	if day == "" && hour == "" {
		return 0, false, nil
	}
	var d int64
	if day != "" {
		if d, err = ParseDay(day, now); err != nil {
			return 0, false, err
		}
	}
	var m int
	if hour != "" {
		if m, err = ParseTime(hour); err != nil {
			return 0, false, err
		}
	}
	switch {
	case day == "":
		return 0, false, ErrNoDay
	case hour == "":
		return 0, false, ErrNoHour
	}
	t := record.DayTime(d)
	return time.Date(t.Year(), t.Month(), t.Day(), m/60, m%60, 0, 0, record.Paris()).UnixMilli(), true, nil
}

// dayAndHour stands the two fields side by side, each as wide as what it holds.
type dayAndHour struct{}

func (dayAndHour) widths(objects []fyne.CanvasObject) (day, hour float32) {
	return max(objects[0].MinSize().Width, em(160)), max(objects[1].MinSize().Width, em(100))
}

func (l dayAndHour) MinSize(objects []fyne.CanvasObject) fyne.Size {
	day, hour := l.widths(objects)
	return fyne.NewSize(day+Space12+hour, max(objects[0].MinSize().Height, objects[1].MinSize().Height))
}

func (l dayAndHour) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	day, hour := l.widths(objects)
	place(objects[0], 0, 0, day, s.Height)
	place(objects[1], day+Space12, 0, hour, s.Height)
}

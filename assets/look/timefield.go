package look

import (
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// TimeField is an hour of the day that is typed: « 14 h 30 ». Up and Down change it by a quarter of an hour.
type TimeField struct {
	widget.BaseWidget
	OnChanged func() // after each change of the text

	Entry *Entry
}

// NewTimeField returns an empty field.
func NewTimeField() *TimeField {
	f := &TimeField{Entry: NewEntry()}
	f.Entry.SetPlaceHolder("14\u00a0h\u00a030")
	f.Entry.OnChanged = func(string) {
		if f.OnChanged != nil {
			f.OnChanged()
		}
	}
	f.Entry.OnKey = func(e *fyne.KeyEvent) bool {
		switch e.Name {
		case fyne.KeyUp:
			f.step(15)
		case fyne.KeyDown:
			f.step(-15)
		default:
			return false
		}
		return true
	}
	f.Entry.OnFocus = func(on bool) {
		if m, set, err := f.Minutes(); !on && set && err == nil {
			f.SetMinutes(m)
		}
	}
	f.ExtendBaseWidget(f)
	return f
}

// SetMinutes shows an hour, in minutes since midnight.
func (f *TimeField) SetMinutes(m int) { f.Entry.SetText(Hour(m)) }

// Clear empties the field.
func (f *TimeField) Clear() { f.Entry.SetText("") }

// Minutes returns the hour in minutes since midnight; set is false where the field is empty. The error is
// French; Capital makes a sentence of it.
func (f *TimeField) Minutes() (m int, set bool, err error) {
	if record.Plain(f.Entry.Text) == "" {
		return 0, false, nil
	}
	m, err = ParseTime(f.Entry.Text)
	return m, err == nil, err
}

func (f *TimeField) step(by int) {
	if m, set, err := f.Minutes(); err == nil && set {
		next := m + by
		if by > 0 {
			next -= next % by
		} else if m%by != 0 {
			next = m - m%by
		}
		f.SetMinutes((next + 24*60) % (24 * 60))
	}
}

// Framed returns the field that is typed into.
func (f *TimeField) Framed() fyne.CanvasObject { return f.Entry }

// CreateRenderer draws the field.
func (f *TimeField) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(f.Entry) }

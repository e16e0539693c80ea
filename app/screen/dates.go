package screen

import (
	"errors"
	"strings"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Ends of a date of an event, as its texts are named, and the halves of the text of a moment.
const (
	timingBegin, timingEnd = "timings.begin", "timings.end"
	halfDay, halfHour      = ".day", ".hour"
)

// day asks for a date.
func (p *formPage) day(s *Shell, f record.Field) fyne.CanvasObject {
	d := look.NewDateField(s.r.Now)
	d.Entry.SetText(p.texts[f.Name])
	d.OnChanged = func() { p.set(s, f.Name, d.Entry.Text) }
	return container.NewHBox(container.NewCenter(d), button("Aujourd'hui", "", look.Quiet, func() { d.SetDay(record.DayOf(s.r.Now())) }))
}

// moment asks for a date and an hour; without a date of its own, same says which one counts, "" for none.
func (p *formPage) moment(s *Shell, name, same string, now bool) fyne.CanvasObject {
	m := look.NewMomentField(s.r.Now)
	m.SetTexts(p.texts[name+halfDay], p.texts[name+halfHour])
	if same != "" {
		m.Date.Entry.SetPlaceHolder(same)
	}
	m.OnChanged = func() {
		day, hour := m.Texts()
		p.texts[name+halfDay] = day
		p.set(s, name+halfHour, hour)
	}
	row := container.NewHBox(container.NewCenter(m))
	if now {
		row.Add(button("Maintenant", "", look.Quiet, m.SetNow))
	}
	return row
}

// timings asks for the first date of an event; further ones stay as they are.
func (p *formPage) timings(s *Shell) fyne.CanvasObject {
	return container.NewVBox(look.Field("Début", "", p.faults[timingBegin], false, p.moment(s, timingBegin, "", false)),
		look.Field("Fin", "", p.faults[timingEnd], false, p.moment(s, timingEnd, "le même jour", false)))
}

// splitMoment fills the two fields of a moment.
func (p *formPage) splitMoment(name string, ms int64) {
	p.texts[name+halfDay], p.texts[name+halfHour] = look.SplitMoment(ms)
}

// splitTimings fills the fields of the first date of an event.
func (p *formPage) splitTimings(list []any) {
	if len(list) == 0 {
		return
	}
	m, _ := list[0].(map[string]any)
	begin, _ := m["begin"].(int64)
	end, _ := m["end"].(int64)
	p.splitMoment(timingBegin, begin)
	p.splitMoment(timingEnd, end)
}

// splitOld takes up the moments of a draft of an earlier version, which had one text each.
func (p *formPage) splitOld(schema record.Schema) {
	names := []string{timingBegin, timingEnd}
	for _, f := range schema.Fields {
		if f.Type == record.Instant {
			names = append(names, f.Name)
		}
	}
	for _, name := range names {
		text, old := p.texts[name]
		if !old {
			continue
		}
		delete(p.texts, name)
		if v, err := (record.Field{Type: record.Instant}).Parse(text); err == nil && v != nil {
			p.splitMoment(name, v.(int64))
		} else {
			p.texts[name+halfDay] = text // the form will say what is wrong with it
		}
	}
}

// readMoment reads the two fields of a moment; nil where both are empty.
func (p *formPage) readMoment(name string, now time.Time) (any, error) {
	ms, set, err := look.ParseMoment(p.texts[name+halfDay], p.texts[name+halfHour], now)
	if err != nil || !set {
		return nil, err
	}
	return ms, nil
}

// readDay reads a date; nil where it is empty.
func (p *formPage) readDay(name string, now time.Time) (any, error) {
	if strings.TrimSpace(p.texts[name]) == "" {
		return nil, nil
	}
	day, err := look.ParseDay(p.texts[name], now)
	if err != nil {
		return nil, err
	}
	return day, nil
}

// Said where one end of a date was given and the other was not.
var (
	errNoBegin = errors.New("donnez aussi le début")
	errNoEnd   = errors.New("donnez aussi la fin")
)

// timing reads the first date of an event, and notes at which end it cannot: without a date of its own, the end is
// on the day of the beginning. It returns false where a fault was noted.
func (p *formPage) timing(f record.Field, now time.Time) (any, bool) {
	day, hour := p.texts[timingEnd+halfDay], p.texts[timingEnd+halfHour]
	if strings.TrimSpace(day) == "" && strings.TrimSpace(hour) != "" {
		day = p.texts[timingBegin+halfDay]
	}
	begin, begins, err1 := look.ParseMoment(p.texts[timingBegin+halfDay], p.texts[timingBegin+halfHour], now)
	end, ends, err2 := look.ParseMoment(day, hour, now)
	switch {
	case err1 != nil:
		p.fault(timingBegin, err1)
	case err2 != nil:
		p.fault(timingEnd, err2)
	case begins && !ends:
		p.fault(timingEnd, errNoEnd)
	case ends && !begins:
		p.fault(timingBegin, errNoBegin)
	case !begins:
		return nil, true
	default:
		list, _ := p.fixed[f.Name].([]any)
		return append([]any{map[string]any{"begin": begin, "end": end}}, list[min(1, len(list)):]...), true
	}
	return nil, false
}

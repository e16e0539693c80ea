package screen

import (
	"testing"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
)

// moments returns the fields of a form that take a date and an hour, in their order.
func moments(s *Shell) (out []*look.MomentField) {
	visit(s.body, func(o fyne.CanvasObject) {
		if m, ok := o.(*look.MomentField); ok {
			out = append(out, m)
		}
	})
	return out
}

func TestAFaultThatIsOutOfSightIsScrolledTo(t *testing.T) {
	s := open(t)
	s.prefs.set("", 200)
	s.prefs.Apply()
	s.Push(newForm(record.Event, nil))
	end := moments(s)[1]
	s.win.Canvas().Focus(end.Time.Entry)
	test.Type(end.Time.Entry, "25h")
	s.key(saveKey)
	var scroll *container.Scroll
	var fault *look.FieldBox
	visit(s.body, func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *container.Scroll:
			scroll = o
		case *look.FieldBox:
			if o.Fault() != "" {
				fault = o
			}
		}
	})
	if fault == nil {
		t.Fatal("25h is an hour")
	}
	at := func(o fyne.CanvasObject) float32 { return fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Y }
	if top, bottom := at(fault)-at(scroll), at(fault)+fault.Size().Height-at(scroll); top < 0 || bottom > scroll.Size().Height {
		t.Errorf("the field with the fault stands from %.0f to %.0f of a page of %.0f", top, bottom, scroll.Size().Height)
	}
}

func TestAnEventIsDatedInTwoFields(t *testing.T) {
	s := open(t)
	p := newForm(record.Event, record.Fields{"title": "Fête", "type": "concours"})
	s.Push(p)
	list := moments(s)
	list[0].SetTexts("demain", "14h30")
	list[1].SetTexts("", "")
	p.save(s)
	shows(t, s, "Donnez aussi la fin.")
	list = moments(s)
	list[1].SetTexts("", "16 h")
	p.save(s)
	found, err := s.r.List(s.ctx, replica.Query{Kind: record.Event, Where: []replica.Cond{{Field: "title", Value: "Fête"}}})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d events, %v; the form says %v", len(found), err, p.faults)
	}
	begin, end := record.Span(found[0])
	if end-begin != 90*60*1000 || record.DayOf(msTime(begin)) != record.DayOf(s.r.Now())+1 {
		t.Errorf("it goes from %v to %v", msTime(begin), msTime(end))
	}
}

func TestAnEditWritesOnlyWhatWasChanged(t *testing.T) {
	s := open(t)
	before := first(t, s, replica.Query{Kind: record.Intervention, Where: []replica.Cond{{Field: "status", Value: "ouverte"}}})
	moved := before.Fields.Int("opened") + 12_345 // an hour, a minute, and seconds that no field shows
	save(t, s, replica.Change{ID: before.ID, Set: record.Fields{"opened": moved}})
	p := editForm(s, before.ID)
	s.Push(p)
	p.set(s, "description", "Autre chose")
	p.save(s)
	after := first(t, s, replica.Query{Kind: record.Intervention, Where: []replica.Cond{{Field: "description", Value: "Autre chose"}}})
	if after.ID != before.ID || after.Fields.Int("opened") != moved {
		t.Errorf("opened at %d, and after the edit of something else at %d", moved, after.Fields.Int("opened"))
	}
}

func TestAnEditOfOneFieldDecidesNothingAboutAnother(t *testing.T) {
	s := open(t)
	conflicts, err := s.r.Conflicts(s.ctx)
	if err != nil || len(conflicts) == 0 {
		t.Fatal("the examples hold nothing to decide", err)
	}
	p := editForm(s, conflicts[0].ID)
	s.Push(p)
	p.set(s, "note", "Vu ce matin")
	p.save(s)
	if after, err := s.r.Conflicts(s.ctx); err != nil || len(after) != len(conflicts) {
		t.Errorf("%d to decide before, %d after, %v; the form says %v", len(conflicts), len(after), err, p.faults)
	}
}

func TestADraftOfAnEarlierVersionKeepsItsMoments(t *testing.T) {
	s := open(t)
	p := newForm(record.Intervention, nil)
	if err := s.r.SetSetting(s.ctx, p.draftKey(), `{"Texts":{"opened":"24/11/2026 9 h 05","description":"Écran noir"},"At":"2026-11-24T10:00:00Z"}`); err != nil {
		t.Fatal(err)
	}
	p.more = true
	s.Push(p)
	if day, hour := moments(s)[0].Texts(); day != "24/11/2026" || hour != "9\u00a0h\u00a005" {
		t.Errorf("%q %q", day, hour)
	}
}

package look

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

func TestDateFieldIsTypedAndStepped(t *testing.T) {
	desk(t)
	f := NewDateField(noon)
	w := window(t, container.NewVBox(f, NewButton("x", "", Plain, nil)), 400, 400)
	if _, set, err := f.Day(); set || err != nil {
		t.Fatalf("an empty field is set %v, %v", set, err)
	}
	w.Canvas().Focus(f.Entry)
	test.Type(f.Entry, "demain")
	w.Canvas().Unfocus()
	if f.Entry.Text != "25/11/2026" {
		t.Errorf("leaving the field wrote %q", f.Entry.Text)
	}
	w.Canvas().Focus(f.Entry)
	press(w, fyne.KeyUp, fyne.KeyUp, fyne.KeyPageUp, fyne.KeyDown)
	if f.Entry.Text != "26/12/2026" {
		t.Errorf("two days, a month, less a day: %q", f.Entry.Text)
	}
	f.Entry.SetText("31/02/2027")
	if _, set, err := f.Day(); set || err == nil || !strings.Contains(err.Error(), "24/11/2026") {
		t.Errorf("31 February is set %v, %v", set, err)
	}
}

func TestDateFieldOpensItsCalendar(t *testing.T) {
	desk(t)
	f := NewDateField(noon)
	f.SetDay(record.DayOf(at(24, 12, 0)))
	w := window(t, container.NewVBox(f), 500, 500)
	w.Canvas().Focus(f.Entry)
	press(w, fyne.KeyF4)
	if w.Canvas().Overlays().Top() == nil {
		t.Fatal("F4 opened nothing")
	}
	press(w, fyne.KeyDown, fyne.KeyRight, fyne.KeyReturn)
	if f.Entry.Text != "02/12/2026" || w.Canvas().Overlays().Top() != nil {
		t.Errorf("a week and a day later: %q", f.Entry.Text)
	}
	w.Canvas().Focus(f.Entry)
	press(w, fyne.KeyF4, fyne.KeyUp, fyne.KeyEscape)
	if f.Entry.Text != "02/12/2026" || w.Canvas().Overlays().Top() != nil {
		t.Errorf("Escape changed the day to %q", f.Entry.Text)
	}
}

func TestACalendarStandsInsideItsWindow(t *testing.T) {
	desk(t)
	f := NewDateField(noon)
	for _, above := range []float32{0, 300, 460} {
		w := window(t, container.NewVBox(Gap(above), f), 400, 500)
		f.Open()
		at, size := fyne.CurrentApp().Driver().AbsolutePositionForObject(f.popup.Content), f.popup.Content.Size()
		if at.Y < 0 || at.Y+size.Height > w.Canvas().Size().Height || at.X < 0 || at.X+size.Width > w.Canvas().Size().Width {
			t.Errorf("%v px down, the calendar of %v stands at %v in a window of %v", above, size, at, w.Canvas().Size())
		}
		if w.Canvas().Focused() == nil {
			t.Error("the calendar takes no keys")
		}
		f.close()
	}
}

func TestAShortcutOfThePageClosesTheCalendar(t *testing.T) {
	desk(t)
	f := NewDateField(noon)
	w := window(t, container.NewVBox(f), 400, 500)
	f.Open()
	w.Canvas().Focused().(fyne.Shortcutable).TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyS, Modifier: fyne.KeyModifierControl})
	if w.Canvas().Overlays().Top() != nil || w.Canvas().Focused() != f.Entry {
		t.Errorf("%v stands over the page, and %v has the focus", w.Canvas().Overlays().Top(), w.Canvas().Focused())
	}
}

func TestAMomentIsADayAndAnHour(t *testing.T) {
	for _, c := range []struct {
		day, hour string
		want      time.Time
		err       error
	}{
		{"hier", "14h30", at(23, 14, 30), nil}, {"24/11/2026", "midi", at(24, 12, 0), nil}, {"", " ", time.Time{}, nil},
		{"31/02/2026", "9", time.Time{}, ErrDay}, {"24 11", "25h", time.Time{}, ErrTime},
		{"", "9 h", time.Time{}, ErrNoDay}, {"demain", "", time.Time{}, ErrNoHour},
	} {
		ms, set, err := ParseMoment(c.day, c.hour, noon())
		if err != c.err || set != !c.want.IsZero() || set && ms != c.want.UnixMilli() {
			t.Errorf("%q %q is %v, %v, %v", c.day, c.hour, time.UnixMilli(ms), set, err)
		}
		if set {
			if again, _, _ := ParseMoment(splitted(ms)); again != ms {
				t.Errorf("%q %q shown and read again is another moment", c.day, c.hour)
			}
		}
	}
}

func splitted(ms int64) (day, hour string, now time.Time) {
	day, hour = SplitMoment(ms)
	return day, hour, noon()
}

func TestWhatGetsTheFocusIsScrolledTo(t *testing.T) {
	desk(t)
	var fields []*Entry
	box := container.NewVBox()
	for range 12 {
		e := NewEntry()
		fields = append(fields, e)
		box.Add(Card(ColorMuted, Field("Nom", "Comme sur l'étiquette.", "", false, e)))
	}
	scroll := container.NewVScroll(box)
	w := window(t, scroll, 400, 300)
	for _, i := range []int{11, 4, 5, 0} {
		w.Canvas().Focus(fields[i])
		top := fyne.CurrentApp().Driver().AbsolutePositionForObject(fields[i]).Y - fyne.CurrentApp().Driver().AbsolutePositionForObject(scroll).Y
		if label := float32(20); top < label || top+fields[i].Size().Height+label > scroll.Size().Height {
			t.Errorf("field %d stands at %.0f of %.0f", i, top, scroll.Size().Height)
		}
	}
}

func TestCalendarBeginsOnMonday(t *testing.T) {
	desk(t)
	for day := int64(20000); day < 20800; day++ {
		c := &Calendar{day: day}
		first := record.DayTime(c.first())
		if first.Weekday() != time.Monday || c.first() > day || c.first()+42 <= day {
			t.Fatalf("the month of %s begins on %s", FormatDay(day), first.Format("Mon 02/01/2006"))
		}
	}
	d, err := ParseDay("31/01/2027", noon())
	if err != nil {
		t.Fatal(err)
	}
	c := NewCalendar(d, nil)
	c.month(1)
	if FormatDay(c.Day()) != "28/02/2027" || c.title.Text != "Février 2027" {
		t.Errorf("a month after 31 January is %s, %s", FormatDay(c.Day()), c.title.Text)
	}
}

func TestCalendarIsTapped(t *testing.T) {
	desk(t)
	var got int64
	c := NewCalendar(record.DayOf(noon()), func(d int64) { got = d })
	window(t, c, 7*40, 400)
	cell := c.grid.Size()
	test.TapAt(c.grid, fyne.NewPos(cell.Width/7*6.5, cell.Height/7*1.5)) // first line, Sunday
	if FormatDay(got) != "01/11/2026" {
		t.Errorf("the first Sunday is %s", FormatDay(got))
	}
}

func TestTimeFieldIsTypedAndStepped(t *testing.T) {
	desk(t)
	f := NewTimeField()
	w := window(t, container.NewVBox(f), 300, 100)
	w.Canvas().Focus(f.Entry)
	test.Type(f.Entry, "14h07")
	press(w, fyne.KeyUp)
	if f.Entry.Text != "14\u00a0h\u00a015" {
		t.Errorf("the next quarter is %q", f.Entry.Text)
	}
	press(w, fyne.KeyDown, fyne.KeyDown)
	if m, set, err := f.Minutes(); m != 13*60+45 || !set || err != nil {
		t.Errorf("two quarters before: %d, %v, %v", m, set, err)
	}
}

func TestScanFieldEmptiesAndKeepsTheFocus(t *testing.T) {
	desk(t)
	var got []Scan
	f := NewScanField("Scanner ou taper un code", func(s Scan) { got = append(got, s) })
	w := window(t, container.NewVBox(f, NewButton("x", "", Plain, nil)), 400, 200)
	w.Canvas().Focus(f)
	test.Type(f, "PC-15001-0042")
	press(w, fyne.KeyReturn)
	test.Type(f, "PC)&(àà&)àà'é")
	press(w, fyne.KeyReturn, fyne.KeyReturn)
	if len(got) != 2 || got[0].Code != got[1].Code || got[0].Repaired || !got[1].Repaired {
		t.Fatalf("%+v", got)
	}
	if f.Text != "" || w.Canvas().Focused() != f {
		t.Errorf("after a scan the field holds %q and the focus is with %T", f.Text, w.Canvas().Focused())
	}
}

// TestScanFieldEndsWithoutEnter where the caller's timer says that the scanner is silent.
func TestScanFieldEndsWithoutEnter(t *testing.T) {
	desk(t)
	var got []string
	var flush func()
	asked := 0
	f := NewScanField("", func(s Scan) { got = append(got, s.Code) })
	f.Idle = func(do func()) { flush = do; asked++ }
	w := window(t, f, 400, 60)
	w.Canvas().Focus(f)
	test.Type(f, "ABC")
	if len(got) != 0 || asked != 3 {
		t.Fatalf("before the silence: %v, asked %d times", got, asked)
	}
	flush()
	flush()
	if len(got) != 1 || got[0] != "ABC" {
		t.Errorf("after the silence: %q", got)
	}
}

func TestKeyboardTypesIntoTheLastField(t *testing.T) {
	desk(t)
	first, last := NewEntry(), NewEntry()
	entered := 0
	k := NewKeyboard(nil, func() { entered++ })
	k.Follow(first, last)
	w := window(t, container.NewVBox(first, last, k), 1000, 700)
	find := func(text string) *key {
		for _, o := range test.LaidOutObjects(k) {
			if b, ok := o.(*key); ok && b.face.text == text {
				return b
			}
		}
		t.Fatalf("no key %q", text)
		return nil
	}
	tap := func(keys ...string) {
		for _, text := range keys {
			w.Canvas().Unfocus() // a press takes the focus first
			test.Tap(find(text))
		}
	}
	tap("É", "l", "o", "ï", "s", "e", "-", "A", "n", "n", "e", "Effacer")
	if first.Text != "Éloïse-Ann" {
		t.Errorf("typed %q", first.Text)
	}
	w.Canvas().Focus(last)
	tap("Maj", "m", "@", "1", ".", ";", "ù", "Espace")
	if w.Canvas().Focused() != last {
		t.Error("the field did not get the focus back")
	}
	tap("Entrée")
	if last.Text != "m@1.;ù " || entered != 1 || first.Text != "Éloïse-Ann" {
		t.Errorf("typed %q and %q, entered %d", first.Text, last.Text, entered)
	}
	last.CursorColumn = 0
	tap("a")
	if last.Text != "am@1.;ù " {
		t.Errorf("keys type where the cursor is: %q", last.Text)
	}
}

func TestKeypadTypesFigures(t *testing.T) {
	desk(t)
	e := NewSecret()
	pad := NewKeypad(e)
	window(t, container.NewVBox(e, pad), 400, 500)
	for _, text := range []string{"4", "2", "0"} {
		for _, o := range test.LaidOutObjects(pad) {
			if b, ok := o.(*key); ok && b.face.text == text {
				test.Tap(b)
			}
		}
	}
	if e.Text != "420" {
		t.Errorf("typed %q", e.Text)
	}
}

func TestSignatureIsAPictureAndNothingElse(t *testing.T) {
	desk(t)
	p := NewSignaturePad()
	window(t, p, 600, 200)
	changes := 0
	p.Changed = func() { changes++ }
	if !p.Blank() {
		t.Fatal("a new pad is not blank")
	}
	p.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(50, 50)}})
	for i := range 200 { // somebody who scribbles
		test.Drag(fyne.CurrentApp().Driver().CanvasForObject(p), fyne.NewPos(float32(20+(i*53)%560), float32(10+(i*31)%180)), 0, 0)
		p.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(float32((i*97)%600), float32((i*61)%200))}})
	}
	p.DragEnd()
	file, err := p.PNG()
	if err != nil || len(file) > MaxSignature || p.Blank() || changes == 0 {
		t.Fatalf("%d bytes, blank %v, %d changes, %v", len(file), p.Blank(), changes, err)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil || img.Bounds().Dx() != padWidth {
		t.Fatalf("%v, %v", img, err)
	}
	for rest := file[8:]; len(rest) >= 12; { // the chunks of the file: no text, no time
		n, kind := binary.BigEndian.Uint32(rest), string(rest[4:8])
		if !strings.Contains("IHDR PLTE IDAT IEND", kind) {
			t.Errorf("the picture carries a part %s", kind)
		}
		rest = rest[12+n:]
	}
	p.Clear()
	if again, err := p.PNG(); err != nil || !p.Blank() || bytes.Equal(again, file) {
		t.Error("a cleared pad is not blank")
	}
	p.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(-500, -500)}})
	if !p.Blank() {
		t.Error("a press outside of the pad is no signature")
	}
}

func TestChoiceGivesCodes(t *testing.T) {
	desk(t)
	var got string
	c := NewChoice(states(), func(code string) { got = code })
	window(t, c, 300, 60)
	c.SetSelected("En panne")
	if got != "e" || c.Code() != "e" {
		t.Errorf("chose %q", got)
	}
	c.SetCode("a")
	if c.Selected != "En service" {
		t.Errorf("shows %q", c.Selected)
	}
	c.SetCode("inconnu")
	if c.Code() != "" || c.PlaceHolder != "Choisir…" {
		t.Errorf("an unknown code shows %q", c.Selected)
	}
}

func TestFieldSaysWhatIsWrong(t *testing.T) {
	desk(t)
	f := NewField("Nom", "Comme sur l'étiquette.", true, NewEntry())
	window(t, container.NewVBox(f), 400, 300)
	if f.fault.Visible() || !f.help.Visible() || f.label.Text != "Nom (obligatoire)" {
		t.Error("a field without a fault shows its help")
	}
	f.SetFault("Il manque le nom.")
	if !f.fault.Visible() || f.help.Visible() || f.Fault() != "Il manque le nom." {
		t.Error("a fault takes the place of the help")
	}
	f.SetFault("")
	if f.fault.Visible() || !f.help.Visible() {
		t.Error("the help does not come back")
	}
}

func TestScrollerKnowsItsEnd(t *testing.T) {
	desk(t)
	s := TouchScroll(Gap(1000))
	w := window(t, s, 300, 400)
	if s.AtEnd() {
		t.Fatal("the end is in sight at once")
	}
	seen := 0
	s.OnScrolled = func(fyne.Position) { seen++ }
	test.Drag(w.Canvas(), fyne.NewPos(100, 100), 0, -2000)
	if !s.AtEnd() || seen == 0 {
		t.Errorf("dragged to the end: %v, told %d times", s.AtEnd(), seen)
	}
	short := TouchScroll(Gap(100))
	window(t, short, 300, 400)
	if !short.AtEnd() {
		t.Error("the end of a short text is in sight at once")
	}
}

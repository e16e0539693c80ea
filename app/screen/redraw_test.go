package screen

import (
	"fmt"
	"strings"
	"testing"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"github.com/google/uuid"
)

func save(t *testing.T, s *Shell, c replica.Change) uuid.UUID {
	t.Helper()
	saved, err := s.r.Save(s.ctx, uuid.Nil, c)
	if err != nil {
		t.Fatal(err)
	}
	s.dataChanged()
	return saved.IDs[0]
}

func room(t *testing.T, s *Shell, name string) record.Record {
	t.Helper()
	return first(t, s, replica.Query{Kind: record.Room, Where: []replica.Cond{{Field: "name", Value: name}}})
}

func TestTheParcShowsWhatArrives(t *testing.T) {
	s := open(t)
	s.OpenNamed("parc")
	p := s.page().(*parcPage)
	before := len(p.numbers)
	e := save(t, s, replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": "AAA-1", "level": "socle", "status": "en_stock"}})
	if len(p.numbers) != before+1 {
		t.Fatalf("%d rows, want %d", len(p.numbers), before+1)
	}
	p.text = "AAA-1"
	p.reload(s)
	if l := p.line(s, p.numbers[0]); l.name != "AAA-1" || l.code != "En stock" {
		t.Fatalf("the row is %+v", l)
	}
	save(t, s, replica.Change{ID: e, Set: record.Fields{"status": "en_panne"}})
	if l := p.line(s, p.numbers[0]); l.code != "En panne" {
		t.Errorf("the row still says %s", l.code)
	}
}

func TestATourShowsWhatAnotherTabletHasSeen(t *testing.T) {
	s := open(t)
	r := room(t, s, "Salle 22")
	here := first(t, s, replica.Query{Kind: record.Equipment, Where: []replica.Cond{{Field: "room", Value: r.ID.String()}}})
	p := &auditPage{room: r.ID}
	s.Push(p)
	p.Key(s, fyne.KeyF9)
	s.draw()
	if s.win.Canvas().Focused() != p.entry {
		t.Fatal("the field has not the focus")
	}
	test.Type(p.entry, "PC-15")
	save(t, s, replica.Change{Kind: record.Scan, Set: record.Fields{"audit": p.audit.String(), "room": r.ID.String(), "at": s.r.Now().UnixMilli(),
		"code": here.Fields.Text("tag"), "equipment": here.ID.String()}})
	shows(t, s, "Trouvés (1)")
	if s.win.Canvas().Focused() != p.entry || p.entry.Text != "PC-15" {
		t.Fatalf("the half code is %q", p.entry.Text)
	}
	test.Type(p.entry, "001")
	if p.entry.Text != "PC-15001" {
		t.Errorf("the code went on as %q", p.entry.Text)
	}
}

func TestAPageStaysWhereItWasScrolled(t *testing.T) {
	s := open(t)
	s.OpenNamed("agenda")
	scroll := func() (found *container.Scroll) {
		visit(s.body, func(o fyne.CanvasObject) {
			if c, ok := o.(*container.Scroll); ok {
				found = c
			}
		})
		return found
	}
	var tap *look.Tap
	visit(s.body, func(o fyne.CanvasObject) {
		if f, ok := o.(*look.Tap); ok {
			tap = f
		}
	})
	s.win.Canvas().Focus(tap)
	scroll().ScrollToOffset(fyne.NewPos(0, 60)) // away from it
	was := scroll()
	save(t, s, replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": "AAA-1", "level": "socle"}})
	if scroll() == was {
		t.Fatal("the page was not drawn again")
	}
	if y := scroll().Offset.Y; y != 60 {
		t.Errorf("the page is at %v", y)
	}
	if f, ok := s.win.Canvas().Focused().(*look.Tap); !ok || f == tap {
		t.Errorf("the focus is on %v", s.win.Canvas().Focused())
	}
	s.OpenNamed("charte")
	s.OpenNamed("agenda")
	if y := scroll().Offset.Y; y != 0 {
		t.Errorf("another visit begins at %v", y)
	}
}

func TestWhatIsTypedOutlivesItsPage(t *testing.T) {
	s := open(t)
	e := first(t, s, replica.Query{Kind: record.Equipment})
	s.Push(&interventionPage{equipment: e.ID})
	test.Type(s.page().(*interventionPage).text, "La lampe clignote")
	s.Back()
	s.Push(&interventionPage{equipment: e.ID})
	shows(t, s, "La lampe clignote")
	s.page().(*interventionPage).save(s)
	s.Push(&interventionPage{equipment: e.ID})
	if strings.Contains(words(s), "La lampe clignote") {
		t.Error("a saved sentence comes back")
	}
	v := first(t, s, replica.Query{Kind: record.Visit, Where: []replica.Cond{{Field: "departure"}}})
	s.Push(&visitPage{id: v.ID})
	shows(t, s, "Visite · "+s.titleOf(v.Fields.ID("site")))
	var long *look.Entry
	visit(s.body, func(o fyne.CanvasObject) {
		if f, ok := o.(*look.Entry); ok {
			long = f
		}
	})
	test.Type(long, "Prise arrachée. ")
	s.Back()
	s.Push(&visitPage{id: v.ID})
	shows(t, s, "Prise arrachée.")
}

func TestADroppedDraftNeverComesBack(t *testing.T) {
	s := open(t)
	var later []func()
	s.live.Go = func(f func()) { later = append(later, f) }
	s.keepDraft("draft.x", "a")
	s.keepDraft("draft.x", "ab")
	if got := s.draftText("draft.x"); got != "ab" {
		t.Errorf("the page sees %q", got)
	}
	s.dropDraft("draft.x")
	for _, f := range later {
		f()
	}
	if got, err := s.r.Setting(s.ctx, "draft.x"); got != "" || err != nil {
		t.Errorf("the disk holds %q, %v", got, err)
	}
	s.live.Go = func(f func()) { f() }
	s.keepDraft("draft.x", "abc")
	if got, _ := s.r.Setting(s.ctx, "draft.x"); got != "abc" {
		t.Errorf("the next draft is %q", got)
	}
}

func TestSearchOpensTheOneAnswer(t *testing.T) {
	s := open(t)
	e := first(t, s, replica.Query{Kind: record.Equipment})
	s.find(e.Fields.Text("serial"))
	if _, ok := s.page().(*cardPage); !ok {
		t.Fatalf("a serial number opens %T", s.page())
	}
	s.go_(0, &homePage{})
	s.find("alla salle info eni")
	shows(t, s, "ENI-50001-0106", "Salle info")
	s.go_(0, &homePage{})
	s.find("")
	if _, ok := s.page().(*homePage); !ok {
		t.Errorf("an empty search opens %T", s.page())
	}
	s.find("pompidou")
	p, ok := s.page().(*searchPage)
	if !ok || s.win.Canvas().Focused() != p.list {
		t.Fatalf("two collèges open %T, focus on %T", s.page(), s.win.Canvas().Focused())
	}
	p.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	p.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if _, still := s.page().(*searchPage); still {
		t.Error("Enter on an answer opens nothing")
	}
}

func TestAKeyHeldDownDoesNotPileUpPages(t *testing.T) {
	s := open(t)
	s.key(fyne.KeyF1)
	s.key(fyne.KeyF1)
	if len(s.stack) != 2 {
		t.Errorf("%d pages", len(s.stack))
	}
}

func TestFrenchKeysDecide(t *testing.T) {
	s := open(t)
	p := &decidePage{}
	s.Push(p)
	s.key("é")
	if p.chosen != 1 {
		t.Error("é, on the key of 2, chooses nothing")
	}
	s.key("&")
	if p.chosen != 0 {
		t.Error("&, on the key of 1, chooses nothing")
	}
}

func TestTheFieldsOfAFormGiveThePageItsKeys(t *testing.T) {
	s := open(t)
	s.Push(newForm(record.Equipment, nil))
	var combo *look.Combo
	visit(s.body, func(o fyne.CanvasObject) {
		if c, ok := o.(*look.Combo); ok && combo == nil {
			combo = c
		}
	})
	s.win.Canvas().Focus(combo)
	combo.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if len(s.stack) != 1 {
		t.Error("Escape in a field that is typed or chosen goes nowhere")
	}
}

func TestNoPageIsWiderThanItsWindow(t *testing.T) {
	s := open(t)
	e := first(t, s, replica.Query{Kind: record.Equipment})
	w := first(t, s, replica.Query{Kind: record.Workshop})
	site := first(t, s, replica.Query{Kind: record.Site, Where: []replica.Cond{{Field: "name", Value: "Collège Maurice Peschaud"}}})
	m := first(t, s, replica.Query{Kind: record.ClassMember})
	charter, _ := s.inForce()
	if err := s.r.SetSetting(s.ctx, "operator", first(t, s, replica.Query{Kind: record.Operator}).ID.String()); err != nil {
		t.Fatal(err)
	}
	for _, percent := range []int{150, 200} {
		s.prefs.Percent = percent
		s.prefs.Apply()
		pages := []Page{&homePage{}, &placesPage{}, &parcPage{}, &agendaPage{}, &charterPage{}, &placePage{id: site.ID}, &auditPage{room: room(t, s, "Salle 22").ID},
			&cardPage{id: e.ID, kind: e.Kind}, &cardPage{id: charter.ID, kind: charter.Kind}, &interventionPage{equipment: e.ID}, &movePage{id: e.ID},
			&visitPage{id: first(t, s, replica.Query{Kind: record.Visit}).ID}, &decidePage{}, &exchangesPage{}, &settingsPage{}, &helpPage{}, &newPage{all: true},
			&operatorPage{}, &importPage{}, &searchPage{text: "peschaud"}, &searchPage{text: "introuvable"}, &unknownPage{code: "15001-0042", clean: "15001-0042"},
			&happeningPage{id: w.ID}, &happeningPage{id: w.ID, signing: true}, &rollPage{site: m.Fields.ID("site"), class: m.Fields.Text("class")},
			&pupilPage{member: m.ID, charter: charter}}
		for _, k := range record.Kinds() {
			if schema, _ := record.Of(k); !schema.Act {
				pages = append(pages, newForm(k, nil))
			}
		}
		for _, p := range pages {
			s.go_(0, &homePage{})
			s.stack = append(s.stack, p)
			s.draw()
			if m := s.win.Content().MinSize(); m.Width > 1280 || m.Height > 720 {
				t.Errorf("%s at %d %% needs %s", p.Title(), percent, fmt.Sprint(m))
			}
		}
	}
}

func TestAnAbsentMachineIsSaidOnceAndTheNextFollows(t *testing.T) {
	s := open(t)
	p := &auditPage{room: room(t, s, "Salle 22").ID}
	s.Push(p)
	p.Key(s, fyne.KeyF9)
	p.Key(s, fyne.KeyF6)
	first := p.said
	p.Key(s, fyne.KeyF6)
	if p.said == first {
		t.Errorf("F6 says twice %q", first)
	}
	if len(p.absents) != 2 {
		t.Errorf("%d absent, want 2", len(p.absents))
	}
}

func TestTheListOfWhatWouldBeMissingIsInSight(t *testing.T) {
	s := open(t)
	p := &auditPage{room: room(t, s, "Salle 22").ID}
	s.Push(p)
	p.Key(s, fyne.KeyF9)
	p.ending = true
	s.draw()
	var high float32
	visit(s.body, func(o fyne.CanvasObject) {
		if c, ok := o.(*container.Scroll); ok {
			high = c.Size().Height
		}
	})
	if high < 300 {
		t.Errorf("the list is %v px high", high)
	}
}

func TestATourInLargeTextShowsOneListAtATime(t *testing.T) {
	s := open(t)
	pc := first(t, s, replica.Query{Kind: record.Equipment, Where: []replica.Cond{{Field: "status", Value: "en_service"}}})
	p := &auditPage{room: pc.Fields.ID("room")}
	s.Push(p)
	says(t, s, "Attendus (", "Trouvés (0)", "Étrangers (0)")
	s.prefs.set("", 200)
	s.prefs.Apply()
	s.draw()
	tag := pc.Fields.Text("tag")
	says(t, s, tag)
	s.scan(tag)
	press(t, s, "Trouvés\u00a0· 1")
	says(t, s, tag)
	if strings.Contains(words(s), "Attendus (") {
		t.Error("three lists stand side by side in large text")
	}
}

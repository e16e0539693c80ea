package screen

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cantal.fr/buron/app/demo"
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// direct runs everything on the test's goroutine, and nothing later: a test is over before a toast is.
func direct() Live {
	return Live{UI: func(f func()) { f() }, Go: func(f func()) { f() }, After: func(time.Duration, func()) {}}
}

// open shows the desktop on examples, without a display.
func open(t *testing.T) *Shell {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(examples(t))); err != nil {
		t.Fatal(err)
	}
	s := openIn(t, dir)
	if err := s.r.SetSetting(s.ctx, settingAsked, s.today()); err != nil {
		t.Fatal(err)
	}
	return s
}

// openIn shows the desktop on a data folder.
func openIn(t *testing.T, dir string) *Shell {
	t.Helper()
	a := test.NewTempApp(t)
	r, err := replica.Open(t.Context(), dir, replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	win := a.NewWindow("")
	win.Resize(fyne.NewSize(1280, 800))
	s := Open(context.Background(), win, node.New(r, node.Options{Listen: "off"}), direct(), NewPrefs("", 100, a.Settings().SetTheme), "")
	t.Cleanup(func() {
		s.Close()
		r.Close()
	})
	return s
}

// made is the folder of the examples, written once for all tests: each works on a copy of its own.
var made struct {
	sync.Once
	dir string
	err error
}

func examples(t *testing.T) string {
	t.Helper()
	made.Do(func() {
		if made.dir, made.err = os.MkdirTemp("", "buron-screen-"); made.err != nil {
			return
		}
		var r *replica.Replica
		if r, made.err = demo.Create(context.Background(), filepath.Join(made.dir, "data"), replica.Options{}, nil); made.err == nil {
			made.err = r.Close()
		}
	})
	if made.err != nil {
		t.Fatal(made.err)
	}
	return filepath.Join(made.dir, "data")
}

func TestMain(m *testing.M) {
	status := m.Run()
	_ = os.RemoveAll(made.dir)
	os.Exit(status)
}

// each calls f with an object and all that is drawn in it, but for what is in those of which f says that it is done.
func each(o fyne.CanvasObject, f func(fyne.CanvasObject) (done bool)) {
	if f(o) {
		return
	}
	var inside []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		inside = o.Objects
	case fyne.Widget:
		inside = test.WidgetRenderer(o).Objects()
	}
	for _, c := range inside {
		each(c, f)
	}
}

// words gathers every text that the window shows.
func words(s *Shell) string {
	var b strings.Builder
	each(s.win.Content(), func(o fyne.CanvasObject) bool {
		switch o := o.(type) {
		case *widget.Label:
			b.WriteString(o.Text + "\n")
		case *look.Entry:
			b.WriteString(o.Text + o.PlaceHolder + "\n")
		case *widget.Entry:
			b.WriteString(o.Text + o.PlaceHolder + "\n")
		case *widget.RadioGroup:
			b.WriteString(strings.Join(o.Options, "\n"))
		default:
			return false
		}
		return true
	})
	return b.String()
}

func shows(t *testing.T, s *Shell, want ...string) {
	t.Helper()
	text := words(s)
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Fatalf("%q is not shown on %q:\n%s", w, s.page().Title(), text)
		}
	}
}

func first(t *testing.T, s *Shell, q replica.Query) record.Record {
	t.Helper()
	found, err := s.r.List(s.ctx, q)
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s: %v", q.Kind, err)
	}
	return found[0]
}

func TestEveryPageOpens(t *testing.T) {
	s := open(t)
	shows(t, s, "Visite en cours", "À faire", "À décider", "Hors ligne")
	for _, e := range s.entries() {
		e.Open()
		if h, ok := s.page().(headed); ok {
			shows(t, s, h.Heading(s))
			continue
		}
		shows(t, s, s.page().Title())
	}
	for _, p := range []Page{&decidePage{}, &exchangesPage{}, &settingsPage{}, &helpPage{}, &newPage{}, &newPage{all: true}, &operatorPage{}, &importPage{}, &lendPage{},
		&searchPage{text: "peschaud"}, &searchPage{text: "introuvable"}, &unknownPage{code: "15001-0042", clean: "15001-0042"}} {
		s.Push(p)
		shows(t, s, p.Title())
	}
	for _, k := range record.Kinds() {
		schema, _ := record.Of(k)
		if !schema.Act {
			s.Push(newForm(k, nil))
		}
		s.Push(newList(k))
		if found, err := s.r.List(s.ctx, replica.Query{Kind: k, Limit: 1}); err == nil && len(found) == 1 {
			s.open(found[0])
			s.Push(&cardPage{id: found[0].ID, kind: k})
			shows(t, s, "Histoire")
		}
	}
}

func TestATourOfARoomByScanner(t *testing.T) {
	s := open(t)
	room := first(t, s, replica.Query{Kind: record.Room, Where: []replica.Cond{{Field: "name", Value: "Salle 22"}}})
	here, err := s.r.List(s.ctx, replica.Query{Kind: record.Equipment, Where: []replica.Cond{{Field: "room", Value: room.ID.String()}}})
	if err != nil || len(here) < 3 {
		t.Fatalf("%d machines here, %v", len(here), err)
	}
	p := &auditPage{room: room.ID}
	s.Push(p)
	s.scan(here[0].Fields.Text("tag")) // the first code begins the tour
	shows(t, s, "Trouvé · "+here[0].Fields.Text("tag"), "Trouvés (1)")
	s.scan(here[0].Fields.Text("tag"))
	shows(t, s, "déjà vu à", "Trouvés (1)")
	elsewhere := first(t, s, replica.Query{Kind: record.Equipment, Where: []replica.Cond{{Field: "room", Value: first(t, s, replica.Query{Kind: record.Room, Where: []replica.Cond{{Field: "name", Value: "CDI"}}}).ID.String()}}})
	s.scan(elsewhere.Fields.Text("tag"))
	shows(t, s, "Étranger", "Étrangers (1)")
	s.scan("15001-9999")
	shows(t, s, "Inconnu · 15001-9999")
	p.undo(s)
	if res, _, _ := p.result(s); len(res.Unknown) != 0 || len(res.Found) != 1 || len(res.Missing) != 0 {
		t.Errorf("after taking the last scan back: %+v", res)
	}
	p.ending = true
	s.draw()
	shows(t, s, "seront notés manquants")
	if v, err := s.r.Get(s.ctx, elsewhere.ID); err != nil || v.Fields.ID("room") == room.ID {
		t.Error("a scan moved a machine")
	}
}

func TestAnInterventionInThreeTaps(t *testing.T) {
	s := open(t)
	e := first(t, s, replica.Query{Kind: record.Equipment})
	s.scan(e.Fields.Text("serial"))
	p := &interventionPage{equipment: e.ID}
	s.Push(p)
	p.symptom = "reseau"
	p.save(s)
	shows(t, s, "Enregistré")
	found, err := s.r.List(s.ctx, replica.Query{Kind: record.Intervention, Where: []replica.Cond{{Field: "equipment", Value: e.ID.String()}}})
	if err != nil || len(found) == 0 {
		t.Fatal("nothing was saved: ", err)
	}
	before := len(found)
	s.undo()
	if found, _ = s.r.List(s.ctx, replica.Query{Kind: record.Intervention, Where: []replica.Cond{{Field: "equipment", Value: e.ID.String()}}}); len(found) != before-1 {
		t.Errorf("%d interventions after undo, want %d", len(found), before-1)
	}
}

func TestAFormThatFailsStaysFilled(t *testing.T) {
	s := open(t)
	p := newForm(record.Equipment, record.Fields{"tag": "PC-X"})
	s.Push(p)
	p.set(s, "bought", "31/02/2026")
	p.save(s)
	shows(t, s, "Ce n'est pas une date", "PC-X")
	p.set(s, "bought", "hier")
	p.save(s)
	shows(t, s, "ce champ est obligatoire")
	again := newForm(record.Equipment, nil)
	s.Replace(again)
	shows(t, s, "Brouillon repris", "PC-X")
	again.set(s, "level", "socle")
	again.save(s)
	if found, _ := s.r.Scan(s.ctx, "PC-X"); len(found) != 1 {
		t.Error("the form did not save")
	}
	s.Push(newForm(record.Equipment, nil))
	if strings.Contains(words(s), "Brouillon") {
		t.Error("the draft of a saved form comes back")
	}
}

func TestADecisionSettlesAndTheNextOpens(t *testing.T) {
	s := open(t)
	p := &decidePage{}
	s.Push(p)
	shows(t, s, "horloge décalée de 3", "Retenu en attendant")
	list, err := s.r.Conflicts(s.ctx)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d to decide, %v", len(list), err)
	}
	s.key(fyne.Key2)
	s.key(fyne.KeyReturn)
	left, _ := s.r.Conflicts(s.ctx)
	if len(left) != 1 {
		t.Fatalf("%d left", len(left))
	}
	rec, _, _ := s.book().Get(list[0].ID)
	if want := list[0].Versions[1].Value; rec.Fields[list[0].Field] != want {
		t.Errorf("shows %v, want %v", rec.Fields[list[0].Field], want)
	}
	s.key(fyne.KeyReturn)
	shows(t, s, "Doublon · ")
}

func TestAKioskRoleIsOfferedNothingItCannotDo(t *testing.T) {
	for role, want := range map[record.Role]int{record.Coordination: 5, record.Agent: 5, record.Facilitator: 4, record.Host: 4} {
		f, err := node.Found(t.Context(), t.TempDir(), node.FoundOptions{Territory: "x", Device: "y", Role: role, WithoutRecovery: true})
		if err != nil {
			t.Fatal(err)
		}
		a := test.NewTempApp(t)
		s := Open(context.Background(), a.NewWindow(""), node.New(f.Replica, node.Options{Listen: "off"}), direct(), NewPrefs("", 100, a.Settings().SetTheme), "")
		if n := len(s.entries()); n != want {
			t.Errorf("%s has %d entries, want %d", role, n, want)
		}
		s.Close()
		f.Replica.Close()
	}
}

func TestEveryPaletteDraws(t *testing.T) {
	s := open(t)
	for _, p := range palettes {
		for _, percent := range []int{100, 200} {
			s.prefs.Palette, s.prefs.Percent = p.palette, percent
			s.prefs.Apply()
			s.draw()
			if img := s.win.Canvas().Capture(); img.Bounds().Empty() {
				t.Errorf("%s at %d draws nothing", p.name, percent)
			}
		}
	}
}

func TestACopySaysSoUntilItIsRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(examples(t))); err != nil {
		t.Fatal(err)
	}
	// Without the note of its last start, a folder is one that came back from elsewhere.
	if err := os.Remove(filepath.Join(dir, "device.start")); err != nil {
		t.Fatal(err)
	}
	s := openIn(t, dir)
	s.refreshStatus()
	s.draw()
	if !strings.Contains(words(s), "Ces données ont été copiées") {
		t.Error("a copied folder opens without a word")
	}
	if err := s.n.ReadCopied(s.ctx); err != nil {
		t.Fatal(err)
	}
	s.refreshStatus()
	s.draw()
	if strings.Contains(words(s), "Ces données ont été copiées") {
		t.Error("what was read is said again")
	}
}

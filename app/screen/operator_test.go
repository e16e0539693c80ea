package screen

import (
	"testing"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"github.com/google/uuid"
)

// morning opens the desktop on a day on which nobody has said yet who they are; who was here last is returned.
func morning(t *testing.T) (*Shell, record.Record) {
	t.Helper()
	s := open(t)
	people, err := s.team()
	if err != nil || len(people) < 2 {
		t.Fatal(len(people), err)
	}
	last := people[len(people)-1]
	for key, value := range map[string]string{settingAsked: "1", replica.SettingOperator: last.ID.String()} {
		if err := s.r.SetSetting(s.ctx, key, value); err != nil {
			t.Fatal(err)
		}
	}
	return s, last
}

func broken(t *testing.T, s *Shell) *interventionPage {
	t.Helper()
	pc := first(t, s, replica.Query{Kind: record.Equipment, Where: []replica.Cond{{Field: "status", Value: "en_service"}}})
	p := &interventionPage{equipment: pc.ID}
	s.Push(p)
	p.symptom = "reseau"
	p.text.SetText("Câble arraché")
	return p
}

func author(t *testing.T, s *Shell, text string) (id uuid.UUID, saved bool) {
	t.Helper()
	found, err := s.r.List(s.ctx, replica.Query{Kind: record.Intervention, Where: []replica.Cond{{Field: "description", Value: text}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return uuid.Nil, false
	}
	mark, err := s.r.Origin(s.ctx, found[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return mark.Operator, true
}

func TestTheFirstWriteOfADayAsksWhoAndOneKeyConfirms(t *testing.T) {
	s, last := morning(t)
	s.OpenNamed("parc")
	if _, asks := s.page().(*operatorPage); asks {
		t.Fatal("reading asks who reads")
	}
	p := broken(t, s)
	p.save(s)
	says(t, s, "Qui êtes-vous ?", "la dernière fois ici")
	if _, saved := author(t, s, "Câble arraché"); saved {
		t.Fatal("it was saved before anybody said who they are")
	}
	s.win.Canvas().Focused().(*look.Tap).TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if who, saved := author(t, s, "Câble arraché"); !saved || who != last.ID {
		t.Errorf("saved %v, by %v, not %v", saved, who, last.ID)
	}
	p = broken(t, s)
	p.text.SetText("Encore")
	p.save(s)
	if _, saved := author(t, s, "Encore"); !saved {
		t.Error("the second write of a day asks again")
	}
}

func TestWhoIsAskedMayLeaveAndFindsWhatWasTyped(t *testing.T) {
	s, _ := morning(t)
	p := broken(t, s)
	p.save(s)
	s.key(fyne.KeyEscape)
	if s.page() != Page(p) || p.text.Text != "Câble arraché" || p.symptom != "reseau" {
		t.Fatalf("on %q with %q", s.page().Title(), p.text.Text)
	}
	p.save(s)
	press(t, s, "Continuer sans nom")
	if who, saved := author(t, s, "Câble arraché"); !saved || who != uuid.Nil {
		t.Errorf("saved %v, by %v", saved, who)
	}
}

func TestAScanWaitsForTheNameAndIsNotLost(t *testing.T) {
	s, last := morning(t)
	pc := first(t, s, replica.Query{Kind: record.Equipment, Where: []replica.Cond{{Field: "status", Value: "en_service"}}})
	p := &auditPage{room: pc.Fields.ID("room")}
	s.Push(p)
	s.scan(pc.Fields.Text("tag"))
	if s.scan("PC-1"); s.page() == Page(p) {
		t.Fatal("nobody is asked")
	}
	s.page().(*operatorPage).choose(s, last.ID.String())
	res, _, err := p.result(s)
	if err != nil || len(res.Found) != 1 || len(res.Unknown) != 0 || s.page() != Page(p) {
		t.Errorf("found %d, unknown %d, %v, on %q", len(res.Found), len(res.Unknown), err, s.page().Title())
	}
}

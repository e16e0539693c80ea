package screen

import (
	"context"
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"
	"cantal.fr/buron/sync/class"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/google/uuid"
)

// direct runs everything on the test's goroutine.
func direct() Live {
	return Live{UI: func(f func()) { f() }, Go: func(f func()) { f() }, After: func(_ time.Duration, f func()) { f() }}
}

// open shows a terminal whose territory has a place and a charter in force, without a display.
func open(t *testing.T) *Kiosk {
	t.Helper()
	a := test.NewTempApp(t)
	made, err := node.Found(t.Context(), t.TempDir(), node.FoundOptions{Territory: "Cantal", Device: "borne", Role: record.Coordination, WithoutRecovery: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.Replica.Close() })
	win := a.NewWindow("")
	win.SetPadded(false)
	win.Resize(fyne.NewSize(1280, 800))
	k := Open(context.Background(), win, node.New(made.Replica, node.Options{Listen: "off", Central: "off"}), direct(), Options{Percent: 100, Apply: a.Settings().SetTheme})
	site := k.save(t, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège d'exemple au nom qui est plutôt long", "commune": "15001"})
	charter := k.save(t, record.Charter, record.Fields{"version": "2026-2027", "status": "en_vigueur", "text": strings.Repeat("Chacun respecte les autres et le matériel.\n", 40), "simple_text": "Je respecte les autres."})
	k.save(t, record.CharterAdoption, record.Fields{"site": site.String(), "charter": charter.String(), "vote_date": int64(20000), "annexed": true})
	k.draw()
	return k
}

func (k *Kiosk) save(t *testing.T, kind record.Kind, set record.Fields) uuid.UUID {
	t.Helper()
	saved, err := k.r.Save(k.ctx, uuid.Nil, replica.Change{Kind: kind, Set: set})
	if err != nil {
		t.Fatal(err)
	}
	return saved.IDs[0]
}

// lend puts a class of 25 on the terminal.
func lend(t *testing.T, k *Kiosk) class.Session {
	t.Helper()
	sites, err := k.r.List(k.ctx, replica.Query{Kind: record.Site})
	charter, ok := k.inForce()
	if err != nil || !ok || len(sites) != 1 {
		t.Fatal("no place, or no charter", err)
	}
	f := charter.Fields
	s := class.Session{ID: uuid.New(), Site: sites[0].ID, Place: "0150001V", Label: "5e B", Charter: class.Charter{ID: charter.ID, Version: "2026-2027",
		Text: f.Text("text"), Simple: f.Text("simple_text"), TextHash: f.Text("text_hash"), SimpleHash: f.Text("simple_hash")}}
	for i := range 25 {
		id := k.save(t, record.ClassMember, record.Fields{"site": s.Site.String(), "school_year": "2026-2027", "class": "5e B", "first_name": fmt.Sprintf("Maximilien-%02d", i), "family_name": "Exemple"})
		s.Members = append(s.Members, class.Member{ID: id, First: fmt.Sprintf("Maximilien-%02d", i), Last: "Exemple"})
	}
	loan, err := class.Lend(s, k.r.Identity())
	if err != nil {
		t.Fatal(err)
	}
	if err := k.n.Terminal().Accept(loan, k.r.Self()); err != nil {
		t.Fatal(err)
	}
	k.ClassChanged()
	return s
}

// each calls f for every object that is shown.
func each(o fyne.CanvasObject, f func(fyne.CanvasObject)) {
	if !o.Visible() {
		return
	}
	f(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			each(c, f)
		}
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(o).Objects() {
			each(c, f)
		}
	}
}

// button finds a button by its words.
func button(t *testing.T, k *Kiosk, words string) *look.Button {
	t.Helper()
	var found *look.Button
	each(k.win.Content(), func(o fyne.CanvasObject) {
		if b, ok := o.(*look.Button); ok && b.Label() == words {
			found = b
		}
	})
	if found == nil {
		t.Fatalf("no button %q on %s", words, k.state.Screen)
	}
	return found
}

func press(t *testing.T, k *Kiosk, words ...string) {
	t.Helper()
	for _, w := range words {
		b := button(t, k, w)
		if b.Disabled() {
			t.Fatalf("%q cannot be pressed on %s", w, k.state.Screen)
		}
		b.Tapped(nil)
	}
}

func texts(k *Kiosk) string {
	var b strings.Builder
	each(k.win.Content(), func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok {
			b.WriteString(l.Text + "\n")
		}
	})
	return b.String()
}

// pages are states of which each draws another page.
func pages(member string) map[string]flow.State {
	out := map[string]flow.State{}
	for _, s := range []flow.Screen{flow.Welcome, flow.Agenda, flow.Detail, flow.ClassWait, flow.ClassMe, flow.ClassRead, flow.ClassSign, flow.ClassRefuse, flow.ClassDone,
		flow.ClassEnd, flow.CharterWho, flow.CharterRead, flow.CharterName, flow.CharterSign, flow.CharterDone, flow.Pin, flow.Host, flow.HostSheet, flow.Off} {
		p := flow.Person{Member: member, Population: flow.Users, Receipt: "7K4-P2"}
		out[string(s)] = flow.State{Screen: s, Person: p, Class: true, Why: "Le disque de cette borne est plein."}
		if s != flow.ClassSign && s != flow.CharterSign {
			continue
		}
		p.Typed = true
		out[string(s)+", typed"] = flow.State{Screen: s, Person: p, Class: true}
		p.Failed = true
		out[string(s)+", not saved"] = flow.State{Screen: s, Person: p, Class: true}
		out[string(s)+", asking"] = flow.State{Screen: s, Asking: true, Class: true}
	}
	return out
}

func TestEverythingStaysOnTheScreen(t *testing.T) {
	k := open(t)
	s := lend(t, k)
	for step := range sizes {
		for name, state := range pages(s.Members[3].ID.String()) {
			state.Ease.Larger = step
			k.state = state
			k.draw()
			if m := k.win.Content().MinSize(); m.Width > 1280 || m.Height > 800 {
				t.Errorf("%s at %d %%: wants %v", name, sizes[step], m)
			}
		}
	}
}

func TestATitleIsWrittenSmallerBeforeItIsCut(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.NewKioskTheme(look.Light, 100))
	title := "Tu ne signes pas aujourd’hui"
	text := canvas.NewText(title, color.Black)
	whole := fyne.MeasureText(title, 44, text.TextStyle).Width
	for _, c := range []struct {
		room float32
		cut  bool
	}{{whole, false}, {whole - 1, false}, {whole * 0.7, false}, {whole / 4, true}, {whole, false}} {
		fit{title, 44}.Layout([]fyne.CanvasObject{text}, fyne.NewSize(c.room, 60))
		if wide := fyne.MeasureText(text.Text, text.TextSize, text.TextStyle).Width; wide > c.room || (text.Text != title) != c.cut {
			t.Errorf("in %v: %q, %v wide", c.room, text.Text, wide)
		}
	}
}

// finger is the least side of what is pressed, in px.
const finger = 64

func TestTargetsAreLargeEnoughForAFinger(t *testing.T) {
	k := open(t)
	s := lend(t, k)
	for name, state := range pages(s.Members[3].ID.String()) {
		k.state = state
		k.draw()
		each(k.win.Content(), func(o fyne.CanvasObject) {
			switch o.(type) {
			case *look.Entry, *container.Scroll, *look.SignaturePad:
				return
			}
			if _, ok := o.(fyne.Tappable); ok && o.Size().Height < finger {
				t.Errorf("%s: %T is %v", name, o, o.Size())
			}
		})
	}
}

func TestAPupilSignsInTheWindow(t *testing.T) {
	k := open(t)
	s := lend(t, k)
	press(t, k, "Maximilien-03 E.", "Oui, c’est moi", "J’ai lu", "Taper mon nom")
	k.written.SetText("M. Exemple")
	press(t, k, "Je signe")
	if k.state.Screen != flow.ClassDone {
		t.Fatalf("on %s", k.state.Screen)
	}
	acts, err := k.r.List(k.ctx, replica.Query{Kind: record.Acknowledgement})
	if err != nil || len(acts) != 1 || acts[0].Fields.ID("member") != s.Members[3].ID || acts[0].Fields.Text("typed_name") != "M. Exemple" {
		t.Fatalf("%v, %v", acts, err)
	}
	if f := k.figures(k.ctx); f.Signed["eleve"] != 1 || f.Refused != 0 {
		t.Errorf("counted as %v", f)
	}
	press(t, k, "Terminé")
	if b := button(t, k, "Maximilien-03 E. · Fait"); !b.Disabled() || k.written.Text != "" {
		t.Errorf("the pupil can sign again, or %q is left", k.written.Text)
	}
	if text := texts(k); strings.Contains(text, " vous ") {
		t.Errorf("a pupil is « vous » in:\n%s", text)
	}
}

func TestTheTextCompletIsReadToItsEnd(t *testing.T) {
	k := open(t)
	lend(t, k)
	press(t, k, "Maximilien-03 E.", "Oui, c’est moi", "Texte complet")
	if !button(t, k, "J’ai lu").Disabled() {
		t.Fatal("read before the end was on the screen")
	}
	for range 20 {
		if b := button(t, k, "Suite"); !b.Disabled() {
			b.Tapped(nil)
		}
	}
	press(t, k, "J’ai lu")
}

func TestTheListStaysWhereItWas(t *testing.T) {
	k := open(t)
	s := lend(t, k)
	k.state.Ease.Larger = 3
	k.draw()
	list := func() (out *look.Scroller) {
		each(k.win.Content(), func(o fyne.CanvasObject) {
			if l, ok := o.(*look.Scroller); ok {
				out = l
			}
		})
		return out
	}
	list().To(300)
	k.n.Terminal().Signed(s.Members[0].ID)
	k.ClassChanged()
	if got := list().Scroll.Offset.Y; got != 300 {
		t.Errorf("thrown to %v when somebody signed elsewhere", got)
	}
}

func TestWhenAllHaveSignedTheNamesGo(t *testing.T) {
	k := open(t)
	for _, m := range lend(t, k).Members {
		k.n.Terminal().Signed(m.ID)
	}
	k.ClassChanged()
	if _, ok := k.session(); ok || k.state.Screen != flow.ClassEnd {
		t.Errorf("on %s, names there: %t", k.state.Screen, ok)
	}
}

func TestTheHostSeesTheFiguresOfTheDayAndTheSheet(t *testing.T) {
	k := open(t)
	restarted := false
	k.o.Restart = func() { restarted = true }
	s := lend(t, k)
	k.state = flow.State{Screen: flow.Host, Class: true}
	k.draw()
	if !strings.Contains(texts(k), "Aucun acte aujourd’hui") {
		t.Fatal(texts(k))
	}
	for _, act := range []record.Fields{{"act": "signature", "population": "eleve"}, {"act": "signature", "population": "eleve"}, {"act": "signature", "population": "usager"}, {"act": "refus", "population": "eleve"}} {
		k.tally(k.ctx, act)
	}
	k.n.Terminal().Signed(s.Members[3].ID)
	k.draw()
	for _, want := range []string{"3\u00a0signatures (", "élève\u00a0: 2", "usager du tiers-lieu\u00a0: 1", "1\u00a0refus"} {
		if !strings.Contains(texts(k), want) {
			t.Errorf("%q is not on\n%s", want, texts(k))
		}
	}
	if err := k.r.SetSetting(k.ctx, settingFigures, strings.Replace(must(k.r.Setting(k.ctx, settingFigures)), `"Day":`, `"Day":1`, 1)); err != nil {
		t.Fatal(err)
	}
	k.draw()
	if !strings.Contains(texts(k), "Aucun acte aujourd’hui") {
		t.Error("yesterday's figures are shown as today's")
	}
	press(t, k, "Feuille d’émargement")
	if k.state.Screen != flow.HostSheet || !strings.Contains(texts(k), "1 sur 25") {
		t.Errorf("on %s:\n%s", k.state.Screen, texts(k))
	}
	press(t, k, "Retour", "Redémarrer")
	if !restarted {
		t.Error("it does not start again")
	}
}

func must(text string, err error) string {
	if err != nil {
		panic(err)
	}
	return text
}

func TestNamesAreShortButDiffer(t *testing.T) {
	member := func(first, last string) class.Member { return class.Member{ID: uuid.New(), First: first, Last: last} }
	got := shorts([]class.Member{member("Léa", "Martin"), member("Léa", "Marty"), member("Noé", "Martin"), member("Zoé", ""), member("Léa", "Bo")})
	want := []string{"Léa Marti.", "Léa Marty", "Noé M.", "Zoé", "Léa B."}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWhatIsNotThereYetIsAbsent(t *testing.T) {
	k := open(t)
	text := texts(k)
	if !strings.Contains(text, "Voir l’agenda") || !strings.Contains(text, "Signer la charte") {
		t.Errorf("the welcome lacks a tile:\n%s", text)
	}
	for _, word := range []string{"Emprunter", "J’arrive", "avis", "aide", "voix haute"} {
		if strings.Contains(text, word) {
			t.Errorf("%q is on the welcome", word)
		}
	}
}

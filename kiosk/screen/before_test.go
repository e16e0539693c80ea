package screen

import (
	"strings"
	"testing"

	"cantal.fr/buron/kiosk/flow"
	"cantal.fr/buron/sync/class"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"github.com/google/uuid"
)

// What the host answered about one pupil is not what went wrong for the next.
func TestAFailureIsNotSaidToBeDoneAlready(t *testing.T) {
	k := open(t)
	s := lend(t, k)
	k.send(flow.Tap, flow.BtnMember, s.Members[2].ID.String())
	k.n.Terminal().Signed(s.Members[2].ID)
	press(t, k, "Oui, c’est moi")
	if !strings.Contains(texts(k), "C’est déjà fait") {
		t.Fatalf("the pupil is not told:\n%s", texts(k))
	}
	press(t, k, "Maximilien-03 E.", "Oui, c’est moi", "J’ai lu", "Taper mon nom")
	k.written.SetText("M. Exemple")
	k.r.Close()
	press(t, k, "Je signe")
	if text := texts(k); !k.state.Person.Failed || strings.Contains(text, "déjà fait") || !strings.Contains(text, "Préviens l’accueil") {
		t.Errorf("what could not be saved is said to be:\n%s", text)
	}
}

// An answer that comes after the pupil left is for nobody.
func TestALateAnswerIsForNobody(t *testing.T) {
	k := open(t)
	s := lend(t, k)
	var late []func()
	k.live.Go = func(f func()) { late = append(late, f) }
	k.n.Terminal().Signed(s.Members[2].ID)
	k.send(flow.Tap, flow.BtnMember, s.Members[2].ID.String())
	press(t, k, "Oui, c’est moi")
	k.tap(flow.BtnQuit, "")
	for _, f := range late {
		f()
	}
	if strings.Contains(texts(k), "déjà fait") {
		t.Errorf("said to whoever comes next:\n%s", texts(k))
	}
}

// Another class may be lent before the terminal has seen the first one go.
func TestAnotherClassTakesThePlaceOfTheFirst(t *testing.T) {
	k := open(t)
	first := lend(t, k)
	second := first
	second.ID, second.Label, second.Members = uuid.New(), "4e A", []class.Member{{ID: uuid.New(), First: "Zoé", Last: "Autre"}, {ID: uuid.New(), First: "Léo", Last: "Autre"}}
	loan, err := class.Lend(second, k.r.Identity())
	if err != nil {
		t.Fatal(err)
	}
	take := func(l class.Loan) {
		if err := k.n.Terminal().Accept(l, k.r.Self()); err != nil {
			t.Fatal(err)
		}
		k.ClassChanged()
	}
	take(loan)
	button(t, k, "Zoé A.")
	third := second
	third.ID, third.Members = uuid.New(), []class.Member{{ID: uuid.New(), First: "Ana", Last: "Tiers"}}
	press(t, k, "Zoé A.", "Oui, c’est moi", "J’ai lu", "Taper mon nom")
	k.written.SetText("Zoé Autre")
	if loan, err = class.Lend(third, k.r.Identity()); err != nil {
		t.Fatal(err)
	}
	take(loan)
	if k.state.Screen == flow.ClassSign || k.state.Person.Member != "" || k.written.Text != "" {
		t.Errorf("a pupil of the class before is on %s with %q", k.state.Screen, k.written.Text)
	}
}

// People sign the words that they read, whatever arrives meanwhile.
func TestAVisitorSignsTheCharterThatWasRead(t *testing.T) {
	k := open(t)
	began, _ := k.inForce()
	k.tap(flow.BtnCharter, "")
	press(t, k, "Enseignant", "Continuer", "J’ai lu")
	k.name.SetText("A. Exemple")
	press(t, k, "Continuer")
	next := k.save(t, record.Charter, record.Fields{"version": "2027-2028", "status": "en_vigueur", "text": "Un autre texte, que personne n’a lu."})
	if newest, _ := k.inForce(); newest.ID != next {
		t.Fatal("the new version is not the one in force")
	}
	press(t, k, "Relire")
	if text := texts(k); strings.Contains(text, "Un autre texte") || !strings.Contains(text, "Je respecte les autres.") {
		t.Errorf("what is signed was changed under the reader:\n%s", text)
	}
	if signed, ok := k.read(); !ok || signed.ID != began.ID {
		t.Errorf("signs %v, read %v", signed.ID, began.ID)
	}
	press(t, k, "Quitter")
	if signed, _ := k.read(); signed.ID != next {
		t.Error("the next visitor reads the version before")
	}
}

// What somebody copied is not there for the next to paste.
func TestNothingIsLeftToPaste(t *testing.T) {
	k := open(t)
	k.tap(flow.BtnCharter, "")
	press(t, k, "Enseignant", "Continuer", "J’ai lu")
	k.name.SetText("A. Exemple")
	k.name.TypedShortcut(&fyne.ShortcutSelectAll{})
	k.name.TypedShortcut(&fyne.ShortcutCopy{Clipboard: fyne.CurrentApp().Clipboard()})
	press(t, k, "Quitter")
	if left := fyne.CurrentApp().Clipboard().Content(); left != "" {
		t.Errorf("%q is left", left)
	}
}

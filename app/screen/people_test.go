package screen

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"github.com/google/uuid"

	"cantal.fr/buron/sync/node"
)

// plainly reads hard spaces as spaces.
func plainly(text string) string {
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(text)
}

// says is shows for whatever is drawn, rows of lists too, without telling kinds of spaces apart.
func says(t *testing.T, s *Shell, want ...string) {
	t.Helper()
	text := words(s)
	each(s.win.Content(), func(o fyne.CanvasObject) bool {
		line, drawn := o.(*canvas.Text)
		if drawn {
			text += line.Text + "\n"
		}
		return drawn
	})
	for _, w := range want {
		if !strings.Contains(plainly(text), plainly(w)) {
			t.Fatalf("%q is not shown on %q:\n%s", w, s.page().Title(), text)
		}
	}
}

// pieces returns the whole of a scope.
func pieces(t *testing.T, r *replica.Replica, scope string) []journal.Piece {
	t.Helper()
	heads, err := r.Heads(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	var out []journal.Piece
	for _, h := range heads {
		list, _, err := r.Missing(t.Context(), h.Chain, nil, 1<<20, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			b, err := p.AppendWire(nil)
			if err != nil {
				t.Fatal(err)
			}
			if p, _, err = journal.ParsePiece(b); err != nil {
				t.Fatal(err)
			}
			out = append(out, p)
		}
	}
	return out
}

// carry gives to what from holds of some scopes.
func carry(t *testing.T, from, to *replica.Replica, scopes ...string) {
	t.Helper()
	for _, scope := range scopes {
		if _, refused, err := to.Admit(t.Context(), from.Identity().Public(), pieces(t, from, scope)); err != nil || len(refused) > 0 {
			t.Fatal(err, refused)
		}
	}
}

// tablet admits another device to the territory of the shell.
func tablet(t *testing.T, s *Shell, name string) *replica.Replica {
	t.Helper()
	id, err := trust.NewIdentity(name, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := trust.Device{Key: id.Public(), Age: id.Age.Recipient().String(), Role: record.Coordination, Name: name}
	if _, err := s.r.SaveControl(s.ctx, trust.DeviceKind, d.Fields()); err != nil {
		t.Fatal(err)
	}
	r, err := replica.Create(s.ctx, t.TempDir(), id, s.r.Territory(), pieces(t, s.r, trust.Control), replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// press presses the button of these words on the page.
func press(t *testing.T, s *Shell, words string) {
	t.Helper()
	found := offered(s, words)
	if found == nil {
		t.Fatalf("no button %q on %q", words, s.page().Title())
	}
	found.Tapped(nil)
}

// offered returns the first button of these words on the page, nil where there is none.
func offered(s *Shell, words string) (found fyne.Tappable) {
	each(s.win.Content(), func(o fyne.CanvasObject) bool {
		if b, ok := o.(interface {
			fyne.Tappable
			Label() string
		}); ok && b.Label() == words && found == nil {
			found = b
		}
		return false
	})
	return found
}

func TestSeveralConflictsAreSettledWithOneChoice(t *testing.T) {
	s := open(t)
	s.Push(&decidePage{})
	press(t, s, "Décider ensemble")
	press(t, s, "Tout cocher")
	press(t, s, "Garder les valeurs de tablette 3")
	says(t, s, "Rien à décider.", "2 choix gardés", "Annuler")
	s.undo()
	if list, _ := s.r.Conflicts(s.ctx); len(list) != 0 {
		t.Errorf("%d fields to decide after undo: the values before are put back", len(list))
	}
}

func TestADuplicateIsMergedByKeys(t *testing.T) {
	s := open(t)
	list, _ := s.r.Conflicts(s.ctx)
	var choices []replica.Choice
	for _, c := range list {
		choices = append(choices, replica.Choice{ID: c.ID, Field: c.Field, Keep: c.Versions[0].Dot})
	}
	if _, err := s.r.Settle(s.ctx, uuid.Nil, choices...); err != nil {
		t.Fatal(err)
	}
	s.Push(&decidePage{})
	says(t, s, "2 doublons", "Même numéro de série", "1. ", "2. ")
	d := s.duplicates()[0]
	// The first field takes the second value. A window tells of a figure twice: as a key, and as what is printed on it.
	s.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.Key2})
	s.win.Canvas().OnTypedRune()('é')
	s.key(fyne.KeyReturn)
	says(t, s, "Fiches réunies", "1 doublon")
	v, err := s.r.Get(s.ctx, d.Records[1].ID)
	if err != nil || v.ID != d.Records[0].ID || v.Fields[d.Differ[0]] != d.Records[1].Fields[d.Differ[0]] || v.Fields[d.Differ[1]] != d.Records[0].Fields[d.Differ[1]] {
		t.Fatalf("merged: %+v, %v", v.Record, err)
	}
	s.Push(&cardPage{id: d.Records[1].ID, kind: d.Kind}) // as a page of before would
	says(t, s, "1 fiche réunie à celle-ci", "sur la fiche fusionnée", "réuni à cette fiche")
	s.Back()
	s.undo()
	says(t, s, "2 doublons")
	press(t, s, "Ce sont deux choses")
	says(t, s, "1 doublon")
}

func TestWhereARecordIsIsOneTapAway(t *testing.T) {
	s := open(t)
	e := first(t, s, replica.Query{Kind: record.Equipment})
	s.open(e)
	press(t, s, "Où est cet enregistrement\u00a0?")
	says(t, s, "Cet appareil", "Il n'est connu que d'ici")
}

func TestADeviceIsSuspendedReviewedAndReadmitted(t *testing.T) {
	s := open(t)
	lost := tablet(t, s, "tablette perdue")
	s.Push(&devicesPage{})
	says(t, s, "tablette perdue", "Admis", "cet appareil")
	p := &devicePage{key: lost.Identity().Public()}
	s.Push(p)
	press(t, s, "Suspendre")
	says(t, s, "Suspendre tablette perdue", "sera mis de côté")
	p.reason = "oubliée dans le car"
	press(t, s, "Suspendre")
	says(t, s, "Suspendu", "oubliée dans le car")
	if _, err := lost.Save(t.Context(), uuid.Nil, replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": "PERDU-1", "level": "socle"}}); err != nil {
		t.Fatal(err)
	}
	carry(t, lost, s.r, "parc")
	s.dataChanged()
	says(t, s, "À voir\u00a0: 1 saisie mise de côté")
	s.Push(&asidePage{})
	says(t, s, "tablette perdue", "1 appareil")
	press(t, s, "Reprendre ces saisies")
	says(t, s, "L'appareil reste suspendu")
	press(t, s, "Reprendre")
	says(t, s, "Rien n'est mis de côté.")
	if found, _ := s.r.Scan(s.ctx, "PERDU-1"); len(found) != 1 {
		t.Error("what was taken up again is not found")
	}
	s.Back()
	press(t, s, "Réadmettre")
	press(t, s, "Réadmettre")
	says(t, s, "Admis")
	press(t, s, "Changer de rôle")
	p.role, p.places = record.Agent, "0150646x, nulle part"
	press(t, s, "Changer de rôle")
	says(t, s, "Aucun lieu ne porte")
}

// What was ended with the recovery file no button takes back: the pages say what does.
func TestADeviceThatTheRecoveryFileEndedIsNotOfferedForReadmission(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	made, err := node.Found(t.Context(), dir, node.FoundOptions{Territory: "Cantal", Device: "poste", Role: record.Coordination})
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Replica.Close(); err != nil {
		t.Fatal(err)
	}
	s := openIn(t, dir)
	lost := tablet(t, s, "tablette volée")
	key := lost.Identity().Public()
	err = node.AsRoot(s.r, made.Recovery, made.Passphrase, func(got trust.Recovery) error {
		return s.r.EndDelegate(t.Context(), got.Root, key, "volée")
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lost.Save(t.Context(), uuid.Nil, replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": "VOLÉ-1", "level": "socle"}}); err != nil {
		t.Fatal(err)
	}
	carry(t, lost, s.r, "parc")
	s.dataChanged()
	for _, p := range []Page{&devicePage{key: key}, &asidePage{}} {
		s.Push(p)
		says(t, s, "tablette volée", "arrêté avec le fichier de secours", "buron root readmit "+key.Tag())
		for _, word := range []string{"Réadmettre", "Reprendre ces saisies"} {
			if offered(s, word) != nil {
				t.Errorf("%s: « %s » is offered", p.Title(), word)
			}
		}
	}
}

func TestAPersonalRecordIsErasedInTwoSteps(t *testing.T) {
	s := open(t)
	tablet(t, s, "tablette")
	m := first(t, s, replica.Query{Kind: record.ClassMember})
	s.Push(&cardPage{id: m.ID, kind: m.Kind})
	press(t, s, "Effacer")
	says(t, s, "pour toujours et partout")
	if _, ok, _ := s.book().Get(m.ID); !ok {
		t.Fatal("one step erased it")
	}
	press(t, s, "Continuer")
	press(t, s, "Effacer pour toujours")
	says(t, s, "1 appareil sur", "a confirmé", "Pas encore", "tablette")
	if _, ok, _ := s.book().Get(m.ID); ok {
		t.Error("it is still here")
	}
	s.Back()
	if _, still := s.page().(*cardPage); still {
		t.Error("the page of what is erased is still open")
	}
}

func TestARequestToEraseIsTakenBack(t *testing.T) {
	s := open(t)
	for _, name := range []string{"Elodie Exemple", "Lise Exemple"} {
		if err := node.EraseSubject(s.ctx, s.r, name, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.Push(&erasuresPage{})
	says(t, s, "Demande en attente · Lise Exemple", "n'a encore rien effacé")
	press(t, s, "Annuler la demande")
	says(t, s, "Annuler cette demande")
	press(t, s, "Garder la demande")
	says(t, s, "Demande en attente · Lise Exemple")
	press(t, s, "Annuler la demande")
	press(t, s, "Annuler la demande")
	says(t, s, "Demande annulée", "Demande en attente · Elodie Exemple")
	if list, err := node.Requests(s.ctx, s.r); err != nil || len(list) != 1 {
		t.Errorf("left: %+v, %v", list, err)
	}
}

// TestADeviceThatIsNoLongerAdmittedSaysSoAndLosesNothing shows the desktop of a suspended device.
func TestADeviceThatIsNoLongerAdmittedSaysSoAndLosesNothing(t *testing.T) {
	boss := open(t)
	r := tablet(t, boss, "tablette")
	a := test.NewTempApp(t)
	s := Open(context.Background(), a.NewWindow(""), node.New(r, node.Options{Listen: "off"}), direct(), NewPrefs("", 100, a.Settings().SetTheme), "")
	defer s.Close()
	s.win.Resize(fyne.NewSize(1280, 800))
	p := newForm(record.Equipment, nil)
	s.Push(p)
	p.set(s, "tag", "PC-COMMENCÉ")
	if _, err := boss.r.Revoke(boss.ctx, r.Identity().Public(), "rendue"); err != nil {
		t.Fatal(err)
	}
	carry(t, boss.r, r, trust.Control)
	s.dataChanged()
	says(t, s, endedSentence, "Rien de nouveau ne s'enregistre")
	if text := s.draftText(p.draftKey()); !strings.Contains(text, "PC-COMMENCÉ") {
		t.Errorf("the draft is %q", text)
	}
	for _, e := range s.entries() {
		e.Open()
		says(t, s, endedSentence)
	}
	if err := boss.r.Readmit(boss.ctx, r.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	carry(t, boss.r, r, trust.Control)
	s.dataChanged()
	if strings.Contains(words(s), endedSentence) {
		t.Error("readmitted, the band stays")
	}
	s.Push(newForm(record.Equipment, nil))
	says(t, s, "Brouillon repris", "PC-COMMENCÉ")
}

func TestTheBottomLineSaysWhatThereIsToSee(t *testing.T) {
	_, text := bottomSentence(node.Status{}, watch{aside: 42, twins: 1}, time.Now())
	if want := "À voir\u00a0: 1 copie d'appareil à confirmer · 42 saisies mises de côté"; plainly(text) != plainly(want) {
		t.Errorf("%q, want %q", text, want)
	}
	begun := node.Status{Exchanging: true, Received: 12, Pending: 3, Unverified: []replica.Unverified{{Scope: "parc", Records: 2000}, {Scope: "staff", Records: 12}}}
	_, text = bottomSentence(begun, watch{}, time.Now())
	if want := "À vérifier\u00a0: 2 012 fiches dont l'historique arrive · 3 en attente d'envoi"; plainly(text) != plainly(want) {
		t.Errorf("%q, want %q", text, want)
	}
}

func TestACopyOfADeviceIsConfirmed(t *testing.T) {
	s := open(t)
	r := tablet(t, s, "tablette")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(r.Dir())); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "device.start"), []byte("another start"), 0o600); err != nil {
		t.Fatal(err)
	}
	twin, err := replica.Open(t.Context(), dir, replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer twin.Close()
	key := twin.Identity().Public()
	if key == r.Identity().Public() {
		t.Skip("the copy did not notice")
	}
	carry(t, twin, s.r, trust.Control)
	s.dataChanged()
	says(t, s, "À voir : 1 copie d'appareil à confirmer")
	s.Push(&exchangesPage{})
	says(t, s, "écrit sous une nouvelle clé")
	press(t, s, "Voir les appareils")
	says(t, s, "Copie à confirmer")
	s.Push(&devicePage{key: key})
	press(t, s, "Confirmer cette copie")
	press(t, s, "Confirmer cette copie")
	says(t, s, "Admis", "Copie confirmée.")
	if d, ok := s.r.Roster().Device(key); !ok || d.Twin {
		t.Errorf("the copy is %+v", d)
	}
}

func TestAnInvitationIsShownAsCodeAndPicture(t *testing.T) {
	s := open(t)
	s.Push(&devicesPage{})
	press(t, s, "Inviter un appareil")
	p := s.page().(*invitePage)
	p.role = record.Kiosk
	press(t, s, "Inviter")
	says(t, s, "Ce rôle travaille en un lieu")
	p.places = "0150001V"
	press(t, s, "Inviter")
	open, err := s.r.Invitations(t.Context())
	if err != nil || len(open) != 1 || open[0].Role != record.Kiosk || p.made == nil {
		t.Fatalf("%+v, %v, %s", open, err, p.err)
	}
	says(t, s, open[0].Code, p.made.Peer, "Rejoindre mon territoire")
	press(t, s, "Copier le texte")
	if got := fyne.CurrentApp().Clipboard().Content(); got != p.made.String() {
		t.Errorf("the clipboard holds %q", got)
	}
}

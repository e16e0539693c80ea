package screen

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/bundle"
	"cantal.fr/buron/sync/node"

	"fyne.io/fyne/v2"
)

func TestAStickIsPreparedAndAFailureSaysWhatToDo(t *testing.T) {
	s := open(t)
	s.Push(&exchangesPage{})
	shows(t, s, "Clés USB")
	p := &stickPage{}
	s.Push(p)
	shows(t, s, "Où", "Pour", "Photos et documents", "Aucune")
	p.dest = filepath.Join(t.TempDir(), "gone")
	p.write(s)
	shows(t, s, "Cette clé n'est pas là")
	p.dest = t.TempDir()
	p.write(s)
	shows(t, s, "Clé prête", "Vous pouvez retirer la clé.")
	files, err := bundle.Files([]string{p.dest})
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Size() < 1000 {
		t.Errorf("%v, %v", info, err)
	}
	p.again(s)
	shows(t, s, "Où")
}

// Two devices of one name are told apart, and the stick is for the one that was chosen.
func TestAStickIsForTheDeviceThatIsChosen(t *testing.T) {
	s := open(t)
	tablet(t, s, "tablette")
	key := tablet(t, s, "Tablette").Identity().Public()
	p := &stickPage{dest: t.TempDir()}
	s.Push(p)
	word := "Tablette · clé " + key.Tag()
	var sel *look.Select
	each(s.win.Content(), func(o fyne.CanvasObject) bool {
		if x, ok := o.(*look.Select); ok && slices.Contains(x.Options, word) {
			sel = x
		}
		return false
	})
	if sel == nil {
		t.Fatalf("%q is not offered", word)
	}
	sel.SetSelected(word)
	if p.to != key.String() {
		t.Errorf("the stick is for %q", p.to)
	}
	p.write(s)
	shows(t, s, "Clé prête")
}

func TestAWrongClockIsShown(t *testing.T) {
	s := open(t)
	if err := s.r.NoteClock(t.Context(), s.r.Identity().Public(), -25*time.Minute); err != nil {
		t.Fatal(err)
	}
	s.refreshStatus()
	s.Push(&exchangesPage{})
	shows(t, s, "L'horloge n'est pas à l'heure", "avance de 25\u00a0min")
	s.OpenNamed("")
	shows(t, s, "L'horloge n'est pas à l'heure")
}

func TestWhatAStickBroughtIsShown(t *testing.T) {
	s := open(t)
	s.Push(&exchangesPage{})
	s.status.Sticks = []node.StickNote{{At: s.r.Now(), Place: "CLE-BLEUE", Sentence: "12 reçues par le central."}, {At: s.r.Now(), Place: "AUTRE", Sentence: "Ce fichier est abîmé.", Trouble: true}}
	s.status.Importable = []string{"/inbox/PC-1.json"}
	s.draw()
	shows(t, s, "CLE-BLEUE", "12 reçues par le central.", "Ce fichier est abîmé.", "inventaire déposé", "PC-1.json", "Rien n'est importé sans vous.")
	s.Push(&droppedPage{importPage: importPage{paths: s.status.Importable}, files: s.status.Importable})
	if text := words(s); !strings.Contains(text, "/inbox/PC-1.json") {
		t.Error("the dropped inventory is not ready to preview")
	}
}

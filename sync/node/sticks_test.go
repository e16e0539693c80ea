package node

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// watched runs the node of a replica that meets nobody but looks at a folder as at a stick, and at its inbox.
func watched(t *testing.T, r *replica.Replica, folder string, importable func(string) bool) *Node {
	t.Helper()
	n := New(r, Options{Listen: "off", Central: "off", Folders: []string{folder}, Importable: importable})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return n
}

func told(t *testing.T, n *Node) string {
	t.Helper()
	s, err := n.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Sticks) == 0 {
		return ""
	}
	return s.Sticks[0].Sentence
}

func TestAStickIsReadWhenItTurnsUp(t *testing.T) {
	f := newField(t)
	a, b := f.join("a", record.Agent), f.join("b", record.Agent)
	f.exchange(a)
	f.stop()
	id := save(t, a, record.Equipment, machine("PC-1"))
	stick := t.TempDir()
	n := watched(t, b, stick, nil)
	writer := New(a, Options{Listen: "off"})
	w, err := writer.WriteBundle(t.Context(), stick, BundleOptions{For: []string{"B"}})
	if err != nil || w.Entries != 1 {
		t.Fatalf("%+v, %v", w, err)
	}
	eventually(t, "b has what the stick brings", func() bool { return holds(t, b, id) })
	eventually(t, "b says so", func() bool { return strings.Contains(told(t, n), "1\u00a0nouvelle saisie lue") })
	raw, err := os.ReadFile(w.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stick, "copie.buron"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the copy was read already", func() bool { return strings.Contains(told(t, n), "déjà lue") })
	if err := os.WriteFile(filepath.Join(stick, "moitié.buron"), raw[:len(raw)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "half a file is refused", func() bool { return strings.Contains(told(t, n), "incomplet") })
	// b prepares a stick in its turn: it does not announce its own, and a learns what arrived.
	w, err = n.WriteBundle(t.Context(), stick, BundleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	reads, err := writer.ReadBundles(t.Context(), w.Files, nil)
	if err != nil || len(reads) != 1 || reads[0].Received != 1 {
		t.Errorf("receipts: %+v, %v", reads, err)
	}
	if sentence, trouble := Told(reads); !strings.HasPrefix(sentence, "1\u00a0reçue par «\u00a0b\u00a0».") || trouble {
		t.Errorf("said %q", sentence)
	}
	reads, err = n.ReadBundles(t.Context(), w.Files, nil)
	if err != nil || len(reads) != 1 || !reads[0].Own || !mute(reads) {
		t.Errorf("one's own: %+v, %v", reads, err)
	}
	same(t, a, b, "parc")
}

func TestTheInbox(t *testing.T) {
	f := newField(t)
	a, b := f.join("a", record.Agent), f.join("b", record.Agent)
	f.exchange(a)
	f.stop()
	id := save(t, a, record.Equipment, machine("PC-1"))
	n := watched(t, b, t.TempDir(), func(path string) bool { return strings.Contains(path, "inventaire") })
	eventually(t, "the inbox is made", func() bool { _, err := os.Stat(n.Inbox()); return err == nil })
	for name, text := range map[string]string{"inventaire.json": "{}", "notes.txt": "x"} {
		if err := os.WriteFile(filepath.Join(n.Inbox(), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	importable := func() []string {
		s, err := n.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s.Importable
	}
	eventually(t, "the inventory is listed", func() bool {
		l := importable()
		return len(l) == 1 && filepath.Base(l[0]) == "inventaire.json"
	})
	if count, _ := b.Records(t.Context()); count != 0 {
		t.Error("it was imported without being asked")
	}
	n.Shelve(importable()[0])
	eventually(t, "what was dealt with is not offered again", func() bool { return len(importable()) == 0 })
	if _, err := os.Stat(filepath.Join(n.Inbox(), doneFolder, "inventaire.json")); err != nil {
		t.Error(err)
	}
	if _, err := New(a, Options{Listen: "off"}).WriteBundle(t.Context(), filepath.Join(n.Inbox(), "x.buron"), BundleOptions{For: []string{"b"}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a dropped bundle is read", func() bool { return holds(t, b, id) })
	eventually(t, "and put aside", func() bool { _, err := os.Stat(filepath.Join(n.Inbox(), doneFolder, "x.buron")); return err == nil })
}

// A central that serves reads what is dropped into its inbox, and its log says so in the words that people read.
func TestACentralReadsItsInboxWhileItServes(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Agent)
	f.exchange(a)
	f.stop()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	f.log = slog.New(slog.NewTextHandler(log, nil))
	f.serve()
	id := save(t, a, record.Equipment, machine("PC-1"))
	made := filepath.Join(t.TempDir(), "x.buron")
	if _, err := New(a, Options{Listen: "off"}).WriteBundle(t.Context(), made, BundleOptions{}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	inbox := filepath.Join(f.central.Dir(), inboxFolder)
	eventually(t, "the inbox is made", func() bool { _, err := os.Stat(inbox); return err == nil })
	for name, content := range map[string][]byte{"x.buron": raw, "moitié.buron": raw[:len(raw)/2], "notes.txt": []byte("x")} {
		if err := os.WriteFile(filepath.Join(inbox, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the central has what was dropped", func() bool { return holds(t, f.central, id) })
	eventually(t, "what was read is put aside", func() bool { _, err := os.Stat(filepath.Join(inbox, doneFolder, "x.buron")); return err == nil })
	eventually(t, "the log says what was read, and what was not", func() bool {
		said, err := os.ReadFile(log.Name())
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(said), "1 nouvelle saisie lue") && strings.Contains(string(said), "incomplet") && strings.Contains(string(said), "file=notes.txt")
	})
	if _, err := os.Stat(filepath.Join(inbox, "moitié.buron")); err != nil {
		t.Errorf("what could not be read is gone: %v", err)
	}
}

// Names are typed without their accents and capitals; one that several devices bear is refused, and who bears it listed.
func TestAStickIsForTheDeviceThatIsNamed(t *testing.T) {
	f := newField(t)
	one, two := f.join("tablette", record.Agent), f.join("Tablette", record.Agent)
	f.join("Relève d'été", record.Agent)
	lost, old := f.join("perdue", record.Agent), f.join("remplacée", record.Agent)
	now := f.join("remplacée", record.Agent)
	f.revoke(lost)
	f.revoke(old)
	n := New(f.central, Options{Listen: "off"})
	for text, want := range map[string][]string{
		"nulle": {"aucun appareil"}, "PERDUE": {"n'est plus admis"},
		"tablette": {"plusieurs appareils", one.Identity().Public().String()[:16], two.Identity().Public().String()[:16]},
	} {
		_, err := n.WriteBundle(t.Context(), t.TempDir(), BundleOptions{For: []string{text}})
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v, want %q", text, err, w)
			}
		}
	}
	for _, text := range []string{"releve d'ete", "REMPLACEE", now.Identity().Public().String()[:8]} {
		if _, err := n.WriteBundle(t.Context(), t.TempDir(), BundleOptions{For: []string{text}}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What is put aside is somebody's file: another of the same name, as an inventory of every month, does not replace it.
func TestWhatIsPutAsideReplacesNothing(t *testing.T) {
	f := newField(t)
	n := New(f.join("poste", record.Agent), Options{Listen: "off"})
	if err := os.MkdirAll(n.Inbox(), 0o700); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, text := range []string{"octobre", "novembre", "décembre"} {
		path := filepath.Join(n.Inbox(), "inventaire.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n.Shelve(path)
		want[text] = true
	}
	left, err := os.ReadDir(filepath.Join(n.Inbox(), doneFolder))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		b, err := os.ReadFile(filepath.Join(n.Inbox(), doneFolder, e.Name()))
		if err != nil || filepath.Ext(e.Name()) != ".json" {
			t.Errorf("%s, %v", e.Name(), err)
		}
		delete(want, string(b))
	}
	if len(want) > 0 {
		t.Errorf("gone: %v; left: %v", want, left)
	}
}

// What keeps a stick from being read is said in French even where it is no fault of the stick's.
func TestAFullDiskIsSaidWhileAStickIsRead(t *testing.T) {
	read := StickRead{Err: fmt.Errorf("bundle: read: %w (13)", replica.ErrDisk)}
	if got := read.Sentence(); !strings.HasPrefix(got, "Le disque est plein") {
		t.Errorf("said %q", got)
	}
}

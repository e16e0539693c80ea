package interchange

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/text/encoding/charmap"
)

// desk is a replica with one collège.
func desk(t *testing.T) (*replica.Replica, uuid.UUID) {
	t.Helper()
	f, err := node.Found(t.Context(), t.TempDir(), node.FoundOptions{Territory: "Cantal", Device: "poste", Role: record.Coordination, WithoutRecovery: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Replica.Close() })
	saved, err := f.Replica.Save(t.Context(), uuid.Nil, replica.Change{Kind: record.Site, Set: record.Fields{"type": "college", "uai": "0150001V", "name": "Collège A"}})
	if err != nil {
		t.Fatal(err)
	}
	return f.Replica, saved.IDs[0]
}

func prepare(t *testing.T, r *replica.Replica, o Options, paths ...string) *Plan {
	t.Helper()
	p, err := Prepare(t.Context(), r.Book(t.Context()), paths, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func apply(t *testing.T, r *replica.Replica, p *Plan) {
	t.Helper()
	if _, err := p.Apply(t.Context(), r, uuid.Nil, nil); err != nil {
		t.Fatal(err)
	}
}

func bySerial(t *testing.T, r *replica.Replica, serial string) record.Record {
	t.Helper()
	found, err := r.Book(t.Context()).Find(record.Equipment, "serial", serial)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d machines carry %s, %v", len(found), serial, err)
	}
	return found[0]
}

func family(t *testing.T, r *replica.Replica, e record.Record) string {
	t.Helper()
	typ, ok, err := r.Book(t.Context()).Get(e.Fields.ID("type"))
	if err != nil || !ok {
		t.Fatalf("type of %s: %t, %v", e.Fields.Text("serial"), ok, err)
	}
	return typ.Fields.Text("family")
}

func TestInventoriesOfAFolder(t *testing.T) {
	r, site := desk(t)
	p := prepare(t, r, Options{}, "testdata")
	if len(p.Refused) != 1 || p.Refused[0].File != "notes.json" || !strings.Contains(p.Refused[0].Reason, "notes.json") {
		t.Errorf("refused %+v", p.Refused)
	}
	apply(t, r, p)
	for serial, want := range map[string]string{"EX100001": "pc_fixe", "EX200001": "ecran", "EX300001": "commutateur", "EX300002": "commutateur", "EX400001": "imprimante"} {
		if got := family(t, r, bySerial(t, r, serial)); got != want {
			t.Errorf("%s is a %s, want %s", serial, got, want)
		}
	}
	pc := bySerial(t, r, "EX100001")
	if pc.Fields.ID("site") != site || pc.Fields.Text("os") != "Debian 13" || pc.Fields.Text("mac") != "02:00:5e:00:00:01" || pc.Fields.Has("tag") || pc.Fields.Text("level") != "socle" {
		t.Errorf("the computer is %v", pc.Fields)
	}
	room, ok, _ := r.Book(t.Context()).Get(pc.Fields.ID("room"))
	if !ok || room.Fields.Text("name") != "Salle 12" {
		t.Errorf("in room %v", room)
	}
	if n, _ := r.Count(t.Context(), replica.Query{Kind: record.Equipment}); n != 5 {
		t.Errorf("%d machines, want 5", n)
	}
}

// A file that breaks a rule is refused by name, and keeps none of the others from being imported.
func TestAFileThatBreaksARuleIsRefusedAlone(t *testing.T) {
	r, _ := desk(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"bon.json":   `{"deviceid":"a","content":{"bios":{"ssn":"EX1"},"hardware":{"name":"poste"}}}`,
		"salle.json": `{"deviceid":"c","tag":"0150001V/` + strings.Repeat("s", 70_000) + `","content":{"bios":{"ssn":"EX3"}}}`,
		"long.json":  `{"deviceid":"b","content":{"bios":{"ssn":"EX2"},"hardware":{"name":"` + strings.Repeat("a", 70_000) + `"}}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := prepare(t, r, Options{}, dir)
	apply(t, r, p)
	bySerial(t, r, "EX1")
	for i, name := range []string{"long.json", "salle.json"} {
		if len(p.Refused) != 2 || p.Refused[i].File != name || !strings.Contains(p.Refused[i].Reason, "trop long") {
			t.Errorf("refused: %+v", p.Refused)
		}
	}
}

func TestImportingTwiceChangesNothing(t *testing.T) {
	r, _ := desk(t)
	apply(t, r, prepare(t, r, Options{}, "testdata"))
	before, err := r.StateDigests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again := prepare(t, r, Options{}, "testdata")
	if n := again.Count(Create) + again.Count(Update); n != 0 {
		t.Errorf("the second import would write %d records", n)
	}
	apply(t, r, again)
	after, _ := r.StateDigests(t.Context())
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}

func TestAPartialInventoryBlanksNothing(t *testing.T) {
	r, _ := desk(t)
	apply(t, r, prepare(t, r, Options{}, "testdata/poste.json"))
	before := bySerial(t, r, "EX100001").Fields
	apply(t, r, prepare(t, r, Options{}, "testdata/poste-logiciels.json"))
	before["os"] = "Debian 13"
	if diff := cmp.Diff(before, bySerial(t, r, "EX100001").Fields); diff != "" {
		t.Error(diff)
	}
}

func TestTheLadder(t *testing.T) {
	r, site := desk(t)
	make := func(f record.Fields) uuid.UUID {
		f["level"], f["site"] = "socle", site.String()
		s, err := r.Save(t.Context(), uuid.Nil, replica.Change{Kind: record.Equipment, Set: f})
		if err != nil {
			t.Fatal(err)
		}
		return s.IDs[0]
	}
	imaged := make(record.Fields{"serial": "A100", "uuid": "u-1"})
	byMAC := make(record.Fields{"mac": "02:00:5e:00:00:07"})
	p := &planner{book: r.Book(t.Context()), plan: &Plan{}, planned: map[string]*Line{}}
	for _, c := range []struct {
		what string
		seen record.Fields
		want uuid.UUID
	}{
		{"by serial", record.Fields{"serial": "A100"}, imaged}, {"by uuid without a serial", record.Fields{"uuid": "u-1"}, imaged},
		{"an image copied the uuid", record.Fields{"serial": "B200", "uuid": "u-1"}, uuid.Nil}, {"by network address", record.Fields{"serial": "C300", "mac": "02:00:5e:00:00:07"}, byMAC},
		{"unknown", record.Fields{"serial": "D400"}, uuid.Nil},
	} {
		found, err := p.match(c.seen)
		if err != nil || (c.want == uuid.Nil) != (len(found) == 0) || len(found) > 0 && found[0].ID != c.want {
			t.Errorf("%s: %v, %v", c.what, found, err)
		}
	}
	for _, placeholder := range []string{"To be filled by O.E.M.", "Default string", "None", "0000000", "", "--", "00:00:00:00:00:00"} {
		if got := valid(placeholder); got != "" {
			t.Errorf("%q passes for a number: %q", placeholder, got)
		}
	}
}

func TestClassLists(t *testing.T) {
	r, site := desk(t)
	text := "Nom;Prénom;Né(e) le;Division\r\nÉlève 01;Exemple;x;5e B\r\nÉlève 02;Exemple;x;5e B\r\n;Exemple;x;5e B\r\n\r\n"
	windows, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"utf8.csv": "\uFEFF" + text, "windows.csv": windows, "tab.csv": strings.ReplaceAll(text, ";", "\t")} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			o := Options{Site: site, Now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
			p := prepare(t, r, o, path)
			if len(p.Lines) != 2 || len(p.Refused) != 1 || p.Refused[0].Row != 4 || p.Lines[0].Set.Text("family_name") != "Élève 01" {
				t.Fatalf("%d lines, refused %+v", len(p.Lines), p.Refused)
			}
			if !strings.Contains(strings.Join(p.Notes, " "), "Né(e) le") {
				t.Errorf("the preview does not say what is left out: %v", p.Notes)
			}
			apply(t, r, p)
			if again := prepare(t, r, o, path); again.Count(Create) != 0 {
				t.Errorf("a second import makes %d pupils", again.Count(Create))
			}
		})
	}
	if n, _ := r.Count(t.Context(), replica.Query{Kind: record.ClassMember}); n != 2 {
		t.Errorf("%d pupils, want 2", n)
	}
}

// A pupil must not vanish because a cell above forgot to close its quote, and the lines that are named must
// be those of the file.
func TestNoPupilVanishes(t *testing.T) {
	r, site := desk(t)
	path := filepath.Join(t.TempDir(), "liste.csv")
	text := "Nom;Prénom;Division\r\n\r\nAlpha;A;3e\r\n\r\n;B;3e\r\n\"Gamma;C;3e\r\nDelta;D;3e\r\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := prepare(t, r, Options{Site: site}, path)
	if len(p.Lines) != 1 || p.Lines[0].Row != 3 || len(p.Refused) != 2 || p.Refused[0].Row != 5 || p.Refused[1].Row != 6 || !strings.Contains(p.Refused[1].Reason, "guillemet") {
		t.Errorf("%d lines, refused %+v", len(p.Lines), p.Refused)
	}
}

func TestSpreadsheetsReadWhatWeWrite(t *testing.T) {
	r, site := desk(t)
	if _, err := r.Save(t.Context(), uuid.Nil, replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": "=cmd|x", "level": "socle", "site": site.String(), "price": int64(125050), "memory": int64(16000)}}); err != nil {
		t.Fatal(err)
	}
	found, err := r.List(t.Context(), replica.Query{Kind: record.Equipment})
	if err != nil {
		t.Fatal(err)
	}
	schema, _ := record.Of(record.Equipment)
	var b bytes.Buffer
	if err := WriteCSV(&b, schema, found, r.Book(t.Context())); err != nil {
		t.Fatal(err)
	}
	out := b.String()
	for _, want := range []string{"\uFEFFIdentifiant;Étiquette;", "\r\n", ";'=cmd|x;", ";Socle;", "Collège A", ";1250,50;", ";16000;"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in %q", want, out)
		}
	}
}

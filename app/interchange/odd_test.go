package interchange

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
	"golang.org/x/text/encoding/unicode"
)

// file writes a file of one test.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A character that the journal does not take must not keep the rest of an import from being saved.
func TestWhatTheJournalDoesNotTakeIsRefusedByName(t *testing.T) {
	r, site := desk(t)
	list := file(t, "liste.csv", "Nom;Prénom;Division\nAlpha;A;3e\nBê\x00ta;B;3e\n")
	machine := file(t, "poste.json", `{"deviceid":"a","content":{"bios":{"ssn":"EX1"},"hardware":{"name":"pos\u0000te"}}}`)
	p := prepare(t, r, Options{Site: site}, list, machine)
	if len(p.Refused) != 2 || p.Refused[0].Row+p.Refused[1].Row != 3 {
		t.Errorf("refused %+v", p.Refused)
	}
	apply(t, r, p)
	if n, _ := r.Count(t.Context(), replica.Query{Kind: record.ClassMember}); n != 1 {
		t.Errorf("%d pupils, want 1", n)
	}
}

// A quote that is not closed in the headings takes every pupil with it.
func TestAQuoteOpenInTheHeadingsIsSaid(t *testing.T) {
	r, site := desk(t)
	p := prepare(t, r, Options{Site: site}, file(t, "liste.csv", "Nom;Prénom;Division;\"Régime\nAlpha;A;3e;x\nBêta;B;3e;x\n"))
	if len(p.Lines) != 0 || len(p.Refused) != 1 || p.Refused[0].Row != 1 || !strings.Contains(p.Refused[0].Reason, "guillemet") {
		t.Errorf("%d lines, refused %+v", len(p.Lines), p.Refused)
	}
	if notes := strings.Join(p.Notes, " "); strings.Contains(notes, "Alpha") {
		t.Errorf("pupils are told as headings: %s", notes)
	}
}

// Two lines of one name are one pupil here: who has two is told.
func TestTwoPupilsOfOneNameAreSaid(t *testing.T) {
	r, site := desk(t)
	path := file(t, "liste.csv", "Nom;Prénom;Division\nMartin;Léa;3e\nMartin;Lea;3e\nMartin;Léa;4e\n")
	p := prepare(t, r, Options{Site: site}, path)
	if p.Count(Create) != 2 || len(p.Lines) != 3 || p.Lines[1].Action != Unchanged || !strings.Contains(p.Lines[1].Note, "ligne 2") {
		t.Fatalf("%d pupils made of %d lines, and the second says %q", p.Count(Create), len(p.Lines), p.Lines[1].Note)
	}
	apply(t, r, p)
	again := prepare(t, r, Options{Site: site}, path)
	if again.Count(Unchanged) != 3 || again.Lines[0].Note != "" || again.Lines[1].Note == "" {
		t.Errorf("again: %d unchanged, and the lines say %q, %q", again.Count(Unchanged), again.Lines[0].Note, again.Lines[1].Note)
	}
}

// Spreadsheets save « texte Unicode » in UTF-16.
func TestAClassListInUTF16(t *testing.T) {
	r, site := desk(t)
	text := "Nom\tPrénom\tDivision\r\nÉlève\tZoé\t3e\r\n"
	for name, e := range map[string]unicode.Endianness{"petit": unicode.LittleEndian, "gros": unicode.BigEndian} {
		wide, err := unicode.UTF16(e, unicode.UseBOM).NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		p := prepare(t, r, Options{Site: site}, file(t, name+".csv", wide))
		if len(p.Refused) != 0 || len(p.Lines) != 1 || p.Lines[0].Set.Text("family_name") != "Élève" || p.Encoding != "UTF-16" {
			t.Errorf("%s: %d lines, %s, refused %+v", name, len(p.Lines), p.Encoding, p.Refused)
		}
	}
}

// What people wrote on a machine's card stands, however many files name the machine.
func TestASecondFileDoesNotOverwriteACard(t *testing.T) {
	r, site := desk(t)
	if _, err := r.Save(t.Context(), uuid.Nil, replica.Change{Kind: record.Equipment, Set: record.Fields{"serial": "EX900", "brand": "Constructeur A", "level": "socle", "site": site.String()}}); err != nil {
		t.Fatal(err)
	}
	inventory := `{"deviceid":"a","content":{"bios":{"ssn":"EX900","smanufacturer":"A Inc."}}}`
	apply(t, r, prepare(t, r, Options{}, file(t, "un.json", inventory), file(t, "deux.json", inventory)))
	if got := bySerial(t, r, "EX900").Fields.Text("brand"); got != "Constructeur A" {
		t.Errorf("the brand is now %q", got)
	}
}

// One room is made, however its name is written in the files.
func TestOneRoomIsMadeOfTwoWritings(t *testing.T) {
	r, _ := desk(t)
	var paths []string
	for i, room := range []string{"Salle 12", "SALLE 12"} {
		paths = append(paths, file(t, "poste.json", fmt.Sprintf(`{"deviceid":"a","tag":"0150001V/%s","content":{"bios":{"ssn":"EX80%d"}}}`, room, i)))
	}
	apply(t, r, prepare(t, r, Options{}, paths...))
	if n, _ := r.Count(t.Context(), replica.Query{Kind: record.Room}); n != 1 {
		t.Errorf("%d rooms, want 1", n)
	}
}

// A spreadsheet counts with what is below nought: it is no formula.
func TestNegativeFiguresStayFigures(t *testing.T) {
	r, site := desk(t)
	if _, err := r.Save(t.Context(), uuid.Nil, replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": "-1+1", "level": "socle", "site": site.String(), "price": int64(-1250)}}); err != nil {
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
	for _, want := range []string{";-12,50;", ";'-1+1;"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in %q", want, b.String())
		}
	}
}

// run out of memory.
func TestWhatIsTooLargeIsRefusedUnread(t *testing.T) {
	r, site := desk(t)
	for _, name := range []string{"disque.json", "disque.csv"} {
		path := file(t, name, "")
		if err := os.Truncate(path, maxFile+1); err != nil {
			t.Fatal(err)
		}
		p := prepare(t, r, Options{Site: site}, path, file(t, "liste.csv", "Nom;Prénom;Division\nAlpha;A;3e\n"))
		if len(p.Lines) != 1 || len(p.Refused) != 1 || p.Refused[0].File != name || !strings.Contains(p.Refused[0].Reason, "trop gros") {
			t.Errorf("%d lines, refused %+v", len(p.Lines), p.Refused)
		}
	}
}

// What a second file tells of a machine is known to the third.
func TestThreeFilesOfOneMachineMeet(t *testing.T) {
	r, _ := desk(t)
	paths := []string{
		file(t, "un.json", `{"deviceid":"a","content":{"bios":{"ssn":"EX700"}}}`),
		file(t, "deux.json", `{"deviceid":"a","content":{"bios":{"ssn":"EX700"},"hardware":{"uuid":"u-700"}}}`),
		file(t, "trois.json", `{"deviceid":"a","content":{"hardware":{"uuid":"u-700","memory":8192}}}`),
	}
	apply(t, r, prepare(t, r, Options{}, paths...))
	if n, _ := r.Count(t.Context(), replica.Query{Kind: record.Equipment}); n != 1 {
		t.Errorf("%d machines, want 1", n)
	}
	if again := prepare(t, r, Options{}, paths...); again.Count(Unchanged) != 1 || len(again.Lines)+len(again.Refused) != 1 {
		t.Errorf("again: %d lines, refused %+v", len(again.Lines), again.Refused)
	}
}

// An address on two lines, between its quotes, is no quote that was forgotten.
func TestACellOfTwoLinesIsNoOpenQuote(t *testing.T) {
	r, site := desk(t)
	p := prepare(t, r, Options{Site: site}, file(t, "liste.csv", "Nom;Adresse;Prénom;Division\r\nAlpha;\"1 rue d’en haut\r\n15000 Aurillac\";A;3e\r\nBêta;;\"B\r\nC\";3e\r\n"))
	if len(p.Lines) != 2 || len(p.Refused) != 0 || p.Lines[1].Set.Text("first_name") != "B C" {
		t.Fatalf("%d lines, refused %+v", len(p.Lines), p.Refused)
	}
}

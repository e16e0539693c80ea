package interchange

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// headings are the names under which schools' systems export the three columns that are read.
var headings = map[string][]string{
	"family_name": {"nom", "nom de famille", "nom eleve", "nom de l'eleve", "family name", "last name"},
	"first_name":  {"prenom", "prenom 1", "prenoms", "prenom eleve", "prenom de l'eleve", "first name"},
	"class":       {"division", "classe", "code division", "libelle division", "division libelle", "classe de rattachement", "class"},
}

// classList plans one CSV file of pupils. Name, first name and class are read, and nothing else.
func (p *planner) classList(path string, content []byte) error {
	text, encoding := decodeText(content)
	p.plan.Encoding = encoding
	rows, lines, err := readCSV(text)
	if err != nil || len(rows) == 0 {
		p.refuse(path, 0, fmt.Sprintf("Ce fichier n'est pas une liste de classe\u00a0: %s.", filepath.Base(path)))
		return nil
	}
	if slices.ContainsFunc(rows[0], swallows) {
		p.refuse(path, lines[0], "Un guillemet n'est pas fermé dans les titres\u00a0: aucune ligne n'est reprise. Corrigez-le et importez de nouveau.")
		return nil
	}
	columns, left := columnsOf(rows[0])
	for _, need := range []string{"family_name", "first_name", "class"} {
		if _, ok := columns[need]; !ok {
			p.refuse(path, 1, fmt.Sprintf("Ce fichier n'est pas une liste de classe\u00a0: %s. Il faut les colonnes Nom, Prénom et Division.", filepath.Base(path)))
			return nil
		}
	}
	if p.options.Site == uuid.Nil {
		p.refuse(path, 0, "Une liste de classe est celle d'un collège\u00a0: dites lequel (--site UAI).")
		return nil
	}
	if len(left) > 0 {
		p.note(fmt.Sprintf("%s\u00a0: seuls le nom, le prénom et la classe sont repris. Laissé de côté\u00a0: %s.", filepath.Base(path), strings.Join(left, ", ")))
	}
	known, err := p.knownMembers()
	if err != nil {
		return err
	}
	if encoding != utf8Name {
		p.note(fmt.Sprintf("%s\u00a0: lu en %s.", filepath.Base(path), encoding))
	}
	for i, row := range rows[1:] {
		if slices.ContainsFunc(row, swallows) {
			p.refuse(path, lines[i+1], "Un guillemet n'est pas fermé\u00a0: cette ligne et celles qu'il entraîne ne sont pas reprises. Corrigez-le et importez de nouveau.")
			continue
		}
		p.member(path, lines[i+1], row, columns, known)
	}
	return nil
}

// swallows reports whether a cell holds other lines of the table: a quote was not closed. A heading or an address may
// well be on two lines, but has no separator in it.
func swallows(cell string) bool {
	return strings.Contains(cell, "\n") && strings.ContainsAny(cell, ";,\t")
}

// memberKey tells pupils of one list apart.
type memberKey struct{ class, family, first string }

func (p *planner) knownMembers() (map[memberKey]uuid.UUID, error) {
	found, err := p.book.Find(record.ClassMember, "site", p.options.Site.String())
	if err != nil {
		return nil, err
	}
	year := record.SchoolYear(record.DayOf(p.options.Now))
	out := map[memberKey]uuid.UUID{}
	for _, r := range found {
		if r.Fields.Text("school_year") == year {
			out[keyOf(r.Fields)] = r.ID
		}
	}
	return out, nil
}

func keyOf(f record.Fields) memberKey {
	return memberKey{record.Plain(f.Text("class")), record.Plain(f.Text("family_name")), record.Plain(f.Text("first_name"))}
}

func (p *planner) member(path string, row int, cells []string, columns map[string]int, known map[memberKey]uuid.UUID) {
	set := record.Fields{"site": p.options.Site.String(), "school_year": record.SchoolYear(record.DayOf(p.options.Now))}
	for name, i := range columns {
		if i < len(cells) {
			if v := strings.Join(strings.Fields(cells[i]), " "); v != "" {
				set[name] = v
			}
		}
	}
	if !set.Has("family_name") && !set.Has("first_name") && !set.Has("class") {
		return // an empty line
	}
	for _, need := range []struct{ name, label string }{{"family_name", "le nom"}, {"first_name", "le prénom"}, {"class", "la classe"}} {
		if !set.Has(need.name) {
			p.refuse(path, row, fmt.Sprintf("Il manque %s sur cette ligne\u00a0: complétez-la et importez de nouveau.", need.label))
			return
		}
	}
	key := keyOf(set)
	line := &Line{File: filepath.Base(path), Row: row, Action: Create, Kind: record.ClassMember, Set: set,
		Title: set.Text("first_name") + " " + set.Text("family_name") + " · " + set.Text("class")}
	if id, ok := known[key]; ok {
		line.Action, line.ID = Unchanged, id
	}
	if first := p.pupils[key]; first != nil {
		line.Action, line.ID = Unchanged, first.ID
		line.Note = fmt.Sprintf("Même nom et même classe que la ligne %d de %s\u00a0: un seul élève est repris. S'ils sont deux, distinguez-les, par un deuxième prénom par exemple, et importez de nouveau.", first.Row, first.File)
	} else {
		p.pupils[key] = line
	}
	p.plan.Lines = append(p.plan.Lines, line)
}

// columnsOf finds the columns that are read and lists the headings of the others.
func columnsOf(header []string) (columns map[string]int, left []string) {
	columns = map[string]int{}
	for i, h := range header {
		plain := record.Plain(strings.Trim(h, "\uFEFF \""))
		known := false
		for name, synonyms := range headings {
			for _, s := range synonyms {
				if _, twice := columns[name]; plain == s && !twice {
					columns[name], known = i, true
				}
			}
		}
		if !known && plain != "" {
			left = append(left, strings.TrimSpace(h))
		}
	}
	return columns, left
}

// readCSV reads a table whose separator is the one that its first line has most of. Lines says on which
// line of the file, from 1, each row begins: empty ones are left out of the table.
func readCSV(text string) (rows [][]string, lines []int, err error) {
	first, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	for _, c := range []rune{',', '\t'} {
		if strings.Count(first, string(c)) > strings.Count(first, string(r.Comma)) {
			r.Comma = c
		}
	}
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, lines, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("interchange: csv: %w", err)
		}
		line, _ := r.FieldPos(0)
		rows, lines = append(rows, row), append(lines, line)
	}
}

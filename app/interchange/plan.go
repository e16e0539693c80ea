// Package interchange reads and writes the formats of other programs: GLPI inventories and class
// lists come in, any register goes out as CSV or JSON. It shows what an import will do before it does
// it, and never blanks what is known. Its invariant: importing the same files twice changes nothing the
// second time.
package interchange

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Action is what an import does with one record.
type Action string

// Actions of a Line.
const (
	Create    Action = "create"
	Update    Action = "update"
	Unchanged Action = "unchanged"
)

// Line is one record that an import touches.
type Line struct {
	File   string // where it comes from
	Row    int    // line of a CSV file, from 1; 0 elsewhere
	Action Action
	Kind   record.Kind
	ID     uuid.UUID // of the record that is updated; nil for a new one
	Title  string    // as people will read it
	Set    record.Fields
	Note   string // what the person should know, "" most often

	before record.Fields // of the record that is updated

	// family and room name records that do not exist yet: Apply makes them first.
	family string
	room   roomKey
}

// roomKey names a room that is to be made.
type roomKey struct {
	site uuid.UUID
	name string
}

// Refusal is one file, or one line of a file, that is not imported.
type Refusal struct {
	File   string
	Row    int
	Reason string // in French: what is wrong and what to do
}

// Plan is what an import will do, to be shown before it is applied.
type Plan struct {
	Lines    []*Line
	Refused  []Refusal
	Notes    []string // about the whole import, such as columns left out
	Encoding string   // of the CSV files read, "" without any
}

// Count returns how many lines carry the action.
func (p *Plan) Count(a Action) int {
	n := 0
	for _, l := range p.Lines {
		if l.Action == a {
			n++
		}
	}
	return n
}

// Options say what the files do not.
type Options struct {
	Site  uuid.UUID // where the equipment or the class is, when the files do not say
	Level string    // code of the level of new equipment; "" is « socle »
	Now   time.Time // decides the school year of a class list; zero is the present
}

// ErrNothing is returned where there is no file to read.
var ErrNothing = errors.New("aucun fichier à importer\u00a0: donnez des fichiers .json ou .csv, ou un dossier qui en contient")

// Prepare reads files, and the folders among them, and says what importing them would do. A file
// that cannot be read is refused by name and the others go on.
func Prepare(ctx context.Context, b record.Book, paths []string, o Options) (*Plan, error) {
	files, refused := collect(paths)
	if len(files)+len(refused) == 0 {
		return nil, ErrNothing
	}
	p := &planner{book: b, options: o, plan: &Plan{Refused: refused}, planned: map[string]*Line{}, pupils: map[memberKey]*Line{}}
	if p.options.Level == "" {
		p.options.Level = "socle"
	}
	if p.options.Now.IsZero() {
		p.options.Now = time.Now()
	}
	var inventories []inventoryFile
	for _, path := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		content, err := read(path)
		if errors.Is(err, errLarge) {
			p.refuse(path, 0, "Ce fichier est trop gros (64 Mo au plus)\u00a0: ce n'est ni un inventaire ni une liste de classe. Si c'en est un, découpez-le.")
			continue
		}
		if err != nil {
			p.refuse(path, 0, "Ce fichier ne peut pas être lu. Vérifiez la clé ou les droits, puis recommencez.")
			continue
		}
		if strings.EqualFold(filepath.Ext(path), ".json") {
			inv, err := parseInventory(content)
			if err != nil {
				p.refuse(path, 0, fmt.Sprintf("Ce fichier n'est pas un inventaire\u00a0: %s.", filepath.Base(path)))
				continue
			}
			inventories = append(inventories, inventoryFile{path, inv})
			continue
		}
		if err := p.classList(path, content); err != nil {
			return nil, err
		}
	}
	// Partial files last: they complete a machine that a whole file of the same import may create.
	slices.SortStableFunc(inventories, func(a, b inventoryFile) int { return order(a.Partial) - order(b.Partial) })
	for _, f := range inventories {
		if err := p.inventory(f); err != nil {
			return nil, err
		}
	}
	p.checkLines()
	return p.plan, nil
}

// maxFile is the most bytes of a file that is read.
const maxFile = 64 << 20

var errLarge = errors.New("interchange: a file that is too large")

// read returns the content of a file; what is none, such as a pipe, cannot be read.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("interchange: %s is no regular file", path)
	case info.Size() > maxFile:
		return nil, errLarge
	}
	return os.ReadFile(path)
}

// checkLines refuses what breaks a rule: written with the others, it would keep them all from being saved.
func (p *planner) checkLines() {
	p.plan.Lines = slices.DeleteFunc(p.plan.Lines, func(l *Line) bool {
		if l.Action == Unchanged {
			return false
		}
		after := l.before.Clone()
		maps.Copy(after, l.Set)
		found := record.Check(l.Kind, l.before, after, p.book)
		if l.room != (roomKey{}) {
			found = append(found, record.Check(record.Room, nil, record.Fields{"site": l.room.site.String(), "name": l.room.name}, p.book)...)
		}
		if len(found) > 0 {
			p.refuse(l.File, l.Row, found[0].Sentence())
		}
		return len(found) > 0
	})
}

func order(partial bool) int {
	if partial {
		return 1
	}
	return 0
}

// planner is a Plan in the making.
type planner struct {
	book    record.Book
	options Options
	plan    *Plan
	planned map[string]*Line // by matching key, so that two files of one import meet
	pupils  map[memberKey]*Line
}

func (p *planner) refuse(path string, row int, reason string) {
	p.plan.Refused = append(p.plan.Refused, Refusal{filepath.Base(path), row, reason})
}

func (p *planner) note(text string) {
	if !slices.Contains(p.plan.Notes, text) {
		p.plan.Notes = append(p.plan.Notes, text)
	}
}

// collect walks the folders among paths. What has another extension than .json or .csv is refused
// where it was named, and passed over inside a folder.
func collect(paths []string) (files []string, refused []Refusal) {
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			refused = append(refused, Refusal{filepath.Base(path), 0, "Ce fichier est introuvable. Vérifiez son nom, ou rebranchez la clé."})
		case info.IsDir():
			_ = filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
				if err != nil {
					refused = append(refused, Refusal{filepath.Base(at), 0, "Ce dossier ne peut pas être lu. Vérifiez les droits."})
					return nil
				}
				if !d.IsDir() && readable(at) {
					files = append(files, at)
				}
				return nil
			})
		case !readable(path):
			refused = append(refused, Refusal{filepath.Base(path), 0, "Seuls les inventaires .json et les listes .csv s'importent."})
		default:
			files = append(files, path)
		}
	}
	return files, refused
}

func readable(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json", ".csv":
		return true
	}
	return false
}

// merge keeps of seen what is known and different from before: nothing is ever blanked.
func merge(before, seen record.Fields) record.Fields {
	set := record.Fields{}
	for name, v := range seen {
		if v == nil || v == "" || before[name] == v {
			continue
		}
		set[name] = v
	}
	return set
}

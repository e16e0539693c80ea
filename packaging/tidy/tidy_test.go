// Package tidy holds the tests on the shape of the code: which package may know which, what stands where,
// how long things are. It is not part of any program.
package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "cantal.fr/buron/"
)

// Limits of lengths, in lines.
const (
	maxFile     = 500
	maxFunction = 80
)

// may lists, for each package, what it may import of ours, and why the list ends there. A name ending in /
// stands for every package below.
var may = map[string]struct {
	imports []string
	why     string
}{
	"sync/record":      {nil, "what people record knows nothing of how it travels"},
	"sync/journal":     {nil, "a device stores and forwards an entry whose kind it has never heard of"},
	"sync/blob":        {nil, "what is sealed is bytes, whatever they are joined to"},
	"sync/seal":        {nil, "keys and sealed bytes, whatever they hold"},
	"sync/probe":       {[]string{"sync/journal", "sync/seal"}, "tests only: it reads the files by itself"},
	"sync/trust":       {[]string{"sync/record", "sync/journal"}, "authority is judged on entries, before any store"},
	"sync/snapshot":    {[]string{"sync/journal", "sync/trust"}, "the form of signed bytes: it knows no store and no protocol"},
	"sync/exchange":    {[]string{"sync/record", "sync/journal", "sync/trust"}, "the protocol knows no store and no socket"},
	"sync/replica":     {[]string{"sync/record", "sync/journal", "sync/trust", "sync/exchange", "sync/seal", "sync/blob", "sync/snapshot"}, "it implements exchange.Store and knows no transport"},
	"sync/class":       {[]string{"sync/trust"}, "a class lives in memory: it must not know a store"},
	"sync/lan":         {[]string{"sync/trust"}, "a transport carries bytes"},
	"sync/bundle":      {[]string{"sync/record", "sync/journal", "sync/trust", "sync/exchange"}, "a transport of files: what it needs of a replica is an interface"},
	"sync/central":     {[]string{"sync/journal", "sync/trust", "sync/exchange"}, "client and handler of one protocol, without a store"},
	"sync/say":         {[]string{"sync/trust", "sync/exchange", "sync/replica", "sync/lan", "sync/central"}, "sentences for their errors: it decides nothing"},
	"sync/node":        {[]string{"sync/"}, "it puts everything together"},
	"sync/sim":         {[]string{"sync/record", "sync/journal", "sync/trust", "sync/exchange", "sync/replica", "sync/bundle"}, "it lives with the core as the programs do: no socket, no schedule"},
	"sync/centrald":    {[]string{"sync/node", "sync/replica", "sync/record", "sync/trust", "sync/say"}, "a shell around node"},
	"assets":           {nil, "embedded files"},
	"assets/reference": {nil, "embedded data"},
	"assets/look":      {[]string{"assets", "sync/record"}, "widgets know shapes and formats, not stores"},
	"app":              {[]string{"app/command", "app/interchange", "app/screen", "assets/look", "sync/node", "sync/replica", "sync/seal"}, "a shell: it opens the window, and nothing else"},
	"app/command":      {[]string{"app/interchange", "app/demo", "sync/"}, "commands draw nothing"},
	"app/demo":         {[]string{"assets/reference", "sync/"}, "examples are written as people write"},
	"app/interchange":  {[]string{"sync/record", "sync/replica"}, "formats of others, read into records"},
	"app/screen":       {[]string{"app/interchange", "app/demo", "assets/", "assets", "sync/"}, "what people see"},
	"kiosk":            {[]string{"kiosk/", "assets/look", "sync/"}, "app and kiosk do not know each other: delete either and the rest builds"},
	"kiosk/flow":       {nil, "a pure state machine"},
	"kiosk/screen":     {[]string{"kiosk/flow", "assets/", "assets", "sync/"}, "app and kiosk do not know each other"},
	"packaging/field":  {[]string{"sync/", "assets/reference"}, "it drives the programs from outside, and writes as people write"},
	"packaging/bench":  {[]string{"sync/"}, "it measures what people are promised, from outside"},
	"packaging/tidy":   {nil, "tests only"},
}

// source is one Go file of the repository.
type source struct {
	path string // from the root
	dir  string
	file *ast.File
	fset *token.FileSet
	text string
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && d.Name() != "." || d.Name() == "build") {
			return skip(err)
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, b, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		out = append(out, source{filepath.ToSlash(rel), filepath.ToSlash(filepath.Dir(rel)), f, fset, string(b)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 50 {
		t.Fatalf("only %d files were found: the walk is wrong", len(out))
	}
	return out
}

func skip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}

func test(s source) bool { return strings.HasSuffix(s.path, "_test.go") }

func TestImportsPointOneWay(t *testing.T) {
	for _, s := range sources(t) {
		rule, ok := may[s.dir]
		if !ok {
			t.Errorf("%s: its package is not in the list: say what it may import, and why", s.path)
			continue
		}
		if test(s) {
			continue // tests may bring in whatever they put to the proof
		}
		for _, imp := range s.file.Imports {
			name := strings.Trim(imp.Path.Value, `"`)
			own, ours := strings.CutPrefix(name, module)
			if ours && !slices.ContainsFunc(rule.imports, func(a string) bool { return a == own || strings.HasSuffix(a, "/") && strings.HasPrefix(own, a) }) {
				t.Errorf("%s imports %s: %s", s.path, own, rule.why)
			}
		}
	}
}

func TestNoProgramKnowsTheSimulator(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range s.file.Imports {
			if strings.Trim(imp.Path.Value, `"`) == module+"sync/sim" {
				t.Errorf("%s imports sync/sim: it forges, and belongs to no program", s.path)
			}
		}
	}
}

func TestGraphicsStayInTheirRooms(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range s.file.Imports {
			name := strings.Trim(imp.Path.Value, `"`)
			if name == "fyne.io/fyne/v2/app" && s.path != "app/main.go" && s.path != "kiosk/main.go" {
				t.Errorf("%s imports %s: it needs a display, which tests do not have", s.path, name)
			}
			if strings.HasPrefix(name, "fyne.io/") && strings.HasPrefix(s.dir, "sync") {
				t.Errorf("%s imports %s: the core draws nothing", s.path, name)
			}
		}
		if strings.Contains(s.text, "fyne.Do") && !strings.HasSuffix(s.path, "screen/live.go") && s.dir != "packaging/tidy" {
			t.Errorf("%s calls fyne.Do: background work meets the window in screen/live.go alone", s.path)
		}
	}
}

func TestNothingIsTooLong(t *testing.T) {
	for _, s := range sources(t) {
		if n := strings.Count(s.text, "\n"); n > maxFile {
			t.Errorf("%s has %d lines, over %d", s.path, n, maxFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line; n > maxFunction {
				t.Errorf("%s: %s has %d lines, over %d", s.path, f.Name.Name, n, maxFunction)
			}
		}
	}
}

func TestTheHouseHasNoOtherRooms(t *testing.T) {
	rooms := []string{"app", "sync", "kiosk", "assets", "packaging", "build"}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(rooms, e.Name()) {
			t.Errorf("%s: no other folder stands at the top", e.Name())
		}
	}
	files, err := filepath.Glob(filepath.Join(root, "sync", "*.go"))
	if err != nil || len(files) > 0 {
		t.Errorf("sync/ holds %v: its name would shadow the standard library's", files)
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	said := map[string]bool{}
	for _, s := range sources(t) {
		if !test(s) || s.dir == "packaging/tidy" {
			said[s.dir] = said[s.dir] || (s.file.Doc != nil && len(s.file.Doc.Text()) > 100)
		}
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("%s: no paragraph says what the package is, what it is not, and its invariant", dir)
		}
	}
	taken := []string{"sync", "log", "widget", "theme", "container", "test", "canvas", "dialog", "app", "http", "time", "errors"}
	for _, s := range sources(t) {
		if slices.Contains(taken, s.file.Name.Name) {
			t.Errorf("%s: package %s takes the name of another's", s.path, s.file.Name.Name)
		}
	}
}

func TestNothingIsLeftUndone(t *testing.T) {
	undone := regexp.MustCompile(`\b(` + strings.Join([]string{"TO" + "DO", "FIX" + "ME", "X" + "XX"}, "|") + `)\b`)
	for _, s := range sources(t) {
		for i, line := range strings.Split(s.text, "\n") {
			if undone.MatchString(line) {
				t.Errorf("%s:%d: %s", s.path, i+1, strings.TrimSpace(line))
			}
		}
	}
}

func TestMakeSaysWhatItCanDo(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		if m := regexp.MustCompile(`^([a-z-]+):`).FindStringSubmatch(line); m != nil && !strings.Contains(line, "##") {
			t.Errorf("target %s has no help line", m[1])
		}
	}
}

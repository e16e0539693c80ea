package screen

import (
	"fmt"
	"strings"

	"cantal.fr/buron/app/interchange"
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"github.com/google/uuid"
)

// importPage brings in inventories and class lists: it shows what will be done, then does it.
type importPage struct {
	site    uuid.UUID
	classes bool
	paths   []string
	level   string
	plan    *interchange.Plan
	err     string
	busy    bool
	done    string
}

func (p *importPage) Title() string { return "Importer" }

func (p *importPage) Steady() {}

func (p *importPage) Content(s *Shell) fyne.CanvasObject {
	what := "Inventaires GLPI (.json)\u00a0: un fichier, plusieurs, ou un dossier. Listes de classe\u00a0: .csv."
	if p.classes {
		what = "Liste de classe (.csv)\u00a0: seuls le nom, le prénom et la division sont lus."
	}
	path := look.NewEntry()
	path.SetPlaceHolder("Fichiers ou dossiers, séparés par une barre (|)")
	path.SetText(strings.Join(p.paths, "|"))
	path.OnChanged = func(t string) { p.paths = split(t) }
	pick := look.Wrap(button("Choisir un fichier", "clipboard-text", look.Plain, func() { p.pickFile(s) }),
		button("Choisir un dossier", "folders", look.Plain, func() { p.pickFolder(s) }))
	head := container.NewVBox(look.Body(what), path, pick, p.where(s))
	var foot fyne.CanvasObject
	switch {
	case p.busy:
		head.Add(look.Bold("Lecture en cours…"))
	case p.done != "":
		head.Add(look.Title(p.done))
		foot = container.NewHBox(button("Terminé", "check", look.Primary, s.Back))
	case p.plan != nil:
		n := p.plan.Count(interchange.Create) + p.plan.Count(interchange.Update)
		foot = container.NewHBox(button(fmt.Sprintf("Importer (%d)", n), "check", look.Primary, func() { p.apply(s) }),
			button("Revoir", "", look.Quiet, func() { p.plan = nil; s.draw() }))
	default:
		foot = container.NewHBox(button("Aperçu", "magnifying-glass", look.Primary, func() { p.prepare(s) }))
	}
	if p.err != "" {
		head.Add(look.Problem(p.err))
	}
	if p.plan == nil {
		return container.NewBorder(nil, foot, nil, nil, container.NewVScroll(head))
	}
	return container.NewBorder(head, foot, nil, nil, p.preview())
}

func split(text string) []string {
	var out []string
	for _, t := range strings.Split(text, "|") {
		if t = strings.TrimSpace(t); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// where asks for the place and the level that the files may not say.
func (p *importPage) where(s *Shell) fyne.CanvasObject {
	q := replica.Query{Kind: record.Site, Order: []string{"name"}}
	if p.classes {
		q.Where = []replica.Cond{{Field: "type", Value: "college"}}
	}
	sites, err := s.r.List(s.ctx, q)
	if err != nil {
		return look.Problem(sentence(err))
	}
	ids := map[string]uuid.UUID{}
	var labels []string
	chosen := ""
	for _, site := range sites {
		label := join(site.Fields.Text("name"), site.Fields.Text("uai"))
		ids[label] = site.ID
		labels = append(labels, label)
		if site.ID == p.site {
			chosen = label
		}
	}
	sel := look.NewSelect(labels, nil)
	sel.PlaceHolder = "Lieu, quand les fichiers ne le disent pas…"
	if chosen != "" {
		sel.SetSelected(chosen)
	}
	sel.OnChanged = func(l string) { p.site = ids[l] }
	if p.classes {
		return sel
	}
	schema, _ := record.Of(record.Equipment)
	field, _ := schema.Field("level")
	var levels []string
	for _, o := range field.Options {
		levels = append(levels, o.Label)
	}
	level := look.NewSelect(levels, func(l string) {
		if v, err := field.Parse(l); err == nil {
			p.level, _ = v.(string)
		}
	})
	level.PlaceHolder = "Niveau des nouveaux appareils\u00a0: socle"
	if o, ok := field.Option(p.level); ok {
		level.SetSelected(o.Label)
	}
	if s.large() {
		return container.NewVBox(sel, level)
	}
	return container.NewGridWithColumns(2, sel, level)
}

func (p *importPage) pickFile(s *Shell) {
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil || r == nil {
			return
		}
		_ = r.Close()
		p.paths = append(p.paths, r.URI().Path())
		s.draw()
	}, s.win)
	d.Show()
}

func (p *importPage) pickFolder(s *Shell) {
	d := dialog.NewFolderOpen(func(u fyne.ListableURI, err error) {
		if err == nil && u != nil {
			p.paths = append(p.paths, u.Path())
			s.draw()
		}
	}, s.win)
	d.Show()
}

func (p *importPage) prepare(s *Shell) {
	p.busy, p.err = true, ""
	s.draw()
	o := interchange.Options{Site: p.site, Level: p.level, Now: s.r.Now()}
	load(s.live, func() (*interchange.Plan, error) { return interchange.Prepare(s.ctx, s.book(), p.paths, o) }, func(plan *interchange.Plan, err error) {
		p.busy, p.plan = false, plan
		if err != nil {
			p.err = look.Capital(sentence(err)) + "."
		}
		s.draw()
	})
}

func (p *importPage) apply(s *Shell) { s.sign(func() { p.write(s) }) }

func (p *importPage) write(s *Shell) {
	p.busy = true
	plan := p.plan
	s.draw()
	load(s.live, func() (replica.Saved, error) { return plan.Apply(s.ctx, s.r, s.operator(), nil) }, func(saved replica.Saved, err error) {
		p.busy = false
		if err != nil {
			p.err = sentence(err)
			s.draw()
			return
		}
		p.done = fmt.Sprintf("%d créés, %d modifiés, %d inchangés, %d refusés", plan.Count(interchange.Create), plan.Count(interchange.Update),
			plan.Count(interchange.Unchanged), len(plan.Refused))
		s.refreshStatus()
		s.draw()
	})
}

// preview lists what the import will do, what it will not and why.
func (p *importPage) preview() fyne.CanvasObject {
	type row struct {
		shape             record.Shape
		name, under, code string
	}
	var rows []row
	for _, f := range p.plan.Refused {
		name := f.File
		if f.Row > 0 {
			name = fmt.Sprintf("%s, ligne %d", f.File, f.Row)
		}
		rows = append(rows, row{record.Wrong, name, f.Reason, "refusé"})
	}
	for _, n := range p.plan.Notes {
		rows = append(rows, row{record.Waiting, n, "", ""})
	}
	words := map[interchange.Action]string{interchange.Create: "créé", interchange.Update: "modifié", interchange.Unchanged: "inchangé"}
	marks := map[interchange.Action]record.Shape{interchange.Create: record.Good, interchange.Update: record.UnderWay, interchange.Unchanged: record.Closed}
	for _, l := range p.plan.Lines {
		rows = append(rows, row{marks[l.Action], l.Title, join(l.File, l.Note), words[l.Action]})
	}
	return look.NewList(look.ListOptions{Length: func() int { return len(rows) }, Make: newRow, Fill: func(i int, o fyne.CanvasObject) {
		o.(*look.Row).Set(rows[i].shape, rows[i].name, rows[i].under, rows[i].code)
	}})
}

package screen

import (
	"slices"
	"strings"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"github.com/google/uuid"
)

// input is the widget of a field; it writes what is typed into the form.
func (p *formPage) input(s *Shell, f record.Field) fyne.CanvasObject {
	switch f.Type {
	case record.Choice:
		return p.choice(s, f)
	case record.Choices:
		return p.choices(s, f)
	case record.Ref:
		return p.reference(s, f)
	case record.Refs:
		return p.references(s, f)
	case record.Flag:
		check := look.NewCheck("Oui", nil)
		check.SetChecked(p.texts[f.Name] == "Oui")
		check.OnChanged = func(on bool) { p.set(s, f.Name, map[bool]string{true: "Oui", false: "Non"}[on]) }
		return check
	case record.Texts:
		e := look.NewEntry()
		e.SetText(strings.Join(p.lists[f.Name], "|"))
		e.OnChanged = func(t string) {
			p.lists[f.Name] = slices.DeleteFunc(strings.Split(t, "|"), func(x string) bool { return strings.TrimSpace(x) == "" })
			p.keep(s)
		}
		return e
	case record.Day:
		return p.day(s, f)
	case record.Instant:
		return p.moment(s, f.Name, "", true)
	case record.List:
		return p.timings(s)
	}
	return p.text(s, f)
}

func (p *formPage) set(s *Shell, name, text string) {
	p.texts[name] = text
	p.keep(s)
}

func (p *formPage) text(s *Shell, f record.Field) fyne.CanvasObject {
	e := look.NewEntry()
	if f.Type == record.Long {
		e = look.NewLong(3)
		e.Wrapping = fyne.TextWrapWord
		e.SetMinRowsVisible(3)
	}
	if f.Type == record.Cents {
		e.SetPlaceHolder("12,50")
	}
	e.SetText(p.texts[f.Name])
	e.OnChanged = func(t string) { p.set(s, f.Name, t) }
	return e
}

func (p *formPage) choice(s *Shell, f record.Field) fyne.CanvasObject {
	var labels []string
	for _, o := range f.Options {
		labels = append(labels, o.Label)
	}
	sel := look.NewSelect(labels, nil)
	sel.PlaceHolder = "Choisir…"
	if o, ok := f.Option(p.texts[f.Name]); ok {
		sel.SetSelected(o.Label)
	}
	sel.OnChanged = func(label string) {
		for _, o := range f.Options {
			if o.Label == label {
				p.set(s, f.Name, o.Code)
			}
		}
	}
	return sel
}

func (p *formPage) choices(s *Shell, f record.Field) fyne.CanvasObject {
	columns := 2
	if s.large() {
		columns = 1
	}
	grid := container.NewGridWithColumns(columns)
	for _, o := range f.Options {
		check := look.NewCheck(o.Label, nil)
		check.SetChecked(slices.Contains(p.lists[f.Name], o.Code))
		check.OnChanged = func(on bool) {
			p.lists[f.Name] = slices.DeleteFunc(p.lists[f.Name], func(c string) bool { return c == o.Code })
			if on {
				p.lists[f.Name] = append(p.lists[f.Name], o.Code)
			}
			p.keep(s)
		}
		grid.Add(check)
	}
	return grid
}

// maxChoices is how many records a list of choices shows; beyond, the person types to find.
const maxChoices = 300

// candidates are the records that a field may refer to: rooms of the chosen place first.
func (p *formPage) candidates(s *Shell, f record.Field) (labels []string, ids map[string]uuid.UUID) {
	q := replica.Query{Kind: f.Target, Limit: maxChoices}
	if f.Target == record.Room && p.texts["site"] != "" {
		q.Where = []replica.Cond{{Field: "site", Value: p.texts["site"]}}
	}
	found, err := s.r.List(s.ctx, q)
	ids = map[string]uuid.UUID{}
	if err != nil {
		return nil, ids
	}
	for _, rec := range found {
		label := join(record.Title(rec, s.book()), record.Subtitle(rec, s.book()))
		if _, twice := ids[label]; twice {
			label += " · " + rec.ID.String()[:8]
		}
		ids[label] = rec.ID
		labels = append(labels, label)
	}
	slices.SortFunc(labels, func(a, b string) int { return strings.Compare(record.Plain(a), record.Plain(b)) })
	return labels, ids
}

func (p *formPage) reference(s *Shell, f record.Field) fyne.CanvasObject {
	labels, ids := p.candidates(s, f)
	sel := look.NewCombo(labels)
	sel.SetPlaceHolder("Choisir, ou taper pour trouver…")
	if id := (record.Fields{"r": p.texts[f.Name]}).ID("r"); id != uuid.Nil {
		text := s.titleOf(id)
		for label, known := range ids {
			if known == id {
				text = label
			}
		}
		sel.SetText(text)
	}
	sel.OnChanged = func(text string) {
		var kept []string
		for _, l := range labels {
			if strings.Contains(record.Plain(l), record.Plain(text)) {
				kept = append(kept, l)
			}
		}
		sel.SetOptions(kept)
		switch id, ok := ids[text]; {
		case ok:
			p.set(s, f.Name, id.String())
			if f.Name == "site" && p.texts["room"] != "" {
				p.set(s, "room", "")
			}
		case text == "":
			p.set(s, f.Name, "")
		case len(kept) == 1:
			p.set(s, f.Name, ids[kept[0]].String())
		default:
			p.set(s, f.Name, text) // not a record yet: the form will say so
		}
	}
	return sel
}

func (p *formPage) references(s *Shell, f record.Field) fyne.CanvasObject {
	labels, ids := p.candidates(s, f)
	box := container.NewVBox()
	for _, text := range p.lists[f.Name] {
		id := (record.Fields{"r": text}).ID("r")
		box.Add(container.NewHBox(look.Body(s.titleOf(id)), button("", "x", look.Quiet, func() {
			p.lists[f.Name] = slices.DeleteFunc(p.lists[f.Name], func(t string) bool { return t == text })
			p.keep(s)
			s.draw()
		})))
	}
	sel := look.NewSelect(labels, nil)
	sel.PlaceHolder = "Ajouter…"
	sel.OnChanged = func(label string) {
		if id, ok := ids[label]; ok && !slices.Contains(p.lists[f.Name], id.String()) {
			p.lists[f.Name] = append(p.lists[f.Name], id.String())
			p.keep(s)
			s.draw()
		}
	}
	box.Add(sel)
	return box
}

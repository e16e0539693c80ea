package screen

import (
	"fmt"
	"slices"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"github.com/google/uuid"
)

// charterPage shows the versions of the charter, who has adopted it and who has signed.
type charterPage struct{}

func (p *charterPage) Title() string { return "Charte" }

func (p *charterPage) Primary(s *Shell) *Action {
	if s.mayRead(record.ClassMember) && s.mayCreate(record.Acknowledgement) {
		return &Action{"Charger une classe", "student", func() { s.Push(&lendPage{}) }}
	}
	return nil
}

// mayRead reports whether this device may hold people of some place.
func (s *Shell) mayRead(record.Kind) bool {
	return slices.ContainsFunc(s.r.Self().Grants, func(g record.Grant) bool {
		return g.Read && (g.Scope == "*" || len(g.Scope) > 7 && g.Scope[:7] == "people/")
	})
}

// inForce returns the charter in force, and false without one.
func (s *Shell) inForce() (record.Record, bool) {
	found, err := s.r.List(s.ctx, replica.Query{Kind: record.Charter, Where: []replica.Cond{{Field: "status", Value: "en_vigueur"}}, Order: []string{"-version"}})
	if err != nil || len(found) == 0 {
		return record.Record{}, false
	}
	return found[0], true
}

func (p *charterPage) Content(s *Shell) fyne.CanvasObject {
	left := container.NewVBox(p.versions(s))
	charter, ok := s.inForce()
	if !ok {
		return container.NewVScroll(container.NewVBox(left, look.Body("Aucune charte n'est en vigueur. La coordination en crée une, puis la met en vigueur après le vote.")))
	}
	left.Add(p.adoptions(s, charter))
	right := container.NewVBox()
	if s.mayRead(record.Acknowledgement) {
		right.Add(p.rates(s, charter))
	}
	return look.Columns(nil, left, right)
}

func (p *charterPage) versions(s *Shell) fyne.CanvasObject {
	rows := append([]fyne.CanvasObject{look.Title("Versions")}, s.rows(replica.Query{Kind: record.Charter, Order: []string{"-version"}}, "Aucune version.")...)
	if s.mayCreate(record.Charter) {
		rows = append(rows, container.NewHBox(button("Nouvelle version", "plus", look.Quiet, func() { s.Push(newForm(record.Charter, nil)) })))
	}
	return look.Card(theme.ColorNamePrimary, rows...)
}

// adoptions lists the collèges, those that have voted and those that have not.
func (p *charterPage) adoptions(s *Shell, charter record.Record) fyne.CanvasObject {
	sites, err := s.r.List(s.ctx, replica.Query{Kind: record.Site, Where: []replica.Cond{{Field: "type", Value: "college"}}, Order: []string{"name"}})
	if err != nil {
		return look.Problem(sentence(err))
	}
	done, err := s.r.List(s.ctx, replica.Query{Kind: record.CharterAdoption, Where: []replica.Cond{{Field: "charter", Value: charter.ID.String()}}})
	if err != nil {
		return look.Problem(sentence(err))
	}
	votes := map[uuid.UUID]record.Record{}
	for _, a := range done {
		votes[a.Fields.ID("site")] = a
	}
	rows := []fyne.CanvasObject{look.Wrapped(look.Title(fmt.Sprintf("Adoptée par %s sur %d", look.Count(len(votes), "collège", "collèges"), len(sites))))}
	day := record.Field{Type: record.Day}
	for _, site := range sites {
		if a, ok := votes[site.ID]; ok {
			rows = append(rows, look.NewRowTap(record.Good, site.Fields.Text("name"), "vote du "+day.Format(a.Fields["vote_date"]), site.Fields.Text("uai"), func() { s.open(a) }))
			continue
		}
		row := look.NewRowTap(record.NotBegun, site.Fields.Text("name"), "vote à noter", site.Fields.Text("uai"), func() {
			if s.mayCreate(record.CharterAdoption) {
				s.Push(newForm(record.CharterAdoption, record.Fields{"site": site.ID.String(), "charter": charter.ID.String()}))
			}
		})
		rows = append(rows, row)
	}
	return look.Card(look.ColorGentian, rows...)
}

// roll is a class with where each pupil stands.
type roll struct {
	site    uuid.UUID
	class   string
	members []record.Record
	states  map[uuid.UUID]string
	doubles map[uuid.UUID]int
	acted   map[uuid.UUID]bool
}

func (r roll) count(states ...string) int {
	n := 0
	for _, st := range r.states {
		if slices.Contains(states, st) {
			n++
		}
	}
	return n
}

// rolls derives every class that this device holds for the school year of now.
func (s *Shell) rolls(charter record.Record) ([]roll, error) {
	year := record.SchoolYear(record.DayOf(s.r.Now()))
	members, err := s.r.List(s.ctx, replica.Query{Kind: record.ClassMember, Order: []string{"class", "family_name", "first_name"}})
	if err != nil {
		return nil, err
	}
	acts, err := s.r.List(s.ctx, replica.Query{Kind: record.Acknowledgement})
	if err != nil {
		return nil, err
	}
	byMember := map[uuid.UUID][]record.Record{}
	for _, a := range acts {
		byMember[a.Fields.ID("member")] = append(byMember[a.Fields.ID("member")], a)
	}
	var out []roll
	at := map[string]int{}
	for _, m := range members {
		if m.Fields.Text("school_year") != year {
			continue
		}
		key := m.Fields.Text("site") + m.Fields.Text("class")
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, roll{site: m.Fields.ID("site"), class: m.Fields.Text("class"), states: map[uuid.UUID]string{}, doubles: map[uuid.UUID]int{}, acted: map[uuid.UUID]bool{}})
		}
		state, doubles := record.AdhesionOf(byMember[m.ID], charter.ID, year)
		out[i].members = append(out[i].members, m)
		out[i].states[m.ID], out[i].doubles[m.ID] = state, len(doubles)
		out[i].acted[m.ID] = state != record.ToSign && state != record.Outdated
	}
	return out, nil
}

// rates shows how far each class is: distinct pupils count, and a second signature does not.
func (p *charterPage) rates(s *Shell, charter record.Record) fyne.CanvasObject {
	rolls, err := s.rolls(charter)
	if err != nil {
		return look.Problem(sentence(err))
	}
	rows := []fyne.CanvasObject{look.Title("Adhésions par classe")}
	if len(rolls) == 0 {
		rows = append(rows, look.Body("Aucune liste de classe ici. Importez-en une."),
			button("Importer une liste de classe", "download-simple", look.Plain, func() { s.Push(&importPage{classes: true}) }))
	}
	for _, r := range rolls {
		signed := r.count(record.Complete, record.AwaitsGuardian, record.Signed)
		rate := 0
		if len(r.members) > 0 {
			rate = signed * 100 / len(r.members)
		}
		under := join(look.Count(signed, "signée", "signées")+" sur "+look.Number(len(r.members)), look.Count(r.count(record.AwaitsGuardian), "attend un responsable", "attendent un responsable"),
			look.Count(r.count(record.Refused), "refus", "refus"))
		rows = append(rows, look.NewRowTap(record.UnderWay, "Classe "+r.class+" · "+s.titleOf(r.site), under, fmt.Sprintf("%d\u00a0%%", rate), func() {
			s.Push(&rollPage{site: r.site, class: r.class})
		}))
	}
	return look.Card(theme.ColorNameHyperlink, rows...)
}

// rollPage shows where each pupil of a class stands, and records what arrives on paper.
type rollPage struct {
	site  uuid.UUID
	class string
}

func (p *rollPage) Title() string { return "Classe " + p.class }

func (p *rollPage) Primary(s *Shell) *Action {
	if !s.mayCreate(record.Acknowledgement) {
		return nil
	}
	return &Action{"Prêter aux bornes", "student", func() { s.Push(&lendPage{site: p.site, class: p.class}) }}
}

func (p *rollPage) Content(s *Shell) fyne.CanvasObject {
	charter, ok := s.inForce()
	if !ok {
		return look.Problem("Aucune charte n'est en vigueur.")
	}
	rolls, err := s.rolls(charter)
	if err != nil {
		return look.Problem(sentence(err))
	}
	for _, r := range rolls {
		if r.site != p.site || r.class != p.class {
			continue
		}
		fill := func(i int, o fyne.CanvasObject) {
			m := r.members[i]
			opt, _ := record.Adhesions().Option(r.states[m.ID])
			word := opt.Label
			if r.doubles[m.ID] > 0 {
				word += " · en double"
			}
			o.(*look.Row).Set(opt.Shape, record.Title(m, nil), "", word)
		}
		list := look.NewList(look.ListOptions{Length: func() int { return len(r.members) }, Make: newRow, Fill: fill,
			Open: func(i int) { s.Push(&pupilPage{member: r.members[i].ID, charter: charter}) }})
		return container.NewBorder(look.Muted(s.titleOf(p.site)), nil, nil, nil, list)
	}
	return look.Empty("Cette classe est vide.")
}

// pupilPage records what concerns one pupil: the legal representative's agreement, a refusal, a revocation,
// a signature that the host makes void.
type pupilPage struct {
	member  uuid.UUID
	charter record.Record
}

func (p *pupilPage) Title() string { return "Adhésion" }

func (p *pupilPage) Content(s *Shell) fyne.CanvasObject {
	m, ok, err := s.book().Get(p.member)
	if err != nil || !ok {
		return look.Problem("Cet élève n'est pas sur cet appareil.")
	}
	acts, err := s.r.List(s.ctx, replica.Query{Kind: record.Acknowledgement, Where: []replica.Cond{{Field: "member", Value: p.member.String()}}})
	if err != nil {
		return look.Problem(sentence(err))
	}
	st, doubles := record.AdhesionOf(acts, p.charter.ID, record.SchoolYear(record.DayOf(s.r.Now())))
	opt, _ := record.Adhesions().Option(st)
	box := container.NewVBox(look.Title(record.Title(m, nil)), look.Mark(opt))
	schema, _ := record.Of(record.Acknowledgement)
	field, _ := schema.Field("act")
	var signature uuid.UUID
	for _, a := range acts {
		o, _ := field.Option(a.Fields.Text("act"))
		word := record.FormatInstant(a.Fields.Int("at"))
		if slices.ContainsFunc(doubles, func(d record.Record) bool { return d.ID == a.ID }) {
			word += " · en double"
		} else if a.Fields.Text("act") == "signature" {
			signature = a.ID
		}
		box.Add(look.NewRowTap(o.Shape, o.Label, join(word, a.Fields.Text("identified_by"), a.Fields.Text("receipt")), "", func() { s.open(a) }))
	}
	if s.mayCreate(record.Acknowledgement) {
		row := container.NewHBox()
		if st == record.AwaitsGuardian {
			row.Add(button("Le responsable légal est d'accord (talon)", "check", look.Primary, s.signed(func() { p.act(s, "accord", signature, "parent") })))
		}
		if signature != uuid.Nil {
			row.Add(button("Annuler cette signature", "x", look.Danger, s.signed(func() { p.act(s, "annulation", signature, "eleve") })))
			row.Add(button("Révoquer", "sign-out", look.Plain, s.signed(func() { p.act(s, "revocation", signature, "eleve") })))
		}
		box.Add(row)
	}
	return container.NewVScroll(box)
}

func (p *pupilPage) act(s *Shell, act string, of uuid.UUID, population string) {
	m, _, _ := s.book().Get(p.member)
	set := record.Fields{"act": act, "of": of.String(), "member": p.member.String(), "site": m.Fields["site"], "charter": p.charter.ID.String(),
		"population": population, "at": s.r.Now().UnixMilli(), "text_hash": p.charter.Fields["text_hash"], "identified_by": "accueil"}
	if _, err := s.save(replica.Change{Kind: record.Acknowledgement, Set: set}); err == nil {
		s.draw()
	}
}

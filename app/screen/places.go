package screen

import (
	"fmt"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/assets/reference"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"github.com/google/uuid"
)

// placesPage opens the list of places, or the one place of a facilitator or a host.
func (s *Shell) placesPage() Page {
	role := s.r.Self().Role
	if role != record.Facilitator && role != record.Host {
		return &placesPage{}
	}
	sites, err := s.r.List(s.ctx, replica.Query{Kind: record.Site})
	if err == nil {
		for _, site := range sites {
			for _, p := range s.r.Self().Places {
				if record.PlaceKey(site) == p {
					return &placePage{id: site.ID}
				}
			}
		}
	}
	return &placesPage{}
}

// placesPage lists collèges, tiers-lieux and the bus.
type placesPage struct{ filter string }

func (p *placesPage) Title() string { return "Lieux" }

func (p *placesPage) Primary(s *Shell) *Action {
	if !s.mayCreate(record.Site) {
		return nil
	}
	return &Action{"Nouveau lieu", "plus", func() { s.Push(newForm(record.Site, nil)) }}
}

func (p *placesPage) Content(s *Shell) fyne.CanvasObject {
	q := replica.Query{Kind: record.Site, Order: []string{"type", "name"}}
	tally, err := s.r.Tally(s.ctx, q, "type")
	if err != nil {
		return look.Problem(sentence(err))
	}
	schema, _ := record.Of(record.Site)
	field, _ := schema.Field("type")
	chips := container.NewHBox(look.NewChip("Tous", sum(tally), p.filter == "", func() { p.filter = ""; s.draw() }))
	for _, o := range field.Options {
		if n := tally[o.Code]; n > 0 {
			chips.Add(look.NewChip(o.Label, n, p.filter == o.Code, func() { p.filter = o.Code; s.draw() }))
		}
	}
	if p.filter != "" {
		q.Where = []replica.Cond{{Field: "type", Value: p.filter}}
	}
	sites, err := s.r.List(s.ctx, q)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(sites) == 0 {
		return look.Empty("Aucun lieu n'est enregistré ici. Ils arrivent au premier échange, ou la coordination les crée.")
	}
	counts, _ := s.r.Tally(s.ctx, replica.Query{Kind: record.Equipment}, "site")
	fill := func(i int, o fyne.CanvasObject) {
		site := sites[i]
		right := ""
		if n := counts[site.ID.String()]; n > 0 {
			right = look.Count(n, "appareil", "appareils")
		}
		row := o.(*look.Row)
		row.SetIcon(placeIcon(site))
		row.Set("", site.Fields.Text("name"), join(reference.CommuneName(site.Fields.Text("commune")), field.Format(site.Fields["type"]), site.Fields.Text("uai")), right)
	}
	list := look.NewList(look.ListOptions{Length: func() int { return len(sites) }, Make: newRow, Fill: fill, Open: func(i int) { s.Push(&placePage{id: sites[i].ID}) }})
	return container.NewBorder(container.NewHScroll(chips), nil, nil, nil, list)
}

// placeIcon is the icon of a type of place: a place has no state to show.
func placeIcon(site record.Record) string {
	switch site.Fields.Text("type") {
	case "bus":
		return "bus"
	case "tiers_lieu":
		return "house-line"
	}
	return "buildings"
}

func sum(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

// placePage shows all about one place.
type placePage struct {
	id   uuid.UUID
	name string
}

func (p *placePage) Title() string {
	if p.name == "" {
		return "Lieu"
	}
	return p.name
}

func (p *placePage) Primary(s *Shell) *Action {
	if rec, ok, err := s.book().Get(p.id); err == nil && ok {
		p.name = rec.Fields.Text("name")
	}
	if !s.mayCreate(record.Visit) || !record.MayRead(s.r.Self().Grants, record.ScopeParc) {
		return nil
	}
	if open := s.openVisit(p.id); open != uuid.Nil {
		return &Action{"Reprendre la visite", "clipboard-text", func() { s.Push(&visitPage{id: open}) }}
	}
	return &Action{"Commencer la visite", "clipboard-text", func() { s.beginVisit(p.id) }}
}

func (p *placePage) Content(s *Shell) fyne.CanvasObject {
	site, ok, err := s.book().Get(p.id)
	if err != nil || !ok {
		return look.Problem("Ce lieu n'est pas sur cet appareil.")
	}
	p.name = site.Fields.Text("name")
	schema, _ := record.Of(record.Site)
	typ, _ := schema.Field("type")
	head := container.NewVBox(look.Wrapped(look.Muted(join(typ.Format(site.Fields["type"]), reference.CommuneName(site.Fields.Text("commune")), site.Fields.Text("uai")))))
	if spot := site.Fields.Text("on_spot"); spot != "" {
		head.Add(look.Card(theme.ColorNameHyperlink, look.Tight(look.Bold("À savoir sur place"), look.Body(spot))))
	}
	id := site.ID.String()
	left := container.NewVBox(p.rooms(s, id)...)
	right := container.NewVBox()
	if record.MayRead(s.r.Self().Grants, record.ScopeParc) {
		right.Add(look.Card(look.ColorGentian, append([]fyne.CanvasObject{look.Title("Interventions ouvertes")},
			s.rows(replica.Query{Kind: record.Intervention, Where: []replica.Cond{{Field: "site", Value: id}, {Field: "status", Value: []any{"ouverte", "en_cours", "attente_piece", "externalisee"}}}, Limit: 8}, "Aucune.")...)...))
		right.Add(look.Card(look.ColorMuted, append([]fyne.CanvasObject{look.Title("Visites")},
			s.rows(replica.Query{Kind: record.Visit, Where: []replica.Cond{{Field: "site", Value: id}}, Order: []string{"-arrival"}, Limit: 5}, "Aucune visite.")...)...))
	}
	right.Add(p.records(s, site))
	return look.Columns(head, left, right)
}

// rooms lists the rooms with their machines and their last tour.
func (p *placePage) rooms(s *Shell, site string) []fyne.CanvasObject {
	out := []fyne.CanvasObject{look.Title("Salles")}
	rooms, err := s.r.List(s.ctx, replica.Query{Kind: record.Room, Where: []replica.Cond{{Field: "site", Value: site}}, Order: []string{"floor", "name"}})
	if err != nil {
		return append(out, look.Problem(sentence(err)))
	}
	counts, _ := s.r.Tally(s.ctx, replica.Query{Kind: record.Equipment, Where: []replica.Cond{{Field: "site", Value: site}}}, "room")
	for _, room := range rooms {
		last := "jamais faite"
		shape := record.NotBegun
		audits, err := s.r.List(s.ctx, replica.Query{Kind: record.RoomAudit, Where: []replica.Cond{{Field: "room", Value: room.ID.String()}}, Order: []string{"-begun"}, Limit: 1})
		if err == nil && len(audits) > 0 {
			last, shape = "tour "+look.When(msTime(audits[0].Fields.Int("begun")), s.r.Now()), record.UnderWay
			if audits[0].Fields.Has("ended") {
				shape = record.Good
			}
		}
		out = append(out, look.NewRowTap(shape, room.Fields.Text("name"), join(floor(room.Fields.Text("floor")), look.Count(counts[room.ID.String()], "appareil", "appareils"), last),
			room.Fields.Text("label"), func() { s.Push(&auditPage{room: room.ID}) }))
	}
	if len(rooms) == 0 {
		out = append(out, look.Body("Aucune salle. Ajoutez-en une, ou importez un inventaire."))
	}
	if s.mayCreate(record.Room) {
		out = append(out, look.Wrap(
			button("Ajouter une salle", "plus", look.Quiet, func() { s.Push(newForm(record.Room, record.Fields{"site": site})) }),
			button("Importer un inventaire", "download-simple", look.Quiet, func() { s.Push(&importPage{site: p.id}) })))
	}
	return out
}

func floor(f string) string {
	switch f {
	case "":
		return ""
	case "0":
		return "rez-de-chaussée"
	case "-1":
		return "sous-sol"
	}
	return "étage " + f
}

// records counts what else there is about the place.
func (p *placePage) records(s *Shell, site record.Record) fyne.CanvasObject {
	box := []fyne.CanvasObject{look.Title("Autour de ce lieu")}
	id := site.ID.String()
	for _, k := range []struct {
		kind  record.Kind
		field string
	}{{record.Equipment, "site"}, {record.Workshop, "place"}, {record.CharterAdoption, "site"}, {record.ClassMember, "site"}, {record.Acknowledgement, "site"}} {
		n, err := s.r.Count(s.ctx, replica.Query{Kind: k.kind, Where: []replica.Cond{{Field: k.field, Value: id}}})
		if err != nil || n == 0 {
			continue
		}
		schema, _ := record.Of(k.kind)
		box = append(box, look.NewTap(look.Muted(fmt.Sprintf("%s · %s", schema.Plural, record.Grouped(int64(n)))), func() {
			if k.kind == record.Equipment {
				s.Push(&parcPage{site: id})
				return
			}
			l := newList(k.kind)
			l.where = []replica.Cond{{Field: k.field, Value: id}}
			s.Push(l)
		}))
	}
	if s.mayEdit(site) {
		box = append(box, button("Modifier le lieu", "pencil-simple", look.Quiet, func() { s.Push(editForm(s, p.id)) }))
	}
	return look.Card(look.ColorMuted, box...)
}

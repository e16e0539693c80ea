package screen

import (
	"cmp"
	"slices"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2/container"
)

func (k *Kiosk) welcomeView() view {
	title := "Bienvenue"
	if site, ok := k.place(); ok {
		title = "Bienvenue · " + site.Fields.Text("name")
	}
	lines := container.NewVBox()
	for i, h := range k.upcoming(2) {
		begin, _ := record.Span(h)
		when := look.Capital(look.When(ms(begin), k.r.Now()))
		if i == 0 {
			lines.Add(look.Bold(when + "\u00a0: " + record.Title(h, k.r.Book(k.ctx))))
			continue
		}
		lines.Add(look.Muted(when + "\u00a0: " + record.Title(h, k.r.Book(k.ctx))))
	}
	tiles := container.NewGridWithColumns(2, look.NewTile("calendar-dots", "Voir l'agenda", "Ateliers, bus, évènements", 160, func() { k.tap(flow.BtnAgenda, "") }))
	if _, ok := k.charter(); ok {
		tiles.Add(look.NewTile("signature", "Signer la charte", "Élève ou visiteur", 160, func() { k.tap(flow.BtnCharter, "") }))
	}
	return view{title: title, content: container.NewBorder(lines, container.NewCenter(look.Ridge(480)), nil, nil, tiles)}
}

// upcoming returns what happens next, at most n.
func (k *Kiosk) upcoming(n int) []record.Record {
	var out []record.Record
	for _, kind := range []record.Kind{record.Event, record.Workshop} {
		found, err := k.r.List(k.ctx, replica.Query{Kind: kind})
		if err != nil {
			return nil
		}
		for _, h := range found {
			begin, end := record.Span(h)
			if max(begin, end) >= k.r.Now().UnixMilli() && h.Fields.Text("status") != "annule" {
				out = append(out, h)
			}
		}
	}
	slices.SortFunc(out, func(a, b record.Record) int {
		x, _ := record.Span(a)
		y, _ := record.Span(b)
		return cmp.Compare(x, y)
	})
	return out[:min(len(out), n)]
}

// maxAgenda bounds what the terminal lists.
const maxAgenda = 40

func (k *Kiosk) agendaView() view {
	if k.state.Screen == flow.Detail {
		return k.detailView()
	}
	box := container.NewVBox()
	for _, h := range k.upcoming(maxAgenda) {
		begin, _ := record.Span(h)
		box.Add(look.NewTile("calendar-dots", record.Title(h, k.r.Book(k.ctx)), look.Capital(look.When(ms(begin), k.r.Now()))+" · "+record.Subtitle(h, k.r.Book(k.ctx)), 72,
			func() { k.tap(flow.BtnEvent, h.ID.String()) }))
	}
	v := view{title: "Que se passe-t-il\u00a0?", back: "Retour", content: container.NewVScroll(box)}
	if len(box.Objects) == 0 {
		v.content = centred(look.Title("Rien n'est prévu pour l'instant."))
	}
	return v
}

func (k *Kiosk) detailView() view {
	h, ok, err := k.r.Book(k.ctx).Get(parse(k.state.Event))
	if err != nil || !ok {
		return view{title: "Que se passe-t-il\u00a0?", back: "Retour", content: centred(look.Body("Cet évènement n'est plus à l'agenda."))}
	}
	schema, _ := record.Of(h.Kind)
	box := container.NewVBox(look.Title(record.Subtitle(h, k.r.Book(k.ctx))))
	for _, name := range []string{"description", "themes", "level", "capacity", "audience", "organisers", "partners", "status"} {
		if f, ok := schema.Field(name); ok && h.Fields.Has(name) {
			box.Add(look.Bold(f.Label))
			box.Add(look.Body(f.Format(h.Fields[name])))
		}
	}
	return view{title: record.Title(h, nil), back: "Retour", content: container.NewVScroll(box)}
}

package screen

import (
	"cmp"
	"slices"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

func (k *Kiosk) welcomeView() view {
	title := "Bienvenue"
	if site, ok := k.place(); ok {
		title = "Bienvenue · " + site.Fields.Text("name")
	}
	news := container.NewVBox()
	for i, h := range k.upcoming(2) {
		begin, _ := record.Span(h)
		l := words(look.Capital(look.When(ms(begin), k.r.Now())) + "\u00a0: " + record.Title(h, k.r.Book(k.ctx)))
		if l.TextStyle.Bold = i == 0; i > 0 {
			l.Importance = widget.LowImportance
		}
		news.Add(l)
	}
	tiles := container.NewGridWithColumns(2, look.NewTile("calendar-dots", "Voir l’agenda", "Ateliers, bus, évènements", 160, func() { k.tap(flow.BtnAgenda, "") }))
	if _, ok := k.inForce(); ok {
		tiles.Add(look.NewTile("signature", "Signer la charte", "Usager, enseignant, parent…", 160, func() { k.tap(flow.BtnCharter, "") }))
	}
	var ridge fyne.CanvasObject
	if k.worn.percent <= growHead {
		ridge = container.NewCenter(look.Ridge(480)) // larger text needs the room
	}
	return view{title: title, content: look.TouchScroll(container.NewBorder(news, ridge, nil, nil, tiles))}
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
	v := view{title: "Que se passe-t-il\u00a0?", back: "Retour", content: k.scrolled(box)}
	if len(box.Objects) == 0 {
		v.content = centred(look.Title("Rien n’est prévu pour l’instant."))
	}
	return v
}

func (k *Kiosk) detailView() view {
	h, ok, err := k.r.Book(k.ctx).Get(parse(k.state.Event))
	if err != nil || !ok {
		return view{title: "Que se passe-t-il\u00a0?", back: "Retour", content: centred(look.Title("Cet évènement n’est plus à l’agenda."))}
	}
	schema, _ := record.Of(h.Kind)
	when := words(record.Subtitle(h, k.r.Book(k.ctx)))
	when.TextStyle.Bold = true
	box := container.NewVBox(when)
	for _, name := range []string{"description", "themes", "level", "capacity", "audience", "organisers", "partners", "status"} {
		if f, ok := schema.Field(name); ok && h.Fields.Has(name) {
			label := words(f.Label)
			label.Importance = widget.LowImportance
			box.Add(look.Tight(label, words(f.Format(h.Fields[name]))))
		}
	}
	return view{title: record.Title(h, nil), back: "Retour", content: k.scrolled(box)}
}

// scrolled is a page that is dragged up and down: who does is there.
func (k *Kiosk) scrolled(content fyne.CanvasObject) fyne.CanvasObject {
	s := look.TouchScroll(content)
	s.OnScrolled = func(fyne.Position) { k.send(flow.Touch, "", "") }
	return s
}

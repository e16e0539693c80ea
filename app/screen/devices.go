package screen

import (
	"fmt"
	"strings"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
)

// devicesPage lists every device of the territory.
type devicesPage struct{}

func (p *devicesPage) Title() string { return "Appareils" }

func (p *devicesPage) Primary(s *Shell) *Action {
	if !s.mayAdmit() {
		return nil
	}
	return &Action{"Inviter un appareil", "plus", func() { s.Push(&invitePage{}) }}
}

func (p *devicesPage) Content(s *Shell) fyne.CanvasObject {
	if !s.seesDevices() {
		return look.Empty("Cette page est pour la coordination.")
	}
	seen, err := s.r.LastSeen(s.ctx)
	if err != nil {
		return look.Problem(sentence(err))
	}
	leads, err := s.r.ClockLeads(s.ctx)
	if err != nil {
		return look.Problem(sentence(err))
	}
	box := container.New(layout.NewCustomPaddedVBoxLayout(0))
	for _, d := range byState(s.r.Roster().Devices()) {
		state := deviceState(d)
		box.Add(look.NewRowTap(state.Shape, d.Name, join(d.Role.Label(), clockWord(leads[d.Key]), p.last(s, d, seen), s.placeNames(d.Places)), state.Label,
			func() { s.Push(&devicePage{key: d.Key}) }))
	}
	head := container.NewVBox()
	if !s.mayAdmit() {
		head.Add(look.Body("Cet appareil voit cette liste. Ceux qui peuvent admettre et suspendre sont désignés à la création du territoire."))
	}
	if s.watch.aside > 0 {
		head.Add(look.Wrap(button(look.Count(s.watch.aside, "saisie mise de côté", "saisies mises de côté"), "archive", look.Plain, func() { s.Push(&asidePage{}) })))
	}
	return container.NewBorder(head, nil, nil, nil, container.NewVScroll(box))
}

// byState puts first what somebody should look at.
func byState(list []trust.Device) []trust.Device {
	var twins, good, ended []trust.Device
	for _, d := range list {
		switch {
		case d.Revoked:
			ended = append(ended, d)
		case d.Twin:
			twins = append(twins, d)
		default:
			good = append(good, d)
		}
	}
	for _, group := range [][]trust.Device{twins, good, ended} {
		sortDevices(group)
	}
	return append(append(twins, good...), ended...)
}

// deviceState is how a device stands, with its shape.
func deviceState(d trust.Device) record.Option {
	switch {
	case d.Revoked:
		return record.Option{Label: "Suspendu", Shape: record.Wrong}
	case d.Twin:
		return record.Option{Label: "Copie à confirmer", Shape: record.Waiting}
	}
	return record.Option{Label: "Admis", Shape: record.Good}
}

func (p *devicesPage) last(s *Shell, d trust.Device, seen map[trust.Key]time.Time) string {
	if d.Key == s.r.Identity().Public() {
		return "cet appareil"
	}
	return exchangeWord(s, seen[d.Key])
}

func exchangeWord(s *Shell, at time.Time) string {
	if at.IsZero() {
		return "jamais vu d'ici"
	}
	return "échange " + look.When(at, s.r.Now())
}

// clockWord says by how much a clock is ahead, from ten minutes.
func clockWord(lead time.Duration) string {
	switch {
	case !replica.WrongClock(lead):
		return ""
	case lead < time.Hour:
		return fmt.Sprintf("horloge en avance de %d\u00a0min", int(lead.Minutes()))
	case lead < 48*time.Hour:
		return fmt.Sprintf("horloge en avance de %d\u00a0h", int(lead.Hours()+0.5))
	}
	return fmt.Sprintf("horloge en avance de %d\u00a0jours", int(lead.Hours()/24))
}

// placeNames turns the keys of places into their names.
func (s *Shell) placeNames(keys []string) string {
	var out []string
	for _, k := range keys {
		name := k
		if site, ok := s.placeOf(k); ok {
			name = site.Fields.Text("name")
		}
		out = append(out, name)
	}
	return strings.Join(out, ", ")
}

// placeOf returns the place of a key.
func (s *Shell) placeOf(key string) (record.Record, bool) {
	sites, err := s.r.List(s.ctx, replica.Query{Kind: record.Site})
	if err != nil {
		return record.Record{}, false
	}
	for _, site := range sites {
		if record.PlaceKey(site) == key {
			return site, true
		}
	}
	return record.Record{}, false
}

// asidePage shows, by device, what was written after its end, and takes it up again.
type asidePage struct{ asked trust.Key }

func (p *asidePage) Title() string { return "Mis de côté" }

func (p *asidePage) Content(s *Shell) fyne.CanvasObject {
	list, err := s.r.Quarantine(s.ctx)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(list) == 0 {
		return look.Empty("Rien n'est mis de côté.")
	}
	box := container.NewVBox(look.Body("Ce que ces appareils ont écrit après leur suspension est gardé, et ne compte nulle part tant que vous ne le reprenez pas."))
	for _, a := range list {
		var kinds []string
		for _, k := range record.Kinds() {
			if n := a.Kinds[k]; n > 0 {
				schema, _ := record.Of(k)
				kinds = append(kinds, look.Count(n, strings.ToLower(schema.Singular), strings.ToLower(schema.Plural)))
			}
		}
		span := "du " + look.When(a.First, s.r.Now()) + " au " + look.When(a.Last, s.r.Now())
		rows := []fyne.CanvasObject{look.Wrapped(look.Title(a.DeviceName + " · " + look.Count(a.Operations, "saisie", "saisies"))),
			look.Wrapped(look.Muted(span)), look.Body(join(kinds...))}
		rows = append(rows, p.actions(s, a)...)
		box.Add(look.Card(theme.ColorNameWarning, rows...))
	}
	return container.NewVScroll(box)
}

func (p *asidePage) actions(s *Shell, a replica.SetAside) []fyne.CanvasObject {
	switch {
	case !s.mayAdmit():
		return nil
	case s.r.MayTakeBack(a.Key) != nil:
		return []fyne.CanvasObject{look.Body(sentence(s.r.MayTakeBack(a.Key)))}
	case p.asked != a.Key:
		return []fyne.CanvasObject{look.Wrap(button("Reprendre ces saisies", "arrow-u-up-left", look.Plain, func() { p.asked = a.Key; s.draw() }),
			button("Voir l'appareil", "device-tablet", look.Quiet, func() { s.Push(&devicePage{key: a.Key}) }))}
	}
	return []fyne.CanvasObject{
		look.Body(look.Count(a.Operations, "saisie comptera", "saisies compteront") + " de nouveau sur tous les appareils, à leur prochain échange. Là où quelqu'un a écrit autre chose depuis, ce sera à décider. L'appareil reste suspendu\u00a0: ce qu'il écrira ensuite sera mis de côté."),
		look.Wrap(button("Reprendre", "check", look.Primary, func() {
			p.asked = trust.Key{}
			if err := s.r.Release(s.ctx, a.Key); err != nil {
				s.say(sentence(err))
				return
			}
			s.changed()
			s.refreshStatus()
			s.say(look.Count(a.Operations, "saisie reprise.", "saisies reprises."))
			s.draw()
		}), button("Ne rien changer", "x", look.Plain, func() { p.asked = trust.Key{}; s.draw() }))}
}

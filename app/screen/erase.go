package screen

import (
	"fmt"
	"slices"
	"strings"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"github.com/google/uuid"
)

// erasePage erases a personal record everywhere and for ever, in two steps.
type erasePage struct {
	id     uuid.UUID
	sure   bool
	reason string
}

func (p *erasePage) Title() string { return "Effacer" }

// Steady: a reason is being typed, and what is about to be erased must not move under the hand.
func (p *erasePage) Steady() {}

func (p *erasePage) Content(s *Shell) fyne.CanvasObject {
	if !s.mayAdmit() {
		return look.Empty("Effacer est réservé aux appareils qui admettent les autres.")
	}
	rec, ok, err := s.book().Get(p.id)
	if err != nil || !ok {
		return look.Empty("Cet enregistrement n'est plus ici.")
	}
	schema, _ := record.Of(rec.Kind)
	back := button("Ne rien effacer", "x", look.Plain, s.Back)
	if !p.sure {
		reason := look.NewEntry()
		reason.SetPlaceHolder("Demande de la personne, fin de la durée de garde…")
		reason.SetText(p.reason)
		reason.OnChanged = func(text string) { p.reason = text }
		return container.NewVScroll(look.Width(s.em(720), container.NewVBox(look.Card(theme.ColorNameError,
			look.Wrapped(look.Title(schema.Singular+" · "+record.Title(rec, s.book()))),
			look.Body("Effacer, c'est pour toujours et partout\u00a0: sur cet appareil tout de suite, sur les autres à leur prochain échange, dans les sauvegardes et sur les clés USB dès qu'elles sont relues. Personne ne pourra revenir dessus, pas même avec «\u00a0Annuler\u00a0»."),
			look.Body("Pour retirer une fiche des listes sans la perdre, archivez-la."),
			look.Field("Raison", "Elle se voit sur tous les appareils\u00a0: ne nommez personne.", "", false, reason),
			look.Wrap(button("Continuer", "eraser", look.Danger, func() { p.sure = true; s.draw() }), back)))))
	}
	return container.NewVScroll(look.Width(s.em(720), container.NewVBox(look.Card(theme.ColorNameError, look.Wrapped(look.Title("Effacer pour toujours\u00a0?")),
		look.Body(schema.Singular+" · "+record.Title(rec, s.book())+" disparaîtra de tous les appareils."),
		look.Wrap(back, button("Effacer pour toujours", "eraser", look.Danger, func() { p.erase(s) }))))))
}

func (p *erasePage) erase(s *Shell) {
	if err := s.r.Erase(s.ctx, []uuid.UUID{p.id}, strings.TrimSpace(p.reason)); err != nil {
		s.say(sentence(err))
		return
	}
	s.changed()
	s.refreshStatus()
	s.forget(p.id)
	s.say("Effacé ici. Les autres appareils l'apprennent à leur prochain échange.")
	s.Push(&erasuresPage{})
}

// forget closes the pages that showed a record that is no more.
func (s *Shell) forget(id uuid.UUID) {
	var kept []Page
	for _, q := range s.stack {
		switch q := q.(type) {
		case *cardPage:
			if q.id == id {
				continue
			}
		case *erasePage, *wherePage:
			continue
		}
		kept = append(kept, q)
	}
	if len(kept) == 0 {
		kept = []Page{&homePage{}}
	}
	s.stack = kept
}

// erasuresPage says how far each erasure has gone, and takes back a request that waits and has erased nothing.
type erasuresPage struct{ asked string }

func (p *erasuresPage) Title() string { return "Effacements" }

// requests are those made on this device that wait for what has not arrived.
func (p *erasuresPage) requests(s *Shell, list []node.Request) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, q := range slices.Backward(list) {
		state := "Elle n'a encore rien effacé."
		if q.Begun {
			state = "Elle a déjà effacé\u00a0: elle ne s'annule plus."
		}
		rows := []fyne.CanvasObject{look.Wrapped(look.Bold("Demande en attente · " + q.Name)),
			look.Wrapped(look.Muted(join("faite "+look.When(q.At, s.r.Now()), "jusqu'au "+q.Until().In(record.Paris()).Format("02/01/2006")))),
			look.Body("Ce qui arrivera encore de cette personne et date d'avant la demande sera effacé. " + state)}
		switch {
		case q.Begun || !s.mayAdmit():
		case p.asked != q.Name:
			rows = append(rows, look.Wrap(button("Annuler la demande", "x", look.Plain, func() { p.asked = q.Name; s.draw() })))
		default:
			rows = append(rows, look.Body("Annuler cette demande\u00a0? Ce qui arrivera de cette personne sera gardé."),
				look.Wrap(button("Garder la demande", "x", look.Plain, func() { p.asked = ""; s.draw() }),
					button("Annuler la demande", "check", look.Danger, func() { p.cancel(s, q.Name) })))
		}
		out = append(out, look.Card(theme.ColorNameWarning, rows...))
	}
	return out
}

func (p *erasuresPage) cancel(s *Shell, name string) {
	p.asked = ""
	if err := node.CancelRequest(s.ctx, s.r, name); err != nil {
		s.say(sentence(err))
	} else {
		s.say("Demande annulée\u00a0: elle n'avait rien effacé.")
	}
	s.draw()
}

func (p *erasuresPage) Content(s *Shell) fyne.CanvasObject {
	if !s.seesDevices() {
		return look.Empty("Cette page est pour la coordination.")
	}
	list, err := s.r.Confirmations(s.ctx)
	if err != nil {
		return look.Problem(sentence(err))
	}
	waiting, err := node.Requests(s.ctx, s.r)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(list)+len(waiting) == 0 {
		return look.Empty("Rien n'a été effacé. Un enregistrement d'une personne s'efface depuis sa fiche.")
	}
	box := container.NewVBox(p.requests(s, waiting)...)
	for _, c := range slices.Backward(list) {
		all := len(c.Confirmed) + len(c.Awaited)
		edge := theme.ColorNameSuccess
		rows := []fyne.CanvasObject{look.Wrapped(look.Bold(join(look.When(c.When, s.r.Now()), look.Count(len(c.Records), "enregistrement", "enregistrements"), "par "+s.r.Roster().Name(c.By)))),
			look.Wrapped(look.Muted(join(s.scopeName(c.Scope), c.Reason))), look.Roof(len(c.Confirmed), all), look.Body(confirmed(c))}
		if len(c.Awaited) > 0 {
			edge = theme.ColorNameWarning
			rows = append(rows, look.Wrapped(look.Muted("Pas encore\u00a0: "+deviceNames(c.Awaited))))
		}
		box.Add(look.Card(edge, rows...))
	}
	box.Add(look.Wrapped(look.Caption("Sont comptés tous les appareils admis, d'après ce que celui-ci en sait.")))
	return container.NewVScroll(look.Width(s.em(760), box))
}

func confirmed(c replica.Confirmation) string {
	all := len(c.Confirmed) + len(c.Awaited)
	return fmt.Sprintf("%s sur %s %s confirmé.", look.Count(len(c.Confirmed), "appareil", "appareils"), look.Number(all), map[bool]string{true: "a", false: "ont"}[len(c.Confirmed) < 2])
}

func deviceNames(list []trust.Device) string {
	var out []string
	for _, d := range list {
		out = append(out, d.Name)
	}
	return strings.Join(out, ", ")
}

// scopeName says in people's words where records of a scope belong.
func (s *Shell) scopeName(scope string) string {
	kind, place, _ := strings.Cut(scope, "/")
	word := map[string]string{"people": "Personnes", "parc": "Parc", "agenda": "Agenda", "staff": "Équipe", "governance": "Gouvernance"}[kind]
	return join(word, s.placeNames(strings.Fields(place)))
}

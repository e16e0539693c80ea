package screen

import (
	"fmt"
	"slices"
	"strings"

	"cantal.fr/buron/assets/look"
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

// erasuresPage says how far each erasure has gone.
type erasuresPage struct{}

func (p *erasuresPage) Title() string { return "Effacements" }

func (p *erasuresPage) Content(s *Shell) fyne.CanvasObject {
	if !s.seesDevices() {
		return look.Empty("Cette page est pour la coordination.")
	}
	list, err := s.r.Confirmations(s.ctx)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(list) == 0 {
		return look.Empty("Rien n'a été effacé. Un enregistrement d'une personne s'efface depuis sa fiche.")
	}
	box := container.NewVBox()
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

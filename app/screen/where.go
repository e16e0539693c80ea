package screen

import (
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"github.com/google/uuid"
)

// wherePage says which devices hold a record.
type wherePage struct{ id uuid.UUID }

func (p *wherePage) Title() string { return "Où est cet enregistrement\u00a0?" }

func (p *wherePage) Content(s *Shell) fyne.CanvasObject {
	found, err := s.r.Holders(s.ctx, p.id)
	if err != nil {
		return look.Problem(sentence(err))
	}
	lauzes, central, others := 1, false, 0
	box := container.NewVBox()
	for _, h := range found {
		edge, name, word := theme.ColorNameSuccess, h.Name, "au plus tard depuis "+look.When(h.Since, s.r.Now())
		switch {
		case h.Self:
			name, word = "Cet appareil · "+h.Name, "dernière modification reçue ou faite "+look.When(h.Since, s.r.Now())
		case h.Role == record.Central:
			central = true
		default:
			others++
		}
		if !h.Whole {
			edge, word = theme.ColorNameWarning, "les dernières modifications n'y sont pas encore, à ce que l'on sait"
		}
		if !h.Self && h.Whole {
			lauzes = max(lauzes, map[bool]int{true: 3, false: 2}[h.Role == record.Central])
		}
		box.Add(look.Card(edge, look.Tight(look.Wrapped(look.Bold(name)), look.Wrapped(look.Muted(join(h.Role.Label(), word))))))
	}
	head := container.NewVBox(look.Wrapped(look.Title(s.titleOf(p.id))), container.NewHBox(container.NewCenter(look.Lauzes(lauzes)), look.Body(p.sum(central, others))))
	if len(found) == 1 {
		head.Add(look.Body("Il n'est connu que d'ici. Il partira au prochain échange, ou par une clé USB."))
	}
	head.Add(look.Wrapped(look.Caption("Ce que deux autres appareils se sont donné entre eux se sait quand cet appareil les rencontre.")))
	return container.NewVScroll(look.Width(s.em(720), container.NewVBox(head, box)))
}

func (p *wherePage) sum(central bool, others int) string {
	out := []string{"ici"}
	if central {
		out = append(out, "au central")
	}
	if others > 0 {
		out = append(out, look.Count(others, "autre appareil", "autres appareils"))
	}
	return look.Capital(join(out...))
}

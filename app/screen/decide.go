package screen

import (
	"fmt"
	"strconv"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// decidePage settles one field after the other: 1 and 2 choose, Enter decides, the next one opens.
type decidePage struct{ chosen int }

func (p *decidePage) Title() string { return "À décider" }

func (p *decidePage) Key(s *Shell, k fyne.KeyName) bool {
	list, err := s.r.Conflicts(s.ctx)
	if err != nil || len(list) == 0 {
		return false
	}
	switch k {
	case fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4:
		p.choose(s, list[0], int(k[0]-'1'))
	case "&", "é", "\"", "'": // the same keys, unshifted, on a French keyboard
		p.choose(s, list[0], map[fyne.KeyName]int{"&": 0, "é": 1, "\"": 2, "'": 3}[k])
	case fyne.KeyReturn, fyne.KeyEnter:
		p.decide(s, list[0])
	default:
		return false
	}
	return true
}

func (p *decidePage) choose(s *Shell, c replica.Conflict, n int) {
	if n < len(c.Versions) {
		p.chosen = n
		s.draw()
	}
}

func (p *decidePage) Content(s *Shell) fyne.CanvasObject {
	list, err := s.r.Conflicts(s.ctx)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(list) == 0 {
		return look.Empty("Rien à décider.")
	}
	box := container.NewVBox(look.Muted(look.Count(len(list), "valeur à choisir", "valeurs à choisir")), p.card(s, list[0]))
	if len(list) > 1 {
		box.Add(look.Title("Ensuite"))
		for _, c := range list[1:min(len(list), 8)] {
			box.Add(look.Muted(s.titleOf(c.ID) + " · " + fieldOf(c).Label))
		}
	}
	return container.NewVScroll(box)
}

func fieldOf(c replica.Conflict) record.Field {
	schema, _ := record.Of(c.Kind)
	f, ok := schema.Field(c.Field)
	if !ok {
		f = record.Field{Name: c.Field, Label: c.Field}
	}
	return f
}

func (p *decidePage) card(s *Shell, c replica.Conflict) fyne.CanvasObject {
	f := fieldOf(c)
	var options []look.TileOption
	shown := ""
	for i, v := range c.Versions {
		value := s.readable(f, v.Value)
		if v.Value == nil {
			value = "effacé"
		}
		who := join(v.OperatorName, v.DeviceName, look.When(v.At, s.r.Now()))
		if v.Key == s.r.Identity().Public() {
			who = join("vous", v.OperatorName, "ce poste", look.When(v.At, s.r.Now()))
		}
		if v.ClockLead > 0 {
			who += fmt.Sprintf(" (horloge décalée de %d\u00a0h)", int(v.ClockLead.Hours()+0.5))
		}
		if v.Shown {
			shown = value
		}
		options = append(options, look.TileOption{Code: strconv.Itoa(i), Shape: record.NotBegun, Word: fmt.Sprintf("%d. %s", i+1, value), Under: who})
	}
	p.chosen = min(p.chosen, len(options)-1)
	options[p.chosen].Shape = record.Good
	tiles := look.NewTiles(1, options, func(code string) {
		n, _ := strconv.Atoi(code)
		p.choose(s, c, n)
	})
	tiles.Set(strconv.Itoa(p.chosen))
	rec, _, _ := s.book().Get(c.ID)
	return look.Card(theme.ColorNameError, look.Wrapped(look.Title(s.titleOf(c.ID)+" · "+f.Label)), tiles, look.Wrapped(look.Muted("Retenu en attendant\u00a0: "+shown)),
		look.Wrap(button("Garder ce choix", "check", look.Primary, func() { p.decide(s, c) }),
			button("Voir la fiche", "", look.Quiet, func() { s.open(rec) })), look.Caption("1, 2\u00a0: choisir · Entrée\u00a0: garder"))
}

func (p *decidePage) decide(s *Shell, c replica.Conflict) {
	saved, err := s.r.Resolve(s.ctx, s.operator(), c.ID, c.Field, c.Versions[min(p.chosen, len(c.Versions)-1)].Dot)
	if err != nil {
		s.say(sentence(err))
		return
	}
	p.chosen = 0
	s.saved, s.toast, s.toastEnd = saved, "Choix gardé", s.r.Now().Add(toastFor)
	s.refreshStatus()
	s.draw()
}

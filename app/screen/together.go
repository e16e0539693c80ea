package screen

import (
	"cmp"
	"slices"
	"strings"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"github.com/google/uuid"
)

// togetherPage settles several fields with one choice: the values of one device, or the latest.
type togetherPage struct {
	chosen map[conflictKey]bool
}

type conflictKey struct {
	id    uuid.UUID
	field string
}

func (p *togetherPage) Title() string { return "Décider ensemble" }

func (p *togetherPage) Content(s *Shell) fyne.CanvasObject {
	list, err := s.r.Conflicts(s.ctx)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(list) == 0 {
		return look.Empty("Rien à décider.")
	}
	if p.chosen == nil {
		p.chosen = map[conflictKey]bool{}
	}
	box := container.New(layout.NewCustomPaddedVBoxLayout(0))
	var picked []replica.Conflict
	for _, c := range list {
		key := conflictKey{c.ID, c.Field}
		shape := record.NotBegun
		if p.chosen[key] {
			shape = record.Good
			picked = append(picked, c)
		}
		box.Add(look.NewRowTap(shape, s.titleOf(c.ID)+" · "+fieldOf(c).Label, p.values(s, c), "", func() {
			p.chosen[key] = !p.chosen[key]
			s.draw()
		}))
	}
	all := button("Tout cocher", "list-checks", look.Quiet, func() { p.all(s, list, true) })
	if len(picked) == len(list) {
		all = button("Tout décocher", "x", look.Quiet, func() { p.all(s, list, false) })
	}
	head := container.NewVBox(look.Body("Cochez ce qui se décide de la même façon, puis dites quelles valeurs garder."), container.NewHBox(all))
	return container.NewBorder(head, p.foot(s, picked), nil, nil, container.NewVScroll(box))
}

func (p *togetherPage) all(s *Shell, list []replica.Conflict, on bool) {
	for _, c := range list {
		p.chosen[conflictKey{c.ID, c.Field}] = on
	}
	s.draw()
}

// values says what each device wrote.
func (p *togetherPage) values(s *Shell, c replica.Conflict) string {
	f := fieldOf(c)
	var out []string
	for _, v := range c.Versions {
		text, _, _ := strings.Cut(s.valueOf(f, v.Value), "\n")
		out = append(out, text+" ("+p.device(s, v)+")")
	}
	return join(out...)
}

func (p *togetherPage) device(s *Shell, v replica.Version) string {
	if v.Key == s.r.Identity().Public() {
		return "ce poste"
	}
	return v.DeviceName
}

// foot offers the choices that fit everything that is ticked.
func (p *togetherPage) foot(s *Shell, picked []replica.Conflict) fyne.CanvasObject {
	if len(picked) == 0 {
		return look.Muted("Rien n'est coché.")
	}
	type author struct {
		key  trust.Key
		name string
	}
	var authors []author
	for _, c := range picked {
		for _, v := range c.Versions {
			if !slices.ContainsFunc(authors, func(a author) bool { return a.key == v.Key }) {
				authors = append(authors, author{v.Key, p.device(s, v)})
			}
		}
	}
	slices.SortFunc(authors, func(a, b author) int { return cmp.Compare(a.name, b.name) })
	buttons := []fyne.CanvasObject{button("Garder les plus récentes", "clock", look.Primary, func() {
		p.settle(s, picked, func(c replica.Conflict) (replica.Version, bool) { return c.Latest(), true })
	})}
	for _, a := range authors {
		buttons = append(buttons, button("Garder les valeurs de "+a.name, "device-tablet", look.Plain, func() {
			p.settle(s, picked, func(c replica.Conflict) (replica.Version, bool) { return c.From(a.key) })
		}))
	}
	return container.NewVBox(look.Bold(look.Count(len(picked), "champ coché", "champs cochés")), look.Wrap(buttons...))
}

// settle keeps of each field what choose says; one of which it says nothing waits on.
func (p *togetherPage) settle(s *Shell, picked []replica.Conflict, choose func(replica.Conflict) (replica.Version, bool)) {
	var choices []replica.Choice
	for _, c := range picked {
		if v, ok := choose(c); ok {
			choices = append(choices, replica.Choice{ID: c.ID, Field: c.Field, Keep: v.Dot})
		}
	}
	s.sign(func() {
		saved, err := s.r.Settle(s.ctx, s.operator(), choices...)
		if err != nil {
			s.say(sentence(err))
			return
		}
		p.chosen = nil
		s.settled(saved, look.Count(len(choices), "choix gardé", "choix gardés"))
	})
}

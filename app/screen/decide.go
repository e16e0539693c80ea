package screen

import (
	"fmt"
	"slices"
	"strconv"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// decidePage settles one thing after the other: 1 and 2 choose, Enter decides, the next one opens. Fields
// with several values come first, then what looks like one thing recorded twice.
type decidePage struct {
	chosen int
	double doubleCard
}

func (p *decidePage) Title() string { return "À décider" }

func (p *decidePage) Key(s *Shell, k fyne.KeyName) bool {
	list, err := s.r.Conflicts(s.ctx)
	if err != nil {
		return false
	}
	if len(list) == 0 {
		return len(s.duplicates()) > 0 && p.double.key(s, s.duplicates()[0], k)
	}
	if n, ok := figure(k); ok {
		p.choose(s, list[0], n)
		return true
	}
	if k == fyne.KeyReturn || k == fyne.KeyEnter {
		p.decide(s, list[0])
		return true
	}
	return false
}

// figure returns the choice that a key names, from 0.
func figure(k fyne.KeyName) (int, bool) {
	switch k {
	case fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4:
		return int(k[0] - '1'), true
	}
	// The same keys, unshifted, on a French keyboard.
	n, ok := map[fyne.KeyName]int{"&": 0, "é": 1, "\"": 2, "'": 3}[k]
	return n, ok
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
	doubles := s.duplicates()
	if len(list)+len(doubles) == 0 {
		return look.Empty("Rien à décider.")
	}
	var counts []string
	if len(list) > 0 {
		counts = append(counts, look.Count(len(list), "valeur à choisir", "valeurs à choisir"))
	}
	if len(doubles) > 0 {
		counts = append(counts, look.Count(len(doubles), "doublon", "doublons"))
	}
	head := []fyne.CanvasObject{container.NewCenter(look.Muted(join(counts...)))}
	if len(list) > 1 {
		head = append(head, button("Décider ensemble", "list-checks", look.Plain, func() { s.Push(&togetherPage{}) }))
	}
	box := container.NewVBox(look.Wrap(head...))
	next := doubles
	var foot fyne.CanvasObject
	if len(list) > 0 {
		box.Add(p.card(s, list[0]))
	} else {
		box.Add(p.double.card(s, doubles[0]))
		foot, next = p.double.foot(s, doubles[0]), doubles[1:]
	}
	var after []string
	for _, c := range list[min(1, len(list)):] {
		after = append(after, s.titleOf(c.ID)+" · "+fieldOf(c).Label)
	}
	for _, d := range next {
		after = append(after, record.Title(d.Records[0], s.book())+" · doublon")
	}
	if len(after) > 0 {
		box.Add(look.Title("Ensuite"))
		for _, text := range after[:min(len(after), 7)] {
			box.Add(look.Wrapped(look.Muted(text)))
		}
	}
	if foot != nil && s.large() { // it would leave no room for what there is to read
		box.Objects = slices.Insert(box.Objects, 2, foot)
		foot = nil
	}
	return container.NewBorder(nil, foot, nil, nil, container.NewVScroll(box))
}

func fieldOf(c replica.Conflict) record.Field {
	schema, _ := record.Of(c.Kind)
	f, ok := schema.Field(c.Field)
	if !ok {
		f = record.Field{Name: c.Field, Label: look.Capital(c.Field)}
		if c.Field == "archived" {
			f = record.Field{Name: c.Field, Label: "Fiche archivée", Type: record.Flag}
		}
	}
	return f
}

// authorOf says who wrote a value, on which device and when.
func (s *Shell) authorOf(v replica.Version) string {
	who := join(v.OperatorName, v.DeviceName, look.When(v.At, s.r.Now()))
	if v.Key == s.r.Identity().Public() {
		who = join("vous", v.OperatorName, "ce poste", look.When(v.At, s.r.Now()))
	}
	if v.ClockLead > 0 {
		who += fmt.Sprintf(" (horloge décalée de %d\u00a0h)", int(v.ClockLead.Hours()+0.5))
	}
	return who
}

// valueOf shows a value of a field that waits for a decision.
func (s *Shell) valueOf(f record.Field, v any) string {
	if v == nil {
		return "effacé"
	}
	return s.readable(f, v)
}

func (p *decidePage) card(s *Shell, c replica.Conflict) fyne.CanvasObject {
	f := fieldOf(c)
	var options []look.TileOption
	shown := ""
	for i, v := range c.Versions {
		value, who := s.valueOf(f, v.Value), s.authorOf(v)
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

func (p *decidePage) decide(s *Shell, c replica.Conflict) { s.sign(func() { p.resolve(s, c) }) }

func (p *decidePage) resolve(s *Shell, c replica.Conflict) {
	saved, err := s.r.Resolve(s.ctx, s.operator(), c.ID, c.Field, c.Versions[min(p.chosen, len(c.Versions)-1)].Dot)
	if err != nil {
		s.say(sentence(err))
		return
	}
	p.chosen = 0
	s.settled(saved, "Choix gardé")
}

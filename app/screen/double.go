package screen

import (
	"fmt"
	"strconv"
	"strings"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"github.com/google/uuid"
)

// doubleCard shows records that look like one thing side by side, only where they differ. A figure chooses
// for the field that is marked, and the next one is; Enter makes one record of them.
type doubleCard struct {
	of    string         // the records shown
	at    int            // the field that figures choose for
	picks map[string]int // by field, the record whose value is kept
}

// begin starts anew on other records: each field keeps the value of the record that stays, or of the first
// that has one.
func (c *doubleCard) begin(d replica.Duplicate) {
	var ids []string
	for _, id := range d.IDs() {
		ids = append(ids, id.String())
	}
	of := strings.Join(ids, " ") + strings.Join(d.Differ, " ")
	if c.of == of {
		return
	}
	c.of, c.at, c.picks = of, 0, map[string]int{}
	for _, name := range d.Differ {
		for i, rec := range d.Records {
			if rec.Fields.Has(name) {
				c.picks[name] = i
				break
			}
		}
	}
}

func (c *doubleCard) key(s *Shell, d replica.Duplicate, k fyne.KeyName) bool {
	c.begin(d)
	if n, ok := figure(k); ok {
		if c.at < len(d.Differ) && n < len(d.Records) {
			c.pick(s, d, d.Differ[c.at], n)
		}
		return true
	}
	switch k {
	case fyne.KeyUp:
		c.at = max(c.at-1, 0)
	case fyne.KeyDown:
		c.at = min(c.at+1, len(d.Differ)-1)
	case fyne.KeyReturn, fyne.KeyEnter:
		c.merge(s, d)
		return true
	default:
		return false
	}
	s.draw()
	return true
}

func (c *doubleCard) pick(s *Shell, d replica.Duplicate, field string, n int) {
	c.picks[field] = n
	for i, name := range d.Differ {
		if name == field {
			c.at = min(i+1, len(d.Differ)-1)
		}
	}
	s.draw()
}

// why says what makes them look like one.
func (c *doubleCard) why(schema record.Schema, d replica.Duplicate) string {
	if d.Late {
		return "Ces fiches sont déjà réunies. Quelqu'un qui ne le savait pas encore a écrit sur la seconde\u00a0: rien n'est perdu, choisissez."
	}
	var same []string
	for _, name := range d.Same {
		f, _ := schema.Field(name)
		same = append(same, strings.ToLower(f.Label[:1])+f.Label[1:]+" "+f.Format(d.Records[0].Fields[name]))
	}
	return "Même " + strings.Join(same, ", même ") + "\u00a0: est-ce une seule et même chose\u00a0?"
}

func (c *doubleCard) card(s *Shell, d replica.Duplicate) fyne.CanvasObject {
	c.begin(d)
	schema, _ := record.Of(d.Kind)
	title := "Doublon · "
	if d.Late {
		title = "Après la fusion · "
	}
	rows := []fyne.CanvasObject{look.Wrapped(look.Title(title + record.Title(d.Records[0], s.book()))), look.Body(c.why(schema, d))}
	for i, id := range d.IDs() {
		rows = append(rows, look.Wrapped(look.Muted(c.origin(s, i, id))))
	}
	for i, name := range d.Differ {
		f, _ := schema.Field(name)
		rows = append(rows, c.field(s, d, f, i == c.at))
	}
	if len(d.Differ) == 0 {
		rows = append(rows, look.Body("Elles ne diffèrent en rien."))
	}
	rows = append(rows, look.Wrapped(look.Caption("1, 2\u00a0: choisir, le champ suivant s'ouvre · flèches\u00a0: changer de champ · Entrée\u00a0: réunir")))
	return look.Card(theme.ColorNameWarning, rows...)
}

// foot is what can be done, in sight however many fields differ.
func (c *doubleCard) foot(s *Shell, d replica.Duplicate) fyne.CanvasObject {
	c.begin(d)
	if d.Late {
		return look.Wrap(button("Garder ces valeurs", "check", look.Primary, func() { c.merge(s, d) }))
	}
	buttons := []fyne.CanvasObject{button("Réunir ces fiches", "check", look.Primary, func() { c.merge(s, d) }),
		button("Ce sont deux choses", "x", look.Plain, func() { c.apart(s, d) })}
	for i, rec := range d.Records {
		buttons = append(buttons, button(fmt.Sprintf("Voir la fiche %d", i+1), "", look.Quiet, func() { s.open(rec) }))
	}
	return look.Wrap(buttons...)
}

// origin says of each record who made it and when.
func (c *doubleCard) origin(s *Shell, i int, id uuid.UUID) string {
	made, err := s.r.Origin(s.ctx, id)
	if err != nil {
		return ""
	}
	text := fmt.Sprintf("Fiche %d", i+1)
	if !made.At.IsZero() { // else its history is on its way
		text += "\u00a0: créée " + join(look.When(made.At, s.r.Now()), made.OperatorName, made.DeviceName)
	}
	if i == 0 {
		text += " (elle reste, l'autre est rangée dans son histoire)"
	}
	return text
}

// field shows the values of one field side by side, one under the other where text is large.
func (c *doubleCard) field(s *Shell, d replica.Duplicate, f record.Field, current bool) fyne.CanvasObject {
	var options []look.TileOption
	for i, rec := range d.Records {
		text := "vide"
		if rec.Fields.Has(f.Name) {
			text, _, _ = strings.Cut(s.readable(f, rec.Fields[f.Name]), "\n")
		}
		o := look.TileOption{Code: strconv.Itoa(i), Shape: record.NotBegun, Word: fmt.Sprintf("%d. %s", i+1, text)}
		if i == c.picks[f.Name] {
			o.Shape = record.Good
		}
		options = append(options, o)
	}
	columns := len(options)
	if s.large() || columns > 3 {
		columns = 1
	}
	tiles := look.NewTiles(columns, options, func(code string) {
		n, _ := strconv.Atoi(code)
		c.pick(s, d, f.Name, n)
	})
	tiles.Set(strconv.Itoa(c.picks[f.Name]))
	label := look.Muted(f.Label)
	if current {
		label = look.Bold(f.Label)
	}
	if s.large() {
		return container.NewVBox(label, tiles)
	}
	// The labels stand in a column of their own, the one that figures choose for with a mark.
	mark := look.Gap(0)
	if current {
		mark = look.IconImage("caret-right", theme.ColorNamePrimary, s.em(18))
	}
	return container.NewBorder(nil, nil, middle(container.NewHBox(container.NewGridWrap(fyne.NewSize(s.em(22), s.em(36)), container.NewCenter(mark)),
		container.NewGridWrap(fyne.NewSize(s.em(190), s.em(36)), look.Wrapped(label)))), nil, tiles)
}

func (c *doubleCard) merge(s *Shell, d replica.Duplicate) { s.sign(func() { c.unite(s, d) }) }

func (c *doubleCard) unite(s *Shell, d replica.Duplicate) {
	keep := map[string]uuid.UUID{}
	for name, i := range c.picks {
		keep[name] = d.Records[i].ID
	}
	saved, err := s.r.MergeDuplicates(s.ctx, s.operator(), d.IDs(), keep)
	if err != nil {
		s.say(sentence(err))
		return
	}
	word := "Fiches réunies"
	if d.Late {
		word = "Choix gardé"
	}
	s.settled(saved, word)
}

func (c *doubleCard) apart(s *Shell, d replica.Duplicate) {
	if err := s.r.LeaveApart(s.ctx, d); err != nil {
		s.say(sentence(err))
		return
	}
	s.changed()
	s.say("Noté sur ce poste\u00a0: ce sont deux choses.")
	s.draw()
}

// settled offers to take a decision back, and opens the next.
func (s *Shell) settled(saved replica.Saved, word string) {
	s.changed()
	s.saved, s.toast, s.toastEnd = saved, word, s.r.Now().Add(toastFor)
	s.live.After(toastFor, s.drawBottom)
	s.refreshStatus()
	s.draw()
}

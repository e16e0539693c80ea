package screen

import (
	"fmt"
	"slices"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/class"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"github.com/google/uuid"
)

// lendPage lends a class to the terminals of its place, and follows it live.
type lendPage struct {
	site  uuid.UUID
	class string
	seen  int  // what was drawn last, see stand
	alive bool // the page is being watched
}

func (p *lendPage) Title() string { return "Charger une classe" }

func (p *lendPage) Primary(s *Shell) *Action {
	if _, _, ok := s.n.Lent(); ok {
		return &Action{"Terminer la classe", "check", func() {
			s.n.EndClass(s.ctx)
			s.say("Classe terminée\u00a0: les noms sont effacés des bornes jointes.")
			s.draw()
		}}
	}
	return nil
}

func (p *lendPage) Content(s *Shell) fyne.CanvasObject {
	charter, ok := s.inForce()
	if !ok {
		return look.Empty("Aucune charte n'est en vigueur\u00a0: il n'y a rien à signer.")
	}
	if lent, terminals, ok := s.n.Lent(); ok {
		return p.follow(s, lent, terminals)
	}
	rolls, err := s.rolls(charter)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(rolls) == 0 {
		return look.Empty("Aucune liste de classe sur cet appareil.", button("Importer une liste", "download-simple", look.Plain, func() { s.Push(&importPage{classes: true}) }))
	}
	grid := container.NewGridWithColumns(2)
	for _, r := range rolls {
		if p.class != "" && (r.class != p.class || r.site != p.site) {
			continue
		}
		left := len(r.members) - r.actedCount()
		grid.Add(look.NewTile("student", "Classe "+r.class, join(s.titleOf(r.site), fmt.Sprintf("%d à faire signer sur %d", left, len(r.members))), 72, func() { p.lend(s, charter, r) }))
	}
	return container.NewBorder(look.Body("Les noms restent en mémoire des bornes du lieu, le temps de la séance. Rien n'est écrit sur leur disque."), nil, nil, nil, container.NewVScroll(container.NewVBox(grid)))
}

func (r roll) actedCount() int {
	n := 0
	for _, a := range r.acted {
		if a {
			n++
		}
	}
	return n
}

func (p *lendPage) lend(s *Shell, charter record.Record, r roll) {
	site, ok, err := s.book().Get(r.site)
	if err != nil || !ok {
		s.say("Ce lieu n'est pas sur cet appareil.")
		return
	}
	if adopted, err := record.Adopted(s.book(), site, charter.ID); err != nil || !adopted {
		s.say("Ce collège n'a pas encore adopté la charte. Notez le vote d'abord.")
		return
	}
	f := charter.Fields
	session := class.Session{ID: uuid.New(), Site: site.ID, Place: record.PlaceKey(site), Label: r.class, Charter: class.Charter{
		ID: charter.ID, Version: f.Text("version"), Text: f.Text("text"), Simple: f.Text("simple_text"), TextHash: f.Text("text_hash"), SimpleHash: f.Text("simple_hash"),
	}}
	for _, m := range r.members {
		session.Members = append(session.Members, class.Member{ID: m.ID, First: m.Fields.Text("first_name"), Last: m.Fields.Text("family_name")})
		if r.acted[m.ID] {
			session.Done = append(session.Done, m.ID)
		}
	}
	s.n.LendClass(session)
	s.n.ExchangeNow(s.ctx)
	s.draw()
}

// stand is a number that differs when the page has something new to show.
func stand(lent class.Session, terminals, over []string) int {
	return len(lent.Done)*10_000 + len(terminals)*100 + len(over)
}

// watch draws the page again as pupils sign, for as long as it is shown and the class is lent.
func (p *lendPage) watch(s *Shell) {
	p.alive = true
	after(s, classTick, func() {
		lent, terminals, ok := s.n.Lent()
		if q, here := s.page().(*lendPage); !here || q != p {
			p.alive = false
			return
		}
		if !ok {
			p.alive = false
			s.draw()
			return
		}
		if stand(lent, terminals, s.n.Over()) != p.seen {
			s.draw()
		}
		p.watch(s)
	})
}

func (p *lendPage) follow(s *Shell, lent class.Session, terminals []string) fyne.CanvasObject {
	where := "Aucune borne de ce lieu n'est jointe pour l'instant. Vérifiez qu'elle est allumée, sur le même Wi-Fi."
	if len(terminals) > 0 {
		slices.Sort(terminals)
		where = look.Count(len(terminals), "borne", "bornes") + "\u00a0: " + join(terminals...)
	}
	over := s.n.Over()
	if len(over) > 0 {
		slices.Sort(over)
		ended := "Terminée, plus aucun nom\u00a0: " + join(over...)
		if len(terminals) == 0 {
			where = ended
		} else {
			where = join(where, ended)
		}
	}
	head := look.Card(theme.ColorNameHyperlink, look.Title("Classe "+lent.Label), look.Body(fmt.Sprintf("%d sur %d ont répondu", len(lent.Done), len(lent.Members))),
		look.Roof(len(lent.Done), len(lent.Members)), look.Muted(where))
	grid := container.NewGridWithColumns(3)
	for _, m := range lent.Members {
		shape, word := record.NotBegun, "à faire"
		if slices.Contains(lent.Done, m.ID) {
			shape, word = record.Good, "Fait"
		}
		grid.Add(look.NewRowTap(shape, m.First+" "+m.Last, "", word, nil))
	}
	p.seen = stand(lent, terminals, over)
	if !p.alive {
		p.watch(s)
	}
	return container.NewBorder(head, nil, nil, nil, container.NewVScroll(grid))
}

package screen

import (
	"slices"
	"strconv"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"github.com/google/uuid"
)

// settingAsked is the day on which who writes last said so, counted from 1 January 1970.
const settingAsked = "operator.day"

// operator is who writes now; uuid.Nil before anybody has said.
func (s *Shell) operator() uuid.UUID { return s.r.Operator(s.ctx) }

func (s *Shell) operatorName() string {
	if rec, ok, err := s.book().Get(s.operator()); err == nil && ok {
		if s.large() {
			return rec.Fields.Text("name")
		}
		return rec.Fields.Text("name") + " · Ce n'est pas moi\u00a0?"
	}
	return "Qui êtes-vous\u00a0?"
}

// team returns who may be at this device, who was last first.
func (s *Shell) team() ([]record.Record, error) {
	people, err := s.r.List(s.ctx, replica.Query{Kind: record.Operator, Where: []replica.Cond{{Field: "active", Value: true}}, Order: []string{"name"}})
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(people, func(p record.Record) bool { return p.ID == s.operator() }); i > 0 {
		last := people[i]
		people = slices.Insert(slices.Delete(people, i, i+1), 0, last)
	}
	return people, nil
}

// today is this day as settingAsked holds it.
func (s *Shell) today() string { return strconv.FormatInt(record.DayOf(s.r.Now()), 10) }

// sign runs what writes, at the first action of a day once somebody has said who they are. Where nobody is in the team
// yet, nothing is asked.
func (s *Shell) sign(write func()) {
	asked, err := s.r.Setting(s.ctx, settingAsked)
	if err != nil || asked == s.today() {
		write()
		return
	}
	if people, err := s.team(); err != nil || len(people) == 0 {
		write()
		return
	}
	s.Push(&operatorPage{write: write})
}

// signed is sign for a button.
func (s *Shell) signed(write func()) func() { return func() { s.sign(write) } }

// operatorPage lets people say who they are, in one tap, or with Enter who were here last.
type operatorPage struct {
	write func() // what waits for the answer; nil where nothing does
	first fyne.Focusable
}

func (p *operatorPage) Title() string { return "Qui êtes-vous\u00a0?" }

func (p *operatorPage) Primary(s *Shell) *Action {
	if p.write != nil || !record.MayCreateSomewhere(s.r.Self().Grants, record.Operator) {
		return nil
	}
	return &Action{"Ajouter une personne", "plus", func() { s.Push(newForm(record.Operator, nil)) }}
}

// Focus goes to who was here last.
func (p *operatorPage) Focus(s *Shell) {
	if p.first != nil {
		s.win.Canvas().Focus(p.first)
	}
}

// Scanned takes no code while it is not known who scans.
func (p *operatorPage) Scanned(s *Shell, code string) bool {
	if p.write != nil {
		s.say("Dites d'abord qui vous êtes, puis scannez de nouveau.")
	}
	return p.write != nil
}

func (p *operatorPage) Content(s *Shell) fyne.CanvasObject {
	people, err := s.team()
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(people) == 0 {
		return look.Empty("Personne n'est encore inscrit dans l'équipe. La coordination ajoute les noms.")
	}
	var tiles []fyne.CanvasObject
	p.first = nil
	for i, person := range people {
		under := record.Subtitle(person, s.book())
		if i == 0 && person.ID == s.operator() {
			under = join(under, "la dernière fois ici\u00a0: Entrée confirme")
		}
		tile := look.NewTile("user", record.Title(person, s.book()), under, 56, func() { p.choose(s, person.ID.String()) })
		if i == 0 && person.ID == s.operator() {
			p.first = tile // Enter chooses nobody by chance
		}
		tiles = append(tiles, tile)
	}
	if p.write == nil {
		return look.Grid(2, tiles...)
	}
	return container.NewBorder(look.Body("Demandé une fois par jour\u00a0: votre nom accompagne ce que vous enregistrez. Votre saisie vous attend."),
		look.Wrap(button("Continuer sans nom", "", look.Quiet, func() { p.choose(s, "") })), nil, nil, look.Grid(2, tiles...))
}

// choose keeps the answer for the day, and lets go on what waited for it.
func (p *operatorPage) choose(s *Shell, id string) {
	for _, set := range [][2]string{{replica.SettingOperator, id}, {settingAsked, s.today()}} {
		if err := s.r.SetSetting(s.ctx, set[0], set[1]); err != nil {
			s.say(sentence(err))
			return
		}
	}
	s.Back()
	if p.write != nil {
		p.write()
	}
}

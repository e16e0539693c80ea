package screen

import (
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
)

// operatorPage lets people say who they are, in one tap.
type operatorPage struct{}

func (p *operatorPage) Title() string { return "Qui êtes-vous\u00a0?" }

func (p *operatorPage) Primary(s *Shell) *Action {
	if !record.MayCreateSomewhere(s.r.Self().Grants, record.Operator) {
		return nil
	}
	return &Action{"Ajouter une personne", "plus", func() { s.Push(newForm(record.Operator, nil)) }}
}

func (p *operatorPage) Content(s *Shell) fyne.CanvasObject {
	people, err := s.r.List(s.ctx, replica.Query{Kind: record.Operator, Where: []replica.Cond{{Field: "active", Value: true}}, Order: []string{"name"}})
	if err != nil {
		return look.Problem(sentence(err))
	}
	if len(people) == 0 {
		return look.Empty("Personne n'est encore inscrit dans l'équipe. La coordination ajoute les noms.")
	}
	var tiles []fyne.CanvasObject
	for _, person := range people {
		tiles = append(tiles, look.NewTile("user", record.Title(person, s.book()), record.Subtitle(person, s.book()), 56, func() {
			if err := s.r.SetSetting(s.ctx, "operator", person.ID.String()); err != nil {
				s.say(sentence(err))
				return
			}
			s.Back()
		}))
	}
	return look.Grid(2, tiles...)
}

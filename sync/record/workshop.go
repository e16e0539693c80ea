package record

import "github.com/google/uuid"

// WorkshopData is one digital workshop, with the themes of La Coop de la médiation numérique.
type WorkshopData struct {
	Title       string    `buron:"title,must" label:"Titre"`
	Themes      []string  `buron:"themes,must" label:"Thèmes" options:"theme"`
	Place       uuid.UUID `buron:"place" label:"Lieu" target:"site"`
	Begin       Millis    `buron:"begin" label:"Début"`
	End         Millis    `buron:"end" label:"Fin"`
	Capacity    int64     `buron:"capacity" label:"Places"`
	Level       string    `buron:"level" label:"Niveau" options:"workshop_level"`
	Status      string    `buron:"status" label:"État" options:"workshop_status"`
	Facilitator uuid.UUID `buron:"facilitator,more" label:"Animateur" target:"operator"`
	Audience    string    `buron:"audience,more" label:"Public"`
	Description string    `buron:"description,more,long" label:"Description"`
}

func workshopModel() model {
	return model{
		schema: Schema{Kind: Workshop, Singular: "Atelier", Plural: "Ateliers", Status: "status"},
		data:   WorkshopData{}, scope: inScope(ScopeAgenda), search: []string{"title", "description", "audience"},
		title: func(r Record, _ Book) string { return r.Fields.Text("title") },
		under: func(r Record, b Book) string {
			when := ""
			if r.Fields.Has("begin") {
				when = FormatInstant(r.Fields.Int("begin"))
			}
			return join(when, titleOf(r.Fields, "place", b))
		},
		check: func(c *checker) {
			if c.after.Has("themes") && len(c.after.List("themes")) == 0 {
				c.fail("themes", "must", "Choisissez au moins un thème.")
			}
			if c.after.Has("end") && c.after.Int("end") <= c.after.Int("begin") && c.changed("begin", "end") {
				c.fail("end", "order", "La fin est avant le début\u00a0: corrigez l'une des deux heures.")
			}
			if c.after.Int("capacity") < 0 {
				c.fail("capacity", "value", "Le nombre de places ne peut pas être négatif.")
			}
		},
	}
}

package record

import "github.com/google/uuid"

// InterventionData is one repair: of a machine, or in a room.
type InterventionData struct {
	Equipment   uuid.UUID `buron:"equipment" label:"Appareil" target:"equipment"`
	Room        uuid.UUID `buron:"room" label:"Salle" target:"room"`
	Symptom     string    `buron:"symptom" label:"Symptôme" options:"symptom"`
	Description string    `buron:"description,long" label:"Ce qui se passe"`
	Status      string    `buron:"status,must" label:"État" options:"intervention_status"`
	Site        uuid.UUID `buron:"site,more" label:"Lieu" target:"site"`
	Diagnosis   string    `buron:"diagnosis,more,long" label:"Diagnostic"`
	Minutes     int64     `buron:"minutes,more" label:"Temps passé (minutes)"`
	Parts       string    `buron:"parts,more" label:"Pièces"`
	Network     string    `buron:"network,more" label:"Réseau" options:"network"`
	Visit       uuid.UUID `buron:"visit,more" label:"Visite" target:"visit"`
	Opened      Millis    `buron:"opened,more" label:"Ouverte le"`
	Provider    string    `buron:"provider,more" label:"Prestataire"`
	Contract    string    `buron:"contract,more" label:"Marché"`
}

func interventionModel() model {
	return model{
		schema: Schema{Kind: Intervention, Singular: "Intervention", Plural: "Interventions", Feminine: true, Status: "status"},
		data:   InterventionData{}, scope: parcScope, search: []string{"description", "diagnosis", "parts"},
		title: func(r Record, b Book) string {
			s, _ := Of(Intervention)
			f, _ := s.Field("symptom")
			return join(titleOf(r.Fields, "equipment", b), f.Format(r.Fields["symptom"]))
		},
		under: func(r Record, b Book) string {
			return join(titleOf(r.Fields, "room", b), titleOf(r.Fields, "site", b), r.Fields.Text("description"))
		},
		derive: func(d *deriver) {
			d.from("room", "equipment", "room")
			d.from("site", "equipment", "site")
			d.from("site", "room", "site")
		},
		check: checkIntervention,
	}
}

func checkIntervention(c *checker) {
	if !c.after.Has("equipment") && !c.after.Has("room") && !c.after.Has("site") && c.changed("equipment", "room", "site") {
		c.fail("equipment", "where", "Une intervention porte sur un appareil ou sur une salle\u00a0: choisissez l'un des deux.")
	}
	if !c.after.Has("symptom") && !c.after.Has("description") && c.changed("symptom", "description") {
		c.fail("symptom", "what", "Choisissez un symptôme, ou dites en une phrase ce qui se passe.")
	}
	if c.after.Int("minutes") < 0 {
		c.fail("minutes", "value", "Le temps passé ne peut pas être négatif.")
	}
	if c.after.Text("status") == "externalisee" && !c.after.Has("provider") && c.changed("status", "provider") {
		c.fail("provider", "provider", "Une intervention externalisée a un prestataire\u00a0: dites lequel.")
	}
}

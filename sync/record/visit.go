package record

import (
	"time"

	"github.com/google/uuid"
)

// VisitData is one visit of a place by agents.
type VisitData struct {
	Site      uuid.UUID   `buron:"site,must" label:"Lieu" target:"site"`
	Agents    []uuid.UUID `buron:"agents" label:"Agents" target:"operator"`
	Purpose   string      `buron:"purpose" label:"Objet"`
	Arrival   Millis      `buron:"arrival,must" label:"Arrivée"`
	Departure Millis      `buron:"departure" label:"Départ"`
	Findings  string      `buron:"findings,more,long" label:"Constats à transmettre"`
	Note      string      `buron:"note,more,long" label:"Note"`
}

func visitModel() model {
	return model{
		schema: Schema{Kind: Visit, Singular: "Visite", Plural: "Visites", Feminine: true},
		data:   VisitData{}, scope: parcScope, search: []string{"purpose", "findings", "note"},
		title: func(r Record, b Book) string {
			return "Visite du " + Field{Type: Day}.Format(DayOf(time.UnixMilli(r.Fields.Int("arrival"))))
		},
		under: func(r Record, b Book) string { return join(titleOf(r.Fields, "site", b), r.Fields.Text("purpose")) },
		check: func(c *checker) {
			if c.after.Has("departure") && c.after.Int("departure") < c.after.Int("arrival") && c.changed("departure", "arrival") {
				c.fail("departure", "order", "Le départ est avant l'arrivée\u00a0: corrigez l'une des deux heures.")
			}
		},
	}
}

package record

import "github.com/google/uuid"

// RoomData is a room of a place.
type RoomData struct {
	Site  uuid.UUID `buron:"site,must" label:"Lieu" target:"site"`
	Name  string    `buron:"name,must" label:"Nom"`
	Use   string    `buron:"use" label:"Usage" options:"room_use"`
	Floor string    `buron:"floor" label:"Étage"`
	Label string    `buron:"label,more" label:"Étiquette" help:"Le code collé sur la porte."`
}

func roomModel() model {
	return model{
		schema: Schema{Kind: Room, Singular: "Salle", Plural: "Salles", Feminine: true},
		data:   RoomData{}, scope: parcScope, search: []string{"name", "label"},
		title: func(r Record, _ Book) string { return r.Fields.Text("name") },
		under: func(r Record, b Book) string { return titleOf(r.Fields, "site", b) },
	}
}

package record

import "github.com/google/uuid"

// EquipmentData is one machine: who paid for it, where it stands, how it is.
type EquipmentData struct {
	Tag         string      `buron:"tag" label:"Étiquette"`
	Serial      string      `buron:"serial" label:"Numéro de série"`
	Type        uuid.UUID   `buron:"type" label:"Modèle" target:"equipment_type"`
	Level       string      `buron:"level,must" label:"Niveau" options:"level" help:"Il dit qui finance, qui possède et qui entretient."`
	Site        uuid.UUID   `buron:"site" label:"Lieu" target:"site"`
	Room        uuid.UUID   `buron:"room" label:"Salle" target:"room"`
	Status      string      `buron:"status" label:"État" options:"equipment_status"`
	Network     string      `buron:"network,more" label:"Réseau" options:"network"`
	Brand       string      `buron:"brand,more" label:"Marque"`
	Model       string      `buron:"model,more" label:"Référence"`
	Name        string      `buron:"name,more" label:"Nom sur le réseau"`
	Bought      Days        `buron:"bought,more" label:"Acheté le"`
	WarrantyEnd Days        `buron:"warranty_end,more" label:"Fin de garantie"`
	Price       Amount      `buron:"price,more" label:"Prix"`
	UUID        string      `buron:"uuid,more" label:"UUID"`
	MAC         string      `buron:"mac,more" label:"Adresse réseau (MAC)"`
	OS          string      `buron:"os,more" label:"Système"`
	Memory      int64       `buron:"memory,more" label:"Mémoire (Mio)"`
	CPU         string      `buron:"cpu,more" label:"Processeur"`
	ServedRooms []uuid.UUID `buron:"served_rooms,more" label:"Salles desservies" target:"room"`
	Conform     bool        `buron:"conform,more" label:"Conforme au parc homogène"`
	Note        string      `buron:"note,more,long" label:"Note"`
}

func equipmentModel() model {
	return model{
		schema: Schema{Kind: Equipment, Singular: "Appareil", Plural: "Appareils", Status: "status"},
		data:   EquipmentData{}, scope: parcScope, search: []string{"tag", "serial", "brand", "model", "name", "note"},
		title: func(r Record, _ Book) string {
			for _, f := range []string{"tag", "name", "serial"} {
				if t := r.Fields.Text(f); t != "" {
					return t
				}
			}
			return join(r.Fields.Text("brand") + " " + r.Fields.Text("model"))
		},
		under: func(r Record, b Book) string {
			what := titleOf(r.Fields, "type", b)
			if what == "" {
				what = r.Fields.Text("brand") + " " + r.Fields.Text("model")
			}
			return join(what, titleOf(r.Fields, "room", b), titleOf(r.Fields, "site", b))
		},
		derive: func(d *deriver) {
			_, moved := d.set["room"]
			if _, said := d.set["site"]; moved && !said {
				// The room decides: a machine cannot stand in a room of another place.
				d.before = Fields{}
			}
			d.from("site", "room", "site")
		},
		check: checkEquipment,
	}
}

func checkEquipment(c *checker) {
	if !c.changed("room", "site") {
		return
	}
	room, ok := c.refer("room")
	if ok && c.after.ID("site") != uuid.Nil && room.Fields.ID("site") != c.after.ID("site") {
		c.fail("room", "room", "Cette salle est dans un autre lieu\u00a0: choisissez une salle du même lieu.")
	}
}

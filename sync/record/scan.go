package record

import "github.com/google/uuid"

// ScanData is one code read during a tour of a room: it proves presence and moves nothing.
type ScanData struct {
	Audit     uuid.UUID `buron:"audit,must" label:"Tour de salle" target:"room_audit"`
	Room      uuid.UUID `buron:"room" label:"Salle" target:"room"`
	Equipment uuid.UUID `buron:"equipment" label:"Appareil" target:"equipment"`
	Code      string    `buron:"code" label:"Code lu"`
	Absent    bool      `buron:"absent" label:"Cherché et absent"`
	At        Millis    `buron:"at,must" label:"Moment"`
}

func scanModel() model {
	return model{
		schema: Schema{Kind: Scan, Singular: "Pointage", Plural: "Pointages", Act: true},
		data:   ScanData{}, scope: parcScope,
		title: func(r Record, b Book) string { return join(titleOf(r.Fields, "equipment", b), r.Fields.Text("code")) },
		under: func(r Record, b Book) string {
			return join(titleOf(r.Fields, "room", b), FormatInstant(r.Fields.Int("at")))
		},
		derive: func(d *deriver) { d.from("room", "audit", "room") },
		check: func(c *checker) {
			if !c.after.Has("equipment") && !c.after.Has("code") {
				c.fail("code", "scan", "Un pointage désigne un appareil ou un code lu.")
			}
		},
	}
}

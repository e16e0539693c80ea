package record

import (
	"cmp"
	"slices"

	"github.com/google/uuid"
)

// AttendanceData is one act of attendance, in the scope of the place of its event.
type AttendanceData struct {
	Act          string    `buron:"act,must" label:"Acte" options:"attendance_act"`
	Event        uuid.UUID `buron:"event" label:"Évènement" target:"event"`
	Workshop     uuid.UUID `buron:"workshop" label:"Atelier" target:"workshop"`
	Place        uuid.UUID `buron:"place" label:"Lieu" target:"site"`
	PersonName   string    `buron:"person_name,personal" label:"Prénom ou nom"`
	At           Millis    `buron:"at,must" label:"Moment"`
	Signature    []byte    `buron:"signature,personal" label:"Signature"`
	Registration uuid.UUID `buron:"registration" label:"Inscription visée" target:"attendance"`
}

func attendanceModel() model {
	return model{
		schema: Schema{Kind: Attendance, Singular: "Acte de présence", Plural: "Actes de présence", Act: true, Personal: true, Retention: "1 an"},
		data:   AttendanceData{}, scope: peopleScope("place", "workshop", "event"),
		title: func(r Record, _ Book) string {
			s, _ := Of(Attendance)
			f, _ := s.Field("act")
			return join(r.Fields.Text("person_name"), f.Format(r.Fields["act"]))
		},
		under: func(r Record, b Book) string {
			return join(titleOf(r.Fields, "workshop", b), titleOf(r.Fields, "event", b), FormatInstant(r.Fields.Int("at")))
		},
		derive: func(d *deriver) {
			for _, f := range []string{"event", "workshop", "place", "person_name"} {
				d.from(f, "registration", f)
			}
			d.from("place", "workshop", "place")
			d.from("place", "event", "place")
		},
		check: func(c *checker) {
			if !c.after.Has("event") && !c.after.Has("workshop") {
				c.fail("workshop", "what", "Dites à quel atelier ou à quel évènement.")
			}
		},
	}
}

// Presences describes the states of a person at an event.
func Presences() Field {
	return Field{Name: "presence", Label: "Présence", Type: Choice, Options: []Option{
		{"inscrit", "Inscrit", NotBegun}, {"present", "Présent", Good}, {"excuse", "Excusé", Waiting}, {"absent", "Absent", Wrong},
	}}
}

// PresenceOf derives the state of one person from their acts at one event: "inscrit", "present", "excuse",
// "absent" once the event is over, "" where the last word is a cancellation.
func PresenceOf(acts []Record, over bool) string {
	acts = slices.Clone(acts)
	slices.SortFunc(acts, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.Fields.Int("at"), b.Fields.Int("at")), slices.Compare(a.ID[:], b.ID[:]))
	})
	state := ""
	for _, a := range acts {
		if a.Fields.Bool("archived") {
			continue
		}
		switch a.Fields.Text("act") {
		case "inscription":
			state = "inscrit"
		case "presence":
			state = "present"
		case "excuse":
			state = "excuse"
		case "annulation":
			state = ""
		}
	}
	if state == "inscrit" && over {
		return "absent"
	}
	return state
}

package record

import "github.com/google/uuid"

// EventData is one event that anyone may see.
type EventData struct {
	Title       string      `buron:"title,must" label:"Titre"`
	Type        string      `buron:"type,must" label:"Type" options:"event_type"`
	Timings     []any       `buron:"timings" label:"Dates"`
	Place       uuid.UUID   `buron:"place" label:"Lieu" target:"site"`
	PlaceText   string      `buron:"place_text" label:"Endroit"`
	Description string      `buron:"description,long" label:"Description"`
	Status      string      `buron:"status" label:"État" options:"event_status"`
	Sites       []uuid.UUID `buron:"sites,more" label:"Collèges participants" target:"site"`
	Organisers  string      `buron:"organisers,more" label:"Organisateurs"`
	Partners    string      `buron:"partners,more" label:"Partenaires" help:"Entreprises, lycées, associations."`
	Teams       string      `buron:"teams,more,long" label:"Équipes"`
	Jury        string      `buron:"jury,more" label:"Jury"`
	Prizes      string      `buron:"prizes,more" label:"Prix"`
	Audience    string      `buron:"audience,more" label:"Public"`
}

func eventModel() model {
	return model{
		schema: Schema{Kind: Event, Singular: "Évènement", Plural: "Évènements", Status: "status"},
		data:   EventData{}, scope: inScope(ScopeAgenda), search: []string{"title", "description", "place_text", "partners"},
		title: func(r Record, _ Book) string { return r.Fields.Text("title") },
		under: func(r Record, b Book) string {
			begin, _ := Span(r)
			when := ""
			if begin != 0 {
				when = FormatInstant(begin)
			}
			place := titleOf(r.Fields, "place", b)
			if place == "" {
				place = r.Fields.Text("place_text")
			}
			return join(when, place)
		},
		check: checkEvent,
	}
}

func checkEvent(c *checker) {
	if !c.changed("timings") {
		return
	}
	for _, t := range c.after.List("timings") {
		m, _ := t.(map[string]any)
		begin, ok1 := m["begin"].(int64)
		end, ok2 := m["end"].(int64)
		if !ok1 || !ok2 || end <= begin {
			c.fail("timings", "order", "Chaque date a un début et une fin, la fin après le début.")
			return
		}
	}
}

// Span returns when an event or a workshop begins and ends, in Unix milliseconds, 0 where it is not said.
func Span(r Record) (begin, end int64) {
	if r.Kind != Event {
		return r.Fields.Int("begin"), r.Fields.Int("end")
	}
	for _, t := range r.Fields.List("timings") {
		m, _ := t.(map[string]any)
		b, _ := m["begin"].(int64)
		e, _ := m["end"].(int64)
		if begin == 0 || b < begin {
			begin = b
		}
		end = max(end, e)
	}
	return begin, end
}

package record

import "github.com/google/uuid"

// RoomAuditData is one tour of a room. What is missing is derived once it is ended.
type RoomAuditData struct {
	Room    uuid.UUID `buron:"room,must" label:"Salle" target:"room"`
	Site    uuid.UUID `buron:"site" label:"Lieu" target:"site"`
	Visit   uuid.UUID `buron:"visit" label:"Visite" target:"visit"`
	Begun   Millis    `buron:"begun,must" label:"Commencé"`
	Ended   Millis    `buron:"ended" label:"Terminé"`
	EndedBy uuid.UUID `buron:"ended_by" label:"Terminé par" target:"operator"`
}

func auditModel() model {
	return model{
		schema: Schema{Kind: RoomAudit, Singular: "Tour de salle", Plural: "Tours de salle"},
		data:   RoomAuditData{}, scope: parcScope,
		title:  func(r Record, b Book) string { return join("Tour de salle", titleOf(r.Fields, "room", b)) },
		under:  func(r Record, b Book) string { return FormatInstant(r.Fields.Int("begun")) },
		derive: func(d *deriver) { d.from("site", "room", "site") },
	}
}

// Audit is what a tour of a room has shown so far.
type Audit struct {
	Found   []Record // expected here and seen
	Waiting []Record // expected here and not seen yet; empty once the tour is ended
	Missing []Record // expected and not seen, or said absent: only once the tour is ended
	Foreign []Record // seen here, expected elsewhere
	Unknown []string // codes that nothing carries, each once
	Seen    map[uuid.UUID]Record
}

// AuditResult derives what a tour shows. Expected are the machines whose record says this room; scans are
// those of this tour, from whichever device; find returns the machine of a scan that is not expected. A
// tour that is interrupted makes nobody missing.
func AuditResult(audit Record, expected, scans []Record, find func(uuid.UUID) (Record, bool)) Audit {
	out := Audit{Seen: map[uuid.UUID]Record{}}
	absent, unknown := map[uuid.UUID]bool{}, map[string]bool{}
	for _, s := range scans {
		id := s.Fields.ID("equipment")
		switch {
		case s.Fields.Bool("archived"):
		case id == uuid.Nil:
			if code := s.Fields.Text("code"); code != "" && !unknown[code] {
				unknown[code] = true
				out.Unknown = append(out.Unknown, code)
			}
		case s.Fields.Bool("absent"):
			absent[id] = true
		default:
			if first, twice := out.Seen[id]; !twice || s.Fields.Int("at") < first.Fields.Int("at") {
				out.Seen[id] = s
			}
		}
	}
	here := map[uuid.UUID]bool{}
	for _, e := range expected {
		here[e.ID] = true
		_, seen := out.Seen[e.ID]
		switch {
		case seen:
			out.Found = append(out.Found, e)
		case audit.Fields.Has("ended"):
			out.Missing = append(out.Missing, e)
		default:
			out.Waiting = append(out.Waiting, e)
		}
	}
	for _, s := range scans {
		id := s.Fields.ID("equipment")
		if first, seen := out.Seen[id]; seen && first.ID == s.ID && !here[id] {
			if e, ok := find(id); ok {
				out.Foreign = append(out.Foreign, e)
			}
		}
	}
	return out
}

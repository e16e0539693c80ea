package demo

import (
	"testing"
	"time"

	"cantal.fr/buron/assets/reference"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// made is the replica of the examples, with its records by kind.
type made struct {
	*testing.T
	r    *replica.Replica
	book record.Book
	kind map[record.Kind][]record.Record
}

func examples(t *testing.T, o replica.Options) *made {
	t.Helper()
	r, err := Create(t.Context(), t.TempDir(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	m := &made{t, r, r.Book(t.Context()), map[record.Kind][]record.Record{}}
	for _, k := range record.Kinds() {
		found, err := r.List(t.Context(), replica.Query{Kind: k})
		if err != nil {
			t.Fatal(err)
		}
		m.kind[k] = found
	}
	return m
}

// by counts the records of a kind by the text of a field.
func (m *made) by(k record.Kind, field string) map[string]int {
	out := map[string]int{}
	for _, r := range m.kind[k] {
		out[r.Fields.Text(field)]++
	}
	return out
}

func (m *made) want(what string, got, want int) {
	m.Helper()
	if got != want {
		m.Errorf("%s: %d, want %d", what, got, want)
	}
}

// The examples are what people meet first: each number is one that the demonstration counts on.
func TestTheExamplesHoldWhatTheyPromise(t *testing.T) {
	m := examples(t, replica.Options{})
	sites := m.by(record.Site, "type")
	m.want("collèges", sites["college"], 22)
	m.want("buses", sites["bus"], 1)
	m.want("tiers-lieux", sites["tiers_lieu"], 3)
	m.want("communes", len(reference.Communes()), 250)
	m.want("interventions", len(m.kind[record.Intervention]), 40)
	m.want("workshops", len(m.kind[record.Workshop]), 12)
	m.want("RuraliTIC", m.by(record.Event, "type")["ruralitic"], 1)
	m.want("contests", m.by(record.Event, "type")["concours"], 1)
	m.want("charters in force", m.by(record.Charter, "status")["en_vigueur"], 1)
	m.want("collèges that adopted it", len(m.by(record.CharterAdoption, "site")), 15)
	m.want("visits", len(m.kind[record.Visit]), 8)
	unfinished := 0
	for _, v := range m.kind[record.Visit] {
		if !v.Fields.Has("departure") {
			unfinished++
		}
	}
	m.want("visits that are not finished", unfinished, 1)
	conflicts, err := m.r.Conflicts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.want("fields to decide", len(conflicts), 2)
	if text, err := m.r.Setting(t.Context(), Setting); err != nil || text != "1" {
		t.Errorf("the band « Exemples » would not show: %q, %v", text, err)
	}
}

func TestTheFleetOfTheExamples(t *testing.T) {
	m := examples(t, replica.Options{})
	fleet := m.kind[record.Equipment]
	if n := len(fleet); n < 850 || n > 1000 {
		t.Errorf("%d devices, want about 900", n)
	}
	inRooms := m.by(record.Equipment, "room")
	full := map[string]int{} // rooms of a collège with a full inventory, by site
	for site, n := range m.by(record.Room, "site") {
		if n > 1 {
			full[site] = n
		}
	}
	m.want("collèges inventoried in full", len(full), 6)
	rooms := 0
	for _, r := range m.kind[record.Room] {
		if full[r.Fields.Text("site")] > 0 && inRooms[r.ID.String()] > 0 {
			rooms++
		}
	}
	m.want("rooms with devices there", rooms, 60)
	for _, level := range []string{"socle", "supplementaire", "aap_departemental", "aap_national"} {
		if m.by(record.Equipment, "level")[level] == 0 {
			t.Errorf("no device of level %s", level)
		}
	}
	doubles, nameless := 0, 0
	for serial, n := range m.by(record.Equipment, "serial") {
		if serial != "" && n > 1 {
			doubles++
		}
	}
	waves := map[int64]int{} // devices bought, by quarter
	for _, e := range fleet {
		if !e.Fields.Has("tag") {
			nameless++
		}
		waves[e.Fields.Int("bought")/91]++
	}
	m.want("serials carried twice", doubles, 2)
	m.want("illegible tags", nameless, 1)
	if n := len(waves); n < 4 || n > 10 {
		t.Errorf("bought in %d quarters: these are no waves", n)
	}
	for _, typ := range m.kind[record.EquipmentType] {
		if family := typ.Fields.Text("family"); (family == "vpi") != (typ.Fields.Text("lifecycle") == "obsolescent") {
			t.Errorf("%s is %s", family, typ.Fields.Text("lifecycle"))
		}
		if typ.Fields.Text("family") == "vpi" && record.Title(must(m, typ.Fields.ID("replaced_by")), m.book) == "" {
			t.Error("nothing replaces the VPI")
		}
	}
}

func must(m *made, id uuid.UUID) record.Record {
	m.Helper()
	r, ok, err := m.book.Get(id)
	if err != nil || !ok {
		m.Fatalf("%s: %t, %v", id, ok, err)
	}
	return r
}

// Of 25 pupils 18 have signed and one has refused. Nobody writes that a pupil is absent: the two who are and
// the four to come have written nothing.
func (m *made) class() {
	m.Helper()
	acts := map[uuid.UUID][]record.Record{}
	for _, a := range m.kind[record.Acknowledgement] {
		acts[a.Fields.ID("member")] = append(acts[a.Fields.ID("member")], a)
	}
	year, charter := record.SchoolYear(record.DayOf(m.r.Now())), m.kind[record.Charter][0].ID
	states := map[string]int{}
	for _, pupil := range m.kind[record.ClassMember] {
		if pupil.Fields.Text("first_name") != "Exemple" {
			m.Errorf("%v is not unmistakably invented", pupil.Fields)
		}
		state, doubles := record.AdhesionOf(acts[pupil.ID], charter, year)
		states[state]++
		m.want("second signatures", len(doubles), 0)
	}
	m.want("pupils", len(m.kind[record.ClassMember]), 25)
	m.want("signed", states[record.AwaitsGuardian]+states[record.Complete], 18)
	m.want("refused", states[record.Refused], 1)
	m.want("absent or to come", states[record.ToSign], 6)
}

// Ages make sense on whatever day and at whatever hour the examples are made: nothing that has happened lies
// in the future, what is repaired is not open, one device's clock is three hours ahead, and the class has
// signed this school year, be it the first hour of the rentrée.
func TestTheDatesOfTheExamples(t *testing.T) {
	for _, day := range []time.Time{
		time.Date(2026, 11, 24, 15, 0, 0, 0, record.Paris()), time.Date(2027, 2, 1, 0, 20, 0, 0, record.Paris()),
		time.Date(2027, 8, 31, 7, 0, 0, 0, record.Paris()), time.Date(2027, 9, 1, 0, 40, 0, 0, record.Paris()),
	} {
		t.Run(day.Format("2006-01-02 15:04"), func(t *testing.T) {
			m := examples(t, replica.Options{Now: func() time.Time { return day }})
			m.nothingAhead(day)
			m.class()
			m.clock(day)
		})
	}
}

func (m *made) nothingAhead(now time.Time) {
	m.Helper()
	for k, field := range map[record.Kind]string{
		record.Visit: "arrival", record.RoomAudit: "begun", record.Scan: "at", record.Acknowledgement: "at", record.Attendance: "at", record.Intervention: "opened",
	} {
		for _, r := range m.kind[k] {
			age := now.Sub(time.UnixMilli(r.Fields.Int(field)))
			if open := r.Fields.Text("status") == "ouverte"; age < 0 || age > 100*24*time.Hour || open && age > 15*24*time.Hour {
				m.Errorf("%s %s is %s old", k, r.Fields.Text("status"), age)
			}
		}
	}
}

func (m *made) clock(now time.Time) {
	m.Helper()
	conflicts, err := m.r.Conflicts(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	m.want("fields to decide", len(conflicts), 2)
	for _, c := range conflicts {
		wrong := 0
		for _, v := range c.Versions {
			if lead := v.At.Sub(now); v.DeviceName == "tablette 3" && lead > 2*time.Hour && lead < 4*time.Hour {
				wrong++
			}
		}
		m.want("versions by the clock that is 3 h wrong", wrong, 1)
	}
}

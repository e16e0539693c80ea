package record

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// shelf is a Book of a few records.
type shelf []Record

func (s shelf) Get(id uuid.UUID) (Record, bool, error) {
	for _, r := range s {
		if r.ID == id {
			return r, true, nil
		}
	}
	return Record{}, false, nil
}

func (s shelf) Find(k Kind, field string, value any) ([]Record, error) {
	var out []Record
	for _, r := range s {
		if r.Kind == k && r.Fields[field] == value {
			out = append(out, r)
		}
	}
	return out, nil
}

func rec(n byte, k Kind, f Fields) Record { return Record{ID: uuid.UUID{n}, Kind: k, Fields: f} }

func ref(n byte) string { return uuid.UUID{n}.String() }

// world holds two collèges, one of which has adopted the charter.
var world = shelf{
	rec(1, Site, Fields{"type": "college", "uai": "0150001V", "name": "Collège A"}),
	rec(2, Site, Fields{"type": "college", "uai": "0150005Z", "name": "Collège B"}),
	rec(3, Site, Fields{"type": "bus", "name": "Bus"}),
	rec(4, Site, Fields{"type": "tiers_lieu", "name": "Tiers-lieu"}),
	rec(5, Room, Fields{"site": ref(1), "name": "Salle 12"}),
	rec(6, Charter, Fields{"version": "1", "status": "en_vigueur", "text": "T", "text_hash": TextHash("T")}),
	rec(7, CharterAdoption, Fields{"site": ref(1), "charter": ref(6)}),
	rec(8, Charter, Fields{"version": "0", "status": "remplacee", "text": "U", "text_hash": TextHash("U")}),
	rec(9, Workshop, Fields{"title": "A", "place": ref(3)}),
	rec(10, RoomAudit, Fields{"room": ref(5), "site": ref(1)}),
}

// samples are one good record of each kind.
var samples = map[Kind]Fields{
	Operator:        {"name": "Agent 1", "role": "agent"},
	Site:            {"type": "college", "uai": "0150009D", "name": "Collège C"},
	Event:           {"title": "RuraliTIC", "type": "ruralitic", "timings": []any{map[string]any{"begin": int64(1), "end": int64(2)}}},
	Workshop:        {"title": "Premiers pas", "themes": []any{"email"}, "begin": int64(1), "end": int64(2)},
	Charter:         {"version": "1", "text": "T", "text_hash": TextHash("T")},
	CharterAdoption: {"site": ref(1), "charter": ref(6), "vote_date": int64(20000)},
	Room:            {"site": ref(1), "name": "Salle 12"},
	EquipmentType:   {"family": "eni", "name": "ENI 75"},
	Equipment:       {"level": "socle", "tag": "PC-1", "site": ref(1), "room": ref(5)},
	Visit:           {"site": ref(1), "arrival": int64(1)},
	RoomAudit:       {"room": ref(5), "begun": int64(1)},
	Scan:            {"audit": ref(10), "code": "X", "at": int64(1)},
	Intervention:    {"room": ref(5), "symptom": "reseau", "status": "ouverte"},
	ClassMember:     {"site": ref(1), "school_year": "2026-2027", "class": "5e B", "family_name": "Élève 07", "first_name": "Exemple"},
	Acknowledgement: {"act": "signature", "site": ref(1), "charter": ref(6), "population": "eleve", "member": ref(99), "typed_name": "Élève 07", "at": int64(1)},
	Attendance:      {"act": "presence", "workshop": ref(9), "at": int64(1)},
}

func TestEveryKindIsWhole(t *testing.T) {
	for _, k := range Kinds() {
		s, _ := Of(k)
		set, ok := samples[k]
		if !ok {
			t.Errorf("%s has no sample", k)
			continue
		}
		if p := Check(k, nil, set, world); len(p) > 0 {
			t.Errorf("%s: the sample is refused: %v", k, p)
		}
		if _, err := ScopeOf(k, set, world); err != nil {
			t.Errorf("%s: %v", k, err)
		}
		if Title(Record{ID: uuid.UUID{200}, Kind: k, Fields: set}, world) == "" || s.Singular == "" || s.Plural == "" {
			t.Errorf("%s has no name for people", k)
		}
		for _, f := range s.Fields {
			if f.Label == "" || f.Name == "" {
				t.Errorf("%s: field %q has no label", k, f.Name)
			}
			if f.Personal && !s.Personal {
				t.Errorf("%s: personal field %s outside people/…", k, f.Name)
			}
			if slices.Contains(Searchable(k), f.Name) && (f.Personal || s.Personal) {
				t.Errorf("%s: personal field %s is searched", k, f.Name)
			}
		}
	}
}

func TestNoNameStandsOpenAtRest(t *testing.T) {
	for _, k := range Kinds() {
		s, _ := Of(k)
		for _, f := range s.Fields {
			if f.Personal && !Private(k, "") {
				t.Errorf("%s holds %s and is not private", k, f.Name)
			}
			if open := Clear(k, f.Name); f.Personal && open != (f.Type == Ref || f.Type == Refs) {
				t.Errorf("%s.%s is personal: clear = %v", k, f.Name, open)
			} else if !f.Personal && !open {
				t.Errorf("%s.%s is nobody's name and cannot be looked up", k, f.Name)
			}
		}
		if Clear(k, "of_a_newer_version") {
			t.Errorf("%s: a field of another version stands open", k)
		}
	}
	if !Private("visitor", "people/0150646X") || Private("visitor", "parc") || Clear("visitor", "name") || !Clear("visitor", "archived") {
		t.Error("a kind of another version is private by its scope alone, and keeps nothing but its archiving open")
	}
	if Private(Equipment, "parc") {
		t.Error("equipment is sealed")
	}
}

func TestRules(t *testing.T) {
	with := func(k Kind, name string, v any) Fields {
		f := samples[k].Clone()
		if v == nil {
			delete(f, name)
			return f
		}
		f[name] = v
		return f
	}
	for _, c := range []struct {
		what   string
		kind   Kind
		before Fields
		after  Fields
		rule   string
	}{
		{"the four levels are mandatory", Equipment, nil, with(Equipment, "level", nil), "must"},
		{"an invented level", Equipment, nil, with(Equipment, "level", "platine"), "value"},
		{"a room of another place", Equipment, nil, with(Equipment, "site", ref(2)), "room"},
		{"a wrong UAI", Site, nil, with(Site, "uai", "0150001A"), "uai"},
		{"a UAI that is recorded already", Site, nil, with(Site, "uai", "0150001V"), "twice"},
		{"a collège without UAI", Site, nil, with(Site, "uai", nil), "uai"},
		{"a UAI that changes", Site, samples[Site], with(Site, "uai", "0150005Z"), "uai"},
		{"signing before the adoption", Acknowledgement, nil, with(Acknowledgement, "site", ref(2)), "adoption"},
		{"signing a replaced charter", Acknowledgement, nil, with(Acknowledgement, "charter", ref(8)), "status"},
		{"signing another text", Acknowledgement, nil, with(Acknowledgement, "text_hash", "00"), "hash"},
		{"signing nothing", Acknowledgement, nil, with(Acknowledgement, "typed_name", nil), "signature"},
		{"an act that is corrected", Acknowledgement, samples[Acknowledgement], with(Acknowledgement, "act", "refus"), "act"},
		{"an act that is put aside", Acknowledgement, samples[Acknowledgement], with(Acknowledgement, "archived", true), ""},
		{"a voted charter that is reworded", Charter, Fields{"version": "1", "text": "T", "text_hash": TextHash("T"), "status": "votee"}, Fields{"version": "1", "text": "V", "text_hash": TextHash("V"), "status": "votee"}, "frozen"},
		{"a tiers-lieu that votes", CharterAdoption, nil, with(CharterAdoption, "site", ref(4)), "college"},
		{"an end before its beginning", Workshop, nil, with(Workshop, "end", int64(0)), "order"},
		{"a workshop without a theme", Workshop, nil, with(Workshop, "themes", nil), "must"},
		{"an intervention on nothing", Intervention, nil, with(Intervention, "room", nil), "where"},
		{"an externalised one without its provider", Intervention, nil, with(Intervention, "status", "externalisee"), "provider"},
		{"a reference to the wrong kind", Room, nil, with(Room, "site", ref(5)), "reference"},
		{"a reference out of reach", Room, nil, with(Room, "site", ref(77)), ""},
		{"a year that is none", ClassMember, nil, with(ClassMember, "school_year", "2026-2028"), "year"},
		{"an image too large", Acknowledgement, nil, with(Acknowledgement, "signature", make([]byte, MaxImage+1)), "image"},
		{"a text with a zero byte", Equipment, nil, with(Equipment, "name", "pos\x00te"), "characters"},
		{"a text that is not UTF-8", Equipment, nil, with(Equipment, "name", "\xe9cran"), "characters"},
		{"a number that the journal does not take", Equipment, nil, with(Equipment, "memory", int64(math.MinInt64)), "value"},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := Check(c.kind, c.before, c.after, world)
			got := slices.ContainsFunc(p, func(q Problem) bool { return q.Rule == c.rule })
			if c.rule == "" && len(p) > 0 || c.rule != "" && !got {
				t.Errorf("Check = %v, want rule %q", p, c.rule)
			}
			for _, q := range p {
				if s := q.Sentence(); !strings.HasSuffix(s, ".") || strings.Contains(s, " :") {
					t.Errorf("%q is not a French sentence", s)
				}
			}
		})
	}
}

func TestScopes(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		set  Fields
		want string
	}{
		{Equipment, Fields{"site": ref(1)}, "parc"}, {Equipment, Fields{"site": ref(3)}, "parc/bus"}, {Equipment, Fields{"room": ref(5)}, "parc"},
		{Room, Fields{"site": ref(4)}, "parc/" + ref(4)}, {Scan, Fields{"audit": ref(10)}, "parc"}, {Operator, nil, "staff"}, {Event, nil, "agenda"},
		{Acknowledgement, Fields{"site": ref(1)}, "people/0150001V"}, {Attendance, Fields{"workshop": ref(9)}, "people/bus"},
	} {
		if got, err := ScopeOf(c.kind, c.set, world); err != nil || got != c.want {
			t.Errorf("ScopeOf(%s, %v) = %s, %v; want %s", c.kind, c.set, got, err, c.want)
		}
	}
	if _, err := ScopeOf(ClassMember, Fields{"site": ref(77)}, world); err == nil {
		t.Error("a pupil of an unknown place has a scope")
	}
}

func TestGrantsAreThoseOfTheTable(t *testing.T) {
	type may struct{ read, create, edit bool }
	for _, c := range []struct {
		role  Role
		scope string
		kind  Kind
		want  may
	}{
		{Coordination, "people/bus", Attendance, may{true, true, true}}, {Coordination, "agenda", Charter, may{true, true, true}},
		{Agent, "parc", Equipment, may{true, true, true}}, {Agent, "agenda", Charter, may{true, false, false}}, {Agent, "agenda", Event, may{true, true, false}},
		{Agent, "people/0150001V", Acknowledgement, may{true, true, true}}, {Agent, "people/bus", Attendance, may{}}, {Agent, "governance", "need", may{true, true, false}},
		{Facilitator, "parc", Equipment, may{true, false, false}}, {Facilitator, "parc/bus", Equipment, may{true, true, true}},
		{Facilitator, "people/0150001V", Acknowledgement, may{false, true, false}}, {Facilitator, "people/0150001V", Attendance, may{}}, {Facilitator, "governance", "need", may{}},
		{Host, "parc", Equipment, may{}}, {Host, "parc/0150001V", Equipment, may{true, true, true}}, {Host, "agenda", Workshop, may{true, true, true}}, {Host, "agenda", Site, may{true, false, false}},
		{Kiosk, "agenda", Event, may{true, false, false}}, {Kiosk, "people/0150001V", Acknowledgement, may{false, true, false}}, {Kiosk, "people/bus", Acknowledgement, may{}},
		{Kiosk, "people/bus", Attendance, may{false, true, false}}, {Kiosk, "staff", Operator, may{}},
		{Central, "people/bus", Attendance, may{true, false, false}}, {Role("?"), "agenda", Event, may{}},
	} {
		g := Grants(c.role, []string{"0150001V"})
		got := may{MayRead(g, c.scope), MayCreate(g, c.scope, c.kind), MayEdit(g, c.scope, c.kind)}
		if got != c.want {
			t.Errorf("%s, %s in %s: %+v, want %+v", c.role, c.kind, c.scope, got, c.want)
		}
	}
	if MayRead(Grants(Coordination, nil), "control") {
		t.Error("control is granted by a role: it is trust's to guard")
	}
}

func act(n byte, kind string, at int64, f Fields) Record {
	set := Fields{"act": kind, "at": at, "charter": ref(6), "population": "eleve"}
	for k, v := range f {
		set[k] = v
	}
	return rec(n, Acknowledgement, set)
}

func TestAdhesion(t *testing.T) {
	year := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC).UnixMilli()
	last := time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC).UnixMilli()
	for _, c := range []struct {
		what    string
		acts    []Record
		want    string
		doubles int
	}{
		{"nothing yet", nil, ToSign, 0},
		{"a pupil signs", []Record{act(20, "signature", year, nil)}, AwaitsGuardian, 0},
		{"and the representative agrees", []Record{act(21, "accord", year+1, nil), act(20, "signature", year, nil)}, Complete, 0},
		{"an adult signs", []Record{act(20, "signature", year, Fields{"population": "enseignant"})}, Complete, 0},
		{"signed twice, apart", []Record{act(20, "signature", year, nil), act(21, "signature", year+9, nil)}, AwaitsGuardian, 1},
		{"refused", []Record{act(20, "refus", year, nil)}, Refused, 0},
		{"refused, then signed", []Record{act(20, "refus", year, nil), act(21, "signature", year+1, nil)}, AwaitsGuardian, 0},
		{"revoked", []Record{act(20, "signature", year, nil), act(21, "revocation", year+1, nil)}, Revoked, 0},
		{"made void by the host", []Record{act(20, "signature", year, nil), act(21, "annulation", year+1, Fields{"of": ref(20)})}, ToSign, 0},
		{"an old version revoked, the new one signed", []Record{act(20, "signature", year, nil), act(21, "revocation", year+1, Fields{"charter": ref(8)})}, AwaitsGuardian, 0},
		{"made void by mistake", []Record{act(20, "signature", year, nil), act(21, "annulation", year+1, Fields{"of": ref(20), "archived": true})}, AwaitsGuardian, 0},
		{"the new version signed, then the old one where it was not known yet", []Record{act(20, "signature", year, nil), act(21, "signature", year+1, Fields{"charter": ref(8)})}, AwaitsGuardian, 0},
		{"in the first hour of the year, in Paris", []Record{act(20, "signature", time.Date(2026, 8, 31, 22, 30, 0, 0, time.UTC).UnixMilli(), nil)}, AwaitsGuardian, 0},
		{"of another version", []Record{act(20, "signature", year, Fields{"charter": ref(8)})}, Outdated, 0},
		{"of another school year", []Record{act(20, "signature", last, nil)}, Outdated, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			got, doubles := AdhesionOf(c.acts, uuid.UUID{6}, "2026-2027")
			if got != c.want || len(doubles) != c.doubles {
				t.Errorf("%s with %d doubles, want %s with %d", got, len(doubles), c.want, c.doubles)
			}
		})
	}
}

func TestPresence(t *testing.T) {
	a := func(n byte, kind string) Record { return rec(n, Attendance, Fields{"act": kind, "at": int64(n)}) }
	for want, acts := range map[string][]Record{"inscrit": {a(1, "inscription")}, "present": {a(1, "inscription"), a(2, "presence")},
		"excuse": {a(1, "inscription"), a(2, "excuse")}, "": {a(1, "inscription"), a(2, "annulation")}} {
		if got := PresenceOf(acts, false); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := PresenceOf([]Record{a(1, "inscription")}, true); got != "absent" {
		t.Errorf("after the event: %q", got)
	}
}

func TestAnInterruptedTourMakesNobodyMissing(t *testing.T) {
	expected := []Record{rec(30, Equipment, Fields{}), rec(31, Equipment, Fields{})}
	scans := []Record{rec(40, Scan, Fields{"equipment": ref(30), "at": int64(2)}), rec(41, Scan, Fields{"equipment": ref(30), "at": int64(1)}),
		rec(42, Scan, Fields{"equipment": ref(32), "at": int64(3)}), rec(43, Scan, Fields{"code": "???"}), rec(44, Scan, Fields{"code": "???"}),
		rec(45, Scan, Fields{"equipment": ref(31), "archived": true})}
	find := func(id uuid.UUID) (Record, bool) { return rec(id[0], Equipment, Fields{}), true }
	open := AuditResult(rec(10, RoomAudit, Fields{}), expected, scans, find)
	if len(open.Found) != 1 || len(open.Waiting) != 1 || len(open.Missing) != 0 || len(open.Foreign) != 1 || len(open.Unknown) != 1 {
		t.Errorf("while it goes on: %+v", open)
	}
	if open.Seen[uuid.UUID{30}].ID != (uuid.UUID{41}) {
		t.Error("the first of two scans is not the one that counts")
	}
	ended := AuditResult(rec(10, RoomAudit, Fields{"ended": int64(9)}), expected, scans, find)
	if len(ended.Missing) != 1 || len(ended.Waiting) != 0 {
		t.Errorf("ended: %+v", ended)
	}
}

func TestWhatPeopleType(t *testing.T) {
	field := func(k Kind, name string) Field {
		s, _ := Of(k)
		f, _ := s.Field(name)
		return f
	}
	status, bought, price, begin, themes, conform, timings := field(Equipment, "status"), field(Equipment, "bought"), field(Equipment, "price"),
		field(Workshop, "begin"), field(Workshop, "themes"), field(Equipment, "conform"), field(Event, "timings")
	noon := time.Date(2026, 11, 24, 13, 30, 0, 0, time.UTC).UnixMilli()
	for _, c := range []struct {
		f    Field
		text string
		want any
	}{
		{status, "en panne", "en_panne"}, {status, "En Panne", "en_panne"}, {status, "en_panne", "en_panne"}, {status, "REFORME", "reforme"}, {status, "", nil},
		{bought, "24/11/2026", int64(20781)}, {bought, "2026-11-24", int64(20781)}, {price, "1 250,50 €", int64(125050)}, {price, "12", int64(1200)},
		{begin, "24/11/2026 14 h 30", noon}, {begin, "2026-11-24 14:30", noon}, {begin, "2026-11-24T13:30:00Z", noon},
		{begin, "24/11/2026 14h30", noon}, {begin, "24/11/2026 9 h", noon - 19_800_000}, {field(Event, "type"), "Réunion de parents sur l’ENT", "reunion_ent"},
		{timings, "24/11/2026 14 h 30 – 24/11/2026 15 h 30", []any{map[string]any{"begin": noon, "end": noon + 3_600_000}}},
		{timings, "2026-11-24 14:30..2026-11-24 15:30|2026-11-24 14:30..2026-11-24 15:30", []any{map[string]any{"begin": noon, "end": noon + 3_600_000}, map[string]any{"begin": noon, "end": noon + 3_600_000}}},
		{themes, "e-mail|Sécurité numérique", []any{"email", "securite_numerique"}}, {conform, "oui", true}, {conform, "Non", false},
	} {
		got, err := c.f.Parse(c.text)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: Parse(%q): %v %s", c.f.Name, c.text, err, diff)
		}
	}
	for _, text := range []string{"cher", "€", ",", "-", "- €", "1,2,3"} {
		if v, err := price.Parse(text); err == nil {
			t.Errorf("price: Parse(%q) = %v", text, v)
		}
	}
	for f, text := range map[string]string{"status": "volé", "bought": "hier", "room": "Salle 12"} {
		if v, err := field(Equipment, f).Parse(text); err == nil {
			t.Errorf("%s: Parse(%q) = %v", f, text, v)
		}
	}
	if got := price.Format(int64(125050)); got != "1\u202f250,50\u00a0€" {
		t.Errorf("Format = %q", got)
	}
	if got := begin.Format(noon); got != "24/11/2026 14\u00a0h\u00a030" {
		t.Errorf("Format = %q", got)
	}
}

func TestEncodeAndDecodeAreInverse(t *testing.T) {
	d := EquipmentData{Tag: "PC-1", Level: "socle", Site: uuid.UUID{1}, Bought: 20781, Price: 1200, Conform: true, ServedRooms: []uuid.UUID{{5}}}
	if diff := cmp.Diff(d, Decode[EquipmentData](Encode(d))); diff != "" {
		t.Error(diff)
	}
}

func TestSchoolYears(t *testing.T) {
	for day, want := range map[string]string{"2026-08-31": "2025-2026", "2026-09-01": "2026-2027", "2027-06-30": "2026-2027"} {
		d, _ := time.Parse("2006-01-02", day)
		if got := SchoolYear(d.Unix() / 86400); got != want {
			t.Errorf("%s is in %s, want %s", day, got, want)
		}
	}
	if !ValidUAI("0150001V") || ValidUAI("0150001A") || ValidUAI("015000V") || ValidUAI("015O001V") {
		t.Error("ValidUAI")
	}
}

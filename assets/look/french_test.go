package look

import (
	"slices"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
)

func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, record.Paris())
}

func TestTimesAreWrittenAsPeopleSayThem(t *testing.T) {
	now := noon()
	for _, c := range []struct{ got, want string }{
		{Clock(at(24, 9, 12)), "9\u00a0h\u00a012"},
		{Clock(at(24, 14, 0)), "14\u00a0h"},
		{Clock(at(24, 0, 5)), "0\u00a0h\u00a005"},
		{Clock(time.Date(2026, 7, 1, 8, 30, 0, 0, time.UTC)), "10\u00a0h\u00a030"},
		{When(at(24, 9, 12), now), "9\u00a0h\u00a012"},
		{When(at(23, 16, 40), now), "hier 16\u00a0h\u00a040"},
		{When(at(25, 8, 0), now), "demain 8\u00a0h"},
		{When(at(19, 14, 0), now), "jeudi 14\u00a0h"},
		{When(at(2, 14, 0), now), "02/11/2026"},
		{When(time.Time{}, now), "jamais"},
		{Ago(now.Add(-30*time.Second), now), "à l'instant"},
		{Ago(now.Add(time.Hour), now), "à l'instant"},
		{Ago(now.Add(-5*time.Minute), now), "il y a 5\u00a0min"},
		{Ago(now.Add(-3*time.Hour), now), "il y a 3\u00a0h"},
		{Ago(now.Add(-50*time.Hour), now), "il y a 2\u00a0jours"},
		{Ago(now.Add(-100*24*time.Hour), now), "il y a 3\u00a0mois"},
		{Day(at(24, 9, 0), now), "mardi 24 novembre"},
		{Day(at(1, 9, 0), now), "dimanche 1er novembre"},
		{Day(time.Date(2027, 8, 2, 9, 0, 0, 0, record.Paris()), now), "lundi 2 août 2027"},
		{Span(at(24, 14, 0), at(24, 16, 30), now), "mardi 24 novembre, 14\u00a0h – 16\u00a0h\u00a030"},
		{Span(at(24, 14, 0), time.Time{}, now), "mardi 24 novembre, 14\u00a0h"},
		{Span(at(24, 14, 0), at(25, 9, 0), now), "du mardi 24 novembre, 14\u00a0h, au mercredi 25 novembre, 9\u00a0h"},
		{Capital("évènement"), "Évènement"},
		{Capital(""), ""},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestNumbersHaveThinSpaces(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Number(50000), "50\u202f000"},
		{Number(999), "999"},
		{Number(-1234567), "-1\u202f234\u202f567"},
		{Count(0, "appareil", "appareils"), "0\u00a0appareil"},
		{Count(1, "appareil", "appareils"), "1\u00a0appareil"},
		{Count(50000, "appareil", "appareils"), "50\u202f000\u00a0appareils"},
		{Size(300 << 20), "300\u00a0Mo"},
		{Size(12 << 30), "12\u00a0Go"},
		{Size(40), "40\u00a0octets"},
		{Groups("PC-15001-0042"), "PC-15001-0042"},
		{Groups("123456789"), "123\u202f456\u202f789"},
		{Groups("SN1234567"), "SN123\u202f456\u202f7"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// TestDaysAreReadAsPeopleWriteThem also writes each day again.
func TestDaysAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"24/11/2026": "24/11/2026", "24/11/26": "24/11/2026", "24/11": "24/11/2026", "24 11 2026": "24/11/2026", "24.11.2026": "24/11/2026", "24-11-2026": "24/11/2026",
		"24112026": "24/11/2026", "241126": "24/11/2026", "2026-11-24": "24/11/2026", "1/2/2027": "01/02/2027", "29/02/2028": "29/02/2028",
		"Aujourd'hui": "24/11/2026", "aujourd’hui": "24/11/2026", "demain": "25/11/2026", "hier": "23/11/2026", "24 novembre": "24/11/2026", "1er août 2027": "01/08/2027", "mardi 8 Décembre": "08/12/2026",
	} {
		day, err := ParseDay(text, noon())
		if err != nil || FormatDay(day) != want {
			t.Errorf("%q is read as %s, %v; want %s", text, FormatDay(day), err, want)
		}
	}
	for _, text := range []string{"31/02/2026", "29/02/2027", "00/11/2026", "24/13/2026", "24", "demain matin", "24/11/026", "24/11/2026/3", "24/11/1600", "x"} {
		if day, err := ParseDay(text, noon()); err == nil {
			t.Errorf("%q is read as %s", text, FormatDay(day))
		}
	}
}

func TestHoursAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]int{"14 h 30": 870, "14h30": 870, "14:30": 870, "14.30": 870, "1430": 870, "930": 570, "14 h": 840, "14H": 840, "9": 540, "0 h 05": 5, "midi": 720, "Minuit": 0, "14\u00a0h\u00a030": 870} {
		if got, err := ParseTime(text); err != nil || got != want {
			t.Errorf("%q is read as %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"24 h", "14 h 60", "25:00", "matin", "14 h 30 12", "12345", "", "-1"} {
		if got, err := ParseTime(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

// TestScansOnAFrenchKeyboardAreRepaired shows what a scanner set for the United States types on a French keyboard.
func TestScansOnAFrenchKeyboardAreRepaired(t *testing.T) {
	for _, c := range []struct {
		typed string
		want  []string
	}{
		{"PC-15001-0042", []string{"PC-15001-0042"}},
		{"  pc-15001-0042 ", []string{"pc-15001-0042"}},
		{"PC)&(àà&)àà'é", []string{"PC)&(àà&)àà'é", "PC-15001-0042"}},
		{"QB&é\"", []string{"QB&é\"", "QB123", "AB123"}},
		{"-èè", []string{"-èè", "677"}},
		{"CDI", []string{"CDI"}},
		{"A-B", []string{"A-B"}},
	} {
		if got := Candidates(c.typed); !slices.Equal(got, c.want) {
			t.Errorf("%q may be %q, want %q", c.typed, got, c.want)
		}
	}
	s := NewScan("PC)&(àà&)àà'é")
	if !s.Repaired || s.Code != "PC-15001-0042" || s.Text() != "PC-15001-0042 (lu «\u00a0PC)&(àà&)àà'é\u00a0»)" {
		t.Errorf("%+v is shown as %q: both codes are", s, s.Text())
	}
	if s := NewScan("CDI"); s.Repaired || s.Text() != "CDI" {
		t.Errorf("%+v was not to be repaired", s)
	}
}

func TestAnInstantStandsInASentence(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		want string
	}{{at(24, 9, 12), "à 9\u00a0h\u00a012"}, {at(23, 16, 40), "hier à 16\u00a0h\u00a040"}, {at(26, 14, 0), "jeudi à 14\u00a0h"}, {at(1, 8, 0), "le 01/11/2026"}, {time.Time{}, "jamais"}} {
		if got := At(c.at, at(24, 10, 0)); got != c.want {
			t.Errorf("%v is %q, not %q", c.at, got, c.want)
		}
	}
}

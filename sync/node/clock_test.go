package node

import (
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

func TestAWrongClockIsSaidWithWhatToDo(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Agent)
	for ahead, want := range map[time.Duration]string{
		-25 * time.Minute: "avance de 25\u00a0min sur celle du central", 3 * time.Hour: "retarde de 3\u00a0h", -90 * 24 * time.Hour: "avance de 90\u00a0jours",
		9 * time.Minute: "",
	} {
		if err := a.NoteClock(t.Context(), trust.Key{1}, ahead); err != nil {
			t.Fatal(err)
		}
		s, err := New(a, Options{Listen: "off"}).Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(s.Clock, want) || (want == "") != (s.Clock == "") || want != "" && !strings.Contains(s.Clock, "réglages du système") {
			t.Errorf("%v: %q", ahead, s.Clock)
		}
		if far := ahead.Abs() > 24*time.Hour; want != "" && far != strings.Contains(s.Clock, "seule leur heure est fausse") {
			t.Errorf("%v: %q", ahead, s.Clock)
		}
	}
}

// A contact that was noted under a clock that ran ahead is noted again once the clock is right.
func TestAContactToComeIsNotedAgain(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	n := New(a, Options{Listen: "off"})
	for ahead, old := range map[time.Duration]bool{0: false, -time.Hour: true, 365 * 24 * time.Hour: true} {
		if err := a.SetSetting(t.Context(), settingContact, a.Now().Add(ahead).UTC().Format(time.RFC3339)); err != nil {
			t.Fatal(err)
		}
		if n.contactIsOld(t.Context()) != old {
			t.Errorf("%s ahead: old = %t", ahead, !old)
		}
	}
}

package node

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

func pupil(site uuid.UUID, first string) record.Fields {
	return record.Fields{"site": site.String(), "school_year": "2026-2027", "class": "5e B", "family_name": "Exemple", "first_name": first}
}

// foundBy makes a territory on a device that goes by a clock of the test's.
func foundBy(t *testing.T, now func() time.Time, device string, role record.Role) *replica.Replica {
	t.Helper()
	made, err := Found(t.Context(), t.TempDir(), FoundOptions{
		Territory: "Cantal", Device: device, Role: role, WithoutRecovery: true, Replica: replica.Options{Now: now},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.Replica.Close() })
	return made.Replica
}

// leaping makes a field whose central goes by a clock so many years ahead.
func leaping(t *testing.T, years *atomic.Int64) *field {
	t.Helper()
	central := foundBy(t, func() time.Time { return time.Now().AddDate(int(years.Load()), 0, 0) }, "Central", record.Central)
	f := &field{t: t, central: central, log: quiet()}
	f.serve()
	t.Cleanup(func() { f.stop() }) // the last one: a test may stop and serve again
	return f
}

// A request bears on what was written before it and arrives after it, and on nothing that is written later.
func TestAnErasureWaitsForWhatIsNotHeardYet(t *testing.T) {
	f := newField(t)
	away, office := f.join("tournée", record.Coordination), f.join("accueil", record.Coordination)
	site := save(t, office, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège"})
	f.exchange(office)
	f.exchange(away)
	early := save(t, away, record.ClassMember, pupil(site, "Élodie"))
	found, err := f.central.AboutPerson(t.Context(), "elodie exemple", time.Time{})
	if err != nil || len(found) != 0 {
		t.Fatal(found, err)
	}
	if err := EraseSubject(t.Context(), f.central, "elodie exemple", found); err != nil {
		t.Fatal(err)
	}
	asked := time.Now()
	eventually(t, "the next millisecond, which is how finely entries tell instants", func() bool { return time.Now().Truncate(time.Millisecond).After(asked) })
	late := save(t, office, record.ClassMember, pupil(site, "Élodie"))
	for _, r := range []*replica.Replica{office, away} {
		if o := f.exchange(r); o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	eventually(t, "what arrived is erased", func() bool { return f.central.Roster().Erased("people/0150001V", early) })
	f.exchange(away)
	if holds(t, away, early) || holds(t, f.central, early) {
		t.Error("what was asked to be erased is held")
	}
	if !holds(t, f.central, late) || f.central.Roster().Erased("people/0150001V", late) {
		t.Error("what was written after the request is erased")
	}
}

// A request that has erased nothing can be taken back, and then erases nothing; one that has cannot.
func TestARequestIsTakenBackAsLongAsItHasErasedNothing(t *testing.T) {
	f := newField(t)
	away := f.join("tournée", record.Coordination)
	site := save(t, away, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège"})
	early, other := save(t, away, record.ClassMember, pupil(site, "Élodie")), save(t, away, record.ClassMember, pupil(site, "Lise"))
	if err := CancelRequest(t.Context(), f.central, "elodie exemple"); !errors.Is(err, ErrNoRequest) {
		t.Errorf("there was none to take back: %v", err)
	}
	for _, name := range []string{"elodie exemple", "Élodie EXEMPLE", "lise exemple"} {
		if err := EraseSubject(t.Context(), f.central, name, nil); err != nil {
			t.Fatal(err)
		}
	}
	if waiting, err := Requests(t.Context(), f.central); err != nil || len(waiting) != 2 {
		t.Errorf("asked for twice, a request waits twice: %+v, %v", waiting, err)
	}
	if err := CancelRequest(t.Context(), f.central, "ELODIE exemple"); err != nil {
		t.Fatal(err)
	}
	if o := f.exchange(away); o.Err != nil {
		t.Fatal(o.Err)
	}
	eventually(t, "what arrived of the other is erased", func() bool { return f.central.Roster().Erased("people/0150001V", other) })
	if !holds(t, f.central, early) || f.central.Roster().Erased("people/0150001V", early) {
		t.Error("a request that was taken back has erased")
	}
	if err := CancelRequest(t.Context(), f.central, "lise exemple"); !errors.Is(err, ErrBegun) {
		t.Errorf("a request that has erased is taken back: %v", err)
	}
	if err := EraseSubject(t.Context(), away, "lise exemple", nil); !errors.Is(err, replica.ErrForbidden) {
		t.Errorf("who may not erase keeps a request: %v", err)
	}
}

// A request taken back between the look at what has arrived and the erasing erases nothing.
func TestARequestTakenBackMeanwhileErasesNothing(t *testing.T) {
	f := newField(t)
	q := Request{Name: "elodie exemple", At: f.central.Now()}
	if stands, err := begin(t.Context(), f.central, q); err != nil || stands {
		t.Errorf("stands = %t, %v", stands, err)
	}
}

// What stands aside, and what lost a conflict, are about the person too.
func TestASubjectIsFoundInQuarantineAndUnderOtherNames(t *testing.T) {
	f := newField(t)
	lost, office := f.join("perdu", record.Coordination), f.join("accueil", record.Coordination)
	site := save(t, office, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège"})
	id := save(t, office, record.ClassMember, pupil(site, "Élodie"))
	f.exchange(office)
	f.exchange(lost)
	if _, err := office.Save(t.Context(), uuid.Nil, replica.Change{ID: id, Set: record.Fields{"first_name": "Lise"}}); err != nil {
		t.Fatal(err)
	}
	second := save(t, lost, record.ClassMember, pupil(site, "Élodie"))
	f.exchange(office)
	f.exchange(lost)
	if _, err := f.central.Distrust(t.Context(), lost.Identity().Public(), "perdu"); err != nil {
		t.Fatal(err)
	}
	found, err := f.central.AboutPerson(t.Context(), "ÉLODIE Exemple", time.Time{})
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	if found[0].ID != id || len(found[0].Said) != 2 || found[1].ID != second || found[1].Fields != nil || !found[1].Said[0].Aside {
		t.Errorf("%+v", found)
	}
	if err := EraseSubject(t.Context(), f.central, "elodie exemple", found); err != nil {
		t.Fatal(err)
	}
	if found, err = f.central.AboutPerson(t.Context(), "elodie exemple", time.Time{}); err != nil || len(found) != 0 {
		t.Errorf("still held: %+v, %v", found, err)
	}
	confirmed, err := f.central.Confirmations(t.Context())
	if err != nil || len(confirmed) != 1 || len(confirmed[0].Confirmed) != 1 || len(confirmed[0].Awaited) != 1 {
		t.Errorf("%+v, %v", confirmed, err)
	}
	f.exchange(office)
	if confirmed, err = f.central.Confirmations(t.Context()); err != nil || len(confirmed[0].Confirmed) != 2 {
		t.Errorf("after the exchange %+v, %v", confirmed, err)
	}
}

// The running central settles a request at the moment it is written down, and the command that wrote it goes on to erase
// what it had found before.
func TestWhatWasErasedMeanwhileIsErasedOnce(t *testing.T) {
	f := newField(t)
	office := f.join("accueil", record.Coordination)
	site := save(t, office, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège"})
	save(t, office, record.ClassMember, pupil(site, "Élodie"))
	f.exchange(office)
	found, err := f.central.AboutPerson(t.Context(), "elodie exemple", time.Time{})
	if err != nil || len(found) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	for range 2 {
		if err := f.central.EraseAbout(t.Context(), found, ReasonRequest); err != nil {
			t.Fatal(err)
		}
	}
	if said, err := f.central.Confirmations(t.Context()); err != nil || len(said) != 1 {
		t.Errorf("%d erasures of one record, %v", len(said), err)
	}
}

func TestWhatIsOverItsTimeIsErased(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	r := foundBy(t, func() time.Time { return now }, "poste", record.Coordination)
	site := save(t, r, record.Site, record.Fields{"type": "tiers_lieu", "name": "Tiers-lieu"})
	workshop := save(t, r, record.Workshop, record.Fields{"title": "Atelier", "themes": []any{"email"}, "place": site.String(),
		"begin": now.UnixMilli(), "end": now.Add(time.Hour).UnixMilli()})
	act := func(at time.Time) uuid.UUID {
		return save(t, r, record.Attendance, record.Fields{"act": "presence", "workshop": workshop.String(), "person_name": "Exemple", "at": at.UnixMilli()})
	}
	past, claimed := act(now.AddDate(-3, 0, 0)), act(now.AddDate(3, 0, 0))
	now = now.AddDate(0, 6, 0)
	recent := act(now)
	now = now.AddDate(0, 6, 1) // a year and a day after the first ones came
	found, err := Retain(t.Context(), r)
	if err != nil || len(found) != 2 {
		t.Fatalf("%d erased, %v", len(found), err)
	}
	for id, gone := range map[uuid.UUID]bool{past: true, claimed: true, recent: false} {
		if holds(t, r, id) == gone {
			t.Errorf("%s held: %t", id, !gone)
		}
	}
	now = now.AddDate(10, 0, 0)
	if _, err := Retain(t.Context(), r); !errors.Is(err, ErrClock) {
		t.Errorf("a clock ten years ahead erases: %v", err)
	}
	if !holds(t, r, recent) {
		t.Error("a clock that leapt has erased")
	}
}

// A look that was noted under a clock that ran ahead, and was set right since, keeps nothing longer than it may.
func TestAClockSetBackPutsNoLookOff(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	r := foundBy(t, func() time.Time { return now }, "poste", record.Coordination)
	now = now.AddDate(0, 0, 300)
	if _, err := Retain(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if retentionDue(t.Context(), r) {
		t.Error("a look is due right after the last")
	}
	now = now.AddDate(0, 0, -299)
	if !retentionDue(t.Context(), r) {
		t.Error("no look before the day that the wrong clock showed")
	}
}

// A look for what arrived about people who have asked to be erased is made again where it failed, as on a full disk:
// the next arrival may be months away.
func TestALookThatFailedIsMadeAgain(t *testing.T) {
	f := newField(t)
	office := f.join("accueil", record.Coordination)
	site := save(t, office, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège"})
	early := save(t, office, record.ClassMember, pupil(site, "Élodie"))
	f.exchange(office)
	f.stop()
	if err := EraseSubject(t.Context(), f.central, "elodie exemple", nil); err != nil {
		t.Fatal(err)
	}
	requests, err := f.central.Setting(t.Context(), settingRequests)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.central.SetSetting(t.Context(), settingRequests, "{"); err != nil { // what cannot be read for now
		t.Fatal(err)
	}
	warned := make(warnings, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { keep(ctx, f.central, slog.New(warned)); close(done) }()
	defer func() { cancel(); <-done }()
	<-warned
	if f.central.Roster().Erased("people/0150001V", early) {
		t.Fatal("the look did not fail")
	}
	if err := f.central.SetSetting(t.Context(), settingRequests, requests); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what arrived is erased", func() bool { return f.central.Roster().Erased("people/0150001V", early) })
}

// warnings tells that something was logged.
type warnings chan struct{}

func (w warnings) Enabled(context.Context, slog.Level) bool { return true }
func (w warnings) WithAttrs([]slog.Attr) slog.Handler       { return w }
func (w warnings) WithGroup(string) slog.Handler            { return w }
func (w warnings) Handle(context.Context, slog.Record) error {
	select {
	case w <- struct{}{}:
	default:
	}
	return nil
}

// A clock that leapt goes on being doubted when devices come, whose own clocks are right: what they bring is received under
// the wrong one.
func TestAClockThatLeaptErasesNothingWhenADeviceComes(t *testing.T) {
	var leap atomic.Int64 // of the central, years
	f := leaping(t, &leap)
	office := f.join("accueil", record.Coordination)
	site := save(t, office, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège"})
	id := save(t, office, record.ClassMember, pupil(site, "Élodie"))
	if o := f.exchange(office); o.Err != nil {
		t.Fatal(o.Err)
	}
	f.stop() // the test looks itself
	leap.Store(10)
	if _, err := Retain(t.Context(), f.central); !errors.Is(err, ErrClock) {
		t.Fatalf("a clock ten years ahead: %v", err)
	}
	save(t, office, record.Equipment, machine("PC-1"))
	_, address := listen(t, f.central)
	if o := meet(t, office, address); o.Err != nil || o.Sent == 0 {
		t.Fatalf("%+v", o)
	}
	if _, err := Retain(t.Context(), f.central); !errors.Is(err, ErrClock) || !holds(t, f.central, id) {
		t.Errorf("held: %t, %v", holds(t, f.central, id), err)
	}
	leap.Store(0)
	if gone, err := Retain(t.Context(), f.central); err != nil || len(gone) > 0 {
		t.Errorf("set right again: %d erased, %v", len(gone), err)
	}
}

// A request that is dated by a clock which is years behind would bear on nothing that comes, and be over once the clock is
// right: it is refused, and the person who asks is not forgotten.
func TestARequestIsNotDatedByAClockThatIsBehind(t *testing.T) {
	var leap atomic.Int64 // of the central, years
	f := leaping(t, &leap)
	leap.Store(-20)
	if err := EraseSubject(t.Context(), f.central, "lise exemple", nil); err != nil {
		t.Errorf("nothing tells that the clock is behind: %v", err)
	}
	leap.Store(0)
	office := f.join("accueil", record.Coordination)
	save(t, office, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège"})
	f.exchange(office)
	leap.Store(-20)
	if err := EraseSubject(t.Context(), f.central, "elodie exemple", nil); !errors.Is(err, ErrClockBehind) {
		t.Errorf("twenty years behind what was received: %v", err)
	}
	leap.Store(0)
	if err := EraseSubject(t.Context(), f.central, "elodie exemple", nil); err != nil {
		t.Error(err)
	}
	if waiting, err := Requests(t.Context(), f.central); err != nil || len(waiting) != 1 || waiting[0].Name != "elodie exemple" {
		t.Errorf("%+v, %v", waiting, err)
	}
}

// A device that is alone knows no other clock than its own.
func TestADeviceThatIsAloneGoesByItsOwnEntries(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	r := foundBy(t, func() time.Time { return now }, "poste", record.Coordination)
	now = now.AddDate(2, 0, 0)
	if _, err := Overdue(t.Context(), r); !errors.Is(err, ErrClock) {
		t.Errorf("two years later: %v", err)
	}
	save(t, r, record.Equipment, machine("PC-1"))
	if _, err := Overdue(t.Context(), r); err != nil {
		t.Errorf("once something was written: %v", err)
	}
}

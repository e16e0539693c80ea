package flow

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// visit walks through events and checks where it ends.
type visit struct {
	t       *testing.T
	s       State
	at      time.Time
	effects []Effect
}

func start(t *testing.T) *visit { return &visit{t: t, s: State{Screen: Welcome}, at: noon} }

func (v *visit) do(k Kind, arg, value string) *visit {
	v.at = v.at.Add(time.Second)
	v.s, v.effects = Next(v.s, Event{k, arg, value, v.at})
	return v
}

func (v *visit) tap(arg, value string) *visit { return v.do(Tap, arg, value) }

func (v *visit) wait(d time.Duration) *visit {
	v.at = v.at.Add(d)
	v.s, v.effects = Next(v.s, Event{Kind: Tick, At: v.at})
	return v
}

func (v *visit) on(want Screen) *visit {
	v.t.Helper()
	if v.s.Screen != want {
		v.t.Fatalf("on %s, want %s", v.s.Screen, want)
	}
	return v
}

func (v *visit) effect(want Do) *visit {
	v.t.Helper()
	for _, e := range v.effects {
		if e.Do == want {
			return v
		}
	}
	v.t.Fatalf("effects %v, want %s", v.effects, want)
	return v
}

func pupil(t *testing.T) *visit {
	return start(t).do(ClassLoaded, "", "").on(ClassWait).tap(BtnMember, "m7").on(ClassMe).tap(BtnItsMe, "").effect(Claim).do(ClaimOK, "", "").on(ClassRead)
}

func TestAPupilSigns(t *testing.T) {
	v := pupil(t).tap(BtnRead, "").on(ClassRead) // not before the end was shown
	v.do(ReachedEnd, "", "").tap(BtnRead, "").on(ClassSign)
	v.tap(BtnSign, "s1").on(ClassSign) // not before something was drawn
	v.do(Drawn, "", "x").tap(BtnSign, "s1").effect(Submit).tap(BtnSign, "s2")
	if len(v.effects) != 0 {
		t.Errorf("a second tap sent %v", v.effects)
	}
	v.on(ClassSign).do(Saved, "", "7K4-P2").on(ClassDone)
	if v.s.Person.Member != "" || v.s.Person.Name != "" {
		t.Errorf("after the thanks the person is still there: %+v", v.s.Person)
	}
	v.wait(NextPupil).on(ClassWait)
}

func TestWhatIsNotSavedStaysOnTheScreen(t *testing.T) {
	v := pupil(t).do(ReachedEnd, "", "").tap(BtnRead, "").do(Drawn, "", "x").tap(BtnSign, "s1").do(SaveFailed, "", "").on(ClassSign)
	v.wait(4 * time.Minute).on(ClassSign)
	v.tap(BtnRetry, "").effect(Submit)
	if v.effects[0].Value != "s1" {
		t.Errorf("sent again as %s: another submission", v.effects[0].Value)
	}
	v.do(SaveFailed, "", "").wait(KeepFailed).on(ClassWait)
}

func TestAPupilWhoIsDoneElsewhereIsNotLetThrough(t *testing.T) {
	start(t).do(ClassLoaded, "", "").tap(BtnMember, "m7").tap(BtnItsMe, "").do(ClaimBad, "", "").on(ClassWait)
}

func TestARefusalIsAnAct(t *testing.T) {
	pupil(t).tap(BtnRefuse, "s1").on(ClassRefuse).effect(Submit).do(Saved, "", "").on(ClassRefuse).tap(BtnSeen, "").on(ClassWait)
}

func TestAVisitorSigns(t *testing.T) {
	v := start(t).tap(BtnCharter, "").on(CharterWho).tap(BtnRead, "").on(CharterWho)
	v.tap(BtnPopulation, "usager").do(Named, "", "Visiteur 01").tap(BtnRead, "").on(CharterRead).do(ReachedEnd, "", "").tap(BtnRead, "").on(CharterSign)
	v.tap(BtnManner, "").do(Named, "", "Visiteur 01").tap(BtnSign, "s1").effect(Submit).do(Saved, "", "7K4-P2").on(CharterDone)
	if v.s.Person.Receipt != "7K4-P2" {
		t.Errorf("receipt %q", v.s.Person.Receipt)
	}
	v.wait(DoneLimit).on(Welcome)
}

func TestNobodyThere(t *testing.T) {
	v := start(t).tap(BtnAgenda, "").on(Agenda).wait(IdleLimit)
	if !v.s.Asking {
		t.Fatal("the question is not asked")
	}
	v.tap(BtnStay, "").wait(IdleLimit / 2).on(Agenda)
	v.wait(IdleLimit).wait(AskLimit).on(Welcome)
	slow := start(t).tap(BtnSlow, "").tap(BtnAgenda, "").wait(2 * IdleLimit)
	if slow.s.Asking {
		t.Error("« Prendre mon temps » does not lengthen the wait")
	}
	if v := pupil(t).wait(IdleLimit); v.s.Asking {
		t.Error("a text to read has no longer wait")
	}
}

func TestTheHostsCode(t *testing.T) {
	v := start(t)
	for range cornerTaps {
		v.tap(BtnCorner, "")
	}
	v.on(Pin)
	for range pinTries {
		v.tap(BtnPin, "0000").effect(CheckPin).do(PinBad, "", "").on(Pin)
	}
	v.tap(BtnPin, "1234")
	if len(v.effects) != 0 {
		t.Error("the page answers though it is closed")
	}
	v.at = v.at.Add(PinLock)
	v.tap(BtnPin, "1234").effect(CheckPin).do(PinOK, "", "").on(Host).wait(HostIdle).on(Welcome)
	if w := start(t).tap(BtnAgenda, "").tap(BtnCorner, "").tap(BtnCorner, "").tap(BtnCorner, ""); w.s.Screen != Agenda {
		t.Errorf("the code opens from %s", w.s.Screen)
	}
}

// buttons are all buttons, for the walks below.
var buttons = []string{BtnQuit, BtnBack, BtnStay, BtnLeave, BtnAgenda, BtnEvent, BtnCharter, BtnMember, BtnItsMe, BtnNotMe, BtnText, BtnRead, BtnRefuse,
	BtnSeen, BtnSign, BtnRetry, BtnReread, BtnManner, BtnPopulation, BtnMinor, BtnDone, BtnCorner, BtnPin, BtnEndClass, BtnSlow}

// walk makes a random visit.
func walk(t *rapid.T) State {
	s, at := State{Screen: Welcome}, noon
	for range rapid.IntRange(0, 40).Draw(t, "steps") {
		at = at.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
		e := Event{Kind: Kind(rapid.IntRange(int(Tap), int(Named)).Draw(t, "kind")), Value: rapid.SampledFrom([]string{"", "x", "m7", "with"}).Draw(t, "value"), At: at}
		if rapid.Bool().Draw(t, "tap") {
			e.Kind = Tap
		}
		if e.Kind == Tap {
			e.Arg = rapid.SampledFrom(buttons).Draw(t, "button")
		}
		before := s
		s, _ = Next(s, e)
		thanks := s.Screen == ClassDone || s.Screen == CharterDone
		if thanks && before.Screen != s.Screen && e.Kind != Saved {
			t.Fatalf("thanks after %v on %s", e, before.Screen)
		}
	}
	return s
}

func TestQuitAlwaysEndsClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := walk(t)
		got, effects := Next(s, Event{Kind: Tap, Arg: BtnQuit, At: noon.Add(time.Hour)})
		want := Welcome
		if s.Class {
			want = ClassWait
		}
		if got.Screen != want || got.Person != (Person{}) || got.Event != "" || len(effects) == 0 || effects[0].Do != Clear {
			t.Fatalf("from %s: on %s with %+v, %v", s.Screen, got.Screen, got.Person, effects)
		}
	})
}

func TestLeftAloneItEndsClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := walk(t)
		if s.Person.Sending {
			s, _ = Next(s, Event{Kind: SaveFailed, At: noon.Add(30 * time.Minute)})
			s, _ = Next(s, Event{Kind: ClaimBad, At: noon.Add(30 * time.Minute)})
		}
		for i := range 60 {
			s, _ = Next(s, Event{Kind: Tick, At: noon.Add(time.Hour + time.Duration(i)*time.Minute)})
		}
		if (s.Screen != Welcome && s.Screen != ClassWait) || s.Person != (Person{}) {
			t.Fatalf("left alone on %s with %+v", s.Screen, s.Person)
		}
	})
}

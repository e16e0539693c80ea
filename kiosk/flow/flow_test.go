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
	return start(t).do(ClassLoaded, "", "").on(ClassWait).tap(BtnMember, "m7").on(ClassMe).tap(BtnItsMe, "").effect(Claim).do(ClaimOK, "m7", "").on(ClassRead)
}

func TestAPupilSigns(t *testing.T) {
	v := pupil(t).tap(BtnRead, "").on(ClassRead) // not before the end was shown
	v.do(ReachedEnd, "", "").tap(BtnRead, "").on(ClassSign)
	v.tap(BtnSign, "s1").on(ClassSign) // not before something was drawn
	v.do(Drawn, "", "x").tap(BtnSign, "s1").effect(Submit).tap(BtnSign, "s2")
	if len(v.effects) != 0 {
		t.Errorf("a second tap sent %v", v.effects)
	}
	v.on(ClassSign).do(Saved, "s1", "7K4-P2").on(ClassDone)
	if v.s.Person.Member != "" || v.s.Person.Name != "" {
		t.Errorf("after the thanks the person is still there: %+v", v.s.Person)
	}
	v.wait(NextPupil).on(ClassWait)
}

func TestWhatIsNotSavedStaysOnTheScreen(t *testing.T) {
	v := pupil(t).do(ReachedEnd, "", "").tap(BtnRead, "").do(Drawn, "", "x").tap(BtnSign, "s1").do(SaveFailed, "s1", "").on(ClassSign)
	v.wait(4 * time.Minute).on(ClassSign)
	v.tap(BtnRetry, "").effect(Submit)
	if v.effects[0].Value != "s1" {
		t.Errorf("sent again as %s: another submission", v.effects[0].Value)
	}
	v.do(SaveFailed, "s1", "").wait(KeepFailed).on(ClassWait)
}

func TestAPupilWhoIsDoneElsewhereIsNotLetThrough(t *testing.T) {
	start(t).do(ClassLoaded, "", "").tap(BtnMember, "m7").tap(BtnItsMe, "").do(ClaimBad, "m7", "").on(ClassWait)
}

func TestARefusalIsAnAct(t *testing.T) {
	pupil(t).tap(BtnRefuse, "s1").on(ClassRefuse).effect(Submit).tap(BtnSeen, "").on(ClassRefuse).do(Saved, "s1", "").on(ClassRefuse).tap(BtnSeen, "").on(ClassWait)
}

func TestAVisitorSigns(t *testing.T) {
	v := start(t).tap(BtnCharter, "").on(CharterWho).tap(BtnRead, "").on(CharterWho)
	v.tap(BtnPopulation, "enseignant").tap(BtnRead, "").on(CharterRead).tap(BtnRead, "").on(CharterRead).do(ReachedEnd, "", "").tap(BtnRead, "").on(CharterName)
	v.tap(BtnRead, "").on(CharterName).do(Named, "", "Visiteur 01 ").tap(BtnRead, "").on(CharterSign)
	v.tap(BtnManner, "").effect(Wipe).do(Written, "", "V. 01").tap(BtnManner, "").tap(BtnManner, "").tap(BtnSign, "s0")
	if len(v.effects) != 0 || v.s.Person.Name != "Visiteur 01" {
		t.Fatalf("after another manner: %v, %+v", v.effects, v.s.Person)
	}
	v.do(Written, "", "V. 01").tap(BtnSign, "s1").effect(Submit).do(Saved, "s1", "7K4-P2").on(CharterDone)
	if v.s.Person.Receipt != "7K4-P2" {
		t.Errorf("receipt %q", v.s.Person.Receipt)
	}
	v.wait(DoneLimit).on(Welcome)
}

func TestAUserUnder18NeedsSomebody(t *testing.T) {
	v := start(t).tap(BtnCharter, "").tap(BtnPopulation, Users).tap(BtnRead, "").on(CharterWho)
	v.tap(BtnMinor, WithGuardian).tap(BtnRead, "").on(CharterRead).tap(BtnBack, "").on(CharterWho)
	v.tap(BtnPopulation, "parent")
	if v.s.Person.Age != "" {
		t.Error("another answer keeps the age of the one before")
	}
	v.tap(BtnPopulation, Users).tap(BtnMinor, ComesBack).on(Welcome)
}

func TestAnAnswerThatComesLateIsNobodys(t *testing.T) {
	v := pupil(t).do(ReachedEnd, "", "").tap(BtnRead, "").do(Drawn, "", "x").tap(BtnSign, "s1").tap(BtnQuit, "").on(ClassWait)
	v.tap(BtnMember, "m8").tap(BtnItsMe, "").do(Saved, "s1", "7K4-P2").do(ClaimOK, "m7", "").on(ClassMe).do(ClaimOK, "m8", "").on(ClassRead)
	v.do(ReachedEnd, "", "").tap(BtnRead, "").do(Drawn, "", "x").tap(BtnSign, "s2").do(Saved, "s1", "7K4-P2").on(ClassSign).do(SaveFailed, "s1", "")
	if v.s.Person.Failed {
		t.Error("the failure of one is shown to the next")
	}
	v.do(Saved, "s2", "8AA-00").on(ClassDone)
}

func TestTheClassEnds(t *testing.T) {
	start(t).do(ClassLoaded, "", "").do(ClassEnded, "", "").on(ClassEnd).wait(DoneLimit).on(Welcome)
	v := pupil(t).do(ClassEnded, "", "").on(ClassEnd).effect(Clear)
	v.do(ClassLoaded, "", "").on(ClassWait).do(ClassAllDone, "", "").on(ClassEnd).effect(EndClass).effect(Clear)
	pupil(t).do(ClassAllDone, "", "").on(ClassRead)
	start(t).tap(BtnAgenda, "").do(ClassLoaded, "", "").do(ClassEnded, "", "").on(Agenda)
	start(t).tap(BtnCharter, "").do(ClassLoaded, "", "").do(ClassEnded, "", "").on(CharterWho)
	signing := pupil(t).do(ReachedEnd, "", "").tap(BtnRead, "").do(Drawn, "", "x").tap(BtnSign, "s1").do(ClassEnded, "", "").on(ClassSign)
	signing.do(SaveFailed, "s1", "").do(ClassEnded, "", "").tap(BtnRetry, "").effect(Submit).do(Saved, "s1", "7K4-P2").on(ClassDone).wait(NextPupil).on(Welcome)
}

func TestATerminalThatCannotServeIsOff(t *testing.T) {
	v := start(t).tap(BtnAgenda, "").do(Stopped, "", "disque plein").on(Agenda).tap(BtnBack, "").do(Stopped, "", "disque plein").on(Off)
	v.tap(BtnAgenda, "").on(Off).do(ClassLoaded, "", "").on(Off).do(Stopped, "", "").on(ClassWait)
	failed := pupil(t).do(ReachedEnd, "", "").tap(BtnRead, "").do(Drawn, "", "x").tap(BtnSign, "s1").do(SaveFailed, "s1", "")
	failed.do(Stopped, "", "disque plein").on(ClassSign)
}

func TestEaseGoesWithThePerson(t *testing.T) {
	want := Ease{Slow: true, Larger: 2, Contrast: true}
	chosen := func() *visit {
		return start(t).tap(BtnSlow, "").tap(BtnLarger, "").tap(BtnLarger, "").tap(BtnContrast, "").tap(BtnAgenda, "")
	}
	v := chosen()
	if v.s.Ease != want {
		t.Fatalf("%+v, want %+v", v.s.Ease, want)
	}
	if v.tap(BtnQuit, ""); v.s.Ease != (Ease{}) {
		t.Errorf("the next person gets %+v", v.s.Ease)
	}
	if w := chosen().tap(BtnBack, "").wait(slower * IdleLimit).on(Welcome); w.s.Ease != (Ease{}) || w.s.Asking {
		t.Errorf("left alone: %+v", w.s)
	}
}

func TestTheQuestionCounts(t *testing.T) {
	for _, c := range []struct {
		slow  bool
		after time.Duration
		left  int
	}{{false, 0, 20}, {false, 19500 * time.Millisecond, 1}, {false, time.Minute, 0}, {true, 0, 60}} {
		s := State{AskedAt: noon, Ease: Ease{Slow: c.slow}}
		if got := s.Left(noon.Add(c.after)); got != c.left {
			t.Errorf("%+v: %d left", c, got)
		}
	}
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

func TestTheHostSeesTheSheetOfTheClass(t *testing.T) {
	host := func(v *visit) *visit {
		for range cornerTaps {
			v.tap(BtnCorner, "")
		}
		return v.on(Pin).do(PinOK, "", "").on(Host)
	}
	host(start(t)).tap(BtnSheet, "").on(Host) // no class, no sheet
	host(start(t).do(ClassLoaded, "", "")).tap(BtnSheet, "").on(HostSheet).tap(BtnBack, "").on(Host).tap(BtnSheet, "").wait(HostIdle).on(ClassWait)
}

// buttons are all buttons, for the walks below.
var buttons = []string{BtnQuit, BtnBack, BtnStay, BtnLeave, BtnAgenda, BtnEvent, BtnCharter, BtnMember, BtnItsMe, BtnNotMe, BtnText, BtnRead, BtnRefuse,
	BtnSeen, BtnSign, BtnRetry, BtnReread, BtnManner, BtnPopulation, BtnMinor, BtnDone, BtnCorner, BtnPin, BtnEndClass, BtnSlow, BtnLarger, BtnContrast, BtnSheet}

// walk makes a random visit.
func walk(t *rapid.T) State {
	s, at := State{Screen: Welcome}, noon
	for range rapid.IntRange(0, 40).Draw(t, "steps") {
		at = at.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
		e := Event{Kind: Kind(rapid.IntRange(int(Tap), int(Stopped)).Draw(t, "kind")), Value: rapid.SampledFrom([]string{"", "x", "m7", "with", Users}).Draw(t, "value"), At: at}
		if rapid.Bool().Draw(t, "tap") {
			e.Kind = Tap
		}
		if e.Kind == Tap {
			e.Arg = rapid.SampledFrom(buttons).Draw(t, "button")
		}
		switch e.Kind {
		case Saved, SaveFailed:
			e.Arg = s.Person.Submission
		case ClaimOK, ClaimBad:
			e.Arg = s.Person.Member
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
		want := s.home()
		if s.Screen == Off {
			want = Off
		}
		if got.Screen != want || got.Person != (Person{}) || got.Event != "" || want != Off && (len(effects) == 0 || effects[0].Do != Clear) {
			t.Fatalf("from %s: on %s with %+v, %v", s.Screen, got.Screen, got.Person, effects)
		}
	})
}

func TestLeftAloneItEndsClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := walk(t)
		if s.Person.Sending {
			s, _ = Next(s, Event{Kind: SaveFailed, Arg: s.Person.Submission, At: noon.Add(30 * time.Minute)})
			s, _ = Next(s, Event{Kind: ClaimBad, Arg: s.Person.Member, At: noon.Add(30 * time.Minute)})
		}
		for i := range 60 {
			s, _ = Next(s, Event{Kind: Tick, At: noon.Add(time.Hour + time.Duration(i)*time.Minute)})
		}
		if (s.Screen != s.home() && s.Screen != Off) || s.Person != (Person{}) {
			t.Fatalf("left alone on %s with %+v", s.Screen, s.Person)
		}
	})
}

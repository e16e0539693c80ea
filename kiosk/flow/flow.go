// Package flow is the visitor's conversation with the public terminal, as a pure state machine: Next takes
// a state and an event, and returns the next state with what is to be done. It draws nothing, writes nothing
// and reads no clock: events carry the time. Its invariant: from any state, Quitter leads to the welcome, or
// to the list of the class while one is lent, and nothing that the person entered is left.
package flow

import (
	"strings"
	"time"
)

// Screen names a page of the terminal.
type Screen string

// Screens of the terminal.
const (
	Welcome     Screen = "welcome"
	Agenda      Screen = "agenda"
	Detail      Screen = "detail"
	ClassWait   Screen = "class.wait"
	ClassMe     Screen = "class.me"
	ClassRead   Screen = "class.read"
	ClassSign   Screen = "class.sign"
	ClassRefuse Screen = "class.refuse"
	ClassDone   Screen = "class.done"
	ClassEnd    Screen = "class.end"
	CharterWho  Screen = "charter.who"
	CharterRead Screen = "charter.read"
	CharterName Screen = "charter.name"
	CharterSign Screen = "charter.sign"
	CharterDone Screen = "charter.done"
	Pin         Screen = "pin"
	Host        Screen = "host"
	HostSheet   Screen = "host.sheet"
	Off         Screen = "off"
)

// Waits of the terminal. Prendre mon temps makes those of a person three times as long.
const (
	IdleLimit    = 60 * time.Second
	ReadLimit    = 180 * time.Second
	SignLimit    = 120 * time.Second
	AskLimit     = 20 * time.Second // « Êtes-vous toujours là ? »
	DoneLimit    = 8 * time.Second
	NextPupil    = 4 * time.Second
	KeepFailed   = 5 * time.Minute // what could not be saved stays on the screen so long
	PinIdle      = 30 * time.Second
	HostIdle     = 5 * time.Minute
	PinLock      = 5 * time.Minute
	pinTries     = 5
	cornerTaps   = 3
	cornerWithin = 3 * time.Second
	slower       = 3
)

// Person is all that is entered by the person at the terminal; it is cleared whole.
type Person struct {
	Member     string // id of a pupil
	Population string // code of record's list
	Age        string // of a user of the place: Adult or WithGuardian, "" before the answer
	Name       string // of a visitor, before signing
	Written    string // the signature, where it is typed
	Full       bool   // the full text is shown, not the simple one
	ReadEnd    bool   // the end of the text was shown
	Typed      bool   // the name is typed in place of a drawing
	Signed     bool   // something was drawn or typed
	Submission string // one per review, so that a second tap sends nothing new
	Sending    bool
	Failed     bool
	FailedAt   time.Time
	Refusing   bool
	Receipt    string
}

// Answers about the age. Who is under 18 and alone comes back with somebody.
const (
	Adult        = "adult"
	WithGuardian = "with"
	ComesBack    = "later"
)

// Ease is how this person is shown the pages; it goes with them.
type Ease struct {
	Slow     bool // « Prendre mon temps »
	Larger   int  // steps of « Texte plus grand »
	Contrast bool
}

// State is where the conversation is.
type State struct {
	Screen  Screen
	Person  Person
	Event   string // id of the event whose detail is shown
	Class   bool   // a class is lent
	Asking  bool   // « Êtes-vous toujours là ? » is on the page
	AskedAt time.Time
	Since   time.Time // of the last touch
	Ease    Ease
	Tries   int // wrong codes in a row
	Locked  time.Time
	Corner  int // taps on the hidden corner
	CornerT time.Time
	Why     string // why the terminal is off
}

// Kind names an event.
type Kind int

// Events.
const (
	Tap   Kind = iota // Arg is the name of the button, Value what it carries
	Touch             // any key, drag or scroll: somebody is there
	Tick              // time passes
	ClassLoaded
	ClassEnded
	ClassAllDone
	ClaimOK    // the host lets the pupil go on; Arg is the member
	ClaimBad   // the pupil is done, or has begun elsewhere; Arg is the member
	Saved      // Arg is the submission, Value the receipt
	SaveFailed // Arg is the submission
	PinOK
	PinBad
	ReachedEnd // the end of the text was shown
	Drawn      // Value "" when the pad was emptied
	Named      // Value is the name typed
	Written    // Value is the signature typed
	Stopped    // Value is why the terminal cannot serve, "" where it can again
)

// Event is one thing that happened, at a time.
type Event struct {
	Kind       Kind
	Arg, Value string
	At         time.Time
}

// Names of the buttons.
const (
	BtnQuit, BtnBack, BtnStay, BtnLeave     = "quit", "back", "stay", "leave"
	BtnAgenda, BtnEvent, BtnCharter         = "agenda", "event", "charter"
	BtnMember, BtnItsMe, BtnNotMe           = "member", "its-me", "not-me"
	BtnText, BtnRead, BtnRefuse, BtnSeen    = "text", "read", "refuse", "seen"
	BtnSign, BtnRetry, BtnReread, BtnManner = "sign", "retry", "reread", "manner"
	BtnPopulation, BtnMinor, BtnDone        = "population", "minor", "done"
	BtnCorner, BtnPin, BtnEndClass, BtnSlow = "corner", "pin", "end-class", "slow"
	BtnLarger, BtnContrast, BtnSheet        = "larger", "contrast", "sheet"
)

// Do names what the program does besides showing the next state.
type Do string

// Effects.
const (
	Clear    Do = "clear"     // empty every field on the page
	Wipe     Do = "wipe"      // empty the place to sign
	Claim    Do = "claim"     // ask the host whether the pupil may go on
	Release  Do = "release"   // tell the host that the pupil did not
	Submit   Do = "submit"    // save the act of State.Person
	CheckPin Do = "check-pin" // compare Value with the host's code
	EndClass Do = "end-class" // forget the class on this terminal
)

// Effect is one of them with what it needs.
type Effect struct {
	Do    Do
	Value string
}

// home is where a conversation ends: the class, while one is lent.
func (s State) home() Screen {
	if s.Class {
		return ClassWait
	}
	return Welcome
}

// leave clears the person and returns to the start.
func (s State) leave() (State, []Effect) {
	effects := []Effect{{Do: Clear}}
	if s.Person.Member != "" {
		effects = append(effects, Effect{Release, s.Person.Member})
	}
	s.Person, s.Ease, s.Event, s.Asking, s.Corner = Person{}, Ease{}, "", false, 0
	s.Screen = s.home()
	return s, effects
}

// limit is how long the state waits for a person, 0 without limit.
func (s State) limit() time.Duration {
	d := IdleLimit
	switch s.Screen {
	case Off:
		return 0
	case Welcome, ClassWait:
		if s.Ease == (Ease{}) {
			return 0
		}
	case ClassRead, CharterRead:
		d = ReadLimit
	case ClassSign, CharterSign:
		d = SignLimit
	case Pin:
		return PinIdle
	case Host, HostSheet:
		return HostIdle
	case ClassDone:
		d = NextPupil
	case CharterDone, ClassRefuse, ClassEnd:
		d = DoneLimit
	}
	return d * time.Duration(s.pace())
}

// Left is how many seconds of « Êtes-vous toujours là ? » are left.
func (s State) Left(at time.Time) int {
	left := AskLimit*time.Duration(s.pace()) - at.Sub(s.AskedAt)
	return int(max(left+time.Second-1, 0) / time.Second)
}

// Next returns the state after an event, and what is to be done.
func Next(s State, e Event) (State, []Effect) {
	switch e.Kind {
	case Tick:
		return s.tick(e.At)
	case Stopped:
		return s.stopped(e.Value)
	case ClassLoaded:
		return s.loaded(e.At)
	case ClassEnded:
		return s.ended(e.At)
	case ClassAllDone:
		if s.Screen != ClassWait || !s.Class {
			return s, nil
		}
		s, effects := s.ended(e.At)
		return s, append(effects, Effect{Do: EndClass})
	}
	if s.Screen == Off {
		return s, nil
	}
	if e.Kind == Tap || e.Kind == Touch {
		s.Since = e.At
	}
	switch e.Kind {
	case Tap:
		return s.tap(e)
	case Saved, SaveFailed:
		return s.answered(e)
	case ClaimOK, ClaimBad:
		return s.claimed(e)
	case PinOK, PinBad:
		return s.code(e)
	case ReachedEnd, Drawn, Named, Written:
		return s.entered(e), nil
	}
	return s, nil
}

// entered takes what the person did on the page, where the page asks for it.
func (s State) entered(e Event) State {
	reads := s.Screen == ClassRead || s.Screen == CharterRead
	signs := s.Screen == ClassSign || s.Screen == CharterSign
	switch {
	case e.Kind == ReachedEnd && reads:
		s.Person.ReadEnd = true
	case e.Kind == Drawn && signs && !s.Person.Typed:
		s.Person.Signed, s.Since = e.Value != "", e.At
	case e.Kind == Written && signs && s.Person.Typed:
		s.Person.Written, s.Person.Signed, s.Since = e.Value, strings.TrimSpace(e.Value) != "", e.At
	case e.Kind == Named && s.Screen == CharterName:
		s.Person.Name, s.Since = strings.TrimSpace(e.Value), e.At
	}
	return s
}

// loaded shows the class at once to nobody in particular; somebody who is busy finishes first.
func (s State) loaded(at time.Time) (State, []Effect) {
	s.Class = true
	if s.Screen == Welcome || s.Screen == ClassEnd {
		s.Screen, s.Since = ClassWait, at
	}
	return s, nil
}

// ended takes the class away from whoever is in it; a visitor goes on, and so does a signature that is
// being saved or could not be: it is lost nowhere.
func (s State) ended(at time.Time) (State, []Effect) {
	s.Class = false
	switch s.Screen {
	case ClassWait, ClassMe, ClassRead:
	case ClassSign, ClassRefuse:
		if s.Person.Sending || s.Person.Failed {
			return s, nil
		}
	default:
		return s, nil
	}
	s, effects := s.leave()
	s.Screen, s.Since = ClassEnd, at
	return s, effects
}

// stopped closes a terminal that cannot serve, once nobody is at it: who is, sees what is not saved.
func (s State) stopped(why string) (State, []Effect) {
	switch {
	case s.Screen == Off && why == "":
		s.Screen, s.Why = s.home(), ""
	case s.Screen == Off:
		s.Why = why
	case why != "" && (s.Screen == Welcome || s.Screen == ClassWait || s.Screen == ClassEnd):
		s, effects := s.leave()
		s.Screen, s.Why = Off, why
		return s, effects
	}
	return s, nil
}

// tick ends what nobody answers any more.
func (s State) tick(at time.Time) (State, []Effect) {
	if s.Person.Sending {
		return s, nil // nothing is taken away while it is being saved
	}
	if s.Person.Failed {
		if at.Sub(s.Person.FailedAt) >= KeepFailed {
			return s.leave()
		}
		return s, nil
	}
	limit := s.limit()
	switch {
	case limit == 0 || s.Since.IsZero():
		return s, nil
	case s.Asking && at.Sub(s.AskedAt) >= AskLimit*time.Duration(s.pace()):
		return s.leave()
	case s.Asking || at.Sub(s.Since) < limit:
		return s, nil
	}
	switch s.Screen {
	case Welcome, ClassWait, Pin, Host, HostSheet, ClassDone, ClassEnd, CharterDone, ClassRefuse:
		return s.leave()
	}
	s.Asking, s.AskedAt = true, at
	return s, nil
}

func (s State) pace() int {
	if s.Ease.Slow {
		return slower
	}
	return 1
}

package flow

import "time"

// tap follows a button. A button that the page does not have does nothing.
func (s State) tap(e Event) (State, []Effect) {
	switch e.Arg {
	case BtnSlow:
		s.Slow = !s.Slow
		return s, nil
	case BtnQuit, BtnLeave:
		return s.leave()
	case BtnStay:
		s.Asking = false
		return s, nil
	case BtnCorner:
		return s.corner(e.At)
	}
	if s.Asking {
		return s, nil
	}
	switch s.Screen {
	case Welcome, Agenda, Detail:
		return s.tapWelcome(e)
	case ClassWait, ClassMe, ClassRead, ClassSign, ClassRefuse, ClassDone:
		return s.tapClass(e)
	case CharterWho, CharterRead, CharterSign, CharterDone:
		return s.tapCharter(e)
	case Pin, Host:
		return s.tapHost(e)
	}
	return s, nil
}

// corner opens the host's code after three taps on the hidden corner, from the welcome or the class only.
func (s State) corner(at time.Time) (State, []Effect) {
	if s.Screen != Welcome && s.Screen != ClassWait {
		return s, nil
	}
	if at.Sub(s.CornerT) > cornerWithin {
		s.Corner = 0
	}
	s.Corner, s.CornerT = s.Corner+1, at
	if s.Corner >= cornerTaps {
		s.Corner, s.Screen = 0, Pin
	}
	return s, nil
}

func (s State) tapWelcome(e Event) (State, []Effect) {
	switch {
	case s.Screen == Welcome && e.Arg == BtnAgenda:
		s.Screen = Agenda
	case s.Screen == Welcome && e.Arg == BtnCharter:
		s.Screen = CharterWho
	case s.Screen == Agenda && e.Arg == BtnEvent:
		s.Screen, s.Event = Detail, e.Value
	case s.Screen == Agenda && e.Arg == BtnBack:
		s.Screen = Welcome
	case s.Screen == Detail && e.Arg == BtnBack:
		s.Screen, s.Event = Agenda, ""
	}
	return s, nil
}

func (s State) tapClass(e Event) (State, []Effect) {
	switch {
	case s.Screen == ClassWait && e.Arg == BtnMember && s.Class:
		s.Person = Person{Member: e.Value, Population: ""}
		s.Screen = ClassMe
	case s.Screen == ClassMe && e.Arg == BtnItsMe && !s.Person.Sending:
		s.Person.Sending = true // until the host has answered
		return s, []Effect{{Claim, s.Person.Member}}
	case s.Screen == ClassMe && (e.Arg == BtnNotMe || e.Arg == BtnBack):
		return s.leave()
	case s.Screen == ClassRead && e.Arg == BtnText:
		s.Person.Full, s.Person.ReadEnd = !s.Person.Full, false
	case s.Screen == ClassRead && e.Arg == BtnRead && s.Person.ReadEnd:
		s.Screen = ClassSign
	case s.Screen == ClassRead && e.Arg == BtnRefuse:
		s.Screen, s.Person.Refusing = ClassRefuse, true
		return s.submit(e.Value)
	case s.Screen == ClassRead && e.Arg == BtnBack:
		return s.leave()
	case s.Screen == ClassRefuse && e.Arg == BtnSeen && !s.Person.Failed, s.Screen == ClassDone && (e.Arg == BtnDone || e.Arg == BtnSeen):
		s.Person.Member = "" // acted: there is nothing to give back
		return s.leave()
	case s.Screen == ClassSign || s.Screen == ClassRefuse:
		return s.tapSign(e, ClassRead)
	}
	return s, nil
}

// tapSign is what the two signing pages share.
func (s State) tapSign(e Event, read Screen) (State, []Effect) {
	switch e.Arg {
	case BtnReread, BtnBack:
		if !s.Person.Sending && !s.Person.Failed {
			s.Screen = read
		}
	case BtnManner:
		if !s.Person.Sending {
			s.Person.Typed, s.Person.Signed = !s.Person.Typed, false
			return s, []Effect{{Do: Clear}}
		}
	case BtnSign:
		if s.Person.Signed && !s.Person.Sending && !s.Person.Failed {
			return s.submit(e.Value)
		}
	case BtnRetry:
		if s.Person.Failed {
			s.Person.Failed, s.Person.Sending = false, true
			return s, []Effect{{Submit, s.Person.Submission}}
		}
	}
	return s, nil
}

// submit sends the act once: value names the submission.
func (s State) submit(id string) (State, []Effect) {
	if s.Person.Submission == "" {
		s.Person.Submission = id
	}
	s.Person.Sending = true
	return s, []Effect{{Submit, s.Person.Submission}}
}

func (s State) tapCharter(e Event) (State, []Effect) {
	switch {
	case s.Screen == CharterWho && e.Arg == BtnPopulation:
		s.Person.Population = e.Value
	case s.Screen == CharterWho && e.Arg == BtnMinor:
		s.Person.Minor = e.Value == "with"
		if e.Value == "later" {
			return s.leave()
		}
	case s.Screen == CharterWho && e.Arg == BtnRead && s.Person.Population != "" && s.Person.Name != "":
		s.Screen = CharterRead
	case s.Screen == CharterWho && e.Arg == BtnBack:
		return s.leave()
	case s.Screen == CharterRead && e.Arg == BtnText:
		s.Person.Full, s.Person.ReadEnd = !s.Person.Full, false
	case s.Screen == CharterRead && e.Arg == BtnRead && s.Person.ReadEnd:
		s.Screen = CharterSign
	case s.Screen == CharterRead && e.Arg == BtnBack:
		s.Screen = CharterWho
	case s.Screen == CharterDone && e.Arg == BtnDone:
		return s.leave()
	case s.Screen == CharterSign:
		return s.tapSign(e, CharterRead)
	}
	return s, nil
}

func (s State) tapHost(e Event) (State, []Effect) {
	switch {
	case s.Screen == Pin && e.Arg == BtnPin && !e.At.Before(s.Locked):
		return s, []Effect{{CheckPin, e.Value}}
	case s.Screen == Host && e.Arg == BtnEndClass:
		s.Class = false
		return s, []Effect{{Do: EndClass}}
	case e.Arg == BtnBack || e.Arg == BtnDone:
		return s.leave()
	}
	return s, nil
}

// answered shows thanks on Saved alone; a failure keeps what was entered on the screen.
func (s State) answered(e Event) (State, []Effect) {
	if !s.Person.Sending {
		return s, nil
	}
	s.Person.Sending, s.Since = false, e.At
	if e.Kind == SaveFailed {
		s.Person.Failed, s.Person.FailedAt = true, e.At
		return s, nil
	}
	switch s.Screen {
	case ClassSign:
		s.Screen = ClassDone
		s.Person = Person{Receipt: e.Value}
		return s, []Effect{{Do: Clear}}
	case ClassRefuse:
		s.Person = Person{Refusing: true}
	case CharterSign:
		s.Screen = CharterDone
		s.Person = Person{Receipt: e.Value, Population: s.Person.Population, Minor: s.Person.Minor}
		return s, []Effect{{Do: Clear}}
	}
	return s, nil
}

// claimed goes on with the pupil that the host lets begin.
func (s State) claimed(e Event) (State, []Effect) {
	if s.Screen != ClassMe || !s.Person.Sending {
		return s, nil
	}
	s.Person.Sending, s.Since = false, e.At
	if e.Kind == ClaimBad {
		s.Person.Member = ""
		return s.leave()
	}
	s.Screen = ClassRead
	return s, nil
}

// code counts wrong codes: five in a row close the page for five minutes.
func (s State) code(e Event) (State, []Effect) {
	if s.Screen != Pin {
		return s, nil
	}
	if e.Kind == PinOK {
		s.Screen, s.Tries, s.Since = Host, 0, e.At
		return s, []Effect{{Do: Clear}}
	}
	s.Tries++
	if s.Tries >= pinTries {
		s.Tries, s.Locked = 0, e.At.Add(PinLock)
	}
	return s, []Effect{{Do: Clear}}
}

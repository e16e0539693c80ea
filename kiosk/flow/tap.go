package flow

import "time"

// tap follows a button. A button that the page does not have does nothing.
func (s State) tap(e Event) (State, []Effect) {
	switch e.Arg {
	case BtnSlow:
		s.Ease.Slow = !s.Ease.Slow
		return s, nil
	case BtnLarger:
		s.Ease.Larger++
		return s, nil
	case BtnContrast:
		s.Ease.Contrast = !s.Ease.Contrast
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
	case ClassWait, ClassMe, ClassRead, ClassSign, ClassRefuse, ClassDone, ClassEnd:
		return s.tapClass(e)
	case CharterWho, CharterRead, CharterName, CharterSign, CharterDone:
		return s.tapCharter(e)
	case Pin, Host, HostSheet:
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
		s.Screen = s.home() // a class may have come meanwhile
	case s.Screen == Detail && e.Arg == BtnBack:
		s.Screen, s.Event = Agenda, ""
	}
	return s, nil
}

func (s State) tapClass(e Event) (State, []Effect) {
	switch {
	case s.Screen == ClassWait && e.Arg == BtnMember && s.Class:
		s.Person = Person{Member: e.Value}
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
	case s.Screen == ClassRefuse && e.Arg == BtnSeen && !s.Person.Failed && !s.Person.Sending, (s.Screen == ClassDone || s.Screen == ClassEnd) && e.Arg == BtnDone:
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
		if !s.Person.Sending && !s.Person.Failed {
			s.Person.Typed, s.Person.Signed, s.Person.Written = !s.Person.Typed, false, ""
			return s, []Effect{{Do: Wipe}}
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
	switch s.Screen {
	case CharterWho:
		return s.tapWho(e)
	case CharterSign:
		return s.tapSign(e, CharterRead)
	case CharterRead:
		switch {
		case e.Arg == BtnText:
			s.Person.Full, s.Person.ReadEnd = !s.Person.Full, false
		case e.Arg == BtnRead && s.Person.ReadEnd:
			s.Screen = CharterName
		case e.Arg == BtnBack:
			s.Screen = CharterWho
		}
	case CharterName:
		switch {
		case e.Arg == BtnRead && s.Person.Name != "":
			s.Screen = CharterSign
		case e.Arg == BtnBack:
			s.Screen = CharterRead
		}
	case CharterDone:
		if e.Arg == BtnDone {
			return s.leave()
		}
	}
	return s, nil
}

// Users is the population whose members may be under 18.
const Users = "usager"

// tapWho takes who signs; a user of the place says whether they are of age.
func (s State) tapWho(e Event) (State, []Effect) {
	switch {
	case e.Arg == BtnPopulation:
		s.Person.Population, s.Person.Age = e.Value, ""
	case e.Arg == BtnMinor && e.Value == ComesBack, e.Arg == BtnBack:
		return s.leave()
	case e.Arg == BtnMinor && s.Person.Population == Users && (e.Value == Adult || e.Value == WithGuardian):
		s.Person.Age = e.Value
	case e.Arg == BtnRead && s.Person.Known():
		s.Screen = CharterRead
	}
	return s, nil
}

// Known reports whether the person has said all that is asked before reading.
func (p Person) Known() bool { return p.Population != "" && (p.Population != Users || p.Age != "") }

func (s State) tapHost(e Event) (State, []Effect) {
	switch {
	case s.Screen == Pin && e.Arg == BtnPin && !e.At.Before(s.Locked):
		return s, []Effect{{CheckPin, e.Value}}
	case s.Screen == Host && e.Arg == BtnEndClass:
		s.Class = false
		return s, []Effect{{Do: EndClass}} // the page stays: it says that no name is left
	case s.Screen == Host && e.Arg == BtnSheet && s.Class:
		s.Screen = HostSheet
	case s.Screen == HostSheet && e.Arg == BtnBack:
		s.Screen = Host
	case e.Arg == BtnBack || e.Arg == BtnDone:
		return s.leave()
	}
	return s, nil
}

// answered shows thanks on Saved alone; a failure keeps what was entered on the screen.
func (s State) answered(e Event) (State, []Effect) {
	if !s.Person.Sending || e.Arg != s.Person.Submission {
		return s, nil // of somebody who has left
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
		s.Person = Person{Receipt: e.Value, Population: s.Person.Population}
		return s, []Effect{{Do: Clear}}
	}
	return s, nil
}

// claimed goes on with the pupil that the host lets begin.
func (s State) claimed(e Event) (State, []Effect) {
	if s.Screen != ClassMe || !s.Person.Sending || e.Arg != s.Person.Member {
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

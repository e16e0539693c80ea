package screen

import (
	"strings"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
)

// keys binds the shortcuts, and the scanner: with no field in focus, keys that end in Enter are a code.
func (s *Shell) keys() {
	c := s.win.Canvas()
	bind := func(k fyne.KeyName, f func()) {
		c.AddShortcut(&desktop.CustomShortcut{KeyName: k, Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) { f() })
	}
	bind(fyne.KeyK, func() { c.Focus(s.search) })
	bind(fyne.KeyN, func() { s.Push(&newPage{}) })
	bind(fyne.KeyS, func() { s.key(saveKey) })
	bind(fyne.KeyD, func() { s.key(duplicateKey) })
	bind(fyne.KeyPageDown, func() { s.turn(1) })
	bind(fyne.KeyPageUp, func() { s.turn(-1) })
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		switch e.Name {
		case fyne.KeyReturn, fyne.KeyEnter:
			code := s.typed.String()
			s.typed.Reset()
			if strings.TrimSpace(code) != "" {
				s.scan(code)
				return
			}
			s.key(e.Name)
		case fyne.Key0, fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.Key5, fyne.Key6, fyne.Key7, fyne.Key8, fyne.Key9:
			// They come once more as runes, and only so as what is printed on them.
		default:
			s.key(e.Name)
		}
	})
	c.SetOnTypedRune(func(r rune) {
		s.typed.WriteRune(r)
		if s.typed.Len() == 1 || len(s.typed.String()) < 3 {
			s.key(fyne.KeyName(string(r)))
		}
	})
}

// Names of the shortcuts that pages answer like keys.
const (
	saveKey      fyne.KeyName = "buron.save"
	duplicateKey fyne.KeyName = "buron.duplicate"
)

// key offers a key to the page, then to the shell.
func (s *Shell) key(k fyne.KeyName) {
	if p, ok := s.page().(keyed); ok && p.Key(s, k) {
		s.typed.Reset()
		return
	}
	switch k {
	case fyne.KeyEscape:
		s.typed.Reset()
		s.Back()
	case fyne.KeyF5:
		s.exchangeNow()
	case fyne.KeyF1:
		s.Push(&helpPage{})
	}
}

// turn opens the next or the previous entry of the rail.
func (s *Shell) turn(by int) {
	entries := s.entries()
	s.section = (s.section + by + len(entries)) % len(entries)
	entries[s.section].Open()
}

func (s *Shell) exchangeNow() {
	s.n.ExchangeNow(s.ctx)
	s.say("Échange demandé.")
}

// find opens what the search field names: the one thing that carries this code, else the answers.
func (s *Shell) find(text string) {
	found, err := s.r.Scan(s.ctx, text)
	if strings.TrimSpace(text) == "" {
		return
	}
	if err == nil && len(found) == 1 {
		s.search.SetText("")
		s.open(found[0])
		return
	}
	if hits, err := s.hits(text, 2); err == nil && len(hits) == 1 {
		s.search.SetText("")
		s.open(hits[0].Record)
		return
	}
	if _, again := s.page().(*searchPage); again {
		s.Replace(&searchPage{text: text})
		return
	}
	s.Push(&searchPage{text: text})
}

// scan opens what a label says, wherever the person is.
func (s *Shell) scan(code string) {
	code = strings.TrimSpace(code)
	if p, ok := s.page().(scanned); ok && p.Scanned(s, code) {
		return
	}
	repaired, changed := look.Repair(code)
	for _, c := range []string{code, repaired} {
		found, err := s.r.Scan(s.ctx, c)
		if err != nil {
			s.say(sentence(err))
			return
		}
		if len(found) == 1 {
			s.open(found[0])
			return
		}
		if len(found) > 1 {
			s.Push(&searchPage{text: c})
			return
		}
	}
	if changed {
		code += " (" + repaired + ")"
	}
	s.Push(&unknownPage{code: code, clean: repaired})
}

// open shows a record on its own page.
func (s *Shell) open(rec record.Record) {
	switch rec.Kind {
	case record.Site:
		s.Push(&placePage{id: rec.ID})
	case record.Room:
		s.Push(&auditPage{room: rec.ID})
	case record.Visit:
		s.Push(&visitPage{id: rec.ID})
	case record.RoomAudit:
		s.Push(&auditPage{room: rec.Fields.ID("room"), audit: rec.ID})
	case record.Event, record.Workshop:
		s.Push(&happeningPage{id: rec.ID})
	default:
		s.Push(&cardPage{id: rec.ID, kind: rec.Kind})
	}
}

// unknownPage is what an unknown code opens.
type unknownPage struct{ code, clean string }

func (p *unknownPage) Title() string { return "Code inconnu\u00a0: " + p.code }

func (p *unknownPage) Content(s *Shell) fyne.CanvasObject {
	row := container.NewHBox()
	if record.MayCreateSomewhere(s.r.Self().Grants, record.Equipment) {
		row.Add(look.NewButton("Créer un appareil", "plus", look.Primary, func() {
			s.Replace(newForm(record.Equipment, record.Fields{"tag": p.clean}))
		}))
	}
	row.Add(look.NewButton("Chercher", "magnifying-glass", look.Plain, func() { s.Replace(&searchPage{text: p.clean}) }))
	return container.NewVBox(look.Body("Aucun appareil, aucune salle et aucun reçu ne porte ce code ici."), row)
}

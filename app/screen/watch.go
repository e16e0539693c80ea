package screen

import (
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// watch is what waits for the eyes of whoever looks after the devices, read again when data arrive.
type watch struct {
	aside, twins int
	ended        bool
	doubles      []replica.Duplicate
	looked       bool // for duplicates, since the data last changed
	looking      int  // the latest look for them beside the window
	news         news
}

// read counts what there is to see; those who may do nothing about it are told nothing.
func (w *watch) read(s *Shell) {
	w.aside, w.twins, w.ended = 0, 0, s.ended()
	if !s.mayAdmit() {
		return
	}
	w.aside, _ = s.r.CountAside(s.ctx)
	for _, d := range s.r.Roster().Devices() {
		if d.Twin && !d.Revoked {
			w.twins++
		}
	}
}

// card says in Échanges what the bottom line says, with where to go.
func (w *watch) card(s *Shell) fyne.CanvasObject {
	if w.aside+w.twins == 0 {
		return nil
	}
	rows := []fyne.CanvasObject{look.Title("À voir")}
	if w.twins > 0 {
		rows = append(rows, look.Body(look.Count(w.twins, "appareil écrit sous une nouvelle clé", "appareils écrivent sous une nouvelle clé")+
			"\u00a0: une copie ou une restauration. Confirmez-la, ou suspendez-la."), look.Wrap(button("Voir les appareils", "device-tablet", look.Plain, func() { s.Push(&devicesPage{}) })))
	}
	if w.aside > 0 {
		rows = append(rows, look.Body(look.Count(w.aside, "saisie d'un appareil suspendu est mise de côté.", "saisies d'appareils suspendus sont mises de côté.")),
			look.Wrap(button("Voir ce qui est mis de côté", "archive", look.Plain, func() { s.Push(&asidePage{}) })))
	}
	return look.Card(theme.ColorNameWarning, rows...)
}

// changed forgets what was derived from the data.
func (s *Shell) changed() { s.watch.looked, s.watch.news.read = false, false }

// duplicates returns what looks like one thing recorded twice, looked for once after each change.
func (s *Shell) duplicates() []replica.Duplicate {
	if !s.watch.looked {
		s.watch.looked = true
		s.watch.doubles, _ = s.r.Duplicates(s.ctx)
	}
	return s.watch.doubles
}

// mayAdmit reports whether this device is one of those that admit and suspend.
func (s *Shell) mayAdmit() bool { return s.r.Roster().MayAdmit(s.r.Identity().Public()) }

// seesDevices reports whether the page of all devices is for this one.
func (s *Shell) seesDevices() bool { return s.mayAdmit() || s.r.Self().Role == record.Coordination }

// doubled returns how many duplicates were last found, and looks for them anew beside the window: in a large
// fleet it takes a sixth of a second, which a home page must not.
func (s *Shell) doubled() int {
	w := &s.watch
	if w.looked {
		return len(w.doubles)
	}
	w.looking++
	asked, here := w.looking, true
	load(s.live, func() ([]replica.Duplicate, error) { return s.r.Duplicates(s.ctx) }, func(list []replica.Duplicate, err error) {
		if err != nil || asked != w.looking {
			return
		}
		was := len(w.doubles)
		w.looked, w.doubles = true, list
		if _, home := s.page().(*homePage); home && !here && len(list) != was {
			s.draw()
		}
	})
	here = false
	return len(w.doubles)
}

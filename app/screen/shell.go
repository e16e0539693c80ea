// Package screen is what people see of buron: the shell with its rail and its bottom line, and the pages. It
// decides no rule: what may be written is record's to say, and what is written is the replica's. Its
// invariant: nothing that a person typed is lost before it is on the disk.
package screen

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"cantal.fr/buron/app/demo"
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Shell is the frame of every page: rail, search, breadcrumb, bottom line.
type Shell struct {
	ctx  context.Context
	win  fyne.Window
	r    *replica.Replica
	n    *node.Node
	live Live

	stack    []Page
	section  int // entry of the rail
	status   node.Status
	search   *look.Entry
	bottom   *fyne.Container
	body     *fyne.Container
	saved    replica.Saved // what the last toast can take back
	toast    string
	toastEnd time.Time
	drawn    Page   // what the body shows
	drafts   drafts // what is being typed, on its way to the disk
	sounds   *look.Sounds
	typed    strings.Builder // a code that is being scanned with no field in focus
	prefs    *Prefs
	demo     bool
	watch    watch
	cancel   []func()
}

// Open shows the desktop of a replica in a window. The node must be running or about to.
func Open(ctx context.Context, win fyne.Window, n *node.Node, live Live, prefs *Prefs, page string) *Shell {
	s := &Shell{ctx: ctx, win: win, r: n.Replica(), n: n, live: live, prefs: prefs, sounds: look.NewSounds(live.Go), bottom: container.NewStack(), body: container.NewStack()}
	text, err := s.r.Setting(ctx, demo.Setting)
	s.demo = err == nil && text == "1"
	s.search = look.NewEntry()
	s.search.OnSubmitted = func(text string) { s.find(text) }
	s.refreshStatus()
	s.cancel = append(s.cancel,
		s.r.Subscribe(func(n replica.Notice) { s.live.UI(s.dataChanged) }),
		n.Subscribe(func(st node.Status) {
			s.live.UI(func() {
				was := around(s.status)
				s.status = st
				if _, home := s.page().(*homePage); home && around(st) != was && !s.typing() {
					s.draw()
					return
				}
				s.drawBottom()
			})
		}))
	s.cancel = append(s.cancel, s.announceSticks())
	s.keys()
	win.SetOnDropped(s.dropped)
	s.OpenNamed(page)
	return s
}

// Close stops listening to the replica and the node.
func (s *Shell) Close() {
	for _, f := range s.cancel {
		f()
	}
}

// toastFor is how long a toast can be taken back.
const toastFor = 10 * time.Second

// entries are the rail of this device's role, from its grants: what it cannot read is absent.
func (s *Shell) entries() []look.RailEntry {
	g := s.r.Self().Grants
	at := func(i int, label, icon string, p func() Page) look.RailEntry {
		return look.RailEntry{Label: label, Icon: icon, Open: func() { s.go_(i, p()) }}
	}
	out := []look.RailEntry{at(0, "Aujourd'hui", "sun-horizon", func() Page { return &homePage{} })}
	places, icon := "Lieux", "buildings"
	switch s.r.Self().Role {
	case record.Facilitator:
		places, icon = "Mon bus", "bus"
	case record.Host:
		places, icon = "Mon lieu", "house-line"
	}
	out = append(out, at(len(out), places, icon, func() Page { return s.placesPage() }))
	if record.MayRead(g, record.ScopeParc) && s.r.Self().Role != record.Facilitator {
		out = append(out, at(len(out), "Parc", "desktop", func() Page { return &parcPage{} }))
	}
	out = append(out, at(len(out), "Agenda", "calendar-dots", func() Page { return &agendaPage{} }))
	return append(out, at(len(out), "Charte", "seal-check", func() Page { return &charterPage{} }))
}

// go_ opens an entry of the rail.
func (s *Shell) go_(section int, p Page) {
	s.section, s.stack = section, []Page{p}
	s.draw()
}

// OpenNamed opens the entry of the rail, or the page, of a name; the home where there is none such.
func (s *Shell) OpenNamed(name string) {
	for _, e := range s.entries() {
		if name != "" && record.Plain(e.Label) == record.Plain(name) {
			e.Open()
			return
		}
	}
	s.go_(0, &homePage{})
	switch record.Plain(name) {
	case "echanges":
		s.Push(&exchangesPage{})
	case "cle usb":
		s.Push(&stickPage{})
	case "a decider":
		s.Push(&decidePage{})
	case "appareils":
		s.Push(&devicesPage{})
	case "mis de cote":
		s.Push(&asidePage{})
	case "effacements":
		s.Push(&erasuresPage{})
	case "reglages":
		s.Push(&settingsPage{})
	case "":
	default:
		s.say("Il n'y a pas de page «\u00a0" + name + "\u00a0» ici.")
	}
}

// Push opens a page over the one shown. A key held down does not pile the same page up.
func (s *Shell) Push(p Page) {
	if reflect.DeepEqual(p, s.page()) {
		return
	}
	s.stack = append(s.stack, p)
	s.draw()
}

// Replace opens a page in place of the one shown.
func (s *Shell) Replace(p Page) {
	s.stack[len(s.stack)-1] = p
	s.draw()
}

// Back returns to the page before.
func (s *Shell) Back() {
	if len(s.stack) > 1 {
		s.stack = s.stack[:len(s.stack)-1]
	}
	s.draw()
}

func (s *Shell) page() Page { return s.stack[len(s.stack)-1] }

func (s *Shell) refreshStatus() {
	if st, err := s.n.Status(s.ctx); err == nil {
		s.status = st
	}
	s.watch.read(s)
}

func (s *Shell) book() record.Book { return s.r.Book(s.ctx) }

// save writes changes as one action and offers to take it back. On failure nothing on the page changes, and
// the sentence says what to do.
func (s *Shell) save(changes ...replica.Change) (replica.Saved, error) {
	saved, err := s.r.Save(s.ctx, s.operator(), changes...)
	if err != nil && s.ended() {
		s.say(endedSentence)
		return saved, err
	}
	if err != nil {
		s.say(sentence(err))
		return saved, err
	}
	if saved.Action != ([8]byte{}) {
		s.saved, s.toast, s.toastEnd = saved, "Enregistré", s.r.Now().Add(toastFor)
		s.live.After(toastFor, s.drawBottom)
	}
	s.refreshStatus()
	s.drawBottom()
	return saved, nil
}

// undo takes the last action back.
func (s *Shell) undo() {
	saved := s.saved
	s.saved, s.toast = replica.Saved{}, ""
	if err := s.r.Undo(s.ctx, s.operator(), saved); err != nil {
		s.say(sentence(err))
		return
	}
	s.changed()
	s.say("Annulé.")
	s.draw()
}

// say shows a sentence above the bottom line for some seconds.
func (s *Shell) say(text string) {
	s.saved, s.toast, s.toastEnd = replica.Saved{}, text, s.r.Now().Add(toastFor)
	s.live.After(toastFor, s.drawBottom)
	s.drawBottom()
}

// sentence returns what to tell people of an error.
func sentence(err error) string {
	var problems record.Problems
	switch {
	case errors.As(err, &problems) && len(problems) > 0:
		return problems[0].Sentence()
	case errors.Is(err, replica.ErrForbidden):
		return "Le rôle de cet appareil ne permet pas cela. Demandez à la coordination."
	case errors.Is(err, record.ErrScope):
		return "Il manque le lieu\u00a0: dites où cela se passe."
	case errors.Is(err, replica.ErrDisk):
		return "Disque plein. La dernière saisie n'est pas enregistrée\u00a0; elle reste à l'écran."
	case errors.Is(err, replica.ErrUnknown):
		return "Cet enregistrement n'est pas sur cet appareil. Échangez, puis recommencez."
	}
	return err.Error()
}

// drawBottom draws the one sentence that says how the device stands, and the toast left above it.
func (s *Shell) drawBottom() {
	icon, text := bottomSentence(s.status, s.watch, s.r.Now())
	line := look.NewTap(container.NewHBox(container.NewCenter(look.IconImage(icon, theme.ColorNameForeground, s.em(18))), widget.NewLabel(text)),
		func() { s.Push(&exchangesPage{}) })
	box := container.New(layout.NewCustomPaddedVBoxLayout(0))
	if s.toast != "" && s.r.Now().Before(s.toastEnd) {
		sign, ink := "info", theme.ColorNameForeground // a sentence may be that nothing was saved
		if s.saved.Action != ([8]byte{}) {
			sign, ink = "check-circle", theme.ColorNameSuccess
		}
		row := container.NewHBox(container.NewCenter(look.IconImage(sign, ink, s.em(18))), container.NewCenter(look.Bold(s.toast)))
		if s.saved.Action != ([8]byte{}) {
			row.Add(look.NewButton("Annuler", "arrow-u-up-left", look.Quiet, s.undo))
		}
		box.Add(row)
	}
	box.Add(line)
	s.bottom.Objects = []fyne.CanvasObject{look.Pad(0, look.Space12, box)}
	s.bottom.Refresh()
}

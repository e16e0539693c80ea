package screen

import (
	"path/filepath"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/node"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// shownNotes is how many of the last sticks are shown.
const shownNotes = 3

// sticks says what the last USB sticks brought, and offers to prepare one.
func (p *exchangesPage) sticks(s *Shell) fyne.CanvasObject {
	box := []fyne.CanvasObject{look.Title("Clés USB"), look.Body("Une clé préparée par un autre appareil est lue dès qu'elle est branchée.")}
	edge := look.ColorMuted
	for i, note := range s.status.Sticks {
		if i == shownNotes {
			break
		}
		head := look.Bold(join(look.When(note.At, s.r.Now()), note.Place))
		if note.Trouble {
			box = append(box, head, look.Problem(note.Sentence))
		} else {
			box = append(box, head, look.Body(note.Sentence))
		}
		if i == 0 {
			edge = theme.ColorNameSuccess
			if note.Trouble {
				edge = theme.ColorNameWarning
			}
		}
	}
	box = append(box, container.NewHBox(button("Préparer une clé USB", "usb", look.Plain, func() { s.Push(&stickPage{}) })))
	return look.Card(edge, box...)
}

// dropped offers the inventories that were dropped into the inbox: they are never imported unasked.
func (p *exchangesPage) dropped(s *Shell) fyne.CanvasObject {
	files := s.status.Importable
	names := make([]string, min(len(files), 5))
	for i := range names {
		names[i] = filepath.Base(files[i])
	}
	if len(files) > len(names) {
		names = append(names, "…")
	}
	return look.Card(theme.ColorNameHyperlink, look.Title(look.Count(len(files), "inventaire déposé", "inventaires déposés")), look.Muted(join(names...)),
		look.Body("Rien n'est importé sans vous."),
		container.NewHBox(button("Voir et importer", "download-simple", look.Plain, func() { s.Push(&droppedPage{importPage: importPage{paths: files}, files: files}) })))
}

// droppedPage imports files of the inbox, and puts them aside once that is done.
type droppedPage struct {
	importPage
	files []string
}

func (p *droppedPage) Content(s *Shell) fyne.CanvasObject {
	if p.done != "" {
		for _, f := range p.files {
			s.n.Shelve(f)
		}
		p.files = nil
	}
	return p.importPage.Content(s)
}

// announceSticks says in a toast what a stick that was just plugged in brought, or that inventories wait to be
// imported, and shows those that are there to the page that prepares one.
func (s *Shell) announceSticks() (cancel func()) {
	said, waiting := lastNote(s.status), len(s.status.Importable)
	return s.n.Subscribe(func(st node.Status) {
		s.live.UI(func() {
			if page, here := s.page().(*stickPage); here {
				page.plug(s)
			}
			note, files := lastNote(st), len(st.Importable)
			read, more, changed := note.At.After(said.At), files > waiting, files != waiting
			said, waiting = note, files
			if !read && !changed {
				return
			}
			s.status = st
			if _, here := s.page().(*exchangesPage); here && s.win.Canvas().Focused() == nil {
				s.draw()
			}
			switch {
			case read && note.Trouble:
				s.say("La clé «\u00a0" + note.Place + "\u00a0» demande votre attention\u00a0: voyez Échanges.")
			case read:
				s.say(note.Sentence)
			case more:
				s.say(look.Count(files, "inventaire déposé", "inventaires déposés") + "\u00a0: voyez Échanges.")
			}
		})
	})
}

func lastNote(st node.Status) node.StickNote {
	if len(st.Sticks) == 0 {
		return node.StickNote{}
	}
	return st.Sticks[0]
}

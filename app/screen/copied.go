package screen

import (
	"cantal.fr/buron/assets/look"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// clockCard says that the clock of this device is wrong, as the central has told, and what to do.
func (s *Shell) clockCard() fyne.CanvasObject {
	if s.status.Clock == "" {
		return nil
	}
	return look.Card(theme.ColorNameWarning, look.Wrapped(look.Title("L'horloge n'est pas à l'heure")), look.Body(s.status.Clock))
}

// copiedCard says what became of a database that was found to live twice, until someone has read it.
func (s *Shell) copiedCard() fyne.CanvasObject {
	if s.status.Copied == "" {
		return nil
	}
	read := look.NewButton("J'ai lu", "check", look.Plain, func() {
		if err := s.n.ReadCopied(s.ctx); err != nil {
			s.say(sentence(err))
			return
		}
		s.refreshStatus()
		s.draw()
	})
	return look.Card(theme.ColorNameWarning, look.Wrapped(look.Title("Ces données ont été copiées")), look.Body(s.status.Copied), container.NewHBox(read))
}

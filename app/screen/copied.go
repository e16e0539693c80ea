package screen

import (
	"cantal.fr/buron/assets/look"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// copiedCard says what became of a database that was found to live twice, until someone has read it.
func (s *Shell) copiedCard() fyne.CanvasObject {
	if s.status.Copied == "" {
		return nil
	}
	read := look.NewButton("J'ai lu", "check", look.Plain, func() {
		if err := s.r.ClearCopied(s.ctx); err != nil {
			s.say(sentence(err))
			return
		}
		s.refreshStatus()
		s.draw()
	})
	return look.Card(theme.ColorNameWarning, look.Wrapped(look.Title("Cet appareil est une copie")), look.Body(s.status.Copied), container.NewHBox(read))
}

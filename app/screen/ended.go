package screen

import (
	"cantal.fr/buron/assets/look"

	"fyne.io/fyne/v2"
)

// endedSentence is what a device is told whose admission has ended.
const endedSentence = "Cet appareil n'est plus admis. Vos saisies sont gardées ici. Prévenez la coordination."

// ended reports whether this device was admitted once and is no more, as far as it has heard.
func (s *Shell) ended() bool { return s.r.Roster().Revoked(s.r.Identity().Public()) }

// endedBand says so at the top of every page, on two lines where text is large.
func (s *Shell) endedBand() []fyne.CanvasObject {
	if !s.large() {
		return []fyne.CanvasObject{look.Band(endedSentence)}
	}
	return []fyne.CanvasObject{look.Band("Cet appareil n'est plus admis."), look.Band("Vos saisies sont gardées ici. Prévenez la coordination.")}
}

// closed reports whether a page takes nothing more: on a device whose admission has ended what is written
// would be put aside everywhere.
func (s *Shell) closed(p Page) bool {
	if !s.ended() {
		return false
	}
	switch p.(type) {
	case *formPage, *interventionPage, *auditPage, *visitPage, *movePage, *importPage, *droppedPage, *newPage, *pupilPage, *lendPage, *decidePage, *togetherPage:
		return true
	}
	return false
}

// content is what a page shows, or why it takes nothing.
func (s *Shell) content(p Page) fyne.CanvasObject {
	if s.closed(p) {
		return look.Empty("Rien de nouveau ne s'enregistre sur cet appareil. Ce qui était commencé est gardé en brouillon, et vos saisies restent ici\u00a0: la coordination peut les reprendre.")
	}
	return p.Content(s)
}

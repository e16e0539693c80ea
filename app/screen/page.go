package screen

import (
	"fyne.io/fyne/v2"
)

// Action is what a page offers to do.
type Action struct {
	Label, Icon string
	Do          func()
}

// Page is one page of the desktop. Its content is built each time it is shown.
type Page interface {
	Title() string
	Content(s *Shell) fyne.CanvasObject
}

// primed pages have one primary action, shown at the top right.
type primed interface {
	Primary(s *Shell) *Action
}

// headed pages show another heading than the title they have in the breadcrumb.
type headed interface {
	Heading(s *Shell) string
}

// steady pages are not built again when data arrive: somebody is typing on them.
type steady interface{ Steady() }

// arriving pages show themselves what has arrived.
type arriving interface{ Arrived(s *Shell) }

// focused pages say what has the focus once they are drawn. It is given at once: half a code that a scanner
// is typing must not go elsewhere.
type focused interface{ Focus(s *Shell) }

// keyed pages answer keys of their own; true where the key was theirs.
type keyed interface {
	Key(s *Shell, k fyne.KeyName) bool
}

// scanned pages take codes themselves; true where the code was theirs.
type scanned interface {
	Scanned(s *Shell, code string) bool
}

// dropper pages take files that are dropped onto the window.
type dropper interface {
	Dropped(s *Shell, paths []string)
}

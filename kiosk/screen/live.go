package screen

import (
	"time"

	"fyne.io/fyne/v2"
)

// Live is where background work meets the window: the one place that hands functions to Fyne's own
// goroutine. Tests run both at once, on theirs.
type Live struct {
	UI func(func()) // runs a function on the window's goroutine
	Go func(func()) // runs a function beside it

	After func(time.Duration, func()) // runs a function on the window's goroutine, later
}

// NewLive returns the bridge of a real window.
func NewLive() Live {
	return Live{UI: func(f func()) { fyne.Do(f) }, Go: func(f func()) { go f() },
		After: func(d time.Duration, f func()) { time.AfterFunc(d, func() { fyne.Do(f) }) }}
}

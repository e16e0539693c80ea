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
	// After runs a function on the window's goroutine after a while.
	After func(time.Duration, func())
}

// NewLive returns the bridge of a real window.
func NewLive() Live {
	return Live{UI: func(f func()) { fyne.Do(f) }, Go: func(f func()) { go f() },
		After: func(d time.Duration, f func()) { time.AfterFunc(d, func() { fyne.Do(f) }) }}
}

// load runs work beside the window, then show on it with what work returned.
func load[T any](l Live, work func() (T, error), show func(T, error)) {
	l.Go(func() {
		v, err := work()
		l.UI(func() { show(v, err) })
	})
}

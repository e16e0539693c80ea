package look

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// ToastTime is how long a toast stays: long enough to read it and to take the save back.
const ToastTime = 10 * time.Second

// Toast says what has just been done, with what takes it back. It comes after the commit and blocks nothing.
type Toast struct {
	widget.BaseWidget
	later  func(time.Duration, func())
	serial int // of what is shown: an older one's end must not hide it
	text   string
	wrong  bool
	undo   func()
	button *Button
}

// NewToast returns a toast that is hidden; later runs a function on the window's goroutine after a while.
func NewToast(later func(time.Duration, func())) *Toast {
	t := &Toast{later: later}
	t.button = NewButton("Annuler", "arrow-u-up-left", Quiet, func() {
		undo := t.undo
		t.Hide()
		if undo != nil {
			undo()
		}
	})
	t.ExtendBaseWidget(t)
	t.BaseWidget.Hide()
	return t
}

// Say says what was done; undo takes it back, nil where nothing can.
func (t *Toast) Say(text string, undo func()) { t.tell(text, false, undo) }

// SayProblem says what did not work.
func (t *Toast) SayProblem(text string) { t.tell(text, true, nil) }

// Text returns what is shown, "" where nothing is.
func (t *Toast) Text() string {
	if !t.Visible() {
		return ""
	}
	return t.text
}

// Hide takes the toast away.
func (t *Toast) Hide() {
	t.serial++
	t.undo = nil
	t.BaseWidget.Hide()
}

func (t *Toast) tell(text string, wrong bool, undo func()) {
	t.serial++
	t.text, t.wrong, t.undo = text, wrong, undo
	visible(t.button, undo != nil)
	t.BaseWidget.Show()
	t.Refresh()
	if t.later == nil {
		return
	}
	mine := t.serial
	t.later(ToastTime, func() {
		if t.serial == mine {
			t.Hide()
		}
	})
}

// CreateRenderer draws the toast.
func (t *Toast) CreateRenderer() fyne.WidgetRenderer {
	ground, img := blank(), canvas.NewImageFromResource(nil)
	img.FillMode = canvas.ImageFillContain
	word := newLine(theme.SizeNameText, ColorText, true)
	row := container.NewCenter(t.button)
	d := &drawing{objects: []fyne.CanvasObject{ground, img, word.Text, row}}
	d.min = func() fyne.Size {
		text := word.natural()
		w, h := em(12)+em(20)+em(8)+text.Width+em(12), max(text.Height+em(16), em(36))
		if t.button.Visible() {
			w, h = w+t.button.MinSize().Width, max(h, t.button.MinSize().Height)
		}
		return fyne.NewSize(w, h)
	}
	d.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(img, em(12), (s.Height-em(20))/2, em(20), em(20))
		x, w := em(40), s.Width-em(52)
		if t.button.Visible() {
			b := t.button.MinSize()
			w -= b.Width
			place(row, s.Width-b.Width-em(4), (s.Height-b.Height)/2, b.Width, b.Height)
		}
		word.put(x, (s.Height-word.natural().Height)/2, w)
	}
	d.refresh = func() {
		ground.FillColor, ground.StrokeColor, ground.StrokeWidth, ground.CornerRadius = Colour(ColorSurface), Colour(ColorBorder), 1, 6
		img.Resource = Icon("check-circle", theme.ColorNameSuccess)
		if t.wrong {
			img.Resource = Icon("warning", ColorWrong)
		}
		word.set(t.text)
		word.paint()
		d.layout(t.Size())
		refreshed(d.objects...)
	}
	d.refresh()
	return d
}

package look

import (
	"strings"

	"fyne.io/fyne/v2"
)

// Scan is a code that was scanned or typed.
type Scan struct {
	Typed    string   // as it came
	Code     string   // as it is meant: repaired where a French keyboard got in the way
	Repaired bool     // Typed and Code differ: both are shown
	Tries    []string // what to look for, likeliest first: Typed, then its repairs
}

// NewScan reads a code as it came.
func NewScan(typed string) Scan {
	tries := Candidates(typed)
	code := tries[min(len(tries)-1, 1)]
	return Scan{Typed: tries[0], Code: code, Repaired: code != tries[0], Tries: tries}
}

// Text returns the code for people, with what came beside it where it was repaired.
func (s Scan) Text() string {
	if s.Repaired {
		return s.Code + " (lu «\u00a0" + s.Typed + "\u00a0»)"
	}
	return s.Code
}

// ScanField is where codes are scanned or typed. Enter ends a code, the field is empty again and keeps the
// focus: an agent with a scanner in hand never touches the keyboard.
type ScanField struct {
	Entry
	// Idle asks the caller to call Flush once nothing has been typed for a short while, each call putting the
	// earlier one off: for scanners that send no Enter. Nil waits for Enter alone.
	Idle func(flush func())

	got func(Scan)
}

// NewScanField returns a field that gives each code to got.
func NewScanField(placeholder string, got func(Scan)) *ScanField {
	f := &ScanField{got: got}
	f.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	f.SetPlaceHolder(placeholder)
	f.ExtendBaseWidget(f)
	f.OnChanged = func(text string) {
		if text != "" && f.Idle != nil {
			f.Idle(f.Flush)
		}
	}
	f.OnSubmitted = func(string) { f.Flush() }
	return f
}

// Flush gives what was typed, if anything was, and asks for the focus again.
func (f *ScanField) Flush() {
	typed := strings.TrimSpace(f.Text)
	f.SetText("")
	f.Refocus()
	if typed != "" && f.got != nil {
		f.got(NewScan(typed))
	}
}

// Refocus asks for the focus, after whatever took it.
func (f *ScanField) Refocus() { focus(f) }

// CreateRenderer draws the field in its ring.
func (f *ScanField) CreateRenderer() fyne.WidgetRenderer {
	f.ExtendBaseWidget(f)
	return newRinged(f.Entry.Entry.CreateRenderer(), func() bool { return f.focused })
}

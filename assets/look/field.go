package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// FieldBox is a form's field: its label above, its help under it, or its fault in a sentence.
type FieldBox struct {
	widget.BaseWidget
	label, help, fault *widget.Label
	input              fyne.CanvasObject
}

// NewField returns a field around an input; must adds that it is mandatory.
func NewField(label, help string, must bool, input fyne.CanvasObject) *FieldBox {
	if must {
		label += " (obligatoire)"
	}
	f := &FieldBox{label: Bold(label), help: Caption(help), fault: Problem(""), input: input}
	f.label.Wrapping, f.help.Wrapping = fyne.TextWrapWord, fyne.TextWrapWord
	f.show()
	f.ExtendBaseWidget(f)
	return f
}

// Field returns a form's field with the fault found in it, "" for none.
func Field(label, help, fault string, must bool, input fyne.CanvasObject) fyne.CanvasObject {
	f := NewField(label, help, must, input)
	f.SetFault(fault)
	return f
}

// SetFault shows what is wrong, in a sentence; "" says that nothing is.
func (f *FieldBox) SetFault(sentence string) { f.change(f.fault, sentence) }

// SetHelp shows another help.
func (f *FieldBox) SetHelp(text string) { f.change(f.help, text) }

// Fault returns the sentence shown, "" where nothing is wrong.
func (f *FieldBox) Fault() string { return f.fault.Text }

func (f *FieldBox) change(l *widget.Label, text string) {
	if l.Text != text {
		l.SetText(text)
		f.show()
		f.Refresh()
	}
}

func (f *FieldBox) show() {
	visible(f.fault, f.fault.Text != "")
	visible(f.help, f.help.Text != "" && f.fault.Text == "")
}

// Framed returns the input.
func (f *FieldBox) Framed() fyne.CanvasObject { return f.input }

// CreateRenderer lays the field out: the words begin where the input's border does, and the input keeps the
// ring's margin around it.
func (f *FieldBox) CreateRenderer() fyne.WidgetRenderer {
	sign := canvas.NewImageFromResource(ShapeResource("wrong"))
	sign.FillMode = canvas.ImageFillContain
	d := &drawing{objects: []fyne.CanvasObject{f.label, f.input, f.help, f.fault, sign}}
	inner := theme.InnerPadding
	// under lays a text out under the input and returns where it ends.
	under := func(l *widget.Label, x, y, w float32, lay bool) float32 {
		if !l.Visible() {
			return y
		}
		h := l.MinSize().Height
		if lay {
			place(l, x-inner(), y-inner(), w+2*inner(), h)
		}
		return y + h - 2*inner()
	}
	run := func(w float32, lay bool) float32 {
		y := under(f.label, margin, 0, w-2*margin, lay) + margin + 1
		h := f.input.MinSize().Height
		if lay {
			place(f.input, margin, y, w-2*margin, h)
		}
		y += h + margin + 1
		if f.fault.Visible() {
			x := margin + em(16) + em(6)
			if lay {
				place(sign, margin, y+em(2), em(14), em(14))
			}
			return under(f.fault, x, y, w-x-margin, lay) + Space4
		}
		return under(f.help, margin, y, w-2*margin, lay) + Space4
	}
	d.min = func() fyne.Size {
		visible(sign, f.fault.Visible())
		return fyne.NewSize(max(f.input.MinSize().Width+2*margin, em(160)), run(f.Size().Width, false))
	}
	d.layout = func(s fyne.Size) {
		visible(sign, f.fault.Visible())
		run(s.Width, true)
	}
	d.refresh = func() {
		d.layout(f.Size())
		refreshed(d.objects...)
	}
	return d
}

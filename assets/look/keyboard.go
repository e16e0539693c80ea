package look

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// keyRows are the keys of the on-screen keyboard, ten in a row: figures, a French keyboard's letters, accents, signs.
func keyRows() []string {
	return []string{"1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn'@.-", "éèêëàâçîïô"}
}

// keyHeight is the least height of a key; more room makes them higher.
const keyHeight = 52

// key is a key of a keyboard: it never takes the focus away from the field, and is not reached by Tab.
type key struct {
	widget.BaseWidget
	face *Button
	do   func()
}

func newKey(text, icon string, height float32, do func()) *key {
	k := &key{face: NewButton(text, icon, Plain, nil), do: do}
	k.face.height = height
	k.ExtendBaseWidget(k)
	return k
}

// Tapped presses the key.
func (k *key) Tapped(*fyne.PointEvent) { k.do() }

// CreateRenderer draws the key. Its face is drawn by a button that takes no press: the key lies over it.
func (k *key) CreateRenderer() fyne.WidgetRenderer {
	inner := k.face.CreateRenderer()
	d := &drawing{objects: inner.Objects()}
	// Keys stand closer than buttons do: they have no ring to leave room for.
	d.min = func() fyne.Size { return inner.MinSize().SubtractWidthHeight(2*margin, 2*margin) }
	d.layout = func(s fyne.Size) {
		k.face.Resize(s.AddWidthHeight(2*margin, 2*margin))
		inner.Layout(s.AddWidthHeight(2*margin, 2*margin))
		for _, o := range d.objects {
			o.Move(o.Position().SubtractXY(margin, margin))
		}
	}
	d.refresh = func() {
		inner.Refresh()
		d.layout(k.Size())
	}
	return d
}

// Typable is a field that on-screen keys can type into: an Entry of ours or of Fyne's.
type Typable interface {
	fyne.Focusable
	SetText(string)
}

// textOf returns what stands in a field.
func textOf(t Typable) string {
	switch e := t.(type) {
	case *Entry:
		return e.Text
	case *ScanField:
		return e.Text
	case *widget.Entry:
		return e.Text
	}
	return ""
}

// typeInto types a text into a field and gives it the focus back.
func typeInto(t Typable, text string) {
	for _, r := range text {
		t.TypedRune(r)
	}
	focus(t)
}

// eraseIn takes the character before the cursor away.
func eraseIn(t Typable) {
	t.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	focus(t)
}

// Keyboard is an on-screen keyboard. A press takes the focus from the field first, so that the keys remember
// the field that had it last, type there, and give the focus back.
type Keyboard struct {
	widget.BaseWidget
	entry   Typable
	enter   func()
	shift   bool
	letters []*key
	shifter *key
	box     fyne.CanvasObject
}

// NewKeyboard returns a keyboard that types into entry, which may be nil until Follow names fields, and that calls
// enter, which may be nil too, on its Enter key.
func NewKeyboard(entry Typable, enter func()) *Keyboard {
	k := &Keyboard{enter: enter}
	box := container.NewWithoutLayout()
	box.Layout = &keyColumn{gap: Space8}
	for _, row := range keyRows() {
		keys := container.New(&keyRow{gap: Space8})
		for _, r := range row {
			keys.Add(k.newLetter(r))
		}
		box.Add(keys)
	}
	k.shifter = newKey("Maj", "arrow-fat-up", keyHeight, func() { k.setShift(!k.shift) })
	last := []fyne.CanvasObject{k.shifter, k.newLetter('ù'), k.newLetter('û'), k.newLetter(';'),
		newKey("Espace", "", keyHeight, func() { k.letter(" ") }), newKey("Effacer", "backspace", keyHeight, k.erase)}
	shares := []float32{2, 1, 1, 1, 3, 2}
	if enter != nil {
		last = append(last, newKey("Entrée", "arrow-elbow-down-left", keyHeight, enter))
		shares = []float32{1.7, 1, 1, 1, 1.6, 1.85, 1.85}
	}
	box.Add(container.New(&keyRow{gap: Space8, shares: shares}, last...))
	k.box = Pad(Space8, Space8, box)
	if entry != nil {
		k.follow(entry)
	}
	k.ExtendBaseWidget(k)
	return k
}

func (k *Keyboard) newLetter(r rune) *key {
	b := newKey(string(r), "", keyHeight, nil)
	b.do = func() { k.letter(b.face.text) }
	k.letters = append(k.letters, b)
	return b
}

// Follow makes the keyboard type into whichever of the fields had the focus last; the first one to begin with.
func (k *Keyboard) Follow(entries ...*Entry) {
	for _, e := range entries {
		e.followed = func(e *Entry) { k.follow(e) }
	}
	k.entry = nil
	if len(entries) > 0 {
		k.follow(entries[0])
	}
}

func (k *Keyboard) follow(t Typable) {
	if k.entry != t {
		k.entry = t
		k.setShift(textOf(t) == "")
	}
}

func (k *Keyboard) letter(text string) {
	if k.entry == nil {
		return
	}
	typeInto(k.entry, text)
	k.setShift(text == " " && k.shift || text == "-")
}

func (k *Keyboard) erase() {
	if k.entry == nil {
		return
	}
	eraseIn(k.entry)
	if textOf(k.entry) == "" {
		k.setShift(true)
	}
}

func (k *Keyboard) setShift(on bool) {
	if k.shift == on {
		return
	}
	k.shift = on
	for _, b := range k.letters {
		text := strings.ToLower(b.face.text)
		if on {
			text = strings.ToUpper(text)
		}
		b.face.text = text
		b.Refresh()
	}
	k.shifter.face.rank = Plain
	if on {
		k.shifter.face.rank = Primary
	}
	k.shifter.Refresh()
}

// CreateRenderer draws the keys.
func (k *Keyboard) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(Fill(ColorSunken), k.box))
}

// keyRow shares a width between keys, evenly or by shares.
type keyRow struct {
	gap    float32
	shares []float32
}

func (l *keyRow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, o := range objects {
		m := o.MinSize()
		s = fyne.NewSize(s.Width+max(m.Width, 48)+l.gap, max(s.Height, m.Height))
	}
	return s
}

func (l *keyRow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	share := func(i int) float32 {
		if i < len(l.shares) {
			return l.shares[i]
		}
		return 1
	}
	all := float32(0)
	for i := range objects {
		all += share(i)
	}
	room, x := size.Width-l.gap*float32(len(objects)-1), float32(0)
	for i, o := range objects {
		w := room * share(i) / all
		place(o, x, 0, w, size.Height)
		x += w + l.gap
	}
}

// keyColumn shares a height between rows of keys.
type keyColumn struct{ gap float32 }

func (l *keyColumn) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return (&column{l.gap}).MinSize(objects)
}

func (l *keyColumn) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	h := (size.Height - l.gap*float32(len(objects)-1)) / float32(max(len(objects), 1))
	for i, o := range objects {
		place(o, 0, float32(i)*(h+l.gap), size.Width, h)
	}
}

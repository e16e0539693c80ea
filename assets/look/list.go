package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// ListOptions says what a list shows. Length, Make and Fill are required.
type ListOptions struct {
	Length func() int
	Make   func() fyne.CanvasObject            // an empty line, made as often as lines are in sight
	Fill   func(i int, line fyne.CanvasObject) // fills a line; what has not changed should not be set again
	Open   func(i int)                         // pressed, or Enter; nil where lines only show
	Marked func(i int) bool                    // lines that are chosen, tinted; nil where there are none
	Moved  func(i int)                         // the current line changed; nil where nobody asks
	Height float32                             // of a line at 100 % text, in px; 0 is 44
}

// List is a list of any length of which only the lines in sight exist. Arrows, PgUp, PgDn, Home and End move the
// current line, Enter opens it, fingers drag. Codes scanned while it has the focus go to the page.
type List struct {
	widget.BaseWidget
	relay
	o       ListOptions
	scroll  *Scroller
	body    *listBody
	current int
	focused bool
}

// NewList returns a list.
func NewList(o ListOptions) *List {
	if o.Height == 0 {
		o.Height = rowHeight
	}
	l := &List{o: o}
	l.body = &listBody{l: l, hovered: -1}
	l.body.ExtendBaseWidget(l.body)
	l.scroll = TouchScroll(l.body)
	l.scroll.OnScrolled = func(fyne.Position) { l.body.arrange(false) }
	l.ExtendBaseWidget(l)
	return l
}

// height is the height of a line.
func (l *List) height() float32 { return em(l.o.Height) }

// Current returns the current line, 0 before anybody moved.
func (l *List) Current() int { return l.current }

// SetCurrent moves to a line and brings it into sight.
func (l *List) SetCurrent(i int) {
	i = max(min(i, l.o.Length()-1), 0)
	moved := i != l.current
	l.current = i
	top, bottom := float32(i)*l.height(), float32(i+1)*l.height()
	if view := l.scroll.Size().Height; view > 0 {
		if top < l.Offset() {
			l.scroll.To(top)
		} else if bottom > l.Offset()+view {
			l.scroll.To(bottom - view)
		}
	}
	l.body.arrange(false)
	l.body.paint()
	if moved && l.o.Moved != nil {
		l.o.Moved(i)
	}
}

// Offset returns how far the list is scrolled, in px from its top.
func (l *List) Offset() float32 { return l.scroll.Scroll.Offset.Y }

// SetOffset scrolls to so many px from the top.
func (l *List) SetOffset(y float32) { l.scroll.To(y) }

// Reset goes back to the top, for another content.
func (l *List) Reset() {
	l.current = 0
	l.scroll.To(0)
	l.Refresh()
}

// Focus asks for the focus.
func (l *List) Focus() { focus(l) }

// CreateRenderer draws the list.
func (l *List) CreateRenderer() fyne.WidgetRenderer {
	d := &drawing{objects: []fyne.CanvasObject{l.scroll}}
	d.min = func() fyne.Size { return fyne.NewSize(em(160), l.height()) }
	d.layout = func(s fyne.Size) {
		l.scroll.Resize(s)
		l.body.fit()
		l.body.arrange(false)
	}
	d.refresh = func() {
		if n := l.o.Length(); l.current >= n {
			l.current = max(n-1, 0)
		}
		l.body.fit()
		l.scroll.To(l.Offset())
		l.body.arrange(true)
		l.scroll.Refresh()
	}
	return d
}

// FocusGained rings the current line.
func (l *List) FocusGained() { l.focused, l.typing = true, false; l.body.paint() }

// FocusLost hides the ring.
func (l *List) FocusLost() { l.focused = false; l.body.paint() }

// TypedRune goes to the page.
func (l *List) TypedRune(r rune) { l.letter(l, r) }

// TypedKey moves and opens; other keys are the page's.
func (l *List) TypedKey(e *fyne.KeyEvent) {
	page := max(int(l.scroll.Size().Height/l.height())-1, 1)
	switch e.Name {
	case fyne.KeyUp:
		l.SetCurrent(l.current - 1)
	case fyne.KeyDown:
		l.SetCurrent(l.current + 1)
	case fyne.KeyPageUp:
		l.SetCurrent(l.current - page)
	case fyne.KeyPageDown:
		l.SetCurrent(l.current + page)
	case fyne.KeyHome:
		l.SetCurrent(0)
	case fyne.KeyEnd:
		l.SetCurrent(l.o.Length() - 1)
	default:
		if l.presses(l, e) {
			l.open()
		}
	}
}

func (l *List) open() {
	if l.o.Open != nil && l.current < l.o.Length() {
		l.o.Open(l.current)
	}
}

// listBody is the whole height of a list, of which only the lines in sight are made.
type listBody struct {
	widget.BaseWidget
	l       *List
	slots   []*slot
	hovered int
	over    *canvas.Rectangle
	ring    *canvas.Rectangle
}

// slot is a line in sight.
type slot struct {
	i       int
	content fyne.CanvasObject
	mark    *canvas.Rectangle
	rule    *canvas.Rectangle // the hairline under it
}

// MinSize is the height of all lines; nothing while the list has no size, else every line would be in sight.
func (b *listBody) MinSize() fyne.Size {
	if b.l.scroll.Size().Height <= 0 {
		return fyne.Size{}
	}
	return fyne.NewSize(em(160), float32(b.l.o.Length())*b.l.height())
}

func (b *listBody) fit() {
	b.Resize(b.MinSize().Max(b.l.scroll.Size()))
}

// CreateRenderer draws the lines in sight.
func (b *listBody) CreateRenderer() fyne.WidgetRenderer {
	b.over, b.ring = blank(), newRing(6)
	return &bodyDrawing{b}
}

type bodyDrawing struct{ b *listBody }

func (d *bodyDrawing) Destroy() {}

func (d *bodyDrawing) MinSize() fyne.Size { return d.b.MinSize() }

func (d *bodyDrawing) Layout(fyne.Size) { d.b.arrange(false) }

func (d *bodyDrawing) Refresh() { d.b.paint() }

func (d *bodyDrawing) Objects() []fyne.CanvasObject {
	out := make([]fyne.CanvasObject, 0, 3*len(d.b.slots)+2)
	for _, s := range d.b.slots {
		out = append(out, s.mark, s.content, s.rule)
	}
	return append(out, d.b.over, d.b.ring)
}

// window returns the lines in sight, last excluded.
func (b *listBody) window() (first, last int) {
	view, h := b.l.scroll.Size().Height, b.l.height()
	if view <= 0 {
		return 0, 0
	}
	top := b.l.Offset()
	last = min(int((top+view)/h)+1, b.l.o.Length())
	return min(max(int(top/h), 0), last), last
}

// arrange gives each line in sight a slot, and fills those whose line is new; all fills every one again.
func (b *listBody) arrange(all bool) {
	first, last := b.window()
	held := make(map[int]*slot, len(b.slots))
	var free []*slot
	for _, s := range b.slots {
		if s.i >= first && s.i < last {
			held[s.i] = s
		} else {
			free = append(free, s)
		}
	}
	slots := make([]*slot, 0, last-first)
	for i := first; i < last; i++ {
		s, filled := held[i]
		if !filled {
			if len(free) > 0 {
				s, free = free[len(free)-1], free[:len(free)-1]
			} else {
				s = &slot{content: b.l.o.Make(), mark: blank(), rule: blank()}
			}
			s.i = i
		}
		b.put(s)
		if all || !filled {
			b.l.o.Fill(i, s.content)
		}
		slots = append(slots, s)
	}
	changed := len(slots) != len(b.slots) || all
	for i := range slots {
		changed = changed || slots[i] != b.slots[i]
	}
	b.slots = slots
	if changed {
		b.paint()
	}
}

// put lays a line out: the page's ring needs a little room around its content.
func (b *listBody) put(s *slot) {
	h, w := b.l.height(), b.Size().Width
	y := float32(s.i) * h
	place(s.mark, 0, y, w, h)
	place(s.content, 2, y+1, w-4, h-2)
	place(s.rule, 0, y+h-1, w, 1)
}

// paint colours what is chosen, under the pointer or current.
func (b *listBody) paint() {
	if b.ring == nil {
		return
	}
	for _, s := range b.slots {
		s.rule.FillColor, s.mark.FillColor = Colour(ColorLine), color.Transparent
		if b.l.o.Marked != nil && b.l.o.Marked(s.i) {
			m := tint(ColorGentian)
			m.A = 70
			s.mark.FillColor = m
		}
		refreshed(s.rule, s.mark)
	}
	h, w, n := b.l.height(), b.Size().Width, b.l.o.Length()
	light(b.ring, b.l.focused && b.l.current < n, ColorFocus)
	within(b.ring, 0, float32(b.l.current)*h, w, h)
	b.over.FillColor = color.Transparent
	if b.hovered >= 0 && b.hovered < n && b.l.o.Open != nil {
		b.over.FillColor = tint(ColorMuted)
		place(b.over, 0, float32(b.hovered)*h, w, h)
	}
	refreshed(b.ring, b.over)
}

func (b *listBody) at(p fyne.Position) int {
	i := int(p.Y / b.l.height())
	if p.Y < 0 || i >= b.l.o.Length() {
		return -1
	}
	return i
}

// Tapped opens a line.
func (b *listBody) Tapped(e *fyne.PointEvent) {
	if i := b.at(e.Position); i >= 0 {
		focus(b.l)
		b.l.SetCurrent(i)
		b.l.open()
	}
}

// MouseIn tints the line under the pointer.
func (b *listBody) MouseIn(e *desktop.MouseEvent) { b.MouseMoved(e) }

// MouseMoved tints the line under the pointer.
func (b *listBody) MouseMoved(e *desktop.MouseEvent) {
	if i := b.at(e.Position); i != b.hovered {
		b.hovered = i
		b.paint()
	}
}

// MouseOut takes the tint away.
func (b *listBody) MouseOut() {
	b.hovered = -1
	b.paint()
}

package look

import (
	"fmt"
	"image/color"
	"time"

	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Calendar is one month in French, Monday first. Arrows move by a day and a week, PgUp and PgDn by a month,
// Enter chooses.
type Calendar struct {
	widget.BaseWidget
	day     int64 // under the cursor
	today   int64
	chosen  func(day int64)
	escaped func()
	title   *widget.Label
	grid    *dayGrid
	box     fyne.CanvasObject
}

// NewCalendar returns the month of a day; chosen is told of each choice, as days counted from 1 January 1970.
func NewCalendar(day int64, chosen func(day int64)) *Calendar {
	c := &Calendar{day: day, chosen: chosen}
	c.title = Bold("")
	c.grid = &dayGrid{c: c}
	c.grid.ExtendBaseWidget(c.grid)
	head := container.NewBorder(nil, nil,
		NewButton("", "caret-left", Quiet, func() { c.month(-1) }), NewButton("", "caret-right", Quiet, func() { c.month(1) }), container.NewCenter(c.title))
	c.box = container.NewBorder(head, nil, nil, nil, c.grid)
	c.ExtendBaseWidget(c)
	c.show()
	return c
}

// Day returns the day under the cursor.
func (c *Calendar) Day() int64 { return c.day }

// SetDay moves the cursor.
func (c *Calendar) SetDay(day int64) {
	c.day = day
	c.show()
}

// SetToday rings a day.
func (c *Calendar) SetToday(day int64) {
	c.today = day
	c.show()
}

// Focus asks for the focus.
func (c *Calendar) Focus() { focus(c.grid) }

func (c *Calendar) month(by int) {
	t := record.DayTime(c.day)
	first := time.Date(t.Year(), t.Month()+time.Month(by), 1, 12, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	c.SetDay(first.AddDate(0, 0, min(t.Day(), last)-1).Unix() / 86400)
}

func (c *Calendar) show() {
	t := record.DayTime(c.day)
	c.title.SetText(fmt.Sprintf("%s %d", Capital(month(t.Month())), t.Year()))
	c.grid.Refresh()
}

func (c *Calendar) choose(day int64) {
	c.SetDay(day)
	if c.chosen != nil {
		c.chosen(day)
	}
}

// CreateRenderer draws the month.
func (c *Calendar) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.box) }

// first returns the Monday that begins the weeks shown.
func (c *Calendar) first() int64 {
	t := record.DayTime(c.day)
	begin := c.day - int64(t.Day()-1)
	return begin - (int64(record.DayTime(begin).Weekday())+6)%7
}

// dayGrid is the days of the month shown: six weeks under the names of the days.
type dayGrid struct {
	widget.BaseWidget
	relay
	c       *Calendar
	focused bool
}

func (g *dayGrid) cell() fyne.Size { return fyne.NewSize(em(38), em(32)) }

// Tapped chooses a day.
func (g *dayGrid) Tapped(e *fyne.PointEvent) {
	w, h := g.Size().Width/7, g.Size().Height/7
	column, row := int(e.Position.X/w), int(e.Position.Y/h)-1
	if row >= 0 && row < 6 && column >= 0 && column < 7 {
		g.c.choose(g.c.first() + int64(row*7+column))
	}
}

// FocusGained shows the ring on the day under the cursor.
func (g *dayGrid) FocusGained() { g.focused, g.typing = true, false; g.Refresh() }

// FocusLost hides it.
func (g *dayGrid) FocusLost() { g.focused = false; g.Refresh() }

// TypedRune does nothing: days are not typed here.
func (g *dayGrid) TypedRune(rune) {}

// TypedKey moves the cursor and chooses.
func (g *dayGrid) TypedKey(e *fyne.KeyEvent) {
	c := g.c
	switch e.Name {
	case fyne.KeyLeft:
		c.SetDay(c.day - 1)
	case fyne.KeyRight:
		c.SetDay(c.day + 1)
	case fyne.KeyUp:
		c.SetDay(c.day - 7)
	case fyne.KeyDown:
		c.SetDay(c.day + 7)
	case fyne.KeyPageUp:
		c.month(-1)
	case fyne.KeyPageDown:
		c.month(1)
	case fyne.KeyHome:
		c.SetDay(c.day - int64(record.DayTime(c.day).Weekday()+6)%7)
	case fyne.KeyEnd:
		c.SetDay(c.day + 6 - int64(record.DayTime(c.day).Weekday()+6)%7)
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		c.choose(c.day)
	case fyne.KeyEscape:
		if c.escaped != nil {
			c.escaped()
			return
		}
		forward(g, e)
	default:
		forward(g, e)
	}
}

// TypedShortcut closes a calendar that stands over its page, and gives the page its shortcut.
func (g *dayGrid) TypedShortcut(s fyne.Shortcut) {
	page := canvasOf(g)
	if g.c.escaped != nil {
		g.c.escaped()
	}
	shortcut(page, s)
}

// CreateRenderer draws the days.
func (g *dayGrid) CreateRenderer() fyne.WidgetRenderer {
	cursor, today, ring := blank(), blank(), newRing(8)
	d := &drawing{objects: []fyne.CanvasObject{today, cursor, ring}}
	cells := make([]*line, 49)
	for i := range cells {
		cells[i] = newLine(theme.SizeNameText, ColorText, false)
		d.objects = append(d.objects, cells[i].Text)
	}
	for i := range 7 {
		cells[i].size, cells[i].ink = sizeSecond, ColorMuted
		cells[i].set(weekday(time.Weekday((i + 1) % 7))[:3] + ".")
	}
	d.min = func() fyne.Size { return fyne.NewSize(g.cell().Width*7, g.cell().Height*7) }
	box := func(o fyne.CanvasObject, i int, inset float32) {
		w, h := g.Size().Width/7, g.Size().Height/7
		place(o, float32(i%7)*w+inset, float32(i/7)*h+inset, w-2*inset, h-2*inset)
	}
	d.layout = func(s fyne.Size) {
		w, h := s.Width/7, s.Height/7
		for i, l := range cells {
			text := l.natural()
			l.put(float32(i%7)*w+(w-text.Width)/2, float32(i/7)*h+(h-text.Height)/2, text.Width+1)
		}
		first := g.c.first()
		box(cursor, int(g.c.day-first)+7, 4)
		around(ring, cursor.Position().X, cursor.Position().Y, cursor.Size().Width, cursor.Size().Height)
		at := g.c.today - first
		visible(today, at >= 0 && at < 42)
		box(today, int(at)+7, 4)
	}
	d.refresh = func() {
		g.paint(cells, cursor, today, ring)
		d.layout(g.Size())
		refreshed(d.objects...)
	}
	d.refresh()
	return d
}

func (g *dayGrid) paint(cells []*line, cursor, today, ring *canvas.Rectangle) {
	first, shown := g.c.first(), record.DayTime(g.c.day).Month()
	for i := range 42 {
		t := record.DayTime(first + int64(i))
		l := cells[i+7]
		l.set(fmt.Sprint(t.Day()))
		switch {
		case first+int64(i) == g.c.day:
			l.ink = ColorOnPrimary
		case t.Month() == shown:
			l.ink = ColorText
		default:
			l.ink = ColorMuted
		}
		l.Text.TextStyle.Bold = t.Month() == shown
	}
	for _, l := range cells {
		l.paint()
	}
	cursor.FillColor, cursor.CornerRadius = Colour(ColorPrimary), 4
	today.FillColor, today.StrokeColor, today.StrokeWidth, today.CornerRadius = color.Transparent, Colour(ColorBorder), 1, 4
	light(ring, g.focused, ColorFocus)
}

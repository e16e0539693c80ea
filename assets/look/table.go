package look

import (
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Column is one column of a table.
type Column struct {
	Title string
	Width float32 // at 100 % text, in px; 0 shares what the others leave
	Right bool    // figures stand at the right
}

// TableOptions says what a table shows. Columns, Length and Fill are required.
type TableOptions struct {
	Columns []Column
	Length  func() int
	Fill    func(i int, c *Cells)
	Open    func(i int)
	Marked  func(i int) bool
	Moved   func(i int)
	Sorted  func(column int, down bool) // a press on a title; nil where the order is fixed
	Height  float32                     // of a line at 100 % text, in px; 0 is 32
}

// Table is a list in columns with titles above them. It is a List of our own and not Fyne's table, which draws a
// separator for every row for ever once it was measured without a size.
type Table struct {
	widget.BaseWidget
	o      TableOptions
	list   *List
	titles []*Tap
	sorted int // column, -1 before
	down   bool
	grid   *columns
	head   *fyne.Container
}

// NewTable returns a table.
func NewTable(o TableOptions) *Table {
	if o.Height == 0 {
		o.Height = 32
	}
	t := &Table{o: o, sorted: -1, grid: &columns{o.Columns}}
	t.head = container.New(t.grid)
	for i, c := range o.Columns {
		face := &titleCell{title: c.Title, right: c.Right}
		face.ExtendBaseWidget(face)
		if o.Sorted == nil {
			t.head.Add(face)
			continue
		}
		tap := NewTap(face, func() { t.sort(i) })
		t.titles = append(t.titles, tap)
		t.head.Add(tap)
	}
	t.list = NewList(ListOptions{Length: o.Length, Open: o.Open, Marked: o.Marked, Moved: o.Moved, Height: o.Height,
		Make: func() fyne.CanvasObject { return newCells(o.Columns) },
		Fill: func(i int, line fyne.CanvasObject) {
			c := line.(*Cells)
			o.Fill(i, c)
			c.flush()
		}})
	t.ExtendBaseWidget(t)
	return t
}

// List returns the lines, to move in them.
func (t *Table) List() *List { return t.list }

// Focus asks for the focus.
func (t *Table) Focus() { t.list.Focus() }

// ShowSorted marks the column that orders the lines, without telling anybody.
func (t *Table) ShowSorted(column int, down bool) {
	t.sorted, t.down = column, down
	for i, tap := range t.titles {
		face := tap.content.(*titleCell)
		face.order = ""
		if i == column {
			face.order = "caret-up"
			if down {
				face.order = "caret-down"
			}
		}
		face.Refresh()
	}
}

func (t *Table) sort(column int) {
	t.ShowSorted(column, column == t.sorted && !t.down)
	t.o.Sorted(t.sorted, t.down)
}

// CreateRenderer draws the titles above the lines.
func (t *Table) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewBorder(On(ColorSunken, t.head), nil, nil, nil, t.list))
}

// columns lays objects out in the columns of a table.
type columns struct{ of []Column }

// spans returns where each column begins and how wide it is.
func (l *columns) spans(width float32) (at, wide []float32) {
	fixed, shared := float32(0), 0
	for _, c := range l.of {
		fixed += em(c.Width)
		if c.Width == 0 {
			shared++
		}
	}
	rest := float32(0)
	if shared > 0 {
		rest = max((width-fixed)/float32(shared), em(60))
	}
	x := float32(0)
	for _, c := range l.of {
		w := em(c.Width)
		if c.Width == 0 {
			w = rest
		}
		at, wide = append(at, x), append(wide, w)
		x += w
	}
	return at, wide
}

func (l *columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	h := float32(0)
	for _, o := range objects {
		h = max(h, o.MinSize().Height)
	}
	return fyne.NewSize(em(160), h)
}

func (l *columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	at, wide := l.spans(size.Width)
	for i, o := range objects {
		place(o, at[i], 0, wide[i], size.Height)
	}
}

// titleCell is the title of a column.
type titleCell struct {
	widget.BaseWidget
	title, order string
	right        bool
}

// CreateRenderer draws the title and the order.
func (t *titleCell) CreateRenderer() fyne.WidgetRenderer {
	word, img := newLine(sizeSecond, ColorMuted, true), canvas.NewImageFromResource(nil)
	img.FillMode = canvas.ImageFillContain
	shown := ""
	d := &drawing{objects: []fyne.CanvasObject{word.Text, img}}
	d.min = func() fyne.Size { return fyne.NewSize(em(30), word.natural().Height+em(10)) }
	d.layout = func(s fyne.Size) {
		text := word.natural()
		w := min(text.Width+1, s.Width-em(28))
		x := em(8)
		if t.right {
			x = s.Width - em(8) - w
		}
		word.put(x, (s.Height-text.Height)/2, w)
		if t.right {
			x -= em(16)
		} else {
			x += w + em(4)
		}
		place(img, x, (s.Height-em(12))/2, em(12), em(12))
	}
	d.refresh = func() {
		word.set(t.title)
		word.paint()
		if t.order != shown && t.order != "" {
			img.Resource = Icon(t.order, ColorText)
		}
		shown = t.order
		visible(img, t.order != "")
		d.layout(t.Size())
		refreshed(d.objects...)
	}
	d.refresh()
	return d
}

// Cells is one line of a table.
type Cells struct {
	widget.BaseWidget
	grid    *columns
	texts   []*line
	marks   []*canvas.Image
	shapes  []record.Shape
	changed bool
}

func newCells(of []Column) *Cells {
	c := &Cells{grid: &columns{of}, texts: make([]*line, len(of)), marks: make([]*canvas.Image, len(of)), shapes: make([]record.Shape, len(of))}
	for i := range of {
		c.texts[i] = newLine(theme.SizeNameText, ColorText, false)
	}
	c.ExtendBaseWidget(c)
	return c
}

// Text shows a text in a column.
func (c *Cells) Text(column int, text string) { c.put(column, text, false, "") }

// Bold shows a bold text in a column.
func (c *Cells) Bold(column int, text string) { c.put(column, text, true, "") }

// State shows the mark of a state and its word in a column.
func (c *Cells) State(column int, shape record.Shape, word string) { c.put(column, word, false, shape) }

func (c *Cells) put(column int, text string, bold bool, shape record.Shape) {
	l := c.texts[column]
	if l.Text.TextStyle.Bold != bold {
		l.Text.TextStyle.Bold, l.room, c.changed = bold, 0, true
	}
	c.changed = l.set(text) || c.changed
	if c.shapes[column] == shape {
		return
	}
	c.shapes[column], c.changed = shape, true
	if c.marks[column] == nil {
		c.marks[column] = canvas.NewImageFromResource(nil)
		c.marks[column].FillMode = canvas.ImageFillContain
	}
	if shape != "" {
		c.marks[column].Resource = ShapeResource(shape)
	}
	visible(c.marks[column], shape != "")
}

// flush draws the line if something in it changed.
func (c *Cells) flush() {
	if c.changed {
		c.changed = false
		c.Refresh()
	}
}

// CreateRenderer draws the line.
func (c *Cells) CreateRenderer() fyne.WidgetRenderer { return &cellsDrawing{c} }

type cellsDrawing struct{ c *Cells }

func (d *cellsDrawing) Destroy() {}

func (d *cellsDrawing) MinSize() fyne.Size { return fyne.NewSize(em(160), em(24)) }

func (d *cellsDrawing) Objects() []fyne.CanvasObject {
	out := make([]fyne.CanvasObject, 0, 2*len(d.c.texts))
	for i, l := range d.c.texts {
		out = append(out, l.Text)
		if d.c.marks[i] != nil {
			out = append(out, d.c.marks[i])
		}
	}
	return out
}

func (d *cellsDrawing) Layout(s fyne.Size) {
	at, wide := d.c.grid.spans(s.Width)
	for i, l := range d.c.texts {
		x, w := at[i]+em(8), wide[i]-em(12)
		if d.c.shapes[i] != "" {
			place(d.c.marks[i], x, (s.Height-em(16))/2, em(16), em(16))
			x, w = x+em(22), w-em(22)
		}
		text := l.natural()
		if d.c.grid.of[i].Right && text.Width < w {
			x, w = x+w-text.Width-em(4), text.Width+1
		}
		l.put(x, (s.Height-text.Height)/2, w)
	}
}

func (d *cellsDrawing) Refresh() {
	for _, l := range d.c.texts {
		l.paint()
	}
	d.Layout(d.c.Size())
	refreshed(d.Objects()...)
}

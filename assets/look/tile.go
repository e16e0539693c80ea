package look

import (
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// tile is what a large choice shows: an icon or the mark of a state, a word, a second line.
type tile struct {
	widget.BaseWidget
	icon        string
	shape       record.Shape
	word, under *widget.Label
	height      float32
	chosen      bool
}

func newTile(icon string, shape record.Shape, word, under string, height float32) *tile {
	t := &tile{icon: icon, shape: shape, word: Bold(word), under: Caption(under), height: height}
	t.word.Wrapping, t.under.Wrapping = fyne.TextWrapWord, fyne.TextWrapWord
	t.ExtendBaseWidget(t)
	return t
}

// NewTile returns a large choice: an icon, a word, a second line; height is the least one, in px.
func NewTile(icon, word, under string, height float32, tapped func()) *Tap {
	t := NewTap(newTile(icon, "", word, under, height), tapped)
	t.outside = true
	return t
}

// NewStateTile returns a large choice with the mark of a state in place of an icon.
func NewStateTile(shape record.Shape, word, under string, height float32, tapped func()) *Tap {
	t := NewTap(newTile("", shape, word, under, height), tapped)
	t.outside = true
	return t
}

// CreateRenderer draws the tile.
func (t *tile) CreateRenderer() fyne.WidgetRenderer {
	ground, img := blank(), canvas.NewImageFromResource(nil)
	img.FillMode = canvas.ImageFillContain
	switch {
	case t.icon != "":
		img.Resource = Icon(t.icon, ColorPrimary)
	case t.shape != "":
		img.Resource = ShapeResource(t.shape)
	}
	d := &drawing{objects: []fyne.CanvasObject{ground, img, t.word, t.under}}
	visible(img, img.Resource != nil)
	visible(t.under, t.under.Text != "")
	side := func() float32 {
		if t.icon != "" {
			return em(28)
		}
		return em(22)
	}
	inner := theme.InnerPadding
	left := func() float32 {
		if img.Resource == nil {
			return em(4)
		}
		return em(14) + side()
	}
	// A label keeps a margin of its own above and under its words; here the two stand close.
	lines := func() (word, both float32) {
		word = t.word.MinSize().Height
		both = word
		if t.under.Visible() {
			both += t.under.MinSize().Height - 1.6*inner()
		}
		return word, both
	}
	d.min = func() fyne.Size {
		_, both := lines()
		return fyne.NewSize(em(150), max(t.height, both))
	}
	d.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(img, em(14), (s.Height-side())/2, side(), side())
		w := s.Width - left() - em(4)
		t.word.Resize(fyne.NewSize(w, t.word.MinSize().Height))
		t.under.Resize(fyne.NewSize(w, t.under.MinSize().Height))
		word, both := lines()
		place(t.word, left(), (s.Height-both)/2, w, word)
		place(t.under, left(), (s.Height-both)/2+word-1.6*inner(), w, t.under.MinSize().Height)
	}
	d.refresh = func() {
		t.paint(ground)
		d.layout(t.Size())
		refreshed(d.objects...)
	}
	t.paint(ground)
	return d
}

func (t *tile) paint(ground *canvas.Rectangle) {
	ground.FillColor, ground.CornerRadius = Colour(ColorSurface), 6
	ground.StrokeColor, ground.StrokeWidth = Colour(ColorBorder), 1
	if t.chosen {
		ground.StrokeColor, ground.StrokeWidth = Colour(ColorPrimary), 3
	}
}

// TileOption is one of several large choices.
type TileOption struct {
	Code, Icon  string
	Word, Under string
	Shape       record.Shape // its mark, where there is no icon
}

// Tiles is a group of large choices of which one may be chosen. Arrows go from one to the next.
type Tiles struct {
	widget.BaseWidget
	options []TileOption
	taps    []*Tap
	columns int
	code    string
	chosen  func(code string)
}

// NewTiles returns the choices in so many columns; chosen is told of each press.
func NewTiles(columns int, options []TileOption, chosen func(code string)) *Tiles {
	t := &Tiles{options: options, columns: max(columns, 1), chosen: chosen}
	for i, o := range options {
		tap := NewTap(newTile(o.Icon, o.Shape, o.Word, o.Under, 56), func() { t.press(i) })
		tap.outside = true
		tap.moved = func(k fyne.KeyName) bool { return t.move(i, k) }
		t.taps = append(t.taps, tap)
	}
	t.ExtendBaseWidget(t)
	return t
}

// Code returns the code of what is chosen, "" before.
func (t *Tiles) Code() string { return t.code }

// Set marks a choice without telling anybody.
func (t *Tiles) Set(code string) {
	t.code = code
	for i, o := range t.options {
		face := t.taps[i].content.(*tile)
		if was := face.chosen; was != (o.Code == code) {
			face.chosen = !was
			face.Refresh()
		}
	}
}

// Focus gives the focus to the choice made, or to the first.
func (t *Tiles) Focus() {
	if f := t.Current(); f != nil {
		focus(f)
	}
}

// Current returns the choice made, or the first; nil where there is none.
func (t *Tiles) Current() fyne.Focusable {
	for i, o := range t.options {
		if o.Code == t.code {
			return t.taps[i]
		}
	}
	if len(t.taps) > 0 {
		return t.taps[0]
	}
	return nil
}

func (t *Tiles) press(i int) {
	t.Set(t.options[i].Code)
	if t.chosen != nil {
		t.chosen(t.code)
	}
}

func (t *Tiles) move(from int, k fyne.KeyName) bool {
	step := map[fyne.KeyName]int{fyne.KeyLeft: -1, fyne.KeyRight: 1, fyne.KeyUp: -t.columns, fyne.KeyDown: t.columns}[k]
	if step == 0 {
		return false
	}
	if to := from + step; to >= 0 && to < len(t.taps) {
		focus(t.taps[to])
	}
	return true
}

// CreateRenderer lays the choices out in columns.
func (t *Tiles) CreateRenderer() fyne.WidgetRenderer {
	grid := container.NewGridWithColumns(t.columns)
	for _, tap := range t.taps {
		grid.Add(tap)
	}
	return widget.NewSimpleRenderer(grid)
}

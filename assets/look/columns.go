package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// columnWidth is the least width of a column at 100 % text: under it, lines hold too few words.
const columnWidth = 300

// Columns scrolls cards that stand side by side while each has room for its words, and one under the other where
// text is large or the window small. The head, which may be nil, runs over all of them.
func Columns(head fyne.CanvasObject, columns ...fyne.CanvasObject) fyne.CanvasObject {
	grid := &columnLayout{}
	content := container.New(grid, columns...)
	if head != nil {
		content = container.NewVBox(head, content)
	}
	return container.New(&fitted{grid}, container.NewVScroll(content))
}

// Grid scrolls tiles in as many columns, of that number at most, as there is room for.
func Grid(most int, tiles ...fyne.CanvasObject) fyne.CanvasObject {
	grid := &columnLayout{most: most, least: columnWidth * 2 / 3}
	return container.New(&fitted{grid}, container.NewVScroll(container.New(grid, tiles...)))
}

// fitted tells the columns how wide they will be before the scroll asks how high they are.
type fitted struct{ grid *columnLayout }

func (f *fitted) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (f *fitted) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	if n := f.grid.fit(size.Width); n != f.grid.count {
		f.grid.count = n
		objects[0].Refresh()
	}
	content := objects[0].(*container.Scroll).Content
	before := content.MinSize()
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(size)
	if content.MinSize() != before { // words that wrap know their height only now
		objects[0].Refresh()
	}
}

// columnLayout stands objects side by side, row after row.
type columnLayout struct {
	most  int     // columns; 0 is as many as there are objects
	least float32 // px of a column at 100 %; 0 is columnWidth
	count int     // now
	of    []fyne.CanvasObject
}

func (c *columnLayout) fit(width float32) int {
	most, least := c.most, c.least
	if most == 0 {
		most = max(len(c.of), 1)
	}
	if least == 0 {
		least = columnWidth
	}
	least = em(least)
	for _, o := range c.of {
		least = max(least, o.MinSize().Width)
	}
	gap := theme.Padding()
	return max(min(int((width+gap)/(least+gap)), most), 1)
}

func (c *columnLayout) columns() int {
	switch {
	case c.count > 0:
		return c.count
	case c.most > 0:
		return c.most
	}
	return max(len(c.of), 1)
}

// run lays rows out, or only measures them.
func (c *columnLayout) run(objects []fyne.CanvasObject, width float32, lay bool) fyne.Size {
	n, gap := c.columns(), theme.Padding()
	var least, y float32
	w := (width - gap*float32(n-1)) / float32(n)
	for from := 0; from < len(objects); from += n {
		row := objects[from:min(from+n, len(objects))]
		var h float32
		for _, o := range row {
			m := o.MinSize()
			least, h = max(least, m.Width), max(h, m.Height)
		}
		for i, o := range row {
			if lay {
				place(o, float32(i)*(w+gap), y, w, h)
			}
		}
		y += h + gap
	}
	return fyne.NewSize(least, max(y-gap, 0))
}

func (c *columnLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	c.of = objects
	return c.run(objects, 0, false)
}

func (c *columnLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	c.of = objects
	c.run(objects, size.Width, true)
}

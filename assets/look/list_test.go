package look

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// counted is a list of numbers that counts the lines it makes and fills.
type counted struct {
	n, made, filled, opened int
	list                    *List
}

func newCounted(n int) *counted {
	c := &counted{n: n, opened: -1}
	c.list = NewList(ListOptions{Length: func() int { return c.n }, Open: func(i int) { c.opened = i },
		Make: func() fyne.CanvasObject { c.made++; return NewRow() },
		Fill: func(i int, o fyne.CanvasObject) { c.filled++; o.(*Row).Set("", fmt.Sprint(i), "", "") }})
	return c
}

// shown returns the first and the last line in sight.
func (c *counted) shown() (first, last string) {
	s := c.list.body.slots
	if len(s) == 0 {
		return "", ""
	}
	return s[0].content.(*Row).name, s[len(s)-1].content.(*Row).name
}

// TestListMakesOnlyWhatIsSeen of 50,000 lines, before and after it has a size.
func TestListMakesOnlyWhatIsSeen(t *testing.T) {
	desk(t)
	c := newCounted(50000)
	c.list.MinSize()
	c.list.Refresh()
	if c.made != 0 {
		t.Fatalf("%d lines were made without a size", c.made)
	}
	window(t, c.list, 400, 440)
	if c.made == 0 || c.made > 12 {
		t.Fatalf("%d lines were made for ten in sight", c.made)
	}
	c.list.SetOffset(44 * 30000)
	if first, last := c.shown(); first != "30000" || last != "30010" {
		t.Errorf("in sight: %s to %s", first, last)
	}
	c.list.SetOffset(1e9)
	if _, last := c.shown(); last != "49999" {
		t.Errorf("the end shows %s", last)
	}
	if c.made > 13 {
		t.Errorf("%d lines were made: they are to be used again", c.made)
	}
}

// TestListFillsEachLineOnce while it scrolls by less than a line.
func TestListFillsEachLineOnce(t *testing.T) {
	desk(t)
	c := newCounted(1000)
	window(t, c.list, 400, 440)
	before := c.filled
	for y := range 44 {
		c.list.SetOffset(float32(y))
	}
	if got := c.filled - before; got > 1 {
		t.Errorf("%d lines were filled for one that came", got)
	}
}

func TestListIsWalkedByKeys(t *testing.T) {
	desk(t)
	c := newCounted(100)
	w := window(t, c.list, 400, 440)
	w.Canvas().Focus(c.list)
	press(w, fyne.KeyUp)
	for _, step := range []struct {
		key  fyne.KeyName
		want int
	}{{fyne.KeyDown, 1}, {fyne.KeyPageDown, 10}, {fyne.KeyEnd, 99}, {fyne.KeyDown, 99}, {fyne.KeyUp, 98}, {fyne.KeyPageUp, 89}, {fyne.KeyHome, 0}} {
		press(w, step.key)
		if c.list.Current() != step.want {
			t.Fatalf("%s led to %d, want %d", step.key, c.list.Current(), step.want)
		}
		if h := c.list.height(); float32(step.want)*h < c.list.Offset()-0.5 || float32(step.want+1)*h > c.list.Offset()+440.5 {
			t.Fatalf("%s: line %d is out of sight at %g", step.key, step.want, c.list.Offset())
		}
	}
	press(w, fyne.KeyDown, fyne.KeyReturn)
	if c.opened != 1 {
		t.Errorf("Enter opened %d", c.opened)
	}
}

func TestListIsTappedAndDragged(t *testing.T) {
	desk(t)
	c := newCounted(100)
	w := window(t, c.list, 400, 440)
	test.TapCanvas(w.Canvas(), fyne.NewPos(100, 44*3+10))
	if c.opened != 3 {
		t.Errorf("a press on the fourth line opened %d", c.opened)
	}
	test.Drag(w.Canvas(), fyne.NewPos(100, 300), 0, -88)
	if c.list.Offset() != 88 {
		t.Errorf("a finger's drag of two lines scrolled by %g", c.list.Offset())
	}
	test.Drag(w.Canvas(), fyne.NewPos(100, 300), 0, 900)
	if c.list.Offset() != 0 {
		t.Errorf("dragged beyond the top: %g", c.list.Offset())
	}
}

// TestListThatShrinksStaysInBounds: a filter leaves three lines of a thousand.
func TestListThatShrinksStaysInBounds(t *testing.T) {
	desk(t)
	c := newCounted(1000)
	w := window(t, c.list, 400, 440)
	w.Canvas().Focus(c.list)
	press(w, fyne.KeyEnd)
	c.n = 3
	c.list.Refresh()
	if first, last := c.shown(); first != "0" || last != "2" || c.list.Current() != 2 {
		t.Errorf("in sight: %s to %s, current %d", first, last, c.list.Current())
	}
	c.n = 0
	c.list.Refresh()
	c.opened = -1
	press(w, fyne.KeyReturn, fyne.KeyDown)
	if c.opened != -1 || c.list.Current() != 0 {
		t.Errorf("an empty list opened %d, current %d", c.opened, c.list.Current())
	}
	c.n = 50
	c.list.Reset()
	if first, _ := c.shown(); first != "0" {
		t.Errorf("after a reset the first line is %s", first)
	}
}

func TestTableSortsByItsTitles(t *testing.T) {
	desk(t)
	var column int
	var down bool
	table := NewTable(TableOptions{Columns: []Column{{Title: "Nom"}, {Title: "Âge", Width: 80, Right: true}}, Length: func() int { return 5 },
		Fill: func(i int, c *Cells) { c.Bold(0, fmt.Sprint(i)); c.State(1, "good", "oui") }, Sorted: func(c int, d bool) { column, down = c, d }})
	w := window(t, table, 400, 300)
	test.Tap(table.titles[1])
	if column != 1 || down {
		t.Errorf("first press: column %d, down %v", column, down)
	}
	test.Tap(table.titles[1])
	if column != 1 || !down {
		t.Errorf("second press: column %d, down %v", column, down)
	}
	w.Canvas().Focus(table.List())
	press(w, fyne.KeyDown)
	if table.List().Current() != 1 {
		t.Error("the table's lines are not walked by keys")
	}
}

// BenchmarkScroll is a scroll of a screen of 50,000 lines by one line, without painting.
func BenchmarkScroll(b *testing.B) {
	test.NewTempApp(b)
	fyne.CurrentApp().Settings().SetTheme(NewTheme(Light, 100))
	c := newCounted(50000)
	w := test.NewTempWindow(b, c.list)
	w.Resize(fyne.NewSize(800, 800))
	for i := 0; b.Loop(); i++ {
		c.list.SetOffset(float32(i % 49000 * 44))
	}
}

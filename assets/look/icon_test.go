package look

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cantal.fr/buron/assets"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
)

// grid is how many cells across the ink of an icon is compared in.
const grid = 8

// ink draws an icon black on white at 64 px with Fyne's renderer and returns how much ink each cell holds.
func ink(t *testing.T, svg []byte, name string) [grid * grid]int {
	t.Helper()
	const side = 64
	img := canvas.NewImageFromResource(fyne.NewStaticResource(name+".svg", svg))
	c := software.NewCanvas()
	c.SetPadded(false)
	c.SetContent(img)
	c.Resize(fyne.NewSquareSize(side))
	shot := c.Capture()
	var cells [grid * grid]int
	for y := range side {
		for x := range side {
			r, _, _, _ := shot.At(x, y).RGBA()
			cells[y*grid/side*grid+x*grid/side] += 255 - int(r>>8)
		}
	}
	for i := range cells {
		cells[i] /= side / grid * side / grid
	}
	return cells
}

// worst returns the largest difference between two drawings, in 255ths of a cell.
func worst(a, b [grid * grid]int) int {
	w := 0
	for i := range a {
		w = max(w, max(a[i]-b[i], b[i]-a[i]))
	}
	return w
}

// inkTolerance is what two right renderers may differ by; a wrongly drawn arc differs by far more.
const inkTolerance = 8

// TestIconsAreDrawnRight compares the ink of each icon with what another renderer drew from Phosphor's own file.
func TestIconsAreDrawnRight(t *testing.T) {
	test.NewTempApp(t)
	fyne.CurrentApp().Settings().SetTheme(whiteTheme{NewTheme(Light, 100)})
	stored := map[string][grid * grid]int{}
	text, err := os.ReadFile("testdata/ink.txt")
	if err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		name, figures, _ := strings.Cut(s.Text(), " ")
		raw, err := hex.DecodeString(figures)
		if err != nil || len(raw) != grid*grid {
			t.Fatalf("%s: not %d cells: %v", name, grid*grid, err)
		}
		var cells [grid * grid]int
		for i, v := range raw {
			cells[i] = int(v)
		}
		stored[name] = cells
	}
	files, err := filepath.Glob("../icons/*.svg")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d icons: %v", len(files), err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".svg")
		want, ok := stored[name]
		if !ok {
			t.Errorf("%s: testdata/ink.txt does not know it", name)
			continue
		}
		if got := worst(ink(t, assets.Icon(name), name), want); got > inkTolerance {
			t.Errorf("%s: its ink differs by %d of 255 in a cell", name, got)
		}
	}
}

// TestWrongArcsShow keeps the comparison honest: a drawing of which a part is missing must not pass.
func TestWrongArcsShow(t *testing.T) {
	test.NewTempApp(t)
	fyne.CurrentApp().Settings().SetTheme(whiteTheme{NewTheme(Light, 100)})
	whole := ink(t, assets.Icon("clock"), "clock")
	half := []byte(strings.Replace(string(assets.Icon("clock")), `viewBox="0 0 256 256"`, `viewBox="8 0 256 256"`, 1))
	if got := worst(whole, ink(t, half, "clock-moved")); got <= inkTolerance {
		t.Errorf("an icon moved by a thirtieth passes: %d", got)
	}
}

// TestEveryKindHasItsIcon ranges over the kinds: two nouns never share an icon but by intent.
func TestEveryKindHasItsIcon(t *testing.T) {
	for _, k := range record.Kinds() {
		name := KindIcon(k)
		if name == "folders" {
			t.Errorf("%s has no icon of its own", k)
		}
		if len(assets.Icon(name)) == 0 {
			t.Errorf("%s: the icon %s is empty", k, name)
		}
	}
}

package look

import (
	"bytes"
	"image"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// pixels draws a page under a theme, after it was first drawn under others.
func pixels(t *testing.T, page func() fyne.CanvasObject, themes ...fyne.Theme) *image.NRGBA {
	t.Helper()
	test.NewTempApp(t)
	settings := fyne.CurrentApp().Settings()
	settings.SetTheme(themes[0])
	w := test.NewTempWindow(t, On(ColorGround, page()))
	w.SetPadded(false)
	w.Resize(fyne.NewSize(900, 740))
	for _, th := range themes[1:] {
		if th.(*Theme).Palette() != themes[0].(*Theme).Palette() {
			w.Canvas().Capture() // so that what is kept of a drawing is kept of the old colours
		}
		settings.SetTheme(th)
		test.ApplyTheme(t, th)
		w.Resize(fyne.NewSize(900, 741)) // windows lay out again at their next frame
		w.Resize(fyne.NewSize(900, 740))
	}
	return w.Canvas().Capture().(*image.NRGBA)
}

// TestEveryColourFollowsTheTheme: a page that was light and becomes dark, or in high contrast, looks as one that was
// always so.
func TestEveryColourFollowsTheTheme(t *testing.T) {
	for name, page := range map[string]func() fyne.CanvasObject{"desk": galleryDesk, "forms": galleryForms, "lists": galleryLists} {
		for _, p := range []Palette{Contrast} { // every colour of it differs from the light one's
			always := pixels(t, page, NewTheme(p, 100), NewTheme(p, 100)) // laid out as often: words that wrap settle
			became := pixels(t, page, NewTheme(Light, 100), NewTheme(p, 100))
			if bytes.Equal(always.Pix, became.Pix) {
				continue
			}
			var box image.Rectangle
			for y := range always.Rect.Dy() {
				for x := range always.Rect.Dx() {
					if always.NRGBAAt(x, y) != became.NRGBAAt(x, y) {
						box = box.Union(image.Rect(x, y, x+1, y+1))
					}
				}
			}
			t.Errorf("%s, %s: what became so differs within %v", name, p.Label(), box)
		}
	}
}

package look

import (
	"image/color"
	"testing"

	"cantal.fr/buron/assets"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"golang.org/x/image/font/sfnt"
)

// whiteTheme draws on white and in black, to measure ink.
type whiteTheme struct{ fyne.Theme }

func (w whiteTheme) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if name == theme.ColorNameBackground {
		return color.White
	}
	return w.Theme.Color(name, v)
}

// desk starts an application of tests with our theme.
func desk(t *testing.T) {
	t.Helper()
	test.NewTempApp(t)
	fyne.CurrentApp().Settings().SetTheme(NewTheme(Light, 100))
}

// window shows an object at a size.
func window(t *testing.T, o fyne.CanvasObject, w, h float32) fyne.Window {
	t.Helper()
	win := test.NewTempWindow(t, o)
	win.SetPadded(false)
	win.Resize(fyne.NewSize(w, h))
	return win
}

// press types a key on whatever has the focus, else on the page, as a window does.
func press(w fyne.Window, names ...fyne.KeyName) {
	for _, n := range names {
		e := &fyne.KeyEvent{Name: n}
		if f := w.Canvas().Focused(); f != nil {
			f.TypedKey(e)
		} else if w.Canvas().OnTypedKey() != nil {
			w.Canvas().OnTypedKey()(e)
		}
	}
}

func TestTextGrowsToTwice(t *testing.T) {
	for _, c := range []struct {
		theme *Theme
		size  fyne.ThemeSizeName
		want  float32
	}{
		{NewTheme(Light, 100), theme.SizeNameCaptionText, 12},
		{NewTheme(Light, 100), theme.SizeNameText, 15},
		{NewTheme(Light, 100), SizeTitle, 19},
		{NewTheme(Light, 100), SizePage, 28},
		{NewTheme(Dark, 200), theme.SizeNameText, 30},
		{NewTheme(Dark, 900), theme.SizeNameText, 30},
		{NewTheme(Dark, 0), theme.SizeNameText, 15},
		{NewKioskTheme(Light, 100), theme.SizeNameCaptionText, 20},
		{NewKioskTheme(Light, 100), theme.SizeNameText, 26},
		{NewKioskTheme(Light, 100), SizeTitle, 32},
		{NewKioskTheme(Light, 100), SizePage, 44},
		{NewKioskTheme(Contrast, 150), SizePage, 66},
	} {
		if got := c.theme.Size(c.size); got != c.want {
			t.Errorf("%s of %d at %d %%: %g, want %g", c.size, c.theme.Palette(), c.theme.Percent(), got, c.want)
		}
	}
}

// TestTheSystemsDarkIsNotFollowed: many of our users work outdoors.
func TestTheSystemsDarkIsNotFollowed(t *testing.T) {
	th := NewTheme(Light, 100)
	if th.Color(ColorGround, theme.VariantDark) != th.Color(ColorGround, theme.VariantLight) {
		t.Error("the ground follows the system's variant")
	}
	if NewTheme(Palette(9), 100).Palette() != Light {
		t.Error("a palette that does not exist is not light")
	}
}

// TestTheFontHoldsFrench names the characters that our words need.
func TestTheFontHoldsFrench(t *testing.T) {
	for name, file := range map[string][]byte{"regular": assets.Regular, "bold": assets.Bold} {
		f, err := sfnt.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		var b sfnt.Buffer
		for _, r := range "ÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸàâäæçéèêëîïôöœùûüÿ«»–—’“”…·•°€²³×\u00a0@#&;:!?%" {
			if i, err := f.GlyphIndex(&b, r); err != nil || i == 0 {
				t.Errorf("%s has no %q", name, r)
			}
		}
	}
}

// TestFyneSpeaksFrench asks for the words that Fyne's own French file lacks.
func TestFyneSpeaksFrench(t *testing.T) {
	t.Setenv("LC_ALL", "en_US.UTF-8")
	if err := Prepare(); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"monday": "lundi", "sunday.short": "dim.", "(Select one)": "Choisir…", "Cancel": "Annuler", "Undo": "Annuler"} {
		if got := lang.X(key, key); got != want {
			t.Errorf("%s is said %q, want %q", key, got, want)
		}
	}
}

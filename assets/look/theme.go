// Package look is what both faces of Buron share to be seen: the theme, the marks of states, and the
// widgets that Fyne lacks. It knows shapes, words and colours; it stores nothing, exchanges nothing and starts
// no goroutine: timers and background work come from its callers. Its invariant: every colour comes from the
// tokens of one of three palettes and is read again when the theme changes, so that light, dark and high
// contrast stay equally legible.
package look

import (
	"image/color"

	"cantal.fr/buron/assets"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Palette is one of the three sets of colours.
type Palette int

// Palettes. Programs start light, whatever the system's setting: many of our users work outdoors.
const (
	Light Palette = iota
	Dark
	Contrast
)

// Label returns the French name of the palette, as settings show it.
func (p Palette) Label() string {
	switch p {
	case Dark:
		return "Sombre"
	case Contrast:
		return "Contraste élevé"
	}
	return "Clair"
}

// Names of our own sizes of text, beside Fyne's caption and text.
const (
	SizeTitle fyne.ThemeSizeName = "buron.title"
	SizePage  fyne.ThemeSizeName = "buron.page"
	SizeHuge  fyne.ThemeSizeName = "buron.huge"

	sizeSecond fyne.ThemeSizeName = "buron.second" // second lines, between caption and text
)

// scale is the sizes of a face's text at 100 %, in device-independent pixels.
type scale struct{ caption, text, title, page, huge, inner float32 }

// Theme is the look of Buron at a palette and a text size.
type Theme struct {
	palette Palette
	percent int
	sizes   scale
}

// NewTheme returns the theme of the desktop; percent is the text size, 100 to 200.
func NewTheme(p Palette, percent int) *Theme {
	return newTheme(p, percent, scale{caption: 12, text: 15, title: 19, page: 28, huge: 40, inner: 8})
}

// NewKioskTheme returns the theme of the public terminal, whose text is larger: read standing, by anybody.
func NewKioskTheme(p Palette, percent int) *Theme {
	return newTheme(p, percent, scale{caption: 20, text: 26, title: 32, page: 44, huge: 60, inner: 14})
}

func newTheme(p Palette, percent int, s scale) *Theme {
	if p < Light || p > Contrast {
		p = Light
	}
	return &Theme{p, min(max(percent, 100), 200), s}
}

// Palette returns the set of colours.
func (t *Theme) Palette() Palette { return t.palette }

// Percent returns the text size, 100 to 200.
func (t *Theme) Percent() int { return t.percent }

// Color returns a token of the palette; the system's variant is not followed.
func (t *Theme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if c, ok := tokens[name]; ok {
		return rgb(c[t.palette])
	}
	if name == theme.ColorNameShadow {
		return color.NRGBA{A: 0x28} // Fyne's own is a dark band over the last line of a list
	}
	variant := theme.VariantLight
	if t.palette != Light {
		variant = theme.VariantDark
	}
	return theme.DefaultTheme().Color(name, variant)
}

// Font returns Atkinson Hyperlegible; its slashed zero suits codes.
func (t *Theme) Font(s fyne.TextStyle) fyne.Resource {
	switch {
	case s.Symbol:
		return theme.DefaultTheme().Font(s)
	case s.Bold:
		return boldFont
	}
	return regularFont
}

var (
	regularFont = fyne.NewStaticResource("AtkinsonHyperlegible-Regular.ttf", assets.Regular)
	boldFont    = fyne.NewStaticResource("AtkinsonHyperlegible-Bold.ttf", assets.Bold)
)

// Icon returns Fyne's own icons.
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// Size returns sizes in device-independent pixels.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	grow := float32(t.percent) / 100
	switch name {
	case theme.SizeNameText:
		return t.sizes.text * grow
	case theme.SizeNameCaptionText:
		return t.sizes.caption * grow
	case sizeSecond:
		return (t.sizes.caption + 1) * grow
	case SizeTitle, theme.SizeNameSubHeadingText:
		return t.sizes.title * grow
	case SizePage, theme.SizeNameHeadingText:
		return t.sizes.page * grow
	case SizeHuge:
		return t.sizes.huge * grow
	case theme.SizeNameInlineIcon:
		return t.sizes.text * grow * 20 / 15
	case theme.SizeNamePadding:
		return Space4
	case theme.SizeNameInnerPadding:
		return t.sizes.inner
	case theme.SizeNameInputBorder:
		return 1
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius, theme.SizeNameButtonRadius:
		return 4
	case theme.SizeNamePopupRadius, theme.SizeNameCardRadius, theme.SizeNameDialogRadius, theme.SizeNameMenuRadius:
		return 6
	case theme.SizeNameScrollBar:
		return 14
	case theme.SizeNameScrollBarSmall:
		return 6
	}
	return theme.DefaultTheme().Size(name)
}

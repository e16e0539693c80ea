// Package look is what both faces of Buron share to be seen: the theme, the marks of states, and the
// widgets that Fyne lacks. It knows shapes, words and colours, and nothing of records or exchanges. Its
// invariant: every colour comes from the tokens of one of three palettes, so that light, dark and high
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

// Names of our own colours, beside Fyne's.
const (
	ColorRail     fyne.ThemeColorName = "buron.rail"
	ColorGentian  fyne.ThemeColorName = "buron.gentiane"
	ColorFocus    fyne.ThemeColorName = "buron.focus"
	ColorSunken   fyne.ThemeColorName = "buron.brume"
	ColorSurface  fyne.ThemeColorName = "buron.papier"
	ColorMuted    fyne.ThemeColorName = "buron.lave"
	ColorRailText fyne.ThemeColorName = "buron.rail.text"
)

// Names of our own sizes, beside Fyne's.
const (
	SizeTitle fyne.ThemeSizeName = "buron.title"
	SizePage  fyne.ThemeSizeName = "buron.page"
	SizeHuge  fyne.ThemeSizeName = "buron.huge"
)

// tokens are the colours of a palette, in the order light, dark, high contrast.
var tokens = map[fyne.ThemeColorName][3]uint32{
	theme.ColorNameBackground:          {0xF7F8F5, 0x14181C, 0x000000},
	ColorSurface:                       {0xFFFFFF, 0x1E2429, 0x000000},
	theme.ColorNameInputBackground:     {0xFFFFFF, 0x1E2429, 0x000000},
	theme.ColorNameMenuBackground:      {0xFFFFFF, 0x1E2429, 0x000000},
	theme.ColorNameOverlayBackground:   {0xFFFFFF, 0x1E2429, 0x000000},
	theme.ColorNameHeaderBackground:    {0xECEFEA, 0x0F1215, 0x000000},
	ColorSunken:                        {0xECEFEA, 0x0F1215, 0x000000},
	theme.ColorNameButton:              {0xECEFEA, 0x0F1215, 0x000000},
	theme.ColorNameDisabledButton:      {0xECEFEA, 0x0F1215, 0x000000},
	theme.ColorNameHover:               {0xE2E6DF, 0x2A3239, 0x333333},
	theme.ColorNamePressed:             {0xD5DAD1, 0x38424B, 0x555555},
	theme.ColorNameForeground:          {0x1E2328, 0xEEF1EC, 0xFFFFFF},
	theme.ColorNamePlaceHolder:         {0x55606A, 0xA9B4BC, 0xFFFFFF},
	ColorMuted:                         {0x55606A, 0xA9B4BC, 0xFFFFFF},
	theme.ColorNameDisabled:            {0x55606A, 0xA9B4BC, 0xFFFFFF},
	theme.ColorNameInputBorder:         {0x7D8891, 0x75818B, 0xFFFFFF},
	theme.ColorNameSeparator:           {0xD5DAD1, 0x38424B, 0xFFFFFF},
	theme.ColorNameScrollBar:           {0x7D8891, 0x75818B, 0xFFFFFF},
	ColorRail:                          {0x23292F, 0x0F1215, 0x000000},
	ColorRailText:                      {0xEEF1EC, 0xEEF1EC, 0xFFFFFF},
	theme.ColorNamePrimary:             {0x2F6B3A, 0x8CCB93, 0xFFD84A},
	theme.ColorNameSuccess:             {0x2F6B3A, 0x8CCB93, 0xFFD84A},
	theme.ColorNameForegroundOnPrimary: {0xFFFFFF, 0x10210F, 0x000000},
	theme.ColorNameForegroundOnSuccess: {0xFFFFFF, 0x10210F, 0x000000},
	theme.ColorNameForegroundOnWarning: {0xFFFFFF, 0x10210F, 0x000000},
	theme.ColorNameForegroundOnError:   {0xFFFFFF, 0x10210F, 0x000000},
	ColorGentian:                       {0xF2C230, 0xF2C230, 0xFFD84A},
	theme.ColorNameSelection:           {0xF7E3A0, 0x5A4A12, 0x665600},
	theme.ColorNameWarning:             {0x8A5A00, 0xF0B44C, 0xFFD84A},
	theme.ColorNameError:               {0xB3261E, 0xFF9A8F, 0xFFB4AB},
	theme.ColorNameHyperlink:           {0x2B5F8A, 0x8FC1EA, 0xA8D8FF},
	theme.ColorNameFocus:               {0x1F4E79, 0xF2C230, 0xFFD84A},
	ColorFocus:                         {0x1F4E79, 0xF2C230, 0xFFD84A},
}

// Theme is the look of Buron at a palette and a text size.
type Theme struct {
	palette Palette
	scale   float32 // 1 to 2
	base    float32 // size of body text at scale 1
}

// NewTheme returns the theme of the desktop; percent is the text size, 100 to 200.
func NewTheme(p Palette, percent int) *Theme {
	return &Theme{p, float32(min(max(percent, 100), 200)) / 100, 15}
}

// NewKioskTheme returns the theme of the public terminal, whose text is larger.
func NewKioskTheme(p Palette, percent int) *Theme {
	t := NewTheme(p, percent)
	t.base = 20
	return t
}

// Color returns a token of the palette; the system's variant is not followed.
func (t *Theme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if c, ok := tokens[name]; ok {
		return rgb(c[t.palette])
	}
	variant := theme.VariantLight
	if t.palette != Light {
		variant = theme.VariantDark
	}
	return theme.DefaultTheme().Color(name, variant)
}

func rgb(c uint32) color.NRGBA {
	return color.NRGBA{R: uint8(c >> 16), G: uint8(c >> 8), B: uint8(c), A: 0xFF}
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
	text := t.base * t.scale
	switch name {
	case theme.SizeNameText:
		return text
	case theme.SizeNameCaptionText:
		return text * 12 / 15
	case SizeTitle, theme.SizeNameSubHeadingText:
		return text * 19 / 15
	case SizePage, theme.SizeNameHeadingText:
		return text * 26 / 15
	case SizeHuge:
		return text * 40 / 15
	case theme.SizeNameInlineIcon:
		return text * 20 / 15
	case theme.SizeNamePadding:
		return 4
	case theme.SizeNameInnerPadding:
		return 8
	case theme.SizeNameInputBorder:
		return 1
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return 4
	case theme.SizeNameScrollBar:
		return 14
	case theme.SizeNameScrollBarSmall:
		return 6
	}
	return theme.DefaultTheme().Size(name)
}

// current returns a colour of the theme in force.
func current(name fyne.ThemeColorName) color.Color { return theme.Color(name) }

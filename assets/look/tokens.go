package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Names of the tokens: our own beside those that Fyne already has a role for.
const (
	ColorGround    = theme.ColorNameBackground          // neige
	ColorText      = theme.ColorNameForeground          // basalte
	ColorBorder    = theme.ColorNameInputBorder         // ardoise
	ColorPrimary   = theme.ColorNamePrimary             // estive
	ColorOnPrimary = theme.ColorNameForegroundOnPrimary // on estive
	ColorAttention = theme.ColorNameWarning             // attention
	ColorWrong     = theme.ColorNameError               // défaut
	ColorInfo      = theme.ColorNameHyperlink           // lac

	ColorSurface   fyne.ThemeColorName = "buron.papier"
	ColorSunken    fyne.ThemeColorName = "buron.brume"
	ColorMuted     fyne.ThemeColorName = "buron.lave"
	ColorRail      fyne.ThemeColorName = "buron.rail"
	ColorRailText  fyne.ThemeColorName = "buron.rail.text"
	ColorGentian   fyne.ThemeColorName = "buron.gentiane"
	ColorOnGentian fyne.ThemeColorName = "buron.gentiane.text"
	ColorFocus     fyne.ThemeColorName = "buron.focus"
	ColorLine      fyne.ThemeColorName = "buron.filet" // hairlines that carry no meaning

	colorOff     fyne.ThemeColorName = "buron.eteint" // what cannot be pressed
	colorOffLine fyne.ThemeColorName = "buron.eteint.filet"
)

// tokens are the colours of a palette, in the order light, dark, high contrast. One row of the design's table
// may serve several of Fyne's roles. In high contrast success is green, of the ratio that the design states, and
// not the yellow of the primary colour: « good » and « waiting » would have had one colour. What cannot be pressed is grey
// there, of 8.6 on black: white, it would look like everything else.
var tokens = map[fyne.ThemeColorName][3]uint32{
	ColorGround:                        {0xF7F8F5, 0x14181C, 0x000000},
	ColorSurface:                       {0xFFFFFF, 0x1E2429, 0x000000},
	theme.ColorNameInputBackground:     {0xFFFFFF, 0x1E2429, 0x000000},
	theme.ColorNameMenuBackground:      {0xFFFFFF, 0x1E2429, 0x000000},
	theme.ColorNameOverlayBackground:   {0xFFFFFF, 0x1E2429, 0x000000},
	ColorSunken:                        {0xECEFEA, 0x0F1215, 0x000000},
	theme.ColorNameHeaderBackground:    {0xECEFEA, 0x0F1215, 0x000000},
	theme.ColorNameButton:              {0xECEFEA, 0x0F1215, 0x000000},
	theme.ColorNameDisabledButton:      {0xECEFEA, 0x0F1215, 0x000000},
	theme.ColorNameHover:               {0xE2E6DF, 0x2A3239, 0x333333},
	theme.ColorNamePressed:             {0xD5DAD1, 0x38424B, 0x555555},
	ColorText:                          {0x1E2328, 0xEEF1EC, 0xFFFFFF},
	ColorMuted:                         {0x55606A, 0xA9B4BC, 0xFFFFFF},
	theme.ColorNamePlaceHolder:         {0x55606A, 0xA9B4BC, 0xFFFFFF},
	theme.ColorNameDisabled:            {0x55606A, 0xA9B4BC, 0xFFFFFF}, // Fyne's labels of low importance too
	colorOff:                           {0x55606A, 0xA9B4BC, 0xA6A6A6},
	colorOffLine:                       {0xD5DAD1, 0x38424B, 0x666666},
	ColorBorder:                        {0x7D8891, 0x75818B, 0xFFFFFF},
	theme.ColorNameScrollBar:           {0x7D8891, 0x75818B, 0xFFFFFF},
	ColorLine:                          {0xD5DAD1, 0x38424B, 0xFFFFFF},
	theme.ColorNameSeparator:           {0xD5DAD1, 0x38424B, 0xFFFFFF},
	ColorRail:                          {0x23292F, 0x0F1215, 0x000000},
	ColorRailText:                      {0xEEF1EC, 0xEEF1EC, 0xFFFFFF},
	ColorPrimary:                       {0x2F6B3A, 0x8CCB93, 0xFFD84A},
	theme.ColorNameSuccess:             {0x2F6B3A, 0x8CCB93, 0xA8E6A1},
	ColorOnPrimary:                     {0xFFFFFF, 0x10210F, 0x000000},
	theme.ColorNameForegroundOnSuccess: {0xFFFFFF, 0x10210F, 0x000000},
	theme.ColorNameForegroundOnWarning: {0xFFFFFF, 0x10210F, 0x000000},
	theme.ColorNameForegroundOnError:   {0xFFFFFF, 0x10210F, 0x000000},
	ColorGentian:                       {0xF2C230, 0xF2C230, 0xFFD84A},
	ColorOnGentian:                     {0x1E2328, 0x14181C, 0x000000},
	theme.ColorNameSelection:           {0xF7E3A0, 0x5A4A12, 0x665600},
	ColorAttention:                     {0x8A5A00, 0xF0B44C, 0xFFD84A},
	ColorWrong:                         {0xB3261E, 0xFF9A8F, 0xFFB4AB},
	ColorInfo:                          {0x2B5F8A, 0x8FC1EA, 0xA8D8FF},
	theme.ColorNameFocus:               {0x1F4E79, 0xF2C230, 0xFFD84A},
	ColorFocus:                         {0x1F4E79, 0xF2C230, 0xFFD84A},
}

// Spaces between things, in device-independent pixels.
const (
	Space4  float32 = 4
	Space8  float32 = 8
	Space12 float32 = 12
	Space16 float32 = 16
	Space24 float32 = 24
	Space32 float32 = 32
)

// Colour returns a token of the theme in force.
func Colour(name fyne.ThemeColorName) color.Color { return theme.Color(name) }

// tint returns a token so thin that text stays legible on it: 12 % over what lies under.
func tint(name fyne.ThemeColorName) color.NRGBA {
	c := color.NRGBAModel.Convert(Colour(name)).(color.NRGBA)
	c.A = 30
	return c
}

func rgb(c uint32) color.NRGBA {
	return color.NRGBA{R: uint8(c >> 16), G: uint8(c >> 8), B: uint8(c), A: 0xFF}
}

// em scales a measure given for the desktop's body text of 15 px to the text in force, so that marks, icons
// and rows grow with the words beside them.
func em(px float32) float32 { return px * theme.TextSize() / 15 }

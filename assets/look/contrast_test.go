package look

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// luminance is the relative luminance of WCAG 2.
func luminance(c color.Color) float64 {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	part := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*part(n.R) + 0.7152*part(n.G) + 0.0722*part(n.B)
}

// contrast is the ratio of two opaque colours, 1 to 21.
func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// over is what is seen of a thin colour over another.
func over(thin color.NRGBA, under color.Color) color.Color {
	u := color.NRGBAModel.Convert(under).(color.NRGBA)
	mix := func(a, b uint8) uint8 { return uint8((int(a)*int(thin.A) + int(b)*(255-int(thin.A))) / 255) }
	return color.NRGBA{R: mix(thin.R, u.R), G: mix(thin.G, u.G), B: mix(thin.B, u.B), A: 255}
}

// TestContrastIsAsDesigned computes the ratios that the design states, for the three palettes.
func TestContrastIsAsDesigned(t *testing.T) {
	for _, c := range []struct {
		name     string
		ink, on  fyne.ThemeColorName
		designed [3]float64
	}{
		{"text on ground", ColorText, ColorGround, [3]float64{14.9, 15.7, 21}},
		{"muted on sunken", ColorMuted, ColorSunken, [3]float64{5.5, 8.9, 21}},
		{"border on surface", ColorBorder, ColorSurface, [3]float64{3.6, 3.9, 21}},
		{"label on primary", ColorOnPrimary, ColorPrimary, [3]float64{6.4, 8.9, 15.2}},
		{"success on surface", theme.ColorNameSuccess, ColorSurface, [3]float64{6.4, 8.3, 14.5}},
		{"attention on surface", ColorAttention, ColorSurface, [3]float64{5.9, 8.5, 15.2}},
		{"défaut on surface", ColorWrong, ColorSurface, [3]float64{6.5, 7.7, 12.4}},
		{"info on surface", ColorInfo, ColorSurface, [3]float64{6.8, 8.2, 13.9}},
		{"gentiane on rail", ColorGentian, ColorRail, [3]float64{8.8, 11.2, 15.2}},
		{"text on gentiane", ColorOnGentian, ColorGentian, [3]float64{9.4, 10.7, 15.2}},
		{"focus on surface", ColorFocus, ColorSurface, [3]float64{8.7, 9.4, 15.2}},
	} {
		for p := Light; p <= Contrast; p++ {
			th := NewTheme(p, 100)
			got := contrast(th.Color(c.ink, 0), th.Color(c.on, 0))
			if math.Abs(got-c.designed[p]) > 0.05+1e-9 && math.Abs(got-c.designed[p]) > 0.02*got {
				t.Errorf("%s, %s: %.2f, designed as %.1f", c.name, p.Label(), got, c.designed[p])
			}
		}
	}
}

// TestEveryInkIsLegible holds each colour of words to 4.5 and each of controls to 3 on every ground it may stand on.
func TestEveryInkIsLegible(t *testing.T) {
	grounds := []fyne.ThemeColorName{ColorGround, ColorSurface, ColorSunken}
	for p := Light; p <= Contrast; p++ {
		th := NewTheme(p, 100)
		for _, ink := range []fyne.ThemeColorName{ColorText, ColorMuted, ColorPrimary, ColorAttention, ColorWrong, ColorInfo} {
			for _, on := range grounds {
				if got := contrast(th.Color(ink, 0), th.Color(on, 0)); got < 4.5 {
					t.Errorf("%s: %s on %s is %.2f", p.Label(), ink, on, got)
				}
			}
		}
		for _, on := range grounds {
			for _, ink := range []fyne.ThemeColorName{ColorBorder, ColorFocus} {
				if got := contrast(th.Color(ink, 0), th.Color(on, 0)); got < 3 {
					t.Errorf("%s: %s on %s is %.2f", p.Label(), ink, on, got)
				}
			}
		}
		if got := contrast(th.Color(ColorRailText, 0), th.Color(ColorRail, 0)); got < 4.5 {
			t.Errorf("%s: the rail's words are %.2f", p.Label(), got)
		}
	}
}

// TestStatesStayLegibleOnTheirTint holds a state's colour to 5 on its own 12 % tint.
func TestStatesStayLegibleOnTheirTint(t *testing.T) {
	for p := Light; p <= Contrast; p++ {
		th := NewTheme(p, 100)
		for _, o := range states() {
			name := ShapeColor(o.Shape)
			if name == ColorMuted {
				continue // grey states say that nothing is the matter
			}
			thin := color.NRGBAModel.Convert(th.Color(name, 0)).(color.NRGBA)
			thin.A = tint(name).A
			if got := contrast(th.Color(name, 0), over(thin, th.Color(ColorSurface, 0))); math.Round(got*10) < 50 {
				t.Errorf("%s: %s on its tint is %.2f", p.Label(), o.Label, got)
			}
		}
	}
}

// TestWhatCannotBePressedIsToldApart by a colour that is legible and is not that of other words, in every palette, and by
// its weight.
func TestWhatCannotBePressedIsToldApart(t *testing.T) {
	for p := Light; p <= Contrast; p++ {
		th := NewTheme(p, 100)
		off := th.Color(colorOff, 0)
		for _, on := range []fyne.ThemeColorName{ColorGround, ColorSurface, ColorSunken} {
			if got := contrast(off, th.Color(on, 0)); got < 4.5 {
				t.Errorf("%s: what is off is %.2f on %s", p.Label(), got, on)
			}
		}
		if got := contrast(off, th.Color(ColorText, 0)); got < 1.7 {
			t.Errorf("%s: what is off is %.2f from what is on", p.Label(), got)
		}
		if got := contrast(th.Color(colorOffLine, 0), th.Color(ColorBorder, 0)); got < 2 {
			t.Errorf("%s: the border of what is off is %.2f from that of what is on", p.Label(), got)
		}
	}
	desk(t)
	b := NewButton("Terminer", "", Plain, nil)
	r := test.WidgetRenderer(b).(*buttonRenderer)
	on := r.text.TextStyle.Bold
	if b.Disable(); r.text.TextStyle.Bold == on {
		t.Error("a button that is off has the weight of one that is on")
	}
}

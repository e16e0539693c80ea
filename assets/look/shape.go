package look

import (
	"fmt"
	"strings"

	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// disc writes a circle as four cubic curves, clockwise or not: Fyne draws arcs wrongly, and a hole is a part
// wound the other way.
func disc(x, y, r float32, clockwise bool) string {
	k := r * 0.5523
	if clockwise {
		return fmt.Sprintf("M%g %gC%g %g %g %g %g %gC%g %g %g %g %g %gC%g %g %g %g %g %gC%g %g %g %g %g %gZ",
			x, y-r, x+k, y-r, x+r, y-k, x+r, y, x+r, y+k, x+k, y+r, x, y+r, x-k, y+r, x-r, y+k, x-r, y, x-r, y-k, x-k, y-r, x, y-r)
	}
	return fmt.Sprintf("M%g %gC%g %g %g %g %g %gC%g %g %g %g %g %gC%g %g %g %g %g %gC%g %g %g %g %g %gZ",
		x, y-r, x-k, y-r, x-r, y-k, x-r, y, x-r, y+k, x-k, y+r, x, y+r, x+k, y+r, x+r, y+k, x+r, y, x+r, y-k, x+k, y-r, x, y-r)
}

// rightHalf writes the right half of a disc, anticlockwise.
func rightHalf(x, y, r float32) string {
	k := r * 0.5523
	return fmt.Sprintf("M%g %gV%gC%g %g %g %g %g %gC%g %g %g %g %g %gZ",
		x, y-r, y+r, x+k, y+r, x+r, y+k, x+r, y, x+r, y-k, x+k, y-r, x, y-r)
}

// shapePath returns the mark of a state as a path in a square of 22, and its colour: never a colour alone.
func shapePath(s record.Shape) (string, fyne.ThemeColorName) {
	switch s {
	case record.Good: // a disc with a check cut out
		return disc(11, 11, 9.5, true) + "M5.4 11.2L9.5 15.4L16.8 8.1L15.1 6.4L9.5 12L7.1 9.5Z", theme.ColorNameSuccess
	case record.UnderWay: // half a disc in its ring
		return disc(11, 11, 9.5, true) + rightHalf(11, 11, 7.3), ColorInfo
	case record.NotBegun: // a ring
		return disc(11, 11, 9.5, true) + disc(11, 11, 7.1, false), ColorMuted
	case record.Waiting: // a triangle with its sign cut out
		return "M11 1.5L21.5 20H0.5ZM9.8 7.5L10.1 14H11.9L12.2 7.5ZM9.9 15.6V17.8H12.1V15.6Z", ColorAttention
	case record.Wrong: // a diamond with a bar cut out
		return "M11 0.5L21.5 11L11 21.5L0.5 11ZM6 9.7V12.3H16V9.7Z", ColorWrong
	case record.Elsewhere: // a pennant on its pole
		return "M3.5 1.5H5.9V20.5H3.5ZM5.9 2.5L20 8.2L5.9 14Z", ColorInfo
	}
	return "M3.5 3.5H18.5V18.5H3.5Z", ColorMuted // a square: closed
}

// ShapeColor returns the colour of a state.
func ShapeColor(s record.Shape) fyne.ThemeColorName {
	_, c := shapePath(s)
	return c
}

// ShapeResource returns the mark of a state in its colour.
func ShapeResource(s record.Shape) fyne.Resource {
	path, c := shapePath(s)
	return drawn("shape-"+string(s), 22, 22, path, c)
}

// drawn returns paths of ours as a picture in a colour of the theme.
func drawn(name string, w, h float32, path string, c fyne.ThemeColorName) fyne.Resource {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" fill="#000000"><path d="%s"/></svg>`, w, h, w, h, path)
	return theme.NewColoredResource(fyne.NewStaticResource(name+".svg", []byte(b.String())), c)
}

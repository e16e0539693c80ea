package look

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
)

// ridgeLine is the skyline of the Cantal's mountains from the north-west, in a box of 600 by 100: the Plomb's
// long back, the cone of the Puy Griou, the pyramid of the Puy Mary, the Peyre-Arse, the plateaus.
var ridgeLine = [][2]float32{{0, 88}, {26, 83}, {52, 85}, {78, 76}, {104, 72}, {126, 64}, {150, 60}, {172, 47}, {190, 41}, {204, 40}, {222, 49}, {240, 60},
	{256, 63}, {270, 52}, {284, 34}, {290, 30}, {297, 36}, {310, 55}, {324, 62}, {338, 54}, {352, 40}, {368, 22}, {377, 16}, {385, 21}, {402, 41}, {418, 52},
	{432, 48}, {444, 39}, {452, 37}, {464, 45}, {484, 60}, {504, 67}, {528, 70}, {552, 79}, {576, 82}, {600, 89}}

// Ridge returns the silhouette of the Cantal's mountains as one thin line, width px wide; never behind text.
func Ridge(width float32) fyne.CanvasObject {
	// A filled band, since tinting fills strokes solid; the way back runs under the way out.
	var b strings.Builder
	for i, p := range ridgeLine {
		fmt.Fprintf(&b, "%c%g %g", "ML"[min(i, 1)], p[0], p[1])
	}
	for i := len(ridgeLine) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "L%g %g", ridgeLine[i][0], ridgeLine[i][1]+3.2)
	}
	return picture(drawn("ridge", 600, 100, b.String()+"Z", ColorMuted), width, width/6)
}

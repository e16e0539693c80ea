package look

import (
	"fmt"
	"strings"

	"cantal.fr/buron/assets"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Icon returns an icon in a colour of the theme.
func Icon(name string, c fyne.ThemeColorName) fyne.Resource {
	return theme.NewColoredResource(fyne.NewStaticResource(name+".svg", assets.Icon(name)), c)
}

// IconImage returns an icon as an object of a fixed size.
func IconImage(name string, c fyne.ThemeColorName, size float32) *canvas.Image {
	return picture(Icon(name, c), size, size)
}

func picture(r fyne.Resource, w, h float32) *canvas.Image {
	img := canvas.NewImageFromResource(r)
	img.FillMode = canvas.ImageFillContain
	img.SetMinSize(fyne.NewSize(w, h))
	return img
}

// shapes are the marks of states as plain paths in a square of 22: never by colour alone.
var shapes = map[record.Shape]struct {
	path  string
	color fyne.ThemeColorName
}{
	record.Good:      {"M11 2A9 9 0 0 1 11 20A9 9 0 0 1 11 2ZM6.2 11.2L9.6 14.8L16 8L14.6 6.6L9.6 12L7.6 9.8Z", theme.ColorNameSuccess},
	record.UnderWay:  {"M11 2A9 9 0 0 1 11 20A9 9 0 0 1 11 2ZM11 4V18A7 7 0 0 0 11 4Z", theme.ColorNameHyperlink},
	record.NotBegun:  {"M11 2A9 9 0 0 1 11 20A9 9 0 0 1 11 2ZM11 4.4A6.6 6.6 0 0 0 11 17.6A6.6 6.6 0 0 0 11 4.4Z", ColorMuted},
	record.Waiting:   {"M11 2L21 19H1ZM11 7L10 13H12ZM10 14.6V16.6H12V14.6Z", theme.ColorNameWarning},
	record.Wrong:     {"M11 1L21 11L11 21L1 11ZM6 10V12H16V10Z", theme.ColorNameError},
	record.Elsewhere: {"M4 2H6V20H4ZM6 3L19 8L6 13Z", theme.ColorNameHyperlink},
	record.Closed:    {"M4 4H18V18H4Z", ColorMuted},
}

// ShapeColor returns the colour of a state.
func ShapeColor(s record.Shape) fyne.ThemeColorName {
	if m, ok := shapes[s]; ok {
		return m.color
	}
	return ColorMuted
}

// ShapeResource returns the mark of a state.
func ShapeResource(s record.Shape) fyne.Resource {
	m, ok := shapes[s]
	if !ok {
		m = shapes[record.Closed]
		s = record.Closed
	}
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 22 22" fill="#000000"><path fill-rule="evenodd" d="%s"/></svg>`, curves(m.path))
	return theme.NewColoredResource(fyne.NewStaticResource("shape-"+string(s)+".svg", []byte(svg)), m.color)
}

// curves replaces the half circles of our paths by cubic curves: Fyne draws arcs wrongly.
func curves(path string) string {
	for _, r := range []float32{9, 7, 6.6} {
		top, bottom, k := 11-r, 11+r, r*4/3
		right := fmt.Sprintf("C%.2f %.2f %.2f %.2f 11 %.2f", 11+k, top, 11+k, bottom, bottom)
		left := fmt.Sprintf("C%.2f %.2f %.2f %.2f 11 %.2f", 11-k, bottom, 11-k, top, top)
		leftDown := fmt.Sprintf("C%.2f %.2f %.2f %.2f 11 %.2f", 11-k, top, 11-k, bottom, bottom)
		rightUp := fmt.Sprintf("C%.2f %.2f %.2f %.2f 11 %.2f", 11+k, bottom, 11+k, top, top)
		n := trim(r)
		path = strings.NewReplacer(
			fmt.Sprintf("A%s %s 0 0 1 11 %s", n, n, trim(bottom)), right, fmt.Sprintf("A%s %s 0 0 1 11 %s", n, n, trim(top)), left,
			fmt.Sprintf("A%s %s 0 0 0 11 %s", n, n, trim(bottom)), leftDown, fmt.Sprintf("A%s %s 0 0 0 11 %s", n, n, trim(top)), rightUp,
		).Replace(path)
	}
	return path
}

func trim(f float32) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") }

// Mark returns the mark of a state beside its word.
func Mark(o record.Option) fyne.CanvasObject {
	size := theme.TextSize() * 16 / 15
	word := widget.NewLabel(o.Label)
	return container.NewHBox(container.NewCenter(picture(ShapeResource(o.Shape), size, size)), word)
}

// lauzesWords say what the slates mean.
var lauzesWords = []string{"", "Enregistré ici", "Chez un voisin", "Au central"}

// LauzesWord returns what a number of slates means: 1 here, 2 on a neighbour, 3 at the central.
func LauzesWord(n int) string { return lauzesWords[min(max(n, 0), 3)] }

// LauzesResource returns three small roof slates of which n are filled.
func LauzesResource(n int) fyne.Resource {
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 22" fill="#000000">`)
	for i := range 3 {
		y := 16 - i*7
		if i < n {
			fmt.Fprintf(&b, `<path d="M%d %dH%dL%d %dH%dZ"/>`, 3+i, y, 21-i, 23-i, y+5, 1+i)
		} else {
			fmt.Fprintf(&b, `<path fill-rule="evenodd" d="M%d %dH%dL%d %dH%dZM%d %dL%d %dH%dL%d %dZ"/>`, 3+i, y, 21-i, 23-i, y+5, 1+i, 4+i, y+1, 3+i, y+4, 21-i, 20-i, y+1)
		}
	}
	b.WriteString(`</svg>`)
	c := ColorMuted
	if n >= 3 {
		c = theme.ColorNameSuccess
	}
	return theme.NewColoredResource(fyne.NewStaticResource(fmt.Sprintf("lauzes-%d.svg", n), []byte(b.String())), c)
}

// Lauzes returns the slates of a record beside what they mean.
func Lauzes(n int) fyne.CanvasObject {
	size := theme.TextSize() * 22 / 15
	return container.NewHBox(container.NewCenter(picture(LauzesResource(n), size, size)), Muted(LauzesWord(n)))
}

// Ridge returns the silhouette of the Cantal's mountains as one thin line.
func Ridge(width float32) fyne.CanvasObject {
	const line = "M0 86L40 78L78 84L120 60L150 66L190 40L214 50L246 22L270 44L300 34L340 58L372 52L410 74L452 66L500 82L560 72L600 86"
	var b strings.Builder
	b.WriteString(line)
	// The way back, two units lower, makes a thin filled band: strokes do not follow the theme.
	pts := strings.FieldsFunc(line, func(r rune) bool { return r == 'M' || r == 'L' })
	for i := len(pts) - 1; i >= 0; i-- {
		var x, y int
		if n, err := fmt.Sscanf(pts[i], "%d %d", &x, &y); n == 2 && err == nil {
			fmt.Fprintf(&b, "L%d %d", x, y+3)
		}
	}
	svg := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 100" fill="#000000"><path d="` + b.String() + `Z"/></svg>`
	return picture(theme.NewColoredResource(fyne.NewStaticResource("ridge.svg", []byte(svg)), ColorMuted), width, width/6)
}

// Roof returns the progress of a tour of a room as a row of slates being laid.
func Roof(done, total int) fyne.CanvasObject {
	const across = 40
	cells := min(max(total, 1), across)
	filled := 0
	if total > 0 {
		filled = done * cells / total
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d 14" fill="#000000">`, cells*15)
	for i := range cells {
		x := i * 15
		if i < filled {
			fmt.Fprintf(&b, `<path d="M%d 1H%dL%d 13H%dZ"/>`, x+3, x+13, x+14, x+1)
		} else {
			fmt.Fprintf(&b, `<path d="M%d 11H%dL%d 13H%dZ"/>`, x+1, x+14, x+14, x+1)
		}
	}
	b.WriteString(`</svg>`)
	return picture(theme.NewColoredResource(fyne.NewStaticResource(fmt.Sprintf("roof-%d-%d.svg", filled, cells), []byte(b.String())), theme.ColorNameSuccess), 200, 14)
}

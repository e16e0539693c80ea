// Package assets embeds what both faces of Buron show: the font, the icons and Fyne's own words in French.
// It draws nothing. Licences stand beside the files: Atkinson Hyperlegible is under the SIL Open Font
// License, Phosphor's icons under MIT (their arcs are flattened to curves, which Fyne draws rightly).
package assets

import (
	"embed"
	"fmt"
)

// Regular and Bold are Atkinson Hyperlegible, made for legibility by the Braille Institute.
var (
	//go:embed fonts/AtkinsonHyperlegible-Regular.ttf
	Regular []byte
	//go:embed fonts/AtkinsonHyperlegible-Bold.ttf
	Bold []byte
)

// French holds the words that Fyne itself shows, in French.
//
//go:embed fr.json
var French []byte

//go:embed icons/*.svg
var icons embed.FS

// Icon returns the SVG of an icon by its Phosphor name. A name that is not embedded is a fault of ours.
func Icon(name string) []byte {
	b, err := icons.ReadFile("icons/" + name + ".svg")
	if err != nil {
		panic(fmt.Sprintf("assets: no icon %q", name))
	}
	return b
}

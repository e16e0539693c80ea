package look

import (
	"image"
	"image/color"
	"image/draw"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"github.com/boombuler/barcode/qr"
)

// quietZone is the margin that readers need, in modules.
const quietZone = 4

// NewQR draws a text as a QR code of that side, black on white whatever the theme: readers expect it. A text that
// fits in none is not drawn.
func NewQR(text string, side float32) fyne.CanvasObject {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return container.NewWithoutLayout()
	}
	b := code.Bounds()
	img := image.NewGray(image.Rect(0, 0, b.Dx()+2*quietZone, b.Dy()+2*quietZone))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(img, b.Sub(b.Min).Add(image.Pt(quietZone, quietZone)), code, b.Min, draw.Src)
	shown := canvas.NewImageFromImage(img)
	shown.ScaleMode = canvas.ImageScalePixels
	shown.SetMinSize(fyne.NewSquareSize(side))
	return container.NewHBox(shown)
}

package look

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// padWidth and padHeight are the pixels of a signature as it is kept; its strokes carry no timing.
const (
	padWidth, padHeight = 480, 160
	pen                 = 2
)

// SignaturePad is a place to sign with a finger, a pen or a mouse.
type SignaturePad struct {
	widget.BaseWidget
	img     *image.Gray
	raster  *canvas.Raster
	last    fyne.Position
	down    bool
	strokes int
	Changed func() // called after each stroke
}

// NewSignaturePad returns an empty pad.
func NewSignaturePad() *SignaturePad {
	p := &SignaturePad{img: image.NewGray(image.Rect(0, 0, padWidth, padHeight))}
	p.clear()
	p.raster = canvas.NewRaster(p.draw)
	p.ExtendBaseWidget(p)
	return p
}

func (p *SignaturePad) clear() {
	for i := range p.img.Pix {
		p.img.Pix[i] = 0xFF
	}
	p.strokes = 0
}

// Clear empties the pad.
func (p *SignaturePad) Clear() {
	p.clear()
	p.raster.Refresh()
	if p.Changed != nil {
		p.Changed()
	}
}

// Blank reports whether nothing was drawn.
func (p *SignaturePad) Blank() bool { return p.strokes == 0 }

// PNG returns the drawing, under 32 KiB since it has two tones.
func (p *SignaturePad) PNG() ([]byte, error) {
	two := image.NewPaletted(p.img.Bounds(), color.Palette{color.White, color.Black})
	for i, v := range p.img.Pix {
		if v < 0x80 {
			two.Pix[i] = 1
		}
	}
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, two)
	return b.Bytes(), err
}

func (p *SignaturePad) draw(w, h int) image.Image {
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	ink := color.NRGBAModel.Convert(current(theme.ColorNameForeground)).(color.NRGBA)
	for y := range h {
		for x := range w {
			if p.img.GrayAt(x*padWidth/max(w, 1), y*padHeight/max(h, 1)).Y < 0x80 {
				out.SetNRGBA(x, y, ink)
			}
		}
	}
	return out
}

// MinSize is large enough for a finger.
func (p *SignaturePad) MinSize() fyne.Size {
	p.ExtendBaseWidget(p)
	return fyne.NewSize(padWidth, padHeight)
}

// CreateRenderer draws the pad in its frame.
func (p *SignaturePad) CreateRenderer() fyne.WidgetRenderer {
	ground := Fill(ColorSurface)
	ground.StrokeColor, ground.StrokeWidth, ground.CornerRadius = current(theme.ColorNameInputBorder), 2, 4
	return widget.NewSimpleRenderer(container.NewStack(ground, p.raster))
}

func (p *SignaturePad) at(pos fyne.Position) fyne.Position {
	s := p.Size()
	return fyne.NewPos(pos.X*padWidth/max(s.Width, 1), pos.Y*padHeight/max(s.Height, 1))
}

// MouseDown begins a stroke.
func (p *SignaturePad) MouseDown(e *desktop.MouseEvent) {
	p.down, p.last = true, p.at(e.Position)
	p.line(p.last, p.last)
}

// MouseUp ends a stroke.
func (p *SignaturePad) MouseUp(*desktop.MouseEvent) { p.down = false }

// Dragged goes on with a stroke.
func (p *SignaturePad) Dragged(e *fyne.DragEvent) {
	now := p.at(e.Position)
	if !p.down {
		p.last, p.down = now, true
	}
	p.line(p.last, now)
	p.last = now
}

// DragEnd ends a stroke.
func (p *SignaturePad) DragEnd() { p.down = false }

func (p *SignaturePad) line(a, b fyne.Position) {
	steps := int(max(abs(b.X-a.X), abs(b.Y-a.Y))) + 1
	for i := range steps + 1 {
		f := float32(i) / float32(steps)
		x, y := int(a.X+(b.X-a.X)*f), int(a.Y+(b.Y-a.Y)*f)
		for dx := -pen; dx <= pen; dx++ {
			for dy := -pen; dy <= pen; dy++ {
				if dx*dx+dy*dy <= pen*pen && image.Pt(x+dx, y+dy).In(p.img.Rect) {
					p.img.SetGray(x+dx, y+dy, color.Gray{})
				}
			}
		}
	}
	p.strokes++
	p.raster.Refresh()
	if p.Changed != nil {
		p.Changed()
	}
}

func abs(f float32) float32 {
	if f < 0 {
		return -f
	}
	return f
}

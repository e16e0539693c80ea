package look

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// padWidth and padHeight are the pixels of a signature as it is kept.
const (
	padWidth, padHeight = 600, 200
	penRadius           = 2
)

// MaxSignature is how large a signature's picture may be, in bytes: two tones of so many pixels never come near
// it, and records refuse more.
const MaxSignature = 32 << 10

// SignaturePad is a place to sign with a finger, a pen or a mouse. It keeps the picture alone: neither the speed
// nor the order of the strokes, which would tell more of a person than a signature on paper does.
type SignaturePad struct {
	widget.BaseWidget
	Changed func() // called after each part of a stroke and when the pad is cleared

	img     *image.Paletted
	raster  *canvas.Raster
	last    fyne.Position
	down    bool
	strokes int
}

// NewSignaturePad returns an empty pad.
func NewSignaturePad() *SignaturePad {
	p := &SignaturePad{img: image.NewPaletted(image.Rect(0, 0, padWidth, padHeight), color.Palette{color.White, color.Black})}
	p.raster = canvas.NewRaster(p.draw)
	p.ExtendBaseWidget(p)
	return p
}

// Clear empties the pad.
func (p *SignaturePad) Clear() {
	for i := range p.img.Pix {
		p.img.Pix[i] = 0
	}
	p.strokes, p.down = 0, false
	p.changed()
}

// Blank reports whether nothing was drawn.
func (p *SignaturePad) Blank() bool { return p.strokes == 0 }

// PNG returns the drawing, black on white, in at most MaxSignature bytes. It fails only where the encoder does
// or where somebody scribbled the pad so full that it is no signature.
func (p *SignaturePad) PNG() ([]byte, error) {
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, p.img); err != nil {
		return nil, fmt.Errorf("look: signature: %w", err)
	}
	if b.Len() > MaxSignature {
		return nil, fmt.Errorf("look: signature of %d bytes, %d at most", b.Len(), MaxSignature)
	}
	return b.Bytes(), nil
}

func (p *SignaturePad) changed() {
	p.raster.Refresh()
	if p.Changed != nil {
		p.Changed()
	}
}

// draw scales the drawing to the pad, in the colour of text.
func (p *SignaturePad) draw(w, h int) image.Image {
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if p.Blank() {
		return out
	}
	ink := color.NRGBAModel.Convert(Colour(ColorText)).(color.NRGBA)
	for y := range h {
		for x := range w {
			if p.img.ColorIndexAt(x*padWidth/max(w, 1), y*padHeight/max(h, 1)) == 1 {
				out.SetNRGBA(x, y, ink)
			}
		}
	}
	return out
}

// CreateRenderer draws the pad: a frame, a line to sign on, the drawing.
func (p *SignaturePad) CreateRenderer() fyne.WidgetRenderer {
	ground, base := blank(), blank()
	ground.StrokeWidth, ground.CornerRadius = 2, 4
	d := &drawing{objects: []fyne.CanvasObject{ground, base, p.raster}}
	d.min = func() fyne.Size { return fyne.NewSize(padWidth*0.6, padHeight*0.6) }
	d.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(base, s.Width*0.06, s.Height*0.78, s.Width*0.88, 1)
		x, y, w, h := p.box()
		place(p.raster, x, y, w, h)
	}
	d.refresh = func() {
		ground.FillColor, ground.StrokeColor, base.FillColor = Colour(ColorSurface), Colour(ColorBorder), Colour(ColorBorder)
		refreshed(d.objects...)
	}
	d.refresh()
	return d
}

// box is where the drawing stands in the pad: as large as it can be in its own proportions.
func (p *SignaturePad) box() (x, y, w, h float32) {
	s := p.Size()
	w, h = s.Width, s.Width*padHeight/padWidth
	if h > s.Height {
		w, h = s.Height*padWidth/padHeight, s.Height
	}
	return (s.Width - w) / 2, (s.Height - h) / 2, w, h
}

func (p *SignaturePad) at(pos fyne.Position) fyne.Position {
	x, y, w, h := p.box()
	return fyne.NewPos((pos.X-x)*padWidth/max(w, 1), (pos.Y-y)*padHeight/max(h, 1))
}

// MouseDown begins a stroke.
func (p *SignaturePad) MouseDown(e *desktop.MouseEvent) {
	p.down, p.last = true, p.at(e.Position)
	p.stroke(p.last)
}

// MouseUp ends a stroke.
func (p *SignaturePad) MouseUp(*desktop.MouseEvent) { p.down = false }

// Dragged goes on with a stroke.
func (p *SignaturePad) Dragged(e *fyne.DragEvent) {
	now := p.at(e.Position)
	if !p.down {
		p.last, p.down = now, true
	}
	p.stroke(now)
}

// DragEnd ends a stroke.
func (p *SignaturePad) DragEnd() { p.down = false }

// stroke draws from where the pen was.
func (p *SignaturePad) stroke(to fyne.Position) {
	from := p.last
	p.last = to
	steps := int(max(abs(to.X-from.X), abs(to.Y-from.Y))) + 1
	inked := false
	for i := range steps + 1 {
		f := float32(i) / float32(steps)
		inked = p.dot(int(from.X+(to.X-from.X)*f), int(from.Y+(to.Y-from.Y)*f)) || inked
	}
	if inked {
		p.strokes++
		p.changed()
	}
}

func (p *SignaturePad) dot(x, y int) (inked bool) {
	for dx := -penRadius; dx <= penRadius; dx++ {
		for dy := -penRadius; dy <= penRadius; dy++ {
			if dx*dx+dy*dy <= penRadius*penRadius && image.Pt(x+dx, y+dy).In(p.img.Rect) {
				p.img.SetColorIndex(x+dx, y+dy, 1)
				inked = true
			}
		}
	}
	return inked
}

func abs(f float32) float32 {
	if f < 0 {
		return -f
	}
	return f
}

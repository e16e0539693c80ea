package look

import (
	"bytes"
	"context"
	"encoding/binary"
	"image/color"
	"math"
	"os/exec"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Cue is how a scan ended, told by sound and by colour: an agent looks at the shelf, not at the screen.
type Cue int

// Cues. Their sounds differ in rhythm and pitch, so that they are told apart in a noisy room.
const (
	Found    Cue = iota // two short notes that rise
	Unknown             // one long low note
	Repeated            // three short notes of one pitch
)

// note is a pitch in hertz, 0 for silence, and how long it lasts.
type note struct {
	pitch float64
	time  time.Duration
}

func (c Cue) notes() []note {
	const short, pause = 70 * time.Millisecond, 30 * time.Millisecond
	switch c {
	case Unknown:
		return []note{{196, 350 * time.Millisecond}}
	case Repeated:
		return []note{{587, short}, {0, pause}, {587, short}, {0, pause}, {587, short}}
	}
	return []note{{880, short}, {1319, 110 * time.Millisecond}}
}

// soundRate is the samples of a second of sound.
const soundRate = 22050

// WAV returns the sound of a cue as a file of 16 bits, one channel.
func (c Cue) WAV() []byte {
	var pcm []int16
	for _, n := range c.notes() {
		count := int(n.time * soundRate / time.Second)
		for i := range count {
			// Short slopes at both ends keep the loudspeaker from clicking.
			slope := min(float64(i), float64(count-i), 200) / 200
			pcm = append(pcm, int16(9000*slope*math.Sin(2*math.Pi*n.pitch*float64(i)/soundRate)))
		}
	}
	size := uint32(2 * len(pcm))
	head := struct {
		Riff   [4]byte
		Size   uint32
		Wave   [8]byte
		Chunk  uint32
		Format uint16
		Chans  uint16
		Rate   uint32
		Bytes  uint32
		Align  uint16
		Bits   uint16
		Data   [4]byte
		Length uint32
	}{[4]byte{'R', 'I', 'F', 'F'}, 36 + size, [8]byte{'W', 'A', 'V', 'E', 'f', 'm', 't', ' '}, 16, 1, 1, soundRate, 2 * soundRate, 2, 16, [4]byte{'d', 'a', 't', 'a'}, size}
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, head); err != nil {
		panic("look: a WAV head has fixed sizes: " + err.Error())
	}
	if err := binary.Write(&b, binary.LittleEndian, pcm); err != nil {
		panic("look: samples have a fixed size: " + err.Error())
	}
	return b.Bytes()
}

// Sounds plays cues where this machine has a player of sounds; where it has none, Flash alone tells.
type Sounds struct {
	beside func(func())
	player []string
}

// NewSounds looks for a player. beside runs a function beside the window; nil plays nothing.
func NewSounds(beside func(func())) *Sounds {
	s := &Sounds{beside: beside}
	if beside == nil {
		return s
	}
	for _, p := range [][]string{{"paplay"}, {"aplay", "-q", "-"}} {
		if path, err := exec.LookPath(p[0]); err == nil {
			s.player = append([]string{path}, p[1:]...)
			break
		}
	}
	return s
}

// Play plays a cue, without waiting for its end.
func (s *Sounds) Play(c Cue) {
	if len(s.player) == 0 {
		return
	}
	player := s.player
	s.beside(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, player[0], player[1:]...)
		cmd.Stdin = bytes.NewReader(c.WAV())
		_ = cmd.Run() // nobody can act on a silent loudspeaker, and the colour has told already
	})
}

// Flash tints its content for an instant at each cue.
type Flash struct {
	widget.BaseWidget
	content fyne.CanvasObject
	over    *canvas.Rectangle
	fading  *fyne.Animation
}

// NewFlash returns the content, to be tinted.
func NewFlash(content fyne.CanvasObject) *Flash {
	f := &Flash{content: content, over: blank()}
	f.ExtendBaseWidget(f)
	return f
}

// Cue tints the content in the colour of a cue; the tint fades.
func (f *Flash) Cue(c Cue) {
	name := ColorPrimary
	switch c {
	case Unknown:
		name = ColorWrong
	case Repeated:
		name = ColorAttention
	}
	if f.fading != nil {
		f.fading.Stop()
	}
	from := tint(name)
	from.A = 110
	f.fading = canvas.NewColorRGBAAnimation(from, color.NRGBA{R: from.R, G: from.G, B: from.B}, 900*time.Millisecond, func(c color.Color) {
		f.over.FillColor = c
		f.over.Refresh()
	})
	f.fading.Start()
}

// CreateRenderer draws the tint over the content.
func (f *Flash) CreateRenderer() fyne.WidgetRenderer {
	f.over.CornerRadius = 6
	return widget.NewSimpleRenderer(container.NewStack(f.content, f.over))
}

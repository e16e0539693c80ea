package screen

import (
	"fmt"
	"image/color"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"github.com/google/uuid"
)

// view is one page: its title, its content, and the buttons at its foot.
type view struct {
	title   string
	content fyne.CanvasObject
	back    string              // button at the bottom left, "" for none
	actions []fyne.CanvasObject // at the bottom right, the one that goes on last
	field   fyne.Focusable      // that is typed into
	shown   func()              // once the page has its size
}

// side is the room left and right of a page's content.
const side = 24

// draw builds the page of the state.
func (k *Kiosk) draw() {
	k.drawn = k.state
	k.wear()
	k.count, k.width = nil, k.win.Canvas().Size().Width
	v := k.view()
	if k.state.Asking {
		v = view{title: v.title, content: k.asking()}
	}
	if k.state.Person.Failed {
		v = view{title: v.title, content: k.failed()}
	}
	body := container.New(layout.NewCustomPaddedLayout(12, 8, side, side), v.content)
	k.win.SetContent(look.On(theme.ColorNameBackground, container.NewBorder(k.head(v.title), k.foot(v), nil, nil, body)))
	if v.field != nil {
		k.win.Canvas().Focus(v.field)
	}
	if v.shown != nil {
		v.shown()
	}
}

func (k *Kiosk) view() view {
	switch k.state.Screen {
	case flow.Agenda, flow.Detail:
		return k.agendaView()
	case flow.ClassWait, flow.ClassMe, flow.ClassRead, flow.ClassSign, flow.ClassRefuse, flow.ClassDone, flow.ClassEnd:
		return k.classView()
	case flow.CharterWho, flow.CharterRead, flow.CharterName, flow.CharterSign, flow.CharterDone:
		return k.charterView()
	case flow.Pin, flow.Host:
		return k.hostView()
	case flow.HostSheet:
		return k.sheetView()
	case flow.Off:
		return view{title: "Borne arrêtée", content: centred(look.Huge("Demandez à l’accueil."), words(k.state.Why))}
	}
	return k.welcomeView()
}

// head is the bar at the top: the title and the hour. Three taps on its left corner open the host's code.
func (k *Kiosk) head(title string) fyne.CanvasObject {
	text := canvas.NewText(title, color.NRGBA{R: 0xEE, G: 0xF1, B: 0xEC, A: 0xFF})
	text.TextSize, text.TextStyle = theme.Size(look.SizePage), fyne.TextStyle{Bold: true}
	k.hour = canvas.NewText(look.Clock(k.r.Now()), color.NRGBA{R: 0xF2, G: 0xC2, B: 0x30, A: 0xFF})
	k.hour.TextSize, k.hour.TextStyle = text.TextSize, text.TextStyle
	right := container.NewHBox(container.NewCenter(k.hour))
	switch k.state.Screen {
	case flow.Welcome, flow.ClassWait, flow.Off:
	default:
		right.Add(look.NewTouchButton("Quitter", "x", look.Plain, func() { k.tap(flow.BtnQuit, "") }))
	}
	corner := newCorner(func() { k.tap(flow.BtnCorner, "") })
	row := container.NewBorder(nil, nil, corner, container.NewCenter(right), container.New(fit{title, text.TextSize}, text))
	return container.NewStack(look.Fill(look.ColorRail), container.New(layout.NewCustomPaddedLayout(4, 4, 12, 12), row))
}

// fit is a layout for one line of text: a title that is too long is written smaller, and never pushes the
// hour and « Quitter » off the screen.
type fit struct {
	full string
	size float32
}

// smallest is how small a title is written, as a part of its size; longer ones are cut.
const smallest = 0.5

func (f fit) MinSize(objects []fyne.CanvasObject) fyne.Size {
	t := objects[0].(*canvas.Text)
	return fyne.NewSize(0, fyne.MeasureText("X", f.size, t.TextStyle).Height)
}

func (f fit) Layout(objects []fyne.CanvasObject, room fyne.Size) {
	t := objects[0].(*canvas.Text)
	fits := func() bool { return fyne.MeasureText(t.Text, t.TextSize, t.TextStyle).Width <= room.Width }
	t.Text = f.full
	// By whole steps: a width does not shrink quite as its size does.
	for t.TextSize = f.size; !fits() && t.TextSize > f.size*smallest; t.TextSize-- {
	}
	for r := []rune(f.full); !fits() && len(r) > 1; {
		r = r[:len(r)-1]
		t.Text = string(r) + "…"
	}
	h := fyne.MeasureText("X", t.TextSize, t.TextStyle).Height
	t.Move(fyne.NewPos(0, (room.Height-h)/2))
	t.Resize(fyne.NewSize(room.Width, h))
}

// corner is the hidden place that the host knows of.
type corner struct {
	widget.BaseWidget
	tapped func()
}

func newCorner(tapped func()) *corner {
	c := &corner{tapped: tapped}
	c.ExtendBaseWidget(c)
	return c
}

// Tapped counts.
func (c *corner) Tapped(*fyne.PointEvent) { c.tapped() }

// CreateRenderer draws nothing, 64 px wide.
func (c *corner) CreateRenderer() fyne.WidgetRenderer {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(64, 64))
	return widget.NewSimpleRenderer(r)
}

// foot holds the accessibility row, which is always there, and the page's own buttons.
func (k *Kiosk) foot(v view) fyne.CanvasObject {
	slow, icon := look.Plain, "timer"
	if k.state.Ease.Slow {
		slow, icon = look.Primary, "check"
	}
	access := []fyne.CanvasObject{
		look.NewTouchButton("Texte plus grand", "text-aa", look.Plain, func() { k.tap(flow.BtnLarger, "") }),
		look.NewTouchButton("Contraste", "circle-half", look.Plain, func() { k.tap(flow.BtnContrast, "") }),
		look.NewTouchButton("Prendre mon temps", icon, slow, func() { k.tap(flow.BtnSlow, "") }),
	}
	box := container.NewVBox()
	if v.back != "" || len(v.actions) > 0 {
		box.Add(container.New(layout.NewCustomPaddedLayout(0, 4, side, side), k.actions(v)))
	}
	box.Add(look.On(look.ColorSunken, lines(k.room(), false, access)))
	return box
}

// room is the width that a row of buttons has.
func (k *Kiosk) room() float32 {
	if k.width == 0 {
		return 1280 - 2*side // before the window is shown
	}
	return k.width - 2*side
}

// actions lays the page's buttons out: on one row where they fit, else the one that goes on stays alone with
// « Retour » on the last row, where it always is.
func (k *Kiosk) actions(v view) fyne.CanvasObject {
	var back fyne.CanvasObject = layout.NewSpacer()
	if v.back != "" {
		back = look.NewTouchButton(v.back, "caret-left", look.Plain, func() { k.tap(flow.BtnBack, "") })
	}
	wide := back.MinSize().Width
	for _, o := range v.actions {
		wide += o.MinSize().Width + theme.Padding()
	}
	if wide <= k.room() || len(v.actions) < 2 {
		return container.NewBorder(nil, nil, back, container.NewHBox(v.actions...))
	}
	last := len(v.actions) - 1
	return container.NewVBox(lines(k.room(), true, v.actions[:last]), container.NewBorder(nil, nil, back, v.actions[last]))
}

// lines puts as many objects on a line as fit in a width.
func lines(width float32, right bool, objects []fyne.CanvasObject) fyne.CanvasObject {
	box, row, used := container.NewVBox(), container.NewHBox(), float32(0)
	for _, o := range objects {
		w := o.MinSize().Width + theme.Padding()
		if used > 0 && used+w > width {
			box.Add(row)
			row, used = container.NewHBox(), 0
		}
		if right && used == 0 {
			row.Add(layout.NewSpacer())
		}
		row.Add(o)
		used += w
	}
	box.Add(row)
	return box
}

// words is text to read: it wraps, and grows whole.
func words(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping, l.SizeName = fyne.TextWrapWord, sizeWords
	return l
}

// centred puts a page's few words in its middle; what is too high scrolls.
func centred(objects ...fyne.CanvasObject) fyne.CanvasObject {
	for _, o := range objects {
		if l, ok := o.(*widget.Label); ok {
			l.Alignment = fyne.TextAlignCenter
			l.Wrapping = fyne.TextWrapWord
		}
	}
	return look.TouchScroll(container.NewVBox(append(append([]fyne.CanvasObject{layout.NewSpacer()}, objects...), layout.NewSpacer())...))
}

// choices is a centred row of buttons, on several lines where they do not fit.
func (k *Kiosk) choices(buttons ...fyne.CanvasObject) fyne.CanvasObject {
	return container.NewCenter(lines(k.room(), false, buttons))
}

// asking is « Êtes-vous toujours là ? », in the page, with the seconds that are left.
func (k *Kiosk) asking() fyne.CanvasObject {
	ask, done := "Êtes-vous toujours là\u00a0?", "J’ai fini"
	if k.pupil() {
		ask = "Es-tu toujours là\u00a0?"
	}
	k.count = look.Title("")
	k.tellCount()
	return centred(look.Huge(ask), k.count,
		k.choices(look.NewTouchButton("Je continue", "check", look.Primary, func() { k.tap(flow.BtnStay, "") }),
			look.NewTouchButton(done, "sign-out", look.Plain, func() { k.tap(flow.BtnLeave, "") })))
}

// tellCount says how long the question waits.
func (k *Kiosk) tellCount() {
	if k.count == nil {
		return
	}
	yours := "vous avez"
	if k.pupil() {
		yours = "tu as"
	}
	left := k.state.Left(k.r.Now())
	k.count.SetText(fmt.Sprintf("Dans %s, la borne efface ce que %s fait ici.", look.Count(left, "seconde", "secondes"), yours))
}

// pupil reports whether a pupil is spoken to, as « tu ».
func (k *Kiosk) pupil() bool {
	switch k.state.Screen {
	case flow.ClassWait, flow.ClassMe, flow.ClassRead, flow.ClassSign, flow.ClassRefuse, flow.ClassDone, flow.ClassEnd:
		return true
	}
	return false
}

// failed keeps what could not be saved.
func (k *Kiosk) failed() fyne.CanvasObject {
	why := k.told
	switch {
	case why != "":
	case k.pupil():
		why = "Garde cet écran. Préviens l’accueil."
	default:
		why = "Gardez cet écran. Prévenez l’accueil."
	}
	return centred(look.Huge("Ce n’est pas enregistré."), words(why),
		k.choices(look.NewTouchButton("Réessayer", "arrows-clockwise", look.Primary, func() { k.tap(flow.BtnRetry, "") })))
}

func newID() string { return uuid.NewString() }

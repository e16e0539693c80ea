package screen

import (
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
	back    string // button at the bottom left, "" for none
	primary fyne.CanvasObject
}

// draw builds the page of the state.
func (k *Kiosk) draw() {
	k.drawn = k.state
	v := k.view()
	if k.state.Asking {
		v.content, v.back, v.primary = k.asking(), "", nil
	}
	if k.state.Person.Failed {
		v.content, v.back, v.primary = k.failed(), "", nil
	}
	body := container.New(layout.NewCustomPaddedLayout(12, 8, 24, 24), v.content)
	k.win.SetContent(look.On(theme.ColorNameBackground, container.NewBorder(k.head(v.title), k.foot(v), nil, nil, body)))
}

func (k *Kiosk) view() view {
	switch k.state.Screen {
	case flow.Agenda, flow.Detail:
		return k.agendaView()
	case flow.ClassWait, flow.ClassMe, flow.ClassRead, flow.ClassSign, flow.ClassRefuse, flow.ClassDone:
		return k.classView()
	case flow.CharterWho, flow.CharterRead, flow.CharterSign, flow.CharterDone:
		return k.charterView()
	case flow.Pin, flow.Host:
		return k.hostView()
	case flow.Off:
		return view{title: "Borne arrêtée", content: centred(look.Title("Demandez à l'accueil."), look.Body(k.state.Why))}
	}
	return k.welcomeView()
}

// head is the bar at the top: the title and the hour. Three taps on its left corner open the host's code.
func (k *Kiosk) head(title string) fyne.CanvasObject {
	text := canvas.NewText(title, color.NRGBA{R: 0xEE, G: 0xF1, B: 0xEC, A: 0xFF})
	text.TextSize, text.TextStyle = theme.Size(look.SizePage), fyne.TextStyle{Bold: true}
	k.hour = canvas.NewText(look.Clock(k.r.Now()), color.NRGBA{R: 0xF2, G: 0xC2, B: 0x30, A: 0xFF})
	k.hour.TextSize, k.hour.TextStyle = text.TextSize, text.TextStyle
	corner := newCorner(func() { k.tap(flow.BtnCorner, "") })
	right := container.NewHBox(k.hour)
	switch k.state.Screen {
	case flow.Welcome, flow.ClassWait, flow.Off:
	default:
		right.Add(look.NewTouchButton("Quitter", "x", look.Plain, func() { k.tap(flow.BtnQuit, "") }))
	}
	row := container.NewBorder(nil, nil, container.NewHBox(corner, container.NewCenter(text)), container.NewCenter(right))
	return container.NewStack(look.Fill(look.ColorRail), container.New(layout.NewCustomPaddedLayout(4, 4, 12, 12), row))
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
	slow := "Prendre mon temps"
	if k.state.Slow {
		slow = "Prendre mon temps\u00a0: oui"
	}
	access := container.NewHBox(
		look.NewTouchButton("Texte plus grand", "text-aa", look.Plain, k.larger), look.NewTouchButton("Contraste", "circle-half", look.Plain, k.contrast),
		look.NewTouchButton(slow, "timer", look.Plain, func() { k.tap(flow.BtnSlow, "") }))
	box := container.NewVBox()
	if v.back != "" || v.primary != nil {
		var left fyne.CanvasObject
		if v.back != "" {
			left = look.NewTouchButton(v.back, "caret-left", look.Plain, func() { k.tap(flow.BtnBack, "") })
		}
		box.Add(container.New(layout.NewCustomPaddedLayout(0, 4, 24, 24), container.NewBorder(nil, nil, left, v.primary)))
	}
	box.Add(look.On(look.ColorSunken, container.NewHScroll(access)))
	return box
}

// sizes are the steps of « Texte plus grand », in per cent.
var sizes = []int{100, 125, 150, 200}

func (k *Kiosk) larger() {
	for i, n := range sizes {
		if n >= k.o.Percent {
			k.o.Percent = sizes[(i+1)%len(sizes)]
			break
		}
	}
	k.apply()
	k.draw()
	k.send(flow.Touch, "", "")
}

func (k *Kiosk) contrast() {
	if k.o.Palette = look.Contrast - k.o.Palette; k.o.Palette != look.Contrast {
		k.o.Palette = look.Light
	}
	k.apply()
	k.draw()
	k.send(flow.Touch, "", "")
}

func centred(objects ...fyne.CanvasObject) fyne.CanvasObject {
	for _, o := range objects {
		if l, ok := o.(*widget.Label); ok {
			l.Alignment = fyne.TextAlignCenter
			l.Wrapping = fyne.TextWrapWord
		}
	}
	return container.NewVBox(append(append([]fyne.CanvasObject{layout.NewSpacer()}, objects...), layout.NewSpacer())...)
}

// asking is « Êtes-vous toujours là ? », in the page.
func (k *Kiosk) asking() fyne.CanvasObject {
	return centred(look.Huge("Êtes-vous toujours là\u00a0?"), look.Body("Sans réponse, la borne efface ce que vous avez saisi dans quelques secondes."),
		container.NewCenter(container.NewHBox(look.NewTouchButton("Je continue", "check", look.Primary, func() { k.tap(flow.BtnStay, "") }),
			look.NewTouchButton("J'ai fini", "sign-out", look.Plain, func() { k.tap(flow.BtnLeave, "") }))))
}

// failed keeps what could not be saved.
func (k *Kiosk) failed() fyne.CanvasObject {
	why := k.told
	if why == "" {
		why = "Gardez cet écran. Prévenez l'accueil."
	}
	return centred(look.Huge("Ce n'est pas enregistré."), look.Body(why),
		container.NewCenter(look.NewTouchButton("Réessayer", "arrows-clockwise", look.Primary, func() { k.tap(flow.BtnRetry, "") })))
}

func newID() string { return uuid.NewString() }

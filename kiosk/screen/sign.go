package screen

import (
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// settle is how long a page takes to have its size.
const settle = 300 * time.Millisecond

// readView shows the text. « J'ai lu » opens once the end was on the screen.
func (k *Kiosk) readView(simple, full, refuse string) view {
	text, other := simple, "Texte complet"
	if k.state.Person.Full || simple == "" {
		text, other = full, "Texte simple"
	}
	label := widget.NewLabel(text)
	label.Wrapping, label.SizeName = fyne.TextWrapWord, look.SizeTitle
	scroll := look.TouchScroll(label)
	k.text = scroll
	read := look.NewTouchButton("J’ai lu", "check", look.Primary, func() { k.tap(flow.BtnRead, "") })
	down := look.NewTouchButton("Suite", "caret-down", look.Plain, func() { scroll.By(scroll.Size().Height * 0.8) })
	if !k.state.Person.ReadEnd {
		read.Disable()
	}
	seen := func() {
		if k.text != scroll || !scroll.AtEnd() {
			return // of a page that has gone, or not yet there
		}
		down.Disable()
		if !k.state.Person.ReadEnd {
			k.send(flow.ReachedEnd, "", "")
			read.Enable()
		}
	}
	scroll.OnScrolled = func(fyne.Position) {
		k.send(flow.Touch, "", "") // who scrolls is there
		seen()
	}
	row := []fyne.CanvasObject{down}
	if simple != "" {
		row = append(row, look.NewTouchButton(other, "list", look.Plain, func() { k.tap(flow.BtnText, "") }))
	}
	if refuse != "" {
		row = append(row, look.NewTouchButton(refuse, "x", look.Plain, func() { k.tap(flow.BtnRefuse, newID()) }))
	}
	return view{title: "La charte", content: scroll, back: "Retour", actions: append(row, read),
		// A text that fits the page has shown its end already.
		shown: func() { k.live.After(settle, seen) }}
}

// signView is the place to sign, by drawing or by typing.
func (k *Kiosk) signView(title string) view {
	p := k.state.Person
	sign := look.NewTouchButton("Je signe", "signature", look.Primary, func() { k.tap(flow.BtnSign, newID()) })
	if !p.Signed || p.Sending {
		sign.Disable()
	}
	if p.Sending {
		sign.SetText("Un instant…")
	}
	v := view{title: title}
	manner, icon := "Taper mon nom", "keyboard"
	var erase *look.Button
	if p.Typed {
		manner, icon = "Dessiner", "pencil-line"
		k.written.SetPlaceHolder("Prénom et nom")
		v.content, v.field = container.NewBorder(container.NewVBox(k.written, look.Gap(look.Space8)), nil, nil, nil, look.NewKeyboard(k.written, nil)), k.written
		erase = look.NewTouchButton("Effacer", "eraser", look.Plain, func() { k.written.SetText("") })
	} else {
		note := "Signature électronique simple\u00a0: elle dit que vous avez lu la charte, rien d’autre."
		if k.pupil() {
			note = "Signature électronique simple\u00a0: elle dit que tu as lu la charte, rien d’autre."
		}
		v.content = container.NewBorder(words(note), nil, nil, nil, k.pad)
		erase = look.NewTouchButton("Effacer", "eraser", look.Plain, k.pad.Clear)
	}
	v.actions = []fyne.CanvasObject{look.NewTouchButton("Relire", "list", look.Plain, func() { k.tap(flow.BtnReread, "") }), erase,
		look.NewTouchButton(manner, icon, look.Plain, func() { k.tap(flow.BtnManner, "") }), sign}
	return v
}

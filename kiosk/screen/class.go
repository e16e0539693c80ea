package screen

import (
	"fmt"
	"slices"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"
	"cantal.fr/buron/sync/class"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

func ms(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n)
}

func (k *Kiosk) classView() view {
	s, ok := k.session()
	if !ok && k.state.Screen == flow.ClassWait {
		return view{title: "Classe", content: centred(look.Title("La classe n'est pas encore chargée."))}
	}
	switch k.state.Screen {
	case flow.ClassMe:
		return k.meView(s)
	case flow.ClassRead:
		return k.readView(s.Charter.Simple, s.Charter.Text, "Je ne veux pas signer")
	case flow.ClassSign:
		return k.signView("Signe ici", "Je signe")
	case flow.ClassRefuse:
		return view{title: "Tu ne signes pas aujourd'hui", content: centred(look.Title("Parles-en à ton professeur.")),
			primary: look.NewTouchButton("C'est compris", "check", look.Primary, func() { k.tap(flow.BtnSeen, "") })}
	case flow.ClassDone:
		return view{title: "Merci", content: centred(look.Huge("Merci"), look.Title("Il manque l'accord de ton responsable légal (parent ou tuteur). Prends ta feuille."),
			look.Body("Reçu n°\u00a0"+k.state.Person.Receipt)), primary: look.NewTouchButton("Terminé", "check", look.Primary, func() { k.tap(flow.BtnDone, "") })}
	}
	return k.waitView(s)
}

// waitView is the list of the class. Who has signed and who has refused both show « Fait ».
func (k *Kiosk) waitView(s class.Session) view {
	grid := container.NewGridWithColumns(3)
	for _, m := range s.Members {
		name := short(m)
		if slices.Contains(s.Done, m.ID) {
			b := look.NewTouchButton(name+" · Fait", "check", look.Plain, nil)
			b.Disable()
			grid.Add(b)
			continue
		}
		grid.Add(look.NewTouchButton(name, "", look.Plain, func() { k.tap(flow.BtnMember, m.ID.String()) }))
	}
	head := look.Title("Choisis ton nom")
	if k.told != "" {
		head.SetText(k.told)
	}
	return view{title: fmt.Sprintf("Classe de %s · %d sur %d", s.Label, len(s.Done), len(s.Members)), content: container.NewBorder(head, nil, nil, nil, container.NewVScroll(grid))}
}

// short writes a first name and the initial of the family name.
func short(m class.Member) string {
	r := []rune(m.Last)
	if len(r) == 0 {
		return m.First
	}
	if len(r) > 6 && slices.Contains([]rune("0123456789"), r[len(r)-1]) {
		return m.First + " " + m.Last // invented pupils differ by their number alone
	}
	return m.First + " " + string(r[0]) + "."
}

func (k *Kiosk) meView(s class.Session) view {
	name := ""
	for _, m := range s.Members {
		if m.ID.String() == k.state.Person.Member {
			name = short(m)
		}
	}
	yes := look.NewTouchButton("Oui, c'est moi", "check", look.Primary, func() { k.tap(flow.BtnItsMe, "") })
	no := look.NewTouchButton("Non", "x", look.Plain, func() { k.tap(flow.BtnNotMe, "") })
	return view{title: "C'est bien toi\u00a0?", content: centred(look.Huge("C'est bien toi, "+name+"\u00a0?"), container.NewCenter(container.NewHBox(yes, no)))}
}

// settle is how long a page takes to have its size.
const settle = 300 * time.Millisecond

// readView shows the text. « J'ai lu » opens once the end was on the screen.
func (k *Kiosk) readView(simple, full, refuse string) view {
	text, other := simple, "Texte complet"
	if k.state.Person.Full || simple == "" {
		text, other = full, "Texte simple"
	}
	label := widget.NewLabel(text)
	label.Wrapping = fyne.TextWrapWord
	label.SizeName = look.SizeTitle
	scroll := container.NewVScroll(label)
	read := look.NewTouchButton("J'ai lu", "check", look.Primary, func() { k.tap(flow.BtnRead, "") })
	if !k.state.Person.ReadEnd {
		read.Disable()
	}
	seen := func() {
		if !k.state.Person.ReadEnd && scroll.Offset.Y+scroll.Size().Height >= label.MinSize().Height-4 {
			k.send(flow.ReachedEnd, "", "")
			read.Enable()
		}
	}
	scroll.OnScrolled = func(fyne.Position) { seen() }
	down := look.NewTouchButton("Suite", "caret-down", look.Plain, func() {
		scroll.ScrollToOffset(fyne.NewPos(0, scroll.Offset.Y+scroll.Size().Height*0.8))
		k.send(flow.Touch, "", "")
		seen()
	})
	// A text that fits the page has shown its end already.
	time.AfterFunc(settle, func() { k.live.UI(seen) })
	row := container.NewHBox(down)
	if simple != "" {
		row.Add(look.NewTouchButton(other, "list", look.Plain, func() { k.tap(flow.BtnText, "") }))
	}
	if refuse != "" {
		row.Add(look.NewTouchButton(refuse, "x", look.Plain, func() { k.tap(flow.BtnRefuse, newID()) }))
	}
	row.Add(read)
	return view{title: "La charte", content: scroll, back: "Retour", primary: row}
}

// signView is the place to sign, by drawing or by typing.
func (k *Kiosk) signView(title, word string) view {
	p := k.state.Person
	sign := look.NewTouchButton(word, "signature", look.Primary, func() { k.tap(flow.BtnSign, newID()) })
	if !p.Signed || p.Sending {
		sign.Disable()
	}
	manner, icon := "Taper mon nom", "keyboard"
	var content fyne.CanvasObject = container.NewCenter(k.pad)
	erase := look.NewTouchButton("Effacer", "eraser", look.Plain, k.pad.Clear)
	if p.Typed {
		manner, icon = "Dessiner", "pencil-line"
		content = container.NewBorder(k.name, nil, nil, nil, container.NewVScroll(look.NewKeyboard(k.name, nil)))
		erase = look.NewTouchButton("Effacer", "eraser", look.Plain, func() { k.name.SetText("") })
	}
	note := look.Body("Signature électronique simple\u00a0: elle dit que vous avez lu la charte, rien d'autre.")
	if p.Sending {
		note.SetText("Enregistrement…")
	}
	row := container.NewHBox(look.NewTouchButton("Relire", "list", look.Plain, func() { k.tap(flow.BtnReread, "") }), erase,
		look.NewTouchButton(manner, icon, look.Plain, func() { k.tap(flow.BtnManner, "") }), sign)
	return view{title: title, content: container.NewBorder(note, nil, nil, nil, content), primary: row}
}

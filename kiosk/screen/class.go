package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"
	"cantal.fr/buron/sync/class"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

func ms(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n)
}

func (k *Kiosk) classView() view {
	s, _ := k.session()
	switch k.state.Screen {
	case flow.ClassMe:
		return k.meView(s)
	case flow.ClassRead:
		return k.readView(s.Charter.Simple, s.Charter.Text, "Je ne veux pas signer")
	case flow.ClassSign:
		return k.signView("Signe ici")
	case flow.ClassRefuse:
		return k.refuseView()
	case flow.ClassDone:
		return view{title: "Merci", content: centred(look.Huge("Merci"), look.Title("Il manque l’accord de ton responsable légal (parent ou tuteur). Prends ta feuille."),
			words("Reçu n°\u00a0"+k.state.Person.Receipt)), actions: []fyne.CanvasObject{look.NewTouchButton("Terminé", "check", look.Primary, func() { k.tap(flow.BtnDone, "") })}}
	case flow.ClassEnd:
		return view{title: "Classe terminée", content: centred(look.Huge("Classe terminée"), look.Title("Les noms sont effacés de cette borne.")),
			actions: []fyne.CanvasObject{look.NewTouchButton("Terminé", "check", look.Primary, func() { k.tap(flow.BtnDone, "") })}}
	}
	return k.waitView(s)
}

// refuseView says so once the refusal is saved: it is an act like another.
func (k *Kiosk) refuseView() view {
	seen := look.NewTouchButton("C’est compris", "check", look.Primary, func() { k.tap(flow.BtnSeen, "") })
	if k.state.Person.Sending {
		seen.Disable()
	}
	return view{title: "Tu ne signes pas aujourd’hui", content: centred(look.Huge("Parles-en à ton professeur.")), actions: []fyne.CanvasObject{seen}}
}

// maxColumns is the most names on a line.
const maxColumns = 4

// waitView is the list of the class. Who has signed and who has refused both show « Fait ».
func (k *Kiosk) waitView(s class.Session) view {
	if len(s.Members) == 0 {
		return view{title: "Classe", content: centred(look.Title("La classe n’est pas encore chargée."))}
	}
	names, buttons, widest := shorts(s.Members), []fyne.CanvasObject{}, float32(1)
	for i, m := range s.Members {
		widest = max(widest, look.NewTouchButton(names[i]+" · Fait", "", look.Plain, nil).MinSize().Width)
		b := look.NewTouchButton(names[i], "", look.Plain, func() { k.tap(flow.BtnMember, m.ID.String()) })
		if slices.Contains(s.Done, m.ID) {
			b = look.NewTouchButton(names[i]+" · Fait", "", look.Plain, nil)
			b.Disable()
		}
		buttons = append(buttons, b)
	}
	grid := container.NewGridWithColumns(max(min(int(k.room()/(widest+theme.Padding())), maxColumns), 1), buttons...)
	head := words("Choisis ton nom")
	head.TextStyle.Bold = true
	if k.told != "" {
		head.SetText(k.told)
	}
	// Somebody who signs elsewhere must not throw the one who looks for their name back to the top.
	scroll := look.TouchScroll(container.NewVBox(grid))
	scroll.OnScrolled = func(p fyne.Position) {
		k.offset = p.Y
		k.send(flow.Touch, "", "")
	}
	at := k.offset
	return view{title: fmt.Sprintf("Classe de %s · %d sur %d", s.Label, len(s.Done), len(s.Members)), content: container.NewBorder(head, nil, nil, nil, scroll),
		shown: func() { scroll.To(at) }}
}

// shorts writes each member as a first name and as much of the family name as tells the class's pupils
// apart: its initial, as a rule.
func shorts(members []class.Member) []string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = m.First
		last := []rune(m.Last)
		for n := 1; n <= len(last); n++ {
			out[i] = m.First + " " + string(last[:n])
			if n < len(last) {
				out[i] += "."
			}
			if !slices.ContainsFunc(members, func(o class.Member) bool { return o.ID != m.ID && alike(o, m, n) }) {
				break
			}
		}
	}
	return out
}

// alike reports whether two members read the same with so many letters of the family name.
func alike(a, b class.Member, letters int) bool {
	x, y := []rune(a.Last), []rune(b.Last)
	return strings.EqualFold(a.First, b.First) && strings.EqualFold(string(x[:min(letters, len(x))]), string(y[:min(letters, len(y))]))
}

func (k *Kiosk) meView(s class.Session) view {
	name := ""
	for i, text := range shorts(s.Members) {
		if s.Members[i].ID.String() == k.state.Person.Member {
			name = text
		}
	}
	yes := look.NewTouchButton("Oui, c’est moi", "check", look.Primary, func() { k.tap(flow.BtnItsMe, "") })
	no := look.NewTouchButton("Non", "x", look.Plain, func() { k.tap(flow.BtnNotMe, "") })
	if k.state.Person.Sending {
		yes.Disable()
		yes.SetText("Un instant…")
	}
	return view{title: "C’est bien toi\u00a0?", content: centred(look.Huge("C’est bien toi, "+name+"\u00a0?"), k.choices(yes, no))}
}

package screen

import (
	"fmt"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

func (k *Kiosk) hostView() view {
	if k.state.Screen == flow.Pin {
		return k.pinView()
	}
	s, lent := k.session()
	names := "Aucun nom sur cette borne."
	if lent {
		names = fmt.Sprintf("Classe %s\u00a0: %d noms en mémoire, %d sur %d ont répondu. Ils s’effacent une heure après la dernière signature.", s.Label, len(s.Members), len(s.Done), len(s.Members))
	}
	box := container.NewVBox(look.Card(theme.ColorNamePrimary, look.Title("Classe"), words(names), words("Une classe se charge depuis le poste de l’accueil\u00a0: Charte, puis «\u00a0Charger une classe\u00a0».")))
	if lent {
		box.Add(lines(k.room(), false, []fyne.CanvasObject{look.NewTouchButton("Feuille d’émargement", "clipboard-text", look.Plain, func() { k.tap(flow.BtnSheet, "") }),
			look.NewTouchButton("Terminer la classe", "check", look.Plain, func() { k.tap(flow.BtnEndClass, "") })}))
	}
	box.Add(k.figuresCard())
	box.Add(k.network())
	box.Add(k.hostActions())
	return view{title: "Cette borne", back: "Retour", content: look.TouchScroll(box)}
}

// network says what has left this terminal.
func (k *Kiosk) network() fyne.CanvasObject {
	st, err := k.n.Status(k.ctx)
	if err != nil {
		return look.Problem(err.Error())
	}
	text := "Tout est parti."
	switch {
	case st.Pending == 1:
		text = "Un acte attend d’être envoyé. Il partira seul."
	case st.Pending > 1:
		text = look.Count(st.Pending, "acte attend", "actes attendent") + " d’être envoyés. Ils partiront seuls."
	}
	return look.Card(look.ColorMuted, look.Title("Réseau et envois"), words(text),
		words("Central\u00a0: "+look.Ago(st.Central.LastContact, k.r.Now())+" · "+look.Count(len(st.Peers), "voisin connu", "voisins connus")))
}

func (k *Kiosk) pinView() view {
	text := "Tapez le code de l’accueil."
	if stored, err := k.r.Setting(k.ctx, settingPin); err == nil && stored == "" {
		text = "Choisissez le code de l’accueil\u00a0: quatre chiffres au moins. Notez-le."
	}
	locked := k.r.Now().Before(k.state.Locked)
	if locked {
		text = "Trop d’essais. Attendez jusqu’à " + look.Clock(k.state.Locked) + "."
	} else if k.told != "" {
		text = k.told + " " + text
	}
	check := look.NewTouchButton("Valider", "check", look.Primary, func() { k.tap(flow.BtnPin, k.pin.Text) })
	if locked {
		check.Disable()
	}
	return view{title: "Code de l’accueil", back: "Retour", actions: []fyne.CanvasObject{check}, field: k.pin,
		content: look.TouchScroll(container.NewVBox(words(text), look.Pad(look.Space8, look.Space8, k.pin), look.NewKeypad(k.pin)))}
}

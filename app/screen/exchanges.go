package screen

import (
	"cantal.fr/buron/assets/look"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// exchangesPage says what has left and what has come: this device, the central, the neighbours, and what
// was refused.
type exchangesPage struct{}

func (p *exchangesPage) Title() string { return "Échanges" }

func (p *exchangesPage) Primary(s *Shell) *Action {
	return &Action{"Échanger maintenant", "arrows-clockwise", s.exchangeNow}
}

func (p *exchangesPage) Content(s *Shell) fyne.CanvasObject {
	st, now := s.status, s.r.Now()
	here := "Tout est parti."
	if st.Pending > 0 {
		here = look.Count(st.Pending, "saisie en attente d'envoi. Elle partira seule.", "saisies en attente d'envoi. Elles partiront seules.")
	}
	self := s.r.Self()
	box := container.NewVBox(look.Card(theme.ColorNamePrimary, look.Wrapped(look.Title("Cet appareil · "+st.Device)),
		look.Wrapped(look.Muted(join(self.Role.Label(), st.Territory, look.Count(st.Records, "enregistrement", "enregistrements")))), look.Body(here)))
	if c := s.clockCard(); c != nil {
		box.Add(c)
	}
	if len(st.Importable) > 0 {
		box.Add(p.dropped(s))
	}
	if c := s.watch.card(s); c != nil {
		box.Add(c)
	}
	for _, u := range st.Unverified {
		box.Add(look.Card(theme.ColorNameWarning, look.Title("À vérifier"), look.Body(u.Sentence())))
	}
	box.Add(p.central(s))
	box.Add(p.sticks(s))
	box.Add(look.Title("Voisins"))
	if len(st.Peers) == 0 {
		box.Add(look.Body("Aucun voisin. Même Wi-Fi\u00a0? Sinon, tapez l'adresse que montre l'autre appareil, ou préparez une clé USB."))
	}
	grid := container.NewGridWithColumns(map[bool]int{true: 1, false: 2}[s.large()])
	for _, peer := range st.Peers {
		edge, word := look.ColorMuted, "vu "+look.Ago(peer.LastExchange, now)
		if peer.LastExchange.IsZero() {
			word = "pas encore d'échange"
		}
		if peer.Near {
			edge, word = theme.ColorNameSuccess, "ici · dernier échange "+look.When(peer.LastExchange, now)
		}
		grid.Add(look.Card(edge, look.Tight(look.Wrapped(look.Bold(peer.Name)), look.Wrapped(look.Muted(join(peer.Role.Label(), join(peer.Places...)))), look.Wrapped(look.Muted(word)))))
	}
	box.Add(grid)
	if s.seesDevices() {
		box.Add(container.NewHBox(button("Tous les appareils", "device-tablet", look.Plain, func() { s.Push(&devicesPage{}) })))
	}
	box.Add(p.address(s))
	if len(st.Refusals) > 0 {
		box.Add(p.refusals(s))
	}
	return container.NewVScroll(box)
}

func (p *exchangesPage) central(s *Shell) fyne.CanvasObject {
	c := s.status.Central
	if c.State == "revoked" {
		return look.Card(theme.ColorNameError, look.Title("Central"), look.Body(c.Reason))
	}
	if c.URL == "" {
		return look.Card(look.ColorMuted, look.Title("Central"), look.Body("Cet appareil n'a pas de central. Les échanges se font entre voisins."))
	}
	edge, text := look.ColorMuted, "Dernier contact "+look.Ago(c.LastContact, s.r.Now())+"."
	switch c.State {
	case "ok":
		edge, text = theme.ColorNameSuccess, "Au central à "+look.Clock(c.LastContact)+"."
	case "":
	default:
		text = c.Reason + " " + text
	}
	return look.Card(edge, look.Title("Central"), look.Muted(c.URL), look.Body(text))
}

// address is for a Wi-Fi that isolates its clients: the other device's address is typed by hand.
func (p *exchangesPage) address(s *Shell) fyne.CanvasObject {
	e := look.NewEntry()
	e.SetPlaceHolder("Adresse d'un voisin, comme 192.168.1.20:4242")
	add := func() {
		if err := s.n.AddPeer(e.Text); err != nil {
			s.say(look.Capital(err.Error()) + ".")
			return
		}
		s.say("Recherche de " + e.Text + "…")
		e.SetText("")
	}
	e.OnSubmitted = func(string) { add() }
	listen := ""
	if s.status.Listen != "" {
		listen = "Cet appareil répond sur le port " + port(s.status.Listen) + "."
	}
	return container.NewVBox(container.NewBorder(nil, nil, nil, button("Ajouter", "plus", look.Plain, add), middle(e)), look.Caption(listen))
}

func port(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == ':' {
			return address[i+1:]
		}
	}
	return address
}

func (p *exchangesPage) refusals(s *Shell) fyne.CanvasObject {
	rows := []fyne.CanvasObject{look.Title("À voir\u00a0: " + look.Count(len(s.status.Refusals), "envoi refusé", "envois refusés"))}
	for _, f := range s.status.Refusals {
		rows = append(rows, look.Bold(look.When(f.At, s.r.Now())), look.Body(f.Sentence))
	}
	rows = append(rows, button("J'ai vu", "check", look.Plain, func() {
		if err := s.r.ClearRefusals(s.ctx); err != nil {
			s.say(sentence(err))
			return
		}
		s.refreshStatus()
		s.draw()
	}))
	return look.Card(theme.ColorNameError, rows...)
}

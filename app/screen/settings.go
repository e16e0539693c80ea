package screen

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/seal"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// classTick is how often a page that follows a class looks again.
const classTick = 500 * time.Millisecond

// after runs f on the window after a while.
func after(s *Shell, d time.Duration, f func()) {
	s.live.After(d, f)
}

// Prefs is how this person likes to see Buron; it is kept on the device.
type Prefs struct {
	Palette look.Palette
	Percent int
	apply   func(fyne.Theme)
}

// Palettes by the names that the command line and the settings use.
var palettes = []struct {
	name, label string
	palette     look.Palette
}{{"clair", "Clair", look.Light}, {"sombre", "Sombre", look.Dark}, {"contraste", "Contraste élevé", look.Contrast}}

const (
	settingPalette = "look.palette"
	settingPercent = "look.percent"
)

// NewPrefs returns the preferences given on the command line; "" and 0 leave them to what was last chosen.
// Apply puts a theme in force.
func NewPrefs(palette string, percent int, apply func(fyne.Theme)) *Prefs {
	p := &Prefs{Percent: 100, apply: apply}
	p.set(palette, percent)
	p.Apply()
	return p
}

func (p *Prefs) set(palette string, percent int) {
	for _, q := range palettes {
		if q.name == palette {
			p.Palette = q.palette
		}
	}
	if percent >= 100 && percent <= 200 {
		p.Percent = percent
	}
}

// Recall takes up what was last chosen on this device, where the command line says nothing.
func (p *Prefs) Recall(ctx context.Context, s *replica.Replica, palette string, percent int) {
	if palette == "" {
		palette, _ = s.Setting(ctx, settingPalette)
	}
	if percent == 0 {
		text, _ := s.Setting(ctx, settingPercent)
		percent, _ = strconv.Atoi(text)
	}
	p.set(palette, percent)
	p.Apply()
}

// Apply puts the theme in force.
func (p *Prefs) Apply() { p.apply(look.NewTheme(p.Palette, p.Percent)) }

// settingsPage changes how Buron looks and says what it is.
type settingsPage struct{}

func (p *settingsPage) Title() string { return "Réglages" }

func (p *settingsPage) Content(s *Shell) fyne.CanvasObject {
	colours := container.NewHBox()
	for _, q := range palettes {
		colours.Add(look.NewChip(q.label, -1, s.prefs.Palette == q.palette, func() { p.keep(s, settingPalette, q.name, q.name, 0) }))
	}
	sizes := container.NewHBox()
	for _, n := range []int{100, 125, 150, 175, 200} {
		sizes.Add(look.NewChip(fmt.Sprintf("%d\u00a0%%", n), -1, s.prefs.Percent == n, func() { p.keep(s, settingPercent, strconv.Itoa(n), "", n) }))
	}
	tools := container.NewHBox(button("Aide et touches", "question", look.Plain, func() { s.Push(&helpPage{}) }),
		button("Personnes de l'équipe", "users", look.Plain, func() { s.Push(&operatorPage{}) }),
		button("Importer", "download-simple", look.Plain, func() { s.Push(&importPage{}) }))
	if s.seesDevices() {
		tools.Add(button("Appareils", "device-tablet", look.Plain, func() { s.Push(&devicesPage{}) }))
		tools.Add(button("Effacements", "eraser", look.Plain, func() { s.Push(&erasuresPage{}) }))
	}
	self := s.r.Self()
	name, _, _ := s.r.Roster().Territory()
	return container.NewVScroll(container.NewVBox(look.Title("Couleurs"), colours, look.Title("Taille du texte"), sizes,
		look.Title("Photos et documents"), s.blobChoice(),
		look.Title("Cet appareil"), look.Body(join(self.Name, self.Role.Label(), name)), look.Body("Données\u00a0: "+s.r.Dir()),
		look.Body("La clé de cet appareil est un fichier lisible par vous seul, dans ce dossier. Ne le copiez pas sur un autre poste."),
		look.Body(p.sealing(s)), look.Wrap(tools.Objects...)))
}

// sealing says where the key is that keeps names and signatures unreadable on the disk.
func (p *settingsPage) sealing(s *Shell) string {
	sealed, err := s.r.SealedSentence(s.ctx)
	switch {
	case err != nil:
		return sentence(err)
	case sealed != "":
		return sealed
	}
	text := "Noms et signatures sont scellés sur le disque. Leur clé est gardée ici\u00a0: " + s.r.KeyStore() + "."
	if s.r.KeyStore() == string(seal.InFile) {
		text += " Ce poste n'a pas de trousseau\u00a0: qui prend le disque prend la clé avec. Chiffrez le disque s'il peut être volé."
	}
	return text
}

func (p *settingsPage) keep(s *Shell, key, value, palette string, percent int) {
	if err := s.r.SetSetting(s.ctx, key, value); err != nil {
		s.say(sentence(err))
	}
	s.prefs.set(palette, percent)
	s.prefs.Apply()
	s.draw()
}

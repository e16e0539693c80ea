package screen

import (
	"context"
	"fmt"
	"os"

	"cantal.fr/buron/app/demo"
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/seal"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// First is the first start: three large choices, until there is a replica.
type First struct {
	ctx  context.Context
	win  fyne.Window
	dir  string
	live Live
	done func(*replica.Replica)
}

// Start shows the first start in a window; done is called with the replica that was made.
func Start(ctx context.Context, win fyne.Window, dir string, live Live, done func(*replica.Replica)) *First {
	f := &First{ctx, win, dir, live, done}
	f.choose("")
	return f
}

func (f *First) show(title string, o fyne.CanvasObject) {
	f.win.SetTitle("Buron")
	head := container.NewVBox(container.NewCenter(look.Ridge(480)), container.NewCenter(look.Page(title)))
	f.win.SetContent(look.On(theme.ColorNameBackground, container.NewPadded(container.NewBorder(head, nil, nil, nil, container.NewCenter(o)))))
}

func (f *First) choose(fault string) {
	box := container.NewVBox(
		look.NewTile("presentation", "Essayer avec des exemples", "Un Cantal inventé, pour découvrir. Rien n'y est réel.", 84, f.try),
		look.NewTile("plugs-connected", "Rejoindre mon territoire", "Avec l'invitation que la coordination vous a donnée.", 84, func() { f.join("", "", "") }),
		look.NewTile("map-pin", "Créer un territoire", "Pour la coordination, une seule fois.", 84, func() { f.found("") }))
	if fault != "" {
		box.Add(look.Problem(fault))
	}
	f.show("Bienvenue dans Buron", fixed(560, box))
}

// fixed gives an object a width of its own in a centred page.
func fixed(width float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewGridWrap(fyne.NewSize(width, o.MinSize().Height+40), o)
}

func (f *First) try() {
	bar := widget.NewProgressBar()
	f.show("Préparation des exemples", fixed(560, container.NewVBox(bar)))
	load(f.live, func() (*replica.Replica, error) {
		return demo.Create(f.ctx, f.dir, replica.Options{Keys: seal.System{}}, func(done, total int) {
			f.live.UI(func() { bar.SetValue(float64(done) / float64(total)) })
		})
	}, f.end)
}

// end opens the desktop, or says what went wrong.
func (f *First) end(r *replica.Replica, err error) {
	if err != nil {
		f.choose(look.Capital(err.Error()))
		return
	}
	f.done(r)
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

func (f *First) join(code, url, fault string) {
	invitation, central, name := look.NewEntry(), look.NewEntry(), look.NewEntry()
	invitation.SetPlaceHolder("ABCD-EFGH-JKMN-PQRS")
	invitation.SetText(code)
	central.SetPlaceHolder("https://buron.cantal.fr")
	central.SetText(url)
	name.SetText(hostName())
	box := container.NewVBox(look.Field("Invitation", "Quatre groupes de quatre lettres ou chiffres.", "", true, invitation),
		look.Field("Adresse du central", "Elle est avec l'invitation.", "", true, central),
		look.Field("Nom de cet appareil", "Les autres le liront à côté de ce que vous enregistrez.", "", true, name))
	if fault != "" {
		box.Add(look.Problem(fault))
	}
	box.Add(container.NewHBox(look.NewButton("Rejoindre", "check", look.Primary, func() {
		typed, address, device := invitation.Text, central.Text, name.Text
		f.show("Rejoindre mon territoire", fixed(560, container.NewVBox(look.Body("Le central vérifie l'invitation…"), widget.NewProgressBarInfinite())))
		load(f.live, func() (*replica.Replica, error) {
			return node.Join(f.ctx, f.dir, typed, address, device, replica.Options{Keys: seal.System{}})
		}, func(r *replica.Replica, err error) {
			if err != nil {
				f.join(typed, address, look.Capital(err.Error()))
				return
			}
			f.done(r)
		})
	}), look.NewButton("Retour", "caret-left", look.Quiet, func() { f.choose("") })))
	f.show("Rejoindre mon territoire", fixed(560, box))
}

func (f *First) found(fault string) {
	territory, name := look.NewEntry(), look.NewEntry()
	territory.SetText("Cantal")
	name.SetText(hostName())
	box := container.NewVBox(look.Field("Nom du territoire", "", "", true, territory), look.Field("Nom de cet appareil", "", "", true, name))
	if fault != "" {
		box.Add(look.Problem(fault))
	}
	box.Add(container.NewHBox(look.NewButton("Créer", "check", look.Primary, func() {
		o := node.FoundOptions{Territory: territory.Text, Device: name.Text, Role: record.Coordination, Replica: replica.Options{Keys: seal.System{}}}
		load(f.live, func() (*node.Founded, error) { return node.Found(f.ctx, f.dir, o) }, func(made *node.Founded, err error) {
			if err != nil {
				f.found(look.Capital(err.Error()))
				return
			}
			f.recovery(made)
		})
	}), look.NewButton("Retour", "caret-left", look.Quiet, func() { f.choose("") })))
	f.show("Créer un territoire", fixed(560, box))
}

// recovery shows the passphrase once: it is kept nowhere.
func (f *First) recovery(made *node.Founded) {
	box := container.NewVBox(look.Body("Notez cette phrase sur papier. Elle n'est gardée nulle part et ne sera plus montrée."), container.NewCenter(look.Huge(made.Passphrase)),
		look.Body(fmt.Sprintf("Avec le fichier %s, rangé sur une clé en lieu sûr, elle seule remplace un central perdu.", made.Recovery)),
		container.NewCenter(look.NewButton("C'est noté", "check", look.Primary, func() { f.done(made.Replica) })))
	f.show("Phrase de secours", fixed(640, box))
}

// Broken says that the data of a folder cannot be opened, and that they were left alone.
func Broken(win fyne.Window, dir string, err error) {
	win.SetContent(look.On(theme.ColorNameBackground, container.NewPadded(container.NewVBox(look.Page("Buron ne peut pas ouvrir ses données"),
		look.Problem(look.Capital(err.Error())), look.Body("Rien n'a été effacé ni modifié dans "+dir+". Copiez ce dossier sur une clé, puis appelez la coordination.")))))
}

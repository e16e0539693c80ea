package screen

import (
	"context"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// Start asks the host for the invitation of a terminal that belongs to no territory yet; done is called with
// its replica.
func Start(ctx context.Context, win fyne.Window, dir string, live Live, done func(*replica.Replica)) {
	start(ctx, win, dir, live, done, "", "", "")
}

func start(ctx context.Context, win fyne.Window, dir string, live Live, done func(*replica.Replica), code, url, fault string) {
	invitation, central, name := look.NewEntry(), look.NewEntry(), look.NewEntry()
	invitation.SetPlaceHolder("ABCD-EFGH-JKMN-PQRS")
	invitation.SetText(code)
	central.SetPlaceHolder("https://buron.cantal.fr")
	central.SetText(url)
	name.SetText("Borne")
	box := container.NewVBox(look.Page("Installer cette borne"), look.Field("Invitation", "", "", true, invitation),
		look.Field("Adresse du central", "", "", true, central), look.Field("Nom de la borne", "", fault, true, name),
		container.NewHBox(look.NewTouchButton("Rejoindre", "check", look.Primary, func() {
			typed, address, device := invitation.Text, central.Text, name.Text
			live.Go(func() {
				r, err := node.Join(ctx, dir, typed, address, device, replica.Options{})
				live.UI(func() {
					if err != nil {
						start(ctx, win, dir, live, done, typed, address, look.Capital(err.Error()))
						return
					}
					done(r)
				})
			})
		})), look.NewKeyboard(invitation, nil))
	win.SetContent(look.On(theme.ColorNameBackground, container.NewPadded(container.NewVScroll(box))))
}

// Broken says that the data of a folder cannot be opened, and that they were left alone. Why is for who
// maintains the terminal, not for the public: the caller writes it elsewhere.
func Broken(win fyne.Window) {
	win.SetContent(look.On(theme.ColorNameBackground, centred(look.Huge("Borne arrêtée"), look.Title("Demandez à l’accueil."),
		words("Les données de cette borne ne s’ouvrent pas. Elles sont restées telles quelles."))))
}

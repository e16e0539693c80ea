package screen

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
)

// invitePage makes an invitation for one device, which this one answers: a code to type, a QR code, or a file.
type invitePage struct {
	role    record.Role
	places  string
	days    string
	made    *trust.Invitation
	expires time.Time
	err     string
}

func (p *invitePage) Title() string { return "Inviter un appareil" }

// Steady: somebody types here, or copies a code from here.
func (p *invitePage) Steady() {}

// lasting is for how many days an invitation may hold.
var lasting = []record.Option{{Code: "1", Label: "un jour"}, {Code: "7", Label: "une semaine"}, {Code: "30", Label: "un mois"}}

func (p *invitePage) Content(s *Shell) fyne.CanvasObject {
	if !s.mayAdmit() {
		return look.Empty("Cet appareil ne peut pas en admettre d'autres.")
	}
	if p.made != nil {
		return container.NewVScroll(look.Width(s.em(720), p.invitation(s)))
	}
	if p.role == "" {
		p.role, p.days = record.Agent, "7"
	}
	places := look.NewEntry()
	places.SetText(p.places)
	places.OnChanged = func(text string) { p.places = text }
	days := look.NewChoice(lasting, func(code string) { p.days = code })
	days.SetCode(p.days)
	box := container.NewVBox(
		look.Body("L'invitation vaut pour un seul appareil. Le poste où vous êtes doit rester ouvert, sur le même réseau, quand l'autre rejoindra."),
		look.Title("Rôle"), s.roleTiles(p.role, func(r record.Role) {
			p.role = r
			s.draw()
		}),
		look.Field("Lieux", "UAI des collèges, ou «\u00a0bus\u00a0», séparés par des virgules.", p.err, p.role == record.Kiosk || p.role == record.Host, places),
		look.Field("Valable", "", "", false, days))
	return container.NewBorder(nil, container.NewHBox(button("Inviter", "plus", look.Primary, func() { p.make(s) })), nil, nil,
		container.NewVScroll(look.Width(s.em(720), box)))
}

// make keeps the invitation, and shows it.
func (p *invitePage) make(s *Shell) {
	places := typedList(p.places)
	role, keys, err := node.ParseGrant(s.r.Book(s.ctx), string(p.role), places)
	if err != nil && len(places) == 0 {
		p.err = "Ce rôle travaille en un lieu\u00a0: dites lequel."
		s.draw()
		return
	}
	days, _ := strconv.Atoi(p.days) // one of lasting
	var at string
	if err == nil {
		at, err = node.Address(s.ctx, s.r)
	}
	if err == nil {
		made, e := node.Invite(s.ctx, s.r, role, keys, time.Duration(days)*24*time.Hour)
		if err = e; err == nil {
			p.made, p.expires, p.err = &trust.Invitation{Code: made.Code, Peer: at}, made.Expires, ""
		}
	}
	if err != nil {
		p.err = look.Capital(sentence(err))
	}
	s.draw()
}

func (p *invitePage) invitation(s *Shell) fyne.CanvasObject {
	text := p.made.String()
	code := look.NewQR(text, s.em(220))
	said := container.NewVBox(look.Wrapped(look.Page(p.made.Code)), look.Wrapped(look.Muted("adresse "+p.made.Peer)),
		look.Wrapped(look.Body("Sur l'autre appareil\u00a0: «\u00a0Rejoindre mon territoire\u00a0», puis ce code, ou le QR lu avec la douchette, ou le fichier.")),
		look.Wrapped(look.Muted(join(p.role.Label(), "un seul appareil", "jusqu'au "+p.expires.Local().Format("02/01/2006")))))
	row := container.NewBorder(nil, nil, code, nil, said)
	if s.large() {
		row = container.NewVBox(said, code)
	}
	return container.NewVBox(look.Card(theme.ColorNamePrimary, row),
		look.Wrap(button("Copier le texte", "copy", look.Plain, func() {
			fyne.CurrentApp().Clipboard().SetContent(text)
			s.say("Invitation copiée.")
		}), button("Enregistrer le fichier", "floppy-disk", look.Plain, func() { p.save(s) }),
			button("Une autre invitation", "plus", look.Plain, func() {
				p.made = nil
				s.draw()
			}), button("Terminé", "check", look.Primary, s.Back)))
}

// save writes the invitation where somebody says, under a name by which it is known as one.
func (p *invitePage) save(s *Shell) {
	d := dialog.NewFileSave(func(w fyne.URIWriteCloser, err error) {
		if err != nil || w == nil {
			return
		}
		name, _, _ := s.r.Roster().Territory()
		if err := errors.Join(node.EncodeInvitation(w, name, *p.made, p.expires), w.Close()); err != nil {
			s.say(sentence(err))
			return
		}
		if path := w.URI().Path(); !strings.HasSuffix(path, node.InvitationFile) {
			s.say("Enregistrée. Pour servir, son nom doit finir par " + node.InvitationFile + ".")
			return
		}
		s.say("Invitation enregistrée.")
	}, s.win)
	d.SetFileName(string(p.role) + node.InvitationFile)
	d.Show()
}

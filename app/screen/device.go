package screen

import (
	"slices"
	"strings"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// devicePage shows one device, and lets a delegate suspend it, readmit it, give it another role or confirm a copy.
type devicePage struct {
	key    trust.Key
	ask    string // the action that waits to be confirmed
	reason string
	role   record.Role
	places string
}

// Actions that are confirmed.
const (
	askSuspend = "suspendre"
	askReadmit = "réadmettre"
	askRole    = "rôle"
	askTwin    = "copie"
)

func (p *devicePage) Title() string { return "Appareil" }

// Steady while something is being typed or confirmed.
func (p *devicePage) Arrived(s *Shell) {
	if p.ask == "" {
		s.draw()
	}
}

func (p *devicePage) device(s *Shell) (trust.Device, bool) {
	list := s.r.Roster().Devices()
	i := slices.IndexFunc(list, func(d trust.Device) bool { return d.Key == p.key })
	if i < 0 {
		return trust.Device{}, false
	}
	return list[i], true
}

func (p *devicePage) Content(s *Shell) fyne.CanvasObject {
	d, ok := p.device(s)
	if !ok || !s.seesDevices() {
		return look.Empty("Cet appareil n'est pas connu ici.")
	}
	seen, err := s.r.LastSeen(s.ctx)
	if err != nil {
		return look.Problem(sentence(err))
	}
	leads, err := s.r.ClockLeads(s.ctx)
	if err != nil {
		return look.Problem(sentence(err))
	}
	state := deviceState(d)
	last := exchangeWord(s, seen[d.Key])
	if d.Key == s.r.Identity().Public() {
		last = "cet appareil"
	}
	box := container.NewVBox(look.Card(look.ShapeColor(state.Shape), look.Wrapped(look.Title(d.Name)), look.Mark(state),
		look.Wrapped(look.Body(join(d.Role.Label(), s.placeNames(d.Places)))), look.Wrapped(look.Muted(join(last, clockWord(leads[d.Key]), "clé "+d.Key.Tag())))))
	for _, v := range s.r.Roster().Revocations(d.Key) {
		if d.Revoked && v.Grant == [16]byte{} {
			box.Add(look.Wrapped(look.Muted(join("Suspendu "+look.When(v.At.Time(), s.r.Now()), "par "+s.r.Roster().Name(v.By), v.Reason))))
		}
	}
	if d.Twin && !d.Revoked {
		box.Add(look.Body("Cet appareil écrit sous une nouvelle clé, issue d'une autre\u00a0: un disque copié, ou une sauvegarde rétablie. Ses saisies comptent. Confirmez-le si cette copie est voulue, suspendez-la sinon."))
	}
	box.Add(p.actions(s, d))
	return container.NewVScroll(look.Width(s.em(720), box))
}

// actions are what may be done to a device, or the one that waits to be confirmed.
func (p *devicePage) actions(s *Shell, d trust.Device) fyne.CanvasObject {
	switch {
	case !s.mayAdmit():
		return look.Muted("")
	case d.Key == s.r.Identity().Public():
		return look.Body("Un appareil ne se suspend pas lui-même.")
	case d.Delegate:
		return look.Body("Cet appareil admet et suspend les autres. Seul le fichier de secours du territoire peut l'arrêter.")
	}
	switch p.ask {
	case askSuspend:
		return p.suspending(s, d)
	case askReadmit:
		return p.asking(s, "Réadmettre cet appareil\u00a0?", "Tout ce qu'il a écrit comptera, ce qui était mis de côté aussi. Il pourra écrire de nouveau dès son prochain échange.", "Réadmettre",
			func() error { return s.r.Readmit(s.ctx, d.Key) }, "Appareil réadmis.")
	case askRole:
		return p.changing(s, d)
	case askTwin:
		return p.asking(s, "Confirmer cette copie\u00a0?", "L'appareil garde son rôle et ses lieux, sous sa propre clé\u00a0: suspendre l'un des deux ne suspendra plus l'autre.", "Confirmer cette copie",
			func() error { return s.r.Confirm(s.ctx, d.Key) }, "Copie confirmée.")
	}
	open := func(ask string) func() {
		return func() {
			p.ask, p.reason, p.role, p.places = ask, "", d.Role, strings.Join(d.Places, ", ")
			s.draw()
		}
	}
	var buttons []fyne.CanvasObject
	if d.Revoked {
		if err := s.r.MayTakeBack(d.Key); err != nil {
			return look.Body(sentence(err))
		}
		return look.Wrap(button("Réadmettre", "shield-check", look.Plain, open(askReadmit)))
	}
	if d.Twin {
		buttons = append(buttons, button("Confirmer cette copie", "shield-check", look.Primary, open(askTwin)))
	} else {
		buttons = append(buttons, button("Changer de rôle", "user-switch", look.Plain, open(askRole)))
	}
	return look.Wrap(append(buttons, button("Suspendre", "shield-warning", look.Danger, open(askSuspend)))...)
}

// asking puts a question, and does what it asks about.
func (p *devicePage) asking(s *Shell, question, what, word string, do func() error, done string, more ...fyne.CanvasObject) fyne.CanvasObject {
	rank := look.Primary
	if p.ask == askSuspend {
		rank = look.Danger
	}
	rows := append([]fyne.CanvasObject{look.Wrapped(look.Title(question)), look.Body(what)}, more...)
	return look.Card(theme.ColorNameWarning, append(rows, look.Wrap(button(word, "check", rank, func() {
		if err := do(); err != nil {
			s.say(sentence(err))
			return
		}
		p.ask = ""
		s.changed()
		s.refreshStatus()
		s.say(done)
		s.draw()
	}), button("Ne rien changer", "x", look.Plain, func() { p.ask = ""; s.draw() })))...)
}

func (p *devicePage) suspending(s *Shell, d trust.Device) fyne.CanvasObject {
	reason := look.NewEntry()
	reason.SetPlaceHolder("Pourquoi\u00a0: perdu, volé, rendu…")
	reason.SetText(p.reason)
	reason.OnChanged = func(text string) { p.reason = text }
	return p.asking(s, "Suspendre "+d.Name+"\u00a0?",
		"Ce qui est reçu de lui jusqu'ici reste. Ce qu'il écrira ensuite sera mis de côté, pour que vous le revoyiez. Chaque appareil l'apprend à son prochain échange, même par une clé USB.",
		"Suspendre", func() error {
			_, err := s.r.Revoke(s.ctx, d.Key, strings.TrimSpace(p.reason))
			return err
		}, "Appareil suspendu.", look.Field("Raison", "Elle se voit sur tous les appareils.", "", false, reason))
}

func (p *devicePage) changing(s *Shell, d trust.Device) fyne.CanvasObject {
	tiles := s.roleTiles(p.role, func(r record.Role) {
		p.role = r
		s.draw()
	})
	places := look.NewEntry()
	places.SetText(p.places)
	places.OnChanged = func(text string) { p.places = text }
	return p.asking(s, "Changer le rôle de "+d.Name+"\u00a0?",
		"Ce qu'il a écrit jusqu'ici reste. Il gardera et montrera ensuite ce que son nouveau rôle permet.", "Changer de rôle", func() error {
			keys, err := s.placeKeys(p.places)
			if err != nil {
				return err
			}
			return s.r.ChangeRole(s.ctx, d.Key, p.role, keys)
		}, "Rôle changé.", tiles, look.Field("Lieux", "UAI des collèges, ou «\u00a0bus\u00a0», séparés par des virgules.", "", false, places))
}

// roleTiles offers the roles that a device may be given here.
func (s *Shell) roleTiles(chosen record.Role, choose func(record.Role)) fyne.CanvasObject {
	var options []look.TileOption
	for _, r := range record.Roles() {
		if r != record.Central {
			o := look.TileOption{Code: string(r), Word: r.Label(), Shape: record.NotBegun}
			if r == chosen {
				o.Shape = record.Good
			}
			options = append(options, o)
		}
	}
	columns := 3
	if s.large() {
		columns = 1
	}
	tiles := look.NewTiles(columns, options, func(code string) { choose(record.Role(code)) })
	tiles.Set(string(chosen))
	return tiles
}

// typedList reads what was typed between commas.
func typedList(text string) []string {
	var out []string
	for _, word := range strings.Split(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

// placeKeys reads keys of places, each of which must be known here.
func (s *Shell) placeKeys(text string) ([]string, error) {
	var out []string
	for _, k := range typedList(text) {
		for _, form := range []string{k, strings.ToUpper(k), strings.ToLower(k)} {
			if _, ok := s.placeOf(form); ok {
				out, k = append(out, form), ""
				break
			}
		}
		if k != "" {
			return nil, placeError(k)
		}
	}
	return out, nil
}

type placeError string

func (e placeError) Error() string {
	return "Aucun lieu ne porte «\u00a0" + string(e) + "\u00a0». Écrivez l'UAI d'un collège, ou «\u00a0bus\u00a0»."
}

func sortDevices(list []trust.Device) {
	slices.SortFunc(list, func(a, b trust.Device) int { return strings.Compare(record.Plain(a.Name), record.Plain(b.Name)) })
}

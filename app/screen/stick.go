package screen

import (
	"context"
	"fmt"
	"slices"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/bundle"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// everyone is the choice of a stick for all devices.
const everyone = "Tous les appareils"

// photoLimits are the choices of how many photos and documents go on a stick.
var photoLimits = []struct {
	name  string
	bytes int64 // as node.BundleOptions has it
}{
	{"Ce qui tient, jusqu'à 4\u00a0Go", 0},
	{"1\u00a0Go au plus", 1 << 30},
	{"200\u00a0Mo au plus", 200 << 20},
	{"Aucune", -1},
}

// stickPage prepares a USB stick: where, for whom, then what was copied.
type stickPage struct {
	drives []bundle.Drive
	dest   string // folder
	to     string // key of a device, "" for all
	all    bool
	photos int                // which of photoLimits
	looked bool               // for drives, since then the node tells of them
	stop   context.CancelFunc // of the writing under way, nil without
	roof   *look.RoofBar
	count  *widget.Label
	done   string
	err    string
}

func (p *stickPage) Title() string { return "Préparer une clé USB" }

// Steady: a list may be unfolded; the page looks for sticks by itself.
func (p *stickPage) Steady() {}

func (p *stickPage) Content(s *Shell) fyne.CanvasObject {
	if !p.looked {
		p.looked = true
		p.drives = s.n.Drives()
		p.choose()
	}
	switch {
	case p.stop != nil:
		return container.NewVBox(look.Card(theme.ColorNameHyperlink, look.Title("Copie en cours"), look.Body("Laissez la clé en place."), p.roof, p.count),
			container.NewHBox(button("Arrêter", "x", look.Plain, p.stop)))
	case p.done != "":
		return container.NewVBox(look.Card(theme.ColorNameSuccess, look.Title("Clé prête"), look.Body(p.done)),
			container.NewHBox(button("Terminé", "check", look.Primary, s.Back), button("Une autre clé", "usb", look.Plain, func() { p.again(s) })))
	}
	box := container.NewVBox(look.Body("Ce que les autres appareils n'ont pas encore est copié sur la clé, chiffré\u00a0: chacun n'ouvre que ce qui est pour lui."))
	if p.err != "" {
		box.Add(look.Card(theme.ColorNameError, look.Bold("La clé n'est pas prête"), look.Problem(p.err)))
	}
	box.Add(look.Title("Où"))
	box.Add(p.where(s))
	box.Add(look.Title("Pour"))
	box.Add(look.Width(420, p.whom(s)))
	box.Add(look.Title("Photos et documents"))
	box.Add(look.Body("Les saisies passent toujours d'abord, puis les photos, les plus petites en premier."))
	box.Add(look.Width(420, p.limits()))
	all := look.NewCheck("Toute l'histoire, pour un appareil neuf ou vidé", func(on bool) { p.all = on })
	all.SetChecked(p.all)
	box.Add(all)
	write := button("Préparer la clé", "usb", look.Primary, func() { p.write(s) })
	if p.dest == "" {
		write.(*look.Button).Disable()
	}
	return container.NewBorder(nil, container.NewHBox(write), nil, nil, container.NewVScroll(box))
}

// where lists the sticks that are plugged in, and the folder that was chosen instead.
func (p *stickPage) where(s *Shell) fyne.CanvasObject {
	box := container.NewVBox()
	row := func(path, name, under, right string) {
		shape := record.NotBegun
		if path == p.dest {
			shape = record.Good
		}
		box.Add(look.NewRowTap(shape, name, under, right, func() {
			p.dest, p.err = path, ""
			s.draw()
		}))
	}
	for _, d := range p.drives {
		right := ""
		switch {
		case d.ReadOnly:
			right = "protégée en écriture"
		case d.Free > 0:
			right = look.Size(int64(d.Free)) + " libres"
		}
		row(d.Path, d.Label, d.Path, right)
	}
	if p.dest != "" && !p.plugged(p.dest) {
		row(p.dest, "Dossier", p.dest, "")
	}
	if len(p.drives) == 0 {
		box.Add(look.Muted("Aucune clé branchée. Branchez-en une\u00a0: elle apparaîtra ici."))
	}
	box.Add(container.NewHBox(button("Choisir un dossier", "folder-open", look.Plain, func() { p.pick(s) })))
	return box
}

func (p *stickPage) plugged(path string) bool {
	return slices.ContainsFunc(p.drives, func(d bundle.Drive) bool { return d.Path == path })
}

func (p *stickPage) pick(s *Shell) {
	dialog.NewFolderOpen(func(u fyne.ListableURI, err error) {
		if err == nil && u != nil {
			p.dest, p.err = u.Path(), ""
			s.draw()
		}
	}, s.win).Show()
}

// whom lists the other devices by their names; those that share one are told apart by their keys.
func (p *stickPage) whom(s *Shell) fyne.CanvasObject {
	var devices []trust.Device
	bearers := map[string]int{}
	for _, d := range s.r.Roster().Devices() {
		if d.Key != s.r.Identity().Public() && !d.Revoked {
			devices = append(devices, d)
			bearers[record.Plain(d.Name)]++
		}
	}
	sortDevices(devices)
	words, keys := []string{everyone}, map[string]string{}
	chosen := everyone
	for _, d := range devices {
		word := d.Name
		if word == "" || bearers[record.Plain(word)] > 1 {
			word = join(d.Name, "clé "+d.Key.Tag())
		}
		words, keys[word] = append(words, word), d.Key.String()
		if d.Key.String() == p.to {
			chosen = word
		}
	}
	sel := look.NewSelect(words, nil)
	sel.SetSelected(chosen)
	sel.OnChanged = func(word string) { p.to = keys[word] }
	return sel
}

// limits lists how many photos and documents may go along.
func (p *stickPage) limits() fyne.CanvasObject {
	var names []string
	for _, l := range photoLimits {
		names = append(names, l.name)
	}
	sel := look.NewSelect(names, nil)
	sel.SetSelected(names[p.photos])
	sel.OnChanged = func(name string) { p.photos = max(0, slices.Index(names, name)) }
	return sel
}

// choose takes the only stick that can be written to.
func (p *stickPage) choose() {
	var good []string
	for _, d := range p.drives {
		if !d.ReadOnly {
			good = append(good, d.Path)
		}
	}
	if p.dest == "" && len(good) == 1 {
		p.dest = good[0]
	}
}

// plug shows the sticks that are there now.
func (p *stickPage) plug(s *Shell) {
	now := s.n.Drives()
	same := slices.EqualFunc(now, p.drives, func(a, b bundle.Drive) bool { return a.Path == b.Path && a.ReadOnly == b.ReadOnly })
	if same || p.stop != nil || p.done != "" {
		return
	}
	gone := p.plugged(p.dest)
	p.drives = now
	if gone && !p.plugged(p.dest) {
		p.dest = ""
	}
	p.choose()
	s.draw()
}

func (p *stickPage) again(s *Shell) {
	*p = stickPage{}
	s.draw()
}

// write copies, and says how far it is.
func (p *stickPage) write(s *Shell) {
	ctx, cancel := context.WithCancel(s.ctx)
	p.stop, p.err = cancel, ""
	p.roof, p.count = look.NewRoof(), look.Muted("")
	told := func(one, many string) func(done, total int) {
		return func(done, total int) {
			s.live.UI(func() {
				p.roof.Set(done, total)
				p.count.SetText(fmt.Sprintf("%s sur %s", look.Number(done), look.Count(total, one, many)))
			})
		}
	}
	o := node.BundleOptions{All: p.all, Photos: photoLimits[p.photos].bytes, Progress: told("saisie", "saisies"), Carried: told("photo ou document", "photos ou documents")}
	if p.to != "" {
		o.For = []string{p.to}
	}
	dest := p.dest
	s.draw()
	load(s.live, func() (bundle.Written, error) { return s.n.WriteBundle(ctx, dest, o) }, func(w bundle.Written, err error) {
		stopped := ctx.Err() != nil
		cancel()
		p.stop = nil
		switch {
		case err == nil:
			p.done = w.Sentence()
		case stopped && len(w.Files) > 0:
			p.err = "Copie arrêtée. Les saisies sont sur la clé, les photos n'y sont pas."
		case stopped:
			p.err = "Copie arrêtée. Rien n'a été laissé sur la clé, vos saisies restent ici."
		default:
			p.err = stickSentence(err)
		}
		s.draw()
	})
}

func stickSentence(err error) string {
	if text := bundle.Sentence(err); text != "" {
		return text
	}
	return look.Capital(sentence(err))
}

package look

import (
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// states is one option of each shape.
func states() []record.Option {
	return []record.Option{{Code: "a", Label: "En service", Shape: record.Good}, {Code: "b", Label: "En cours", Shape: record.UnderWay}, {Code: "c", Label: "Ouverte", Shape: record.NotBegun},
		{Code: "d", Label: "Attente pièce", Shape: record.Waiting}, {Code: "e", Label: "En panne", Shape: record.Wrong}, {Code: "f", Label: "Étranger", Shape: record.Elsewhere}, {Code: "g", Label: "Clôturée", Shape: record.Closed}}
}

// noon is the instant that the tests call now.
func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, record.Paris()) }

// TestGallery draws every widget in every palette into the folder that BURON_GALLERY names, for people to look at.
func TestGallery(t *testing.T) {
	dir := os.Getenv("BURON_GALLERY")
	if dir == "" {
		t.Skip("BURON_GALLERY names no folder")
	}
	pages := map[string]func() fyne.CanvasObject{"desk": galleryDesk, "forms": galleryForms, "lists": galleryLists}
	for name, page := range pages {
		for _, p := range []Palette{Light, Dark, Contrast} {
			shoot(t, filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, p)), NewTheme(p, 100), fyne.NewSize(1180, 900), page)
		}
		shoot(t, filepath.Join(dir, name+"-200.png"), NewTheme(Light, 200), fyne.NewSize(1600, 1300), page)
	}
	for _, p := range []Palette{Light, Dark, Contrast} {
		shoot(t, filepath.Join(dir, fmt.Sprintf("kiosk-%d.png", p)), NewKioskTheme(p, 100), fyne.NewSize(1280, 1000), galleryKiosk)
	}
}

func shoot(t *testing.T, path string, th fyne.Theme, size fyne.Size, page func() fyne.CanvasObject) {
	t.Helper()
	test.NewTempApp(t)
	fyne.CurrentApp().Settings().SetTheme(th)
	w := test.NewTempWindow(t, On(ColorGround, page()))
	w.SetPadded(false)
	w.Resize(size)
	for _, o := range test.LaidOutObjects(w.Content()) {
		if e, ok := o.(*Entry); ok && e.Text == "focus" {
			w.Canvas().Focus(e)
		}
		if b, ok := o.(*Button); ok && b.text == "Focus" {
			w.Canvas().Focus(b)
		}
		if l, ok := o.(*List); ok {
			w.Canvas().Focus(l)
			l.SetCurrent(2)
		}
	}
	w.Content().Refresh()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, w.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}

func galleryDesk() fyne.CanvasObject {
	nop := func() {}
	rail := Rail([]RailEntry{{"Aujourd'hui", "sun-horizon", nop}, {"Lieux", "buildings", nop}, {"Parc", "desktop", nop}, {"Agenda", "calendar-dots", nop}, {"Charte", "seal-check", nop}, {"Pilotage", "chart-bar", nop}}, 0)
	marks, large := container.NewHBox(), container.NewHBox()
	for _, o := range states() {
		marks.Add(Pad(4, 8, Mark(o)))
		large.Add(Pad(4, 8, NewMark(o.Shape, o.Label, true)))
	}
	lauzes := container.NewHBox(Pad(4, 8, NewLauzes(0, true)), Pad(4, 8, NewLauzes(1, true)), Pad(4, 8, NewLauzes(2, true)), Pad(4, 8, NewLauzes(3, true)))
	buttons := container.NewHBox(NewButton("Enregistrer", "check", Primary, nop), NewButton("Focus", "plus", Plain, nop), NewButton("Discret", "", Quiet, nop), NewButton("Archiver", "trash", Danger, nop), NewButton("", "gear", Quiet, nop))
	off := NewButton("Éteint", "x", Plain, nop)
	off.Disable()
	buttons.Add(off)
	focused := NewButton("Focus", "check", Primary, nop)
	buttons.Add(focused)
	toast := NewToast(nil)
	toast.Say("Enregistré", nop)
	wrong := NewToast(nil)
	wrong.SayProblem("Disque plein. La dernière saisie n'est pas enregistrée.")
	card := Card(ColorPrimary, container.NewBorder(nil, nil, nil, container.NewCenter(NewButton("Reprendre la visite", "", Primary, nop)),
		Tight(Title("Visite en cours · Collège Maurice Peschaud (Allanche)"), Bold("2 salles faites sur 5"), Caption("Arrivée à 9 h 12 · 3 interventions · 41 appareils vus"))))
	second := Card(ColorGentian, Title("À faire ici"), NewRowTap(record.Wrong, "Écran interactif qui s'éteint · salle 12", "Ouverte il y a 6 jours", "PC-15001-0042", nop), NewRowTap(record.Waiting, "Lampe de vidéoprojecteur · CDI", "Attente pièce", "", nop))
	chips := Chips(NewChip("Tous", 50000, true, nop), NewChip("En service", 812, false, nop), NewChip("En panne", 14, false, nop), NewChip("En prêt", 3, false, nop))
	body := container.NewVBox(Page("Mardi 24 novembre"), card, container.NewGridWithColumns(2, second, Card(ColorWrong, Title("À décider"), Muted("Agent Démo 1, hier 16 h 40 · vous, hier 17 h 05"), Body(Number(50000)+" appareils · « Salle 12 » · œuvre à 14 h 30"))),
		marks, large, lauzes, Roof(18, 30), Roof(70, 100), buttons, chips, container.NewHBox(toast, wrong), container.NewHBox(Code("PC-15001-0042"), Huge("128")))
	return container.NewBorder(Band("Exemples – rien n'est réel"), nil, rail, nil, Pad(4, 12, body))
}

func galleryForms() fyne.CanvasObject {
	name := NewEntry()
	name.SetText("focus")
	empty := NewEntry()
	empty.SetPlaceHolder("Chercher ou scanner : code, n° de série, salle, commune…")
	date := NewDateField(noon)
	date.SetDay(record.DayOf(noon()))
	hour := NewTimeField()
	hour.SetMinutes(14*60 + 30)
	choice := NewChoice(states(), nil)
	choice.SetCode("e")
	check := NewCheck("Lu jusqu'au bout", nil)
	check.SetChecked(true)
	left := container.NewVBox(
		NewField("Nom", "Comme sur l'étiquette.", true, name),
		Field("Numéro de série", "", "Ce numéro de série est déjà celui de PC-15001-0007. Vérifiez l'étiquette, ou ouvrez cet appareil.", true, empty),
		NewField("Date d'achat", "", false, date), NewField("Heure", "", false, hour),
		NewField("État", "", false, choice), NewField("Salle", "", false, NewSelect([]string{"CDI", "Salle 12"}, nil)), check,
		NewField("Description", "Une phrase suffit.", false, NewLong(3)), Bar([]fyne.CanvasObject{NewButton("Retour", "caret-left", Quiet, nil)}, []fyne.CanvasObject{NewButton("Jeter", "", Plain, nil), NewButton("Enregistrer", "check", Primary, nil)}))
	cal := NewCalendar(record.DayOf(noon())+3, nil)
	cal.SetToday(record.DayOf(noon()))
	tiles := NewTiles(2, []TileOption{{Code: "a", Icon: "wrench", Word: "Ne s'allume pas"}, {Code: "b", Icon: "monitor", Word: "Écran", Under: "Noir, rayé, sans image"}, {Code: "c", Shape: record.Waiting, Word: "Lent"}, {Code: "d", Word: "Autre"}}, nil)
	tiles.Set("b")
	right := container.NewVBox(Card(ColorInfo, cal), tiles, NewScanField("Scanner ou taper un code", nil), Empty("Rien d'urgent. Bonne journée.", NewButton("Nouveau", "plus", Plain, nil)))
	return Pad(12, 12, container.NewGridWithColumns(2, Width(640, left), right))
}

func galleryLists() fyne.CanvasObject {
	o := states()
	list := NewList(ListOptions{Length: func() int { return 50000 }, Make: func() fyne.CanvasObject { return NewRow() }, Open: func(int) {}, Marked: func(i int) bool { return i == 4 },
		Fill: func(i int, line fyne.CanvasObject) {
			r := line.(*Row)
			r.Set(o[i%7].Shape, fmt.Sprintf("Ordinateur fixe de la salle %d, au deuxième étage du bâtiment nord", i), "Dell OptiPlex · Collège Maurice Peschaud (Allanche)", fmt.Sprintf("PC-15001-%04d", i))
			r.SetLauzes(i % 4)
		}})
	table := NewTable(TableOptions{Columns: []Column{{Title: "État", Width: 130}, {Title: "Appareil"}, {Title: "Salle", Width: 90}, {Title: "Âge", Width: 60, Right: true}}, Length: func() int { return 50000 }, Sorted: func(int, bool) {},
		Fill: func(i int, c *Cells) {
			c.State(0, o[i%7].Shape, o[i%7].Label)
			c.Bold(1, fmt.Sprintf("PC-15001-%04d", i))
			c.Text(2, fmt.Sprintf("Salle %d", i%30))
			c.Text(3, fmt.Sprint(i%9))
		}})
	table.ShowSorted(1, true)
	return Pad(12, 12, container.NewGridWithColumns(2, list, table))
}

func galleryKiosk() fyne.CanvasObject {
	nop := func() {}
	tiles := container.NewGridWithColumns(3, NewTile("calendar-dots", "Voir l'agenda", "Ateliers, bus, évènements", 120, nop), NewTile("handshake", "J'arrive, je pars", "Noter mon passage", 120, nop), NewTile("signature", "Signer la charte", "Élève ou visiteur", 120, nop))
	pad := NewSignaturePad()
	pad.Resize(fyne.NewSize(600, 200))
	for i := range 60 {
		pad.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(80+float32(i)*7, 100+float32((i*37)%60)-30)}})
	}
	name := NewEntry()
	name.SetText("Camille")
	keys := NewKeyboard(name, nop)
	foot := Bar([]fyne.CanvasObject{NewTouchButton("Retour", "caret-left", Plain, nop)}, []fyne.CanvasObject{NewTouchButton("Continuer", "", Primary, nop)})
	top := container.NewVBox(container.NewHBox(Page("Bienvenue au tiers-lieu"), layout.NewSpacer(), Title("14 h 32")), tiles)
	middle := container.NewGridWithColumns(2, container.NewVBox(NewField("Votre prénom", "", false, name), widget.NewLabel("Texte courant de la borne.")), pad)
	return Pad(8, 12, container.NewVBox(top, middle, keys, foot))
}

package look

import (
	"testing"

	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// TestGoldens compares what our widgets draw, as markup, with what was looked at and kept in testdata. After a change
// that was meant, look at the gallery, then copy testdata/failed/*.xml over testdata/.
func TestGoldens(t *testing.T) {
	nop := func() {}
	focused := func(rank Rank) fyne.CanvasObject {
		b := NewButton("Enregistrer", "check", rank, nop)
		b.FocusGained()
		return b
	}
	row := func() fyne.CanvasObject {
		r := NewRow()
		r.Set(record.Waiting, "Lampe de vidéoprojecteur", "Attente pièce", "PC-15001-0042")
		r.SetLauzes(2)
		return r
	}
	wrong := func() fyne.CanvasObject {
		f := NewField("Nom", "Comme sur l'étiquette.", true, NewEntry())
		f.SetFault("Il manque le nom. Écrivez-le comme sur l'étiquette.")
		return f
	}
	toast := func() fyne.CanvasObject {
		x := NewToast(nil)
		x.Say("Enregistré", nop)
		return x
	}
	off := func() fyne.CanvasObject {
		b := NewButton("Terminer", "x", Primary, nop)
		b.Disable()
		return b
	}
	calendar := func() fyne.CanvasObject {
		c := NewCalendar(record.DayOf(noon()), nil)
		c.SetToday(record.DayOf(noon()) + 1)
		return c
	}
	for name, make := range map[string]func() fyne.CanvasObject{
		"button-plain":         func() fyne.CanvasObject { return NewButton("Corriger", "", Plain, nop) },
		"button-primary-focus": func() fyne.CanvasObject { return focused(Primary) },
		"button-quiet-focus":   func() fyne.CanvasObject { return focused(Quiet) },
		"button-danger":        func() fyne.CanvasObject { return NewButton("Archiver", "trash", Danger, nop) },
		"button-off":           off,
		"button-touch":         func() fyne.CanvasObject { return NewTouchButton("Retour", "caret-left", Plain, nop) },
		"chip":                 func() fyne.CanvasObject { return NewChip("En panne", 1400, true, nop) },
		"mark":                 func() fyne.CanvasObject { return NewMark(record.Wrong, "En panne", false) },
		"mark-large":           func() fyne.CanvasObject { return NewMark(record.Good, "Trouvé", true) },
		"lauzes":               func() fyne.CanvasObject { return NewLauzes(2, true) },
		"roof":                 func() fyne.CanvasObject { return Roof(3, 5) },
		"ridge":                func() fyne.CanvasObject { return Ridge(300) },
		"row":                  row,
		"tile":                 func() fyne.CanvasObject { return NewTile("wrench", "Ne s'allume pas", "Ni écran ni voyant", 64, nop) },
		"card":                 func() fyne.CanvasObject { return Card(ColorPrimary, Title("À faire ici")) },
		"band":                 func() fyne.CanvasObject { return Band("Exemples – rien n'est réel") },
		"rail": func() fyne.CanvasObject {
			return Rail([]RailEntry{{"Lieux", "buildings", nop}, {"Parc", "desktop", nop}}, 1)
		},
		"toast":       toast,
		"field-wrong": wrong,
		"calendar":    calendar,
		"keypad":      func() fyne.CanvasObject { return NewKeypad(NewEntry()) },
	} {
		t.Run(name, func(t *testing.T) {
			desk(t)
			o := make()
			o.Resize(o.MinSize().Max(fyne.NewSize(320, 24)))
			test.AssertObjectRendersToMarkup(t, name+".xml", o)
		})
	}
}

package screen

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"
	"cantal.fr/buron/sync/class"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// settingFigures keeps the figures of the day as JSON: the acts themselves leave the terminal once they are delivered.
const settingFigures = "kiosk.figures"

// figures are how many acts were saved here on one day; they name nobody.
type figures struct {
	Day     int64          // counted from 1 January 1970
	Signed  map[string]int // by the code of the population
	Refused int
}

// figures returns those of today.
func (k *Kiosk) figures(ctx context.Context) figures {
	today := figures{Day: record.DayOf(k.r.Now()), Signed: map[string]int{}}
	var kept figures
	text, err := k.r.Setting(ctx, settingFigures)
	if err != nil || json.Unmarshal([]byte(text), &kept) != nil || kept.Day != today.Day || kept.Signed == nil {
		return today
	}
	return kept
}

// tally adds an act to the figures of the day. They are a help for the host, not a record: where they cannot be
// written, the act stands all the same.
func (k *Kiosk) tally(ctx context.Context, act record.Fields) {
	f := k.figures(ctx)
	if act.Text("act") == "refus" {
		f.Refused++
	} else {
		f.Signed[act.Text("population")]++
	}
	if b, err := json.Marshal(f); err == nil {
		_ = k.r.SetSetting(ctx, settingFigures, string(b))
	}
}

// figuresCard says how many acts there were today.
func (k *Kiosk) figuresCard() fyne.CanvasObject {
	f := k.figures(k.ctx)
	schema, _ := record.Of(record.Acknowledgement)
	field, _ := schema.Field("population")
	signed := 0
	var parts []string
	for _, o := range field.Options {
		if n := f.Signed[o.Code]; n > 0 {
			signed += n
			parts = append(parts, fmt.Sprintf("%s\u00a0: %s", strings.ToLower(o.Label), look.Number(n)))
		}
	}
	text := "Aucun acte aujourd’hui sur cette borne."
	if signed+f.Refused > 0 {
		text = look.Count(signed, "signature", "signatures")
		if len(parts) > 0 {
			text += " (" + strings.Join(parts, ", ") + ")"
		}
		text += " · " + look.Number(f.Refused) + "\u00a0refus."
	}
	return look.Card(theme.ColorNameSuccess, look.Title("Chiffres du jour"), words(text), words("Comptés sur cette borne, sans aucun nom."))
}

// sheetView is the attendance sheet of the class that is lent, for its host: as on the list of the class, who signed and
// who refused are both « Fait ».
func (k *Kiosk) sheetView() view {
	s, lent := k.session()
	if !lent {
		return view{title: "Feuille d’émargement", back: "Retour", content: centred(look.Title("Aucune classe n’est chargée sur cette borne."))}
	}
	members := slices.Clone(s.Members)
	slices.SortStableFunc(members, func(a, b class.Member) int {
		return strings.Compare(record.Plain(a.Last+" "+a.First), record.Plain(b.Last+" "+b.First))
	})
	box := container.NewVBox()
	for _, m := range members {
		shape, word := record.NotBegun, "À faire"
		if slices.Contains(s.Done, m.ID) {
			shape, word = record.Good, "Fait"
		}
		row := look.NewRow()
		row.Set(shape, m.Last+" "+m.First, "", word)
		box.Add(row)
	}
	head := words(fmt.Sprintf("%d sur %d ont répondu. Les noms s’effacent avec la classe\u00a0: rien n’est écrit sur cette borne.", len(s.Done), len(s.Members)))
	return view{title: "Feuille d’émargement · " + s.Label, back: "Retour", content: container.NewBorder(head, nil, nil, nil, k.scrolled(box))}
}

// hostActions are what the host may do with the class and with the terminal.
func (k *Kiosk) hostActions() fyne.CanvasObject {
	buttons := []fyne.CanvasObject{look.NewTouchButton("Échanger maintenant", "arrows-clockwise", look.Plain, func() {
		k.send(flow.Touch, "", "")
		k.n.ExchangeNow(k.ctx)
	})}
	if k.o.Restart != nil {
		buttons = append(buttons, look.NewTouchButton("Redémarrer", "power", look.Plain, k.o.Restart))
	}
	return lines(k.room(), false, append(buttons, look.NewTouchButton("Quitter la borne", "sign-out", look.Danger, k.o.Quit)))
}

package screen

import (
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
)

// hiddenFields are for the program, not for people.
var hiddenFields = map[string]bool{"archived": true, "continues": true, "text_hash": true, "simple_hash": true}

// Groups of the fields of a machine, in the order of the card; other kinds have one, without a title.
const (
	identity = "Identité"
	whereFor = "Où et pour qui"
	purchase = "Achat"
)

var groups = []string{"", identity, whereFor, purchase}

// groupOf returns the group that a field of a card stands in.
func groupOf(k record.Kind, field string) string {
	if k != record.Equipment {
		return ""
	}
	switch field {
	case "site", "room", "status", "network", "served_rooms":
		return whereFor
	case "level", "bought", "warranty_end", "price", "conform", "note":
		return purchase
	}
	return identity
}

// pairs lays out labels and values in two columns whose widths do not depend on the words, so that both wrap.
type pairs struct{}

// label is the share of the labels.
const label = 0.4

func (p *pairs) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var y, w float32
	for i := 0; i+1 < len(objects); i += 2 {
		a, b := objects[i].MinSize(), objects[i+1].MinSize()
		y += max(a.Height, b.Height) - tighter
		w = max(w, a.Width+b.Width)
	}
	return fyne.NewSize(w, y+tighter)
}

// tighter is by how much lines stand closer than labels' own margins would have them.
const tighter = 8

func (p *pairs) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var y float32
	for i := 0; i+1 < len(objects); i += 2 {
		a, b := objects[i], objects[i+1]
		a.Resize(fyne.NewSize(size.Width*label, a.MinSize().Height))
		b.Resize(fyne.NewSize(size.Width*(1-label), b.MinSize().Height))
		h := max(a.MinSize().Height, b.MinSize().Height)
		a.Move(fyne.NewPos(0, y))
		b.Move(fyne.NewPos(size.Width*label, y))
		a.Resize(fyne.NewSize(size.Width*label, h))
		b.Resize(fyne.NewSize(size.Width*(1-label), h))
		y += h - tighter
	}
}

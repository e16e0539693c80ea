package screen

import (
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"github.com/google/uuid"
)

func msTime(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// titleOf returns the title of a record by its id; what this device may not hold is « hors de portée ».
func (s *Shell) titleOf(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	rec, ok, err := s.book().Get(id)
	if err != nil || !ok {
		return "hors de portée"
	}
	return record.Title(rec, s.book())
}

// state returns the status of a record, with a neutral mark where its kind has none.
func state(rec record.Record) record.Option {
	schema, _ := record.Of(rec.Kind)
	if o, ok := schema.State(rec.Fields); ok {
		return o
	}
	return record.Option{Shape: record.Closed}
}

// row is a line that opens its record; right is what stands at its end.
func (s *Shell) row(rec record.Record, right string) fyne.CanvasObject {
	return look.NewRowTap(state(rec).Shape, record.Title(rec, s.book()), record.Subtitle(rec, s.book()), right, func() { s.open(rec) })
}

// rows lists the records of a query, or the sentence that there is none.
func (s *Shell) rows(q replica.Query, none string) []fyne.CanvasObject {
	found, err := s.r.List(s.ctx, q)
	if err != nil {
		return []fyne.CanvasObject{look.Problem(sentence(err))}
	}
	if len(found) == 0 {
		return []fyne.CanvasObject{look.Muted(none)}
	}
	var out []fyne.CanvasObject
	for _, f := range found {
		out = append(out, s.row(f, state(f).Label))
	}
	return out
}

// mayCreate reports whether this device may make records of a kind somewhere.
func (s *Shell) mayCreate(k record.Kind) bool {
	return record.MayCreateSomewhere(s.r.Self().Grants, k)
}

// mayEdit reports whether this device may change this record.
func (s *Shell) mayEdit(rec record.Record) bool {
	schema, _ := record.Of(rec.Kind)
	return !schema.Act && s.r.Self().MayWrite(rec.Scope, rec.Kind, true)
}

// newRow is an empty line of a list.
func newRow() fyne.CanvasObject { return look.NewRow() }

// button is a button of a page.
func button(label, icon string, rank look.Rank, do func()) fyne.CanvasObject {
	return look.NewButton(label, icon, rank, do)
}

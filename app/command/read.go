package command

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// item is the JSON form of a record.
type item struct {
	ID     uuid.UUID     `json:"id"`
	Kind   record.Kind   `json:"kind"`
	Scope  string        `json:"scope"`
	Fields record.Fields `json:"fields"`
}

func itemOf(r record.Record) item { return item{r.ID, r.Kind, r.Scope, r.Fields} }

// printJSON writes one JSON document, indented, without escaping what French uses.
func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

type listCmd struct {
	Kind     string   `arg:"" help:"Sorte (voir buron kinds)."`
	Where    []string `help:"Ne garder que ceux dont le champ a cette valeur." placeholder:"champ=valeur" sep:"none"`
	Text     string   `help:"Ne garder que ceux qui contiennent ces mots." placeholder:"MOTS"`
	Archived bool     `help:"Montrer aussi les archivés."`
	JSON     bool     `name:"json" help:"Écrire du JSON."`
}

// Run lists the records of a kind.
func (c *listCmd) Run(e *env) error {
	s, err := schema(c.Kind)
	if err != nil {
		return err
	}
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	book := r.Book(e.ctx)
	set, err := values(s, c.Where, nil, book)
	if err != nil {
		return err
	}
	q := replica.Query{Kind: s.Kind, Text: c.Text, Archived: c.Archived}
	for name, v := range set {
		q.Where = append(q.Where, replica.Cond{Field: name, Value: v})
	}
	found, err := r.List(e.ctx, q)
	if err != nil {
		return err
	}
	if c.JSON {
		items := make([]item, len(found))
		for i, rec := range found {
			items[i] = itemOf(rec)
		}
		return e.printJSON(items)
	}
	w := tabwriter.NewWriter(e.Out, 0, 4, 2, ' ', 0)
	for _, rec := range found {
		fmt.Fprintf(w, "%s\t%s\t%s\n", rec.ID, record.Title(rec, book), record.Subtitle(rec, book))
	}
	return w.Flush()
}

// change is the JSON form of one line of a record's history.
type change struct {
	Field     string `json:"field"`
	Value     any    `json:"value"`
	Device    string `json:"device"`
	Operator  string `json:"operator"`
	At        string `json:"at"`
	Parallel  bool   `json:"parallel,omitempty"`
	Duplicate string `json:"duplicate,omitempty"` // id of the merged record that it stood on
}

// version is the JSON form of one of several values of a field.
type version struct {
	Value    any    `json:"value"`
	Device   string `json:"device"`
	Operator string `json:"operator"`
	At       string `json:"at"`
}

// conflict is the JSON form of a field with several values.
type conflict struct {
	ID       uuid.UUID   `json:"id"`
	Kind     record.Kind `json:"kind"`
	Field    string      `json:"field"`
	Versions []version   `json:"versions"`
}

func conflictOf(c replica.Conflict) conflict {
	out := conflict{ID: c.ID, Kind: c.Kind, Field: c.Field, Versions: []version{}}
	for _, v := range c.Versions {
		out.Versions = append(out.Versions, version{v.Value, v.DeviceName, v.OperatorName, instant(v.At)})
	}
	return out
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

type showCmd struct {
	ID   string `arg:"" help:"Identifiant, ou code de l'étiquette."`
	JSON bool   `name:"json" help:"Écrire du JSON."`
}

// Run shows one record with its history and what remains to decide on it.
func (c *showCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	view, err := e.view(r, c.ID)
	if err != nil {
		return err
	}
	events, err := r.History(e.ctx, view.ID)
	if err != nil {
		return err
	}
	all, err := r.Conflicts(e.ctx)
	if err != nil {
		return err
	}
	conflicts := []conflict{}
	for _, k := range all {
		if k.ID == view.ID {
			conflicts = append(conflicts, conflictOf(k))
		}
	}
	held, err := e.heldBy(r, view.ID)
	if err != nil {
		return err
	}
	if !c.JSON {
		return e.printView(r, view, events, conflicts, held)
	}
	history := make([]change, len(events))
	for i, ev := range events {
		history[i] = change{Field: ev.Field, Value: ev.Value, Device: ev.DeviceName, Operator: ev.OperatorName, At: instant(ev.At), Parallel: ev.Parallel}
		if ev.Merged != uuid.Nil {
			history[i].Duplicate = ev.Merged.String()
		}
	}
	return e.printJSON(struct {
		item
		History   []change   `json:"history"`
		Conflicts []conflict `json:"conflicts"`
		HeldBy    []holder   `json:"held_by"`
		Joined    []joined   `json:"joined,omitempty"`
	}{itemOf(view.Record), history, conflicts, held, joinedOf(view.Joined)})
}

func (e *env) printView(r *replica.Replica, view replica.View, events []replica.Event, conflicts []conflict, held []holder) error {
	book := r.Book(e.ctx)
	s, _ := record.Of(view.Kind)
	fmt.Fprintf(e.Out, "%s (%s)\n%s\n%s\n\n", record.Title(view.Record, book), s.Singular, view.ID, view.Scope)
	w := tabwriter.NewWriter(e.Out, 0, 4, 2, ' ', 0)
	for _, f := range s.Fields {
		if view.Fields.Has(f.Name) {
			fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, f.Label, readable(f, view.Fields[f.Name], book))
		}
	}
	printJoined(w, view.Joined)
	fmt.Fprintln(w)
	for _, k := range conflicts {
		for _, v := range k.Versions {
			fmt.Fprintf(w, "à décider\t%s\t%v (%s, %s)\n", k.Field, v.Value, v.Device, v.At)
		}
	}
	for _, h := range held {
		note := "depuis le " + h.Since
		if !h.Whole {
			note = "sans les dernières modifications"
		}
		fmt.Fprintf(w, "chez\t%s\t%s\n", h.Device, note)
	}
	for _, ev := range events {
		who := strings.Trim(ev.OperatorName+" · "+ev.DeviceName, " ·")
		f, _ := s.Field(ev.Field)
		note := ""
		switch {
		case ev.Into != uuid.Nil:
			note = " (fusionné)"
		case ev.Merged != uuid.Nil:
			note = " (sur la fiche fusionnée)"
		}
		if ev.Parallel {
			note += " (modifié en parallèle)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s = %s%s\n", ev.At.Local().Format("02/01/2006 15:04"), who, ev.Field, readable(f, ev.Value, book), note)
	}
	return w.Flush()
}

// readable formats a value for people, references by the title of what they name.
func readable(f record.Field, v any, b record.Book) string {
	if text, ok := v.(string); ok && f.Type == record.Ref {
		if id, err := uuid.Parse(text); err == nil {
			if r, held, err := b.Get(id); err == nil && held {
				return record.Title(r, b)
			}
			return "hors de portée"
		}
	}
	if f.Name == "" {
		if what, ok := replica.JoinedName(v); ok {
			return what
		}
		return fmt.Sprint(v)
	}
	return f.Format(v)
}

type conflictsCmd struct {
	JSON bool `name:"json" help:"Écrire du JSON."`
}

// Run lists the fields that wait for a decision.
func (c *conflictsCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	all, err := r.Conflicts(e.ctx)
	if err != nil {
		return err
	}
	out := []conflict{}
	for _, k := range all {
		out = append(out, conflictOf(k))
	}
	if c.JSON {
		return e.printJSON(out)
	}
	if len(out) == 0 {
		fmt.Fprintln(e.Out, "Rien à décider.")
	}
	for _, k := range out {
		fmt.Fprintf(e.Out, "%s %s %s\n", k.ID, k.Kind, k.Field)
		for _, v := range k.Versions {
			fmt.Fprintf(e.Out, "    %v  (%s %s, %s)\n", v.Value, v.Operator, v.Device, v.At)
		}
	}
	return nil
}

type kindsCmd struct{}

// Run lists the kinds and their fields.
func (kindsCmd) Run(e *env) error {
	w := tabwriter.NewWriter(e.Out, 0, 4, 2, ' ', 0)
	for _, k := range record.Kinds() {
		s, _ := record.Of(k)
		fmt.Fprintf(w, "%s\t%s\n", k, s.Singular)
		for _, f := range s.Fields {
			var codes []string
			for _, o := range f.Options {
				codes = append(codes, o.Code)
			}
			fmt.Fprintf(w, "  %s\t  %s\t%s\n", f.Name, f.Label, strings.Join(codes, " | "))
		}
	}
	return w.Flush()
}

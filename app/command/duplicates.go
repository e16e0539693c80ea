package command

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

type duplicatesCmd struct {
	JSON bool `name:"json" help:"Écrire du JSON."`
}

// duplicate is the JSON form of records that look like one thing.
type duplicate struct {
	Kind    record.Kind `json:"kind"`
	Same    []string    `json:"same"`
	Differ  []string    `json:"differ"`
	Late    bool        `json:"late"`
	Records []item      `json:"records"`
}

// Run lists what looks like one thing recorded twice.
func (c *duplicatesCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	found, err := r.Duplicates(e.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		out := []duplicate{}
		for _, d := range found {
			j := duplicate{Kind: d.Kind, Same: append([]string{}, d.Same...), Differ: append([]string{}, d.Differ...), Late: d.Late}
			for _, rec := range d.Records {
				j.Records = append(j.Records, itemOf(rec))
			}
			out = append(out, j)
		}
		return e.printJSON(out)
	}
	if len(found) == 0 {
		fmt.Fprintln(e.Out, "Aucun doublon.")
	}
	book := r.Book(e.ctx)
	for _, d := range found {
		s, _ := record.Of(d.Kind)
		var same []string
		for _, name := range d.Same {
			f, _ := s.Field(name)
			same = append(same, f.Label+" ("+name+")")
		}
		why := "même " + strings.Join(same, ", ")
		if d.Late {
			why = "déjà réunis, une saisie est arrivée après"
		}
		fmt.Fprintf(e.Out, "%s, %s\n", s.Singular, why)
		for _, rec := range d.Records {
			var values []string
			for _, name := range d.Differ {
				f, _ := s.Field(name)
				values = append(values, name+"="+readable(f, rec.Fields[name], book))
			}
			fmt.Fprintf(e.Out, "    %s  %s\n", rec.ID, strings.Join(values, " · "))
		}
	}
	return nil
}

type mergeCmd struct {
	ID   []string `arg:"" help:"Identifiants ou étiquettes des doublons."`
	Keep []string `help:"Garder la valeur qu'a cet enregistrement\u00a0; sans cela, celle du plus ancien." placeholder:"champ=ID" sep:"none"`
}

// Run makes one record of several.
func (c *mergeCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	var ids []uuid.UUID
	for _, text := range c.ID {
		id, err := e.id(r, text)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if len(ids) < 2 {
		return usage("donnez au moins deux enregistrements")
	}
	rec, ok, err := r.Book(e.ctx).Get(ids[0])
	if err != nil || !ok {
		return fmt.Errorf("%s\u00a0: %w", c.ID[0], replica.ErrUnknown)
	}
	s, _ := record.Of(rec.Kind)
	keep := map[string]uuid.UUID{}
	for _, text := range c.Keep {
		f, from, err := assignment(s, text)
		if err != nil {
			return err
		}
		if keep[f.Name], err = e.id(r, from); err != nil {
			return err
		}
	}
	saved, err := r.MergeDuplicates(e.ctx, r.Operator(e.ctx), ids, keep)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.Out, saved.IDs[0])
	return nil
}

// id reads an id, or finds the one record that carries a code.
func (e *env) id(r *replica.Replica, text string) (uuid.UUID, error) {
	if id, err := uuid.Parse(text); err == nil {
		return id, nil
	}
	view, err := e.view(r, text)
	return view.ID, err
}

type quarantineCmd struct {
	JSON bool `name:"json" help:"Écrire du JSON."`
}

// setAside is the JSON form of what was put aside of one device.
type setAside struct {
	Device     string              `json:"device"`
	Key        string              `json:"key"`
	Operations int                 `json:"operations"`
	First      string              `json:"first"`
	Last       string              `json:"last"`
	Kinds      map[record.Kind]int `json:"kinds"`
}

// Run lists what was written by devices after their end.
func (c *quarantineCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	found, err := r.Quarantine(e.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		out := []setAside{}
		for _, s := range found {
			out = append(out, setAside{s.DeviceName, s.Key.String(), s.Operations, instant(s.First), instant(s.Last), s.Kinds})
		}
		return e.printJSON(out)
	}
	if len(found) == 0 {
		fmt.Fprintln(e.Out, "Rien n'est mis de côté.")
	}
	w := tabwriter.NewWriter(e.Out, 0, 4, 2, ' ', 0)
	for _, s := range found {
		fmt.Fprintf(w, "%s\t%d saisies\tdu %s au %s\n", s.DeviceName, s.Operations, day(s.First), day(s.Last))
		for _, k := range sortedKeys(s.Kinds) {
			schema, ok := record.Of(k)
			if !ok {
				schema.Singular = string(k)
			}
			fmt.Fprintf(w, "  %s\t%d\n", schema.Singular, s.Kinds[k])
		}
	}
	return w.Flush()
}

func day(t time.Time) string { return t.Local().Format("02/01/2006 15:04") }

// holder is the JSON form of a device that holds a record.
type holder struct {
	Device string      `json:"device"`
	Role   record.Role `json:"role"`
	Self   bool        `json:"self"`
	Whole  bool        `json:"whole"`
	Since  string      `json:"since"`
}

func (e *env) heldBy(r *replica.Replica, id uuid.UUID) ([]holder, error) {
	found, err := r.Holders(e.ctx, id)
	out := []holder{}
	for _, h := range found {
		out = append(out, holder{h.Name, h.Role, h.Self, h.Whole, instant(h.Since)})
	}
	return out, err
}

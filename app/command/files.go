package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"cantal.fr/buron/app/interchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

type exportCmd struct {
	Kind   string `arg:"" help:"Sorte (voir buron kinds)."`
	Format string `help:"csv ou json." enum:"csv,json" default:"csv"`
	Output string `short:"o" help:"Fichier (sinon, la sortie standard)." placeholder:"FICHIER" type:"path"`
}

// Run exports every record of a kind.
func (c *exportCmd) Run(e *env) (err error) {
	s, err := schema(c.Kind)
	if err != nil {
		return err
	}
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	found, err := r.List(e.ctx, replica.Query{Kind: s.Kind})
	if err != nil {
		return err
	}
	out := e.Out
	if c.Output != "" {
		f, err := os.Create(c.Output)
		if err != nil {
			return fmt.Errorf("écrire %s\u00a0: %w", c.Output, err)
		}
		defer func() { err = errors.Join(err, f.Sync(), f.Close()) }()
		out = f
	}
	return export(out, c.Format, s, found, r.Book(e.ctx))
}

func export(w io.Writer, format string, s record.Schema, found []record.Record, b record.Book) error {
	if format == "json" {
		return interchange.WriteJSON(w, found)
	}
	return interchange.WriteCSV(w, s, found, b)
}

type importCmd struct {
	Paths  []string `arg:"" help:"Fichiers ou dossiers." type:"path"`
	Site   string   `help:"Collège ou lieu, quand les fichiers ne le disent pas." placeholder:"UAI"`
	Level  string   `help:"Niveau des nouveaux appareils." default:"socle"`
	DryRun bool     `help:"Montrer ce qui serait fait, sans rien écrire."`
}

// Help says what scripts need to know.
func (importCmd) Help() string {
	return "Ce qui ne peut pas être importé est nommé sur la sortie d'erreur, avec la raison, et le reste est importé\u00a0: la commande finit alors par 1, comme quand elle échoue."
}

// Run imports GLPI inventories and class lists. What cannot be is refused by name, and the status is Failed even where
// the rest was imported: a script must not take it for done.
func (c *importCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	book := r.Book(e.ctx)
	o := interchange.Options{Now: r.Now()}
	if c.Site != "" {
		id, err := reference(record.Field{Name: "site", Target: record.Site}, c.Site, nil, book)
		if err != nil {
			return err
		}
		o.Site = record.Fields{"id": id}.ID("id")
	}
	equipment, _ := record.Of(record.Equipment)
	level, _ := equipment.Field("level")
	code, err := level.Parse(c.Level)
	if err != nil {
		return usage("--level\u00a0: %v", err)
	}
	o.Level, _ = code.(string)
	plan, err := interchange.Prepare(e.ctx, book, c.Paths, o)
	if err != nil {
		return err
	}
	e.tellPlan(plan)
	if !c.DryRun {
		if _, err := plan.Apply(e.ctx, r, r.Operator(e.ctx), nil); err != nil {
			return err
		}
	}
	if len(plan.Refused) > 0 {
		return exitStatus(Failed)
	}
	return nil
}

// tellPlan prints what an import does, line by line, then in sum.
func (e *env) tellPlan(p *interchange.Plan) {
	words := map[interchange.Action]string{interchange.Create: "créé", interchange.Update: "modifié", interchange.Unchanged: "inchangé"}
	for _, l := range p.Lines {
		note := ""
		if l.Note != "" {
			note = " (" + l.Note + ")"
		}
		fmt.Fprintf(e.Out, "%-9s %s\u00a0: %s%s\n", words[l.Action], l.File, l.Title, note)
	}
	for _, f := range p.Refused {
		where := f.File
		if f.Row > 0 {
			where = fmt.Sprintf("%s, ligne %d", f.File, f.Row)
		}
		fmt.Fprintf(e.Err, "refusé    %s\u00a0: %s\n", where, f.Reason)
	}
	for _, n := range p.Notes {
		fmt.Fprintln(e.Err, n)
	}
	fmt.Fprintf(e.Out, "créés %d, modifiés %d, inchangés %d, refusés %d\n",
		p.Count(interchange.Create), p.Count(interchange.Update), p.Count(interchange.Unchanged), len(p.Refused))
}

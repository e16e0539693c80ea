package command

import (
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

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

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
			return fmt.Errorf("écrire %s : %w", c.Output, err)
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

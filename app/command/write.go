package command

import (
	"fmt"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

type addCmd struct {
	Kind   string   `arg:"" help:"Sorte (voir buron kinds)."`
	Fields []string `arg:"" optional:"" help:"champ=valeur…"`
	Scope  string   `help:"Portée, quand elle ne se déduit pas des champs."`
}

// Run creates a record and prints its id alone.
func (c *addCmd) Run(e *env) error {
	s, err := schema(c.Kind)
	if err != nil {
		return err
	}
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	set, err := values(s, c.Fields, nil, r.Book(e.ctx))
	if err != nil {
		return err
	}
	for name, v := range record.Default(s.Kind, r.Now()) {
		if _, given := set[name]; !given {
			set[name] = v
		}
	}
	return e.save(r, replica.Change{Kind: s.Kind, Scope: c.Scope, Set: set})
}

type setCmd struct {
	ID     string   `arg:"" help:"Identifiant."`
	Fields []string `arg:"" help:"champ=valeur… (champ= efface)."`
}

// Run changes fields of a record and prints its id alone.
func (c *setCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	view, err := e.view(r, c.ID)
	if err != nil {
		return err
	}
	s, ok := record.Of(view.Kind)
	if !ok {
		return fmt.Errorf("cette version ne connaît pas la sorte %s\u00a0: mettez Buron à jour pour modifier %s", view.Kind, c.ID)
	}
	set, err := values(s, c.Fields, view.Fields, r.Book(e.ctx))
	if err != nil {
		return err
	}
	return e.save(r, replica.Change{ID: view.ID, Kind: view.Kind, Set: set, Seen: view.Seen})
}

func (e *env) save(r *replica.Replica, change replica.Change) error {
	saved, err := r.Save(e.ctx, r.Operator(e.ctx), change)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.Out, saved.IDs[0])
	return nil
}

// view reads the record that a text names: its id, or what is written on its label.
func (e *env) view(r *replica.Replica, text string) (replica.View, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		found, err := r.Scan(e.ctx, text)
		if err != nil {
			return replica.View{}, err
		}
		if len(found) != 1 {
			return replica.View{}, fmt.Errorf("«\u00a0%s\u00a0» désigne %d enregistrements\u00a0: donnez un identifiant", text, len(found))
		}
		id = found[0].ID
	}
	view, err := r.Get(e.ctx, id)
	if err != nil {
		return view, fmt.Errorf("%s\u00a0: %w", text, err)
	}
	return view, nil
}

package main

import (
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// erasureJSON is the JSON form of an erasure.
type erasureJSON struct {
	At        string   `json:"at"`
	Reason    string   `json:"reason"`
	Scope     string   `json:"scope"`
	Records   int      `json:"records"`
	Confirmed []string `json:"confirmed"` // names of devices
	Awaited   []string `json:"awaited"`
}

type erasuresCmd struct {
	JSON bool `name:"json" help:"Écrire du JSON."`
}

// Run lists the erasures, and which devices have confirmed each.
func (c *erasuresCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	held, err := r.Confirmations(e.ctx)
	if err != nil {
		return err
	}
	list := []erasureJSON{}
	for _, x := range held {
		list = append(list, erasureJSON{x.When.UTC().Format(time.RFC3339), x.Reason, x.Scope, len(x.Records), namesOf(x.Confirmed), namesOf(x.Awaited)})
	}
	if c.JSON {
		return e.printJSON(list)
	}
	if len(list) == 0 {
		fmt.Fprintln(e.err, "Rien n'a été effacé.")
	}
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	for i, x := range held {
		fmt.Fprintf(w, "%s\t%s\t%d enregistrements\t%d appareils sur %d\n", dayOf(x.When), list[i].Reason, len(x.Records), len(x.Confirmed), len(x.Confirmed)+len(x.Awaited))
	}
	return w.Flush()
}

func namesOf(devices []trust.Device) []string {
	out := []string{}
	for _, d := range devices {
		out = append(out, d.Name)
	}
	slices.Sort(out)
	return out
}

type retentionCmd struct {
	DryRun bool `help:"Compter seulement."`
}

// Run erases what is over the time for which it is kept, as serve does once a day.
func (c *retentionCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	look, said := node.Retain, "effacés"
	if c.DryRun {
		look, said = node.Overdue, "à effacer"
	}
	found, err := look(e.ctx, r)
	if err != nil {
		return err
	}
	return e.tellKinds(found, said)
}

func (e *env) tellKinds(found []replica.About, said string) error {
	count := map[record.Kind]int{}
	for _, a := range found {
		count[a.Kind]++
	}
	if len(count) == 0 {
		fmt.Fprintln(e.err, "Rien n'a dépassé sa durée de conservation.")
	}
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	for _, k := range slices.Sorted(maps.Keys(count)) {
		schema, _ := record.Of(k)
		fmt.Fprintf(w, "%s\t%d %s\tconservation\u00a0: %s\n", schema.Plural, count[k], said, schema.Retention)
	}
	return w.Flush()
}

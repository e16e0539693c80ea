package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

type subjectCmd struct {
	Name    string `arg:"" optional:"" help:"Nom de la personne, accents et majuscules indifférents." placeholder:"NOM"`
	Export  string `xor:"what" help:"Écrire dans un fichier JSON tout ce qui est gardé d'elle, ses photos et documents dans un dossier du même nom." placeholder:"FICHIER" type:"path"`
	Erase   bool   `xor:"what" help:"Effacer partout ce qui est gardé d'elle, pour toujours."`
	Cancel  bool   `xor:"what" help:"Annuler une demande d'effacement qui attend et n'a encore rien effacé."`
	Yes     bool   `help:"Effacer, ou annuler, sans demander confirmation."`
	Pending bool   `xor:"what" help:"Lister les demandes d'effacement qui attendent ce qui n'est pas encore arrivé."`
}

// Run lists, exports or erases what is held about a person.
func (c *subjectCmd) Run(e *env) error {
	if (c.Name == "") != c.Pending || c.Pending && c.Yes {
		return fmt.Errorf("%w: donnez le nom d'une personne, ou --pending", errUsage)
	}
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	if c.Pending {
		return e.listRequests(r)
	}
	if c.Cancel {
		return e.cancelRequest(r, c.Name, c.Yes)
	}
	found, err := r.AboutPerson(e.ctx, c.Name, time.Time{})
	if err != nil {
		return err
	}
	if err := e.listAbout(r, found); err != nil {
		return err
	}
	switch {
	case c.Export != "":
		return e.exportAbout(r, c.Export, c.Name, found)
	case c.Erase:
		if !c.Yes {
			if err := e.confirm(fmt.Sprintf("Effacer partout, pour toujours, ces %d enregistrements, et ce qui arriverait encore\u00a0?", len(found)), "rien n'est effacé"); err != nil {
				return err
			}
		}
		if err := node.EraseSubject(e.ctx, r, c.Name, found); err != nil {
			return err
		}
		fmt.Fprintf(e.err, "%d enregistrements sont effacés ici. Les autres appareils les effacent au prochain échange\u00a0: buron-central erasures\n", len(found))
	}
	return nil
}

// listAbout prints the records about a person, so that who erases sees of whom.
func (e *env) listAbout(r *replica.Replica, found []replica.About) error {
	if len(found) == 0 {
		fmt.Fprintln(e.err, "Rien n'est gardé sous ce nom.")
		return nil
	}
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	book := r.Book(e.ctx)
	for _, a := range found {
		schema, _ := record.Of(a.Kind)
		rec := record.Record{ID: a.ID, Kind: a.Kind, Scope: a.Scope, Fields: a.Fields}
		var notes []string
		if a.Fields == nil {
			rec.Fields = a.Said[0].Fields
		}
		if slices.ContainsFunc(a.Said, func(s replica.Said) bool { return s.Aside }) {
			notes = append(notes, "mis de côté")
		}
		if !a.Named {
			notes = append(notes, "s'y rapporte")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", schema.Singular, record.Title(rec, book), a.Scope, dayOf(a.Said[0].At), strings.Join(notes, ", "))
	}
	return w.Flush()
}

// confirm asks on a terminal; elsewhere there is nobody to ask. The error of another answer than yes is otherwise.
func (e *env) confirm(question, otherwise string) error {
	in, ok := e.in.(*os.File)
	if ok {
		st, err := in.Stat()
		ok = err == nil && st.Mode()&os.ModeCharDevice != 0
	}
	if !ok {
		return fmt.Errorf("%w: sans terminal, ajoutez --yes", errUsage)
	}
	fmt.Fprintf(e.err, "%s Écrivez oui\u00a0: ", question)
	answer, err := bufio.NewReader(io.LimitReader(e.in, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if record.Plain(answer) != "oui" {
		return errors.New(otherwise)
	}
	return nil
}

// aboutJSON is the JSON form of a record about a person.
type aboutJSON struct {
	ID      uuid.UUID      `json:"id"`
	Kind    record.Kind    `json:"kind"`
	Scope   string         `json:"scope"`
	Named   bool           `json:"named"`
	Fields  record.Fields  `json:"fields"` // as it stands now; null where nothing of it is merged
	History []aboutSayJSON `json:"history"`
	Files   []fileJSON     `json:"files,omitempty"`
}

// fileJSON is a photo or a document: what is in it stands in the file.
type fileJSON struct {
	Name string `json:"name"`
	MIME string `json:"mime"`
	File string `json:"file"` // beside the JSON, in its folder; "" where it has not arrived here yet
}

type aboutSayJSON struct {
	At         string        `json:"at"`
	Received   string        `json:"received"`
	Device     string        `json:"device"`
	Quarantine bool          `json:"quarantine"`
	Fields     record.Fields `json:"fields"`
}

// exportAbout writes what is held: what is joined to records goes into a folder beside the file, whose name ends
// in -fichiers.
func (e *env) exportAbout(r *replica.Replica, path, name string, found []replica.About) error {
	out := struct {
		Subject string      `json:"subject"`
		Records []aboutJSON `json:"records"`
	}{name, []aboutJSON{}}
	for _, a := range found {
		j := aboutJSON{ID: a.ID, Kind: a.Kind, Scope: a.Scope, Named: a.Named, Fields: a.Fields}
		for _, s := range a.Said {
			j.History = append(j.History, aboutSayJSON{s.At.UTC().Format(time.RFC3339), s.Received.UTC().Format(time.RFC3339), s.Device, s.Aside, s.Fields})
		}
		out.Records = append(out.Records, j)
	}
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	dir, n := strings.TrimSuffix(path, filepath.Ext(path))+"-fichiers", 0
	for i, a := range found {
		for _, f := range a.Files {
			n++
			j := fileJSON{Name: f.Name, MIME: f.MIME}
			if f.Held {
				j.File = fmt.Sprintf("%s/%d%s", filepath.Base(dir), n, extension(f.MIME))
				if err := e.exportFile(r, f, filepath.Join(filepath.Dir(dir), j.File)); err != nil {
					return errors.Join(err, w.Close())
				}
			}
			out.Records[i].Files = append(out.Records[i].Files, j)
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return errors.Join(enc.Encode(out), w.Sync(), w.Close())
}

// extension returns how the name of a file of some type ends: what its author called it may be anything.
func extension(of string) string {
	switch of {
	case "image/jpeg":
		return ".jpg"
	case "text/plain":
		return ".txt"
	}
	if all, err := mime.ExtensionsByType(of); err == nil && len(all) > 0 {
		return all[0]
	}
	return ".bin"
}

func (e *env) exportFile(r *replica.Replica, f replica.AboutFile, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	from, err := r.OpenFile(e.ctx, f)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Sync(), to.Close())
}

func (e *env) listRequests(r *replica.Replica) error {
	waiting, err := node.Requests(e.ctx, r)
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		fmt.Fprintln(e.err, "Aucune demande n'attend.")
	}
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	for _, q := range waiting {
		so := "rien n'est effacé"
		if q.Begun {
			so = "a déjà effacé"
		}
		fmt.Fprintf(w, "%s\tdemandé le %s\tattend jusqu'au %s\t%s\n", q.Name, dayOf(q.At), dayOf(q.Until()), so)
	}
	return w.Flush()
}

// cancelRequest takes back a request that waits and has erased nothing.
func (e *env) cancelRequest(r *replica.Replica, name string, sure bool) error {
	if !sure {
		if err := e.confirm(fmt.Sprintf("Annuler la demande d'effacement de «\u00a0%s\u00a0»\u00a0? Ce qui arrivera encore sera gardé.", name), "la demande attend toujours"); err != nil {
			return err
		}
	}
	if err := node.CancelRequest(e.ctx, r, name); err != nil {
		return err
	}
	fmt.Fprintln(e.err, "La demande est annulée\u00a0: elle n'avait rien effacé.")
	return nil
}

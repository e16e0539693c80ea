package command

import (
	"fmt"

	"cantal.fr/buron/sync/node"
)

type backupCmd struct {
	File       string `arg:"" help:"Fichier à écrire." type:"path"`
	Passphrase string `name:"passphrase-file" help:"Fichier qui contient la phrase (sinon, une phrase est tirée et affichée)." placeholder:"FICHIER" type:"path"`
}

// Run backs this device up; a passphrase that was drawn stands alone on standard output.
func (c *backupCmd) Run(e *env) error {
	var phrase string
	var err error
	if c.Passphrase != "" {
		phrase, err = e.askPhrase(c.Passphrase, "")
	}
	if err != nil {
		return err
	}
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	drawn, err := node.Backup(e.ctx, r, c.File, phrase)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Err, "Tout ce que cet appareil contient, photos et documents compris, est sauvegardé dans %s.\n", c.File)
	if phrase == "" {
		fmt.Fprintln(e.Err, "Notez cette phrase : elle seule ouvre la sauvegarde.")
		fmt.Fprintln(e.Out, drawn)
	}
	return nil
}

type restoreCmd struct {
	File       string `arg:"" help:"Sauvegarde à restaurer, dans un dossier vide." type:"path"`
	Passphrase string `name:"passphrase-file" help:"Fichier qui contient la phrase (sinon, elle est demandée)." placeholder:"FICHIER" type:"path"`
}

// Run restores a backup, and says what came of it.
func (c *restoreCmd) Run(e *env) error {
	phrase, err := e.askPhrase(c.Passphrase, "Phrase de la sauvegarde : ")
	if err != nil {
		return err
	}
	damaged, err := node.Restore(c.File, e.dir, phrase)
	if err != nil {
		return err
	}
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	n, err := r.Records(e.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Err, "%d enregistrements sont revenus dans %s. Ce qui a été saisi après la sauvegarde reviendra des autres appareils.\n", n, e.dir)
	if damaged > 0 {
		fmt.Fprintf(e.Err, "%d photos ou documents étaient abîmés avant la sauvegarde : ils reviendront des autres appareils.\n", damaged)
	}
	fmt.Fprintf(e.Err, "Cet appareil s'appelle maintenant « %s » : la coordination confirmera cette copie.\n", r.Identity().Name)
	return nil
}

// askPhrase reads a passphrase from a file, or asks for it where none is named.
func (e *env) askPhrase(path, question string) (string, error) {
	return node.Passphrase(path, question, e.In, e.Err)
}

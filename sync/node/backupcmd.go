package node

import "fmt"

// BackupCommand backs a folder up, on the command line of every program (the tags are kong's).
type BackupCommand struct {
	File       string `arg:"" help:"Fichier à écrire." type:"path"`
	Passphrase string `name:"passphrase-file" help:"Fichier qui contient la phrase (sinon, une phrase est tirée et affichée)." placeholder:"FICHIER" type:"path"`
}

// Run backs this device up; a passphrase that was drawn stands alone on standard output.
func (c *BackupCommand) Run(e *Session) error {
	var phrase string
	var err error
	if c.Passphrase != "" {
		phrase, err = Passphrase(c.Passphrase, "", e.In, e.Err)
	}
	if err != nil {
		return err
	}
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	drawn, err := Backup(e.Context, r, c.File, phrase)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Err, "Tout ce que cet appareil contient, photos et documents compris, est sauvegardé dans %s.\n", c.File)
	if phrase == "" {
		fmt.Fprintln(e.Err, "Notez cette phrase\u00a0: elle seule ouvre la sauvegarde.")
		fmt.Fprintln(e.Out, drawn)
	}
	return nil
}

// RestoreCommand brings a backup back.
type RestoreCommand struct {
	File       string `arg:"" help:"Sauvegarde à restaurer, dans un dossier vide." type:"path"`
	Passphrase string `name:"passphrase-file" help:"Fichier qui contient la phrase (sinon, elle est demandée)." placeholder:"FICHIER" type:"path"`
}

// Run restores a backup, and says what came of it.
func (c *RestoreCommand) Run(e *Session) error {
	phrase, err := Passphrase(c.Passphrase, "Phrase de la sauvegarde\u00a0: ", e.In, e.Err)
	if err != nil {
		return err
	}
	damaged, err := Restore(e.Context, c.File, e.Dir, phrase)
	if err != nil {
		return err
	}
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	n, err := r.Records(e.Context)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Err, "%d enregistrements sont revenus dans %s. Ce qui a été saisi après la sauvegarde reviendra des autres appareils.\n", n, e.Dir)
	if damaged > 0 {
		fmt.Fprintf(e.Err, "%d photos ou documents étaient abîmés avant la sauvegarde\u00a0: ils reviendront des autres appareils.\n", damaged)
	}
	fmt.Fprintf(e.Err, "Cet appareil s'appelle maintenant «\u00a0%s\u00a0»\u00a0: la coordination confirmera cette copie.\n", r.Identity().Name)
	return nil
}

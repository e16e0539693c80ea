package node

import (
	"errors"
	"fmt"
)

// BundleCommand prepares sticks and reads them, on the command line of every program (the tags are kong's).
type BundleCommand struct {
	Write bundleWriteCmd `cmd:"" help:"Copier sur une clé ce que d'autres appareils n'ont pas encore."`
	Read  bundleReadCmd  `cmd:"" help:"Lire des clés préparées par Buron."`
}

type bundleWriteCmd struct {
	Dest string   `arg:"" help:"Clé, dossier, ou fichier .buron." type:"path"`
	For  []string `help:"Appareil auquel la clé est destinée (sinon, tous)." placeholder:"APPAREIL" sep:"none"`
	All  bool     `help:"Copier toute l'histoire, même ce que les autres ont déjà."`

	Photos PhotoLimit `help:"Photos et documents, les plus petits d'abord\u00a0: 500Mo, 2Go, toutes, aucune (sinon, ce que tient un fichier de 4\u00a0Go)." placeholder:"TAILLE"`
}

// Run prepares a stick; the files written are named on standard output.
func (c *bundleWriteCmd) Run(e *Session) error {
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := New(r, Options{Listen: "off"}).WriteBundle(e.Context, c.Dest, BundleOptions{For: c.For, All: c.All, Photos: int64(c.Photos)})
	for _, f := range w.Files {
		fmt.Fprintln(e.Out, f)
	}
	if err != nil {
		return StickError(err)
	}
	fmt.Fprintln(e.Err, w.Sentence())
	return nil
}

type bundleReadCmd struct {
	Paths []string `arg:"" help:"Clés, dossiers ou fichiers .buron." type:"path"`
}

// Run reads bundles; it is an error where none could be read.
func (c *bundleReadCmd) Run(e *Session) error {
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	reads, err := New(r, Options{Listen: "off"}).ReadBundles(e.Context, c.Paths, nil)
	if err != nil {
		return StickError(err)
	}
	if tellReads(e.Err, reads) == len(reads) {
		return errors.New("aucune clé n'a pu être lue")
	}
	return nil
}

package command

import (
	"fmt"

	"cantal.fr/buron/sync/node"
)

type bundleCmd struct {
	Write bundleWriteCmd `cmd:"" help:"Copier sur une clé ce que d'autres appareils n'ont pas encore."`
	Read  bundleReadCmd  `cmd:"" help:"Lire des clés préparées par Buron."`
}

type bundleWriteCmd struct {
	Dest string   `arg:"" help:"Clé, dossier, ou fichier .buron." type:"path"`
	For  []string `help:"Appareil auquel la clé est destinée (sinon, tous)." placeholder:"APPAREIL" sep:"none"`
	All  bool     `help:"Copier toute l'histoire, même ce que les autres ont déjà."`

	Photos node.PhotoLimit `help:"Photos et documents, les plus petits d'abord\u00a0: 500Mo, 2Go, toutes, aucune (sinon, ce que tient un fichier de 4 Go)." placeholder:"TAILLE"`
}

// Run prepares a stick; the files written are named on standard output.
func (c *bundleWriteCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := node.New(r, node.Options{Listen: "off"}).WriteBundle(e.ctx, c.Dest, node.BundleOptions{For: c.For, All: c.All, Photos: int64(c.Photos)})
	for _, f := range w.Files {
		fmt.Fprintln(e.Out, f)
	}
	if err != nil {
		return node.StickError(err)
	}
	fmt.Fprintln(e.Err, w.Sentence())
	return nil
}

type bundleReadCmd struct {
	Paths []string `arg:"" help:"Clés, dossiers ou fichiers .buron." type:"path"`
}

// Run reads bundles; the status is 1 where none could be read.
func (c *bundleReadCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	reads, err := node.New(r, node.Options{Listen: "off"}).ReadBundles(e.ctx, c.Paths, nil)
	if err != nil {
		return node.StickError(err)
	}
	if node.TellReads(e.Err, reads) == len(reads) {
		return exitStatus(Failed)
	}
	return nil
}

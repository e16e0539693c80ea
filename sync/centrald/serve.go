package main

import (
	"fmt"
	"log/slog"
	"net"

	"cantal.fr/buron/sync/node"
)

type serveCmd struct {
	Listen string   `help:"Adresse où attendre les appareils." default:":8443" placeholder:"ADRESSE"`
	USB    bool     `name:"usb" help:"Lire aussi les clés USB que l'on branche."`
	Folder []string `help:"Dossier à lire comme une clé." placeholder:"DIR" type:"path" sep:"none"`
	Quiet  bool     `help:"Ne pas tenir de journal sur la sortie d'erreur."`
}

// Help says what is read without being asked for.
func (serveCmd) Help() string {
	return "Les clés préparées par Buron dont le fichier est déposé dans le dossier inbox des données sont lues, puis rangées dans inbox/fait. Ce qui a été lu est dit dans le journal."
}

// Run serves devices until it is interrupted.
func (c *serveCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	log := slog.New(slog.NewTextHandler(e.err, nil))
	if c.Quiet {
		log = slog.New(slog.DiscardHandler)
	}
	return node.ServeCentral(e.ctx, r, node.ServeOptions{
		Listen: c.Listen, USB: c.USB, Folders: c.Folder, Log: log,
		Ready: func(a net.Addr) { fmt.Fprintf(e.err, "À l'écoute sur %s\n", a) },
	})
}

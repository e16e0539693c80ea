package main

import (
	"fmt"
	"log/slog"
	"net"

	"cantal.fr/buron/sync/node"
)

type serveCmd struct {
	Listen string `help:"Adresse où attendre les appareils." default:":8443" placeholder:"ADRESSE"`
	Quiet  bool   `help:"Ne pas tenir de journal sur la sortie d'erreur."`
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
	return node.ServeCentral(e.ctx, r, c.Listen, func(a net.Addr) { fmt.Fprintf(e.err, "À l'écoute sur %s\n", a) }, log)
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

type initCmd struct {
	Territory string `required:"" help:"Nom du territoire." placeholder:"NOM"`
	Device    string `help:"Nom du central, comme les gens le liront." default:"Central"`
}

// Run makes the territory; the root keys leave by the recovery file.
func (c *initCmd) Run(e *env) error {
	f, err := node.Found(e.ctx, e.dir, node.FoundOptions{Territory: c.Territory, Device: c.Device, Role: record.Central})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.err, "Le territoire «\u00a0%s\u00a0» est créé dans %s.\n", c.Territory, e.dir)
	fmt.Fprintf(e.err, "Fichier de secours\u00a0: %s\nPhrase de secours\u00a0: %s\n", f.Recovery, f.Passphrase)
	fmt.Fprintln(e.err, "Notez la phrase sur papier, déplacez le fichier sur une clé rangée en lieu sûr\u00a0: eux seuls remplacent un central perdu.")
	return f.Replica.Close()
}

type joinCmd struct {
	Invitation string `arg:"" help:"Invitation pour un central, ou le fichier qui la contient."`
	Peer       string `help:"Adresse du poste qui invite, si l'invitation ne la porte pas." placeholder:"HÔTE:PORT"`
	Device     string `help:"Nom du central, comme les gens le liront." default:"Central"`
}

// Run makes this folder the central of a territory that has lost its own.
func (c *joinCmd) Run(e *env) error {
	r, err := node.Join(e.ctx, e.dir, c.Invitation, c.Peer, c.Device, replica.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	name, _, _ := r.Roster().Territory()
	if self := r.Self(); self.Role != record.Central {
		fmt.Fprintf(e.err, "Cette invitation est celle d'un autre rôle (%s)\u00a0: il faut «\u00a0buron invite --role central\u00a0».\n", self.Role.Label())
		return errNotCentral
	}
	fmt.Fprintf(e.err, "«\u00a0%s\u00a0» est un central de «\u00a0%s\u00a0». Faites-en un délégué avec le fichier de secours (root delegate), puis\u00a0: buron-central serve.\n", c.Device, name)
	return nil
}

// errNotCentral is returned where an invitation made something else of this folder.
var errNotCentral = errors.New("ce dossier n'est pas devenu un central\u00a0: effacez-le, et recommencez")

type inviteCmd struct {
	Role  string        `required:"" help:"coordination, agent, facilitator, host ou kiosk." placeholder:"RÔLE"`
	Place []string      `help:"Lieu\u00a0: UAI d'un collège, bus, ou identifiant." placeholder:"LIEU" sep:"none"`
	For   time.Duration `help:"Durée de validité." default:"168h"`
	URL   string        `help:"Adresse du central, écrite dans l'invitation." placeholder:"URL"`
}

// Run prints an invitation alone on standard output.
func (c *inviteCmd) Run(e *env) error {
	if err := node.Forward("--for", c.For); err != nil {
		return err
	}
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	role, places, err := node.ParseGrant(r.Book(e.ctx), c.Role, c.Place)
	if err != nil {
		return err
	}
	invite, err := node.Invite(e.ctx, r, role, places, c.For)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.err, "Invitation pour un appareil (%s), valable jusqu'au %s.\n", role.Label(), invite.Expires.Local().Format("02/01/2006 à 15 h 04"))
	fmt.Fprintln(e.out, trust.Invitation{Code: invite.Code, URL: c.URL})
	return nil
}

// misused marks an error of the person who typed.
func misused(err error) error {
	var m node.Mistyped
	if errors.As(err, &m) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return err
}

func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

type statusCmd struct {
	JSON bool `name:"json" help:"Écrire du JSON."`
}

// Run says what the central holds.
func (c *statusCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	s, err := node.New(r, node.Options{Listen: "off"}).Status(e.ctx)
	if err != nil {
		return err
	}
	invitations, err := r.Invitations(e.ctx)
	if err != nil {
		return err
	}
	status := struct {
		Device      string `json:"device"`
		Territory   string `json:"territory"`
		Records     int    `json:"records"`
		Devices     int    `json:"devices"`
		Conflicts   int    `json:"conflicts"`
		Invitations int    `json:"invitations"`
	}{s.Device, s.Territory, s.Records, len(r.Roster().Devices()), s.Conflicts, len(invitations)}
	if c.JSON {
		return e.printJSON(status)
	}
	fmt.Fprintf(e.out, "Territoire\u00a0: %s\nEnregistrements\u00a0: %d\nAppareils\u00a0: %d\nÀ décider\u00a0: %d\nInvitations en cours\u00a0: %d\n",
		status.Territory, status.Records, status.Devices, status.Conflicts, status.Invitations)
	for _, refusal := range s.Refusals {
		fmt.Fprintf(e.out, "Refus\u00a0: %s\n", refusal.Sentence)
	}
	return nil
}

type verifyCmd struct{}

// Run checks every chain and the database.
func (verifyCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.Verify(e.ctx, func(done, total int) { fmt.Fprintf(e.err, "\rÉcrits vérifiés\u00a0: %d sur %d", done, total) }); err != nil {
		return err
	}
	fmt.Fprintln(e.err)
	fmt.Fprintln(e.out, "Tout est en ordre.")
	return nil
}

package command

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/trust"
)

type inviteCmd struct {
	Role    string        `required:"" help:"coordination, agent, facilitator, host, kiosk ou central." placeholder:"RÔLE"`
	Place   []string      `help:"Lieu\u00a0: UAI d'un collège, bus, ou identifiant." placeholder:"LIEU" sep:"none"`
	For     time.Duration `help:"Durée de validité." default:"168h"`
	Address string        `help:"Adresse de cet appareil sur le réseau, si ce n'est pas celle qu'il se trouve." placeholder:"HÔTE:PORT"`
	File    string        `help:"Écrire l'invitation dans un fichier .buron-invitation." placeholder:"FICHIER" type:"path"`
}

// Run prints an invitation alone on standard output, or writes it to a file. The device that joins speaks to
// this one, which must be exchanging by then.
func (c *inviteCmd) Run(e *env) error {
	if c.File != "" && !strings.HasSuffix(c.File, node.InvitationFile) {
		return usage("le nom du fichier doit finir par %s", node.InvitationFile)
	}
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
	at := c.Address
	if at == "" {
		if at, err = node.Address(e.ctx, r); err != nil {
			return err
		}
	}
	if _, _, err := net.SplitHostPort(at); err != nil {
		return usage("--address attend une adresse et un port, comme 192.168.1.20:4242")
	}
	invite, err := node.Invite(e.ctx, r, role, places, c.For)
	if err != nil {
		return err
	}
	invitation := trust.Invitation{Code: invite.Code, Peer: at}
	fmt.Fprintf(e.Err, "Invitation pour un appareil (%s), valable jusqu'au %s.\n", role.Label(), invite.Expires.Local().Format("02/01/2006 à 15 h 04"))
	fmt.Fprintln(e.Err, "Cet appareil doit être ouvert, sur le même réseau, quand l'autre rejoindra.")
	if c.File == "" {
		fmt.Fprintln(e.Out, invitation)
		return nil
	}
	name, _, _ := r.Roster().Territory()
	return node.WriteInvitation(c.File, name, invitation, invite.Expires)
}

// where returns the one address by which to join, "" for that of the invitation.
func (c *joinCmd) where() (string, error) {
	switch {
	case c.Central != "" && c.Peer != "":
		return "", errors.New("donnez --central ou --peer, pas les deux")
	case c.Central != "" && !strings.Contains(c.Central, "://"):
		return "", errors.New("--central attend une adresse comme https://central:8443")
	}
	if c.Peer != "" {
		if _, _, err := net.SplitHostPort(c.Peer); err != nil {
			return "", errors.New("--peer attend une adresse et un port, comme 192.168.1.20:4242")
		}
	}
	return c.Central + c.Peer, nil
}

package command

import (
	"fmt"
	"os"

	"cantal.fr/buron/app/demo"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
)

type initCmd struct {
	Demo      bool   `xor:"what" required:"" help:"Remplir de données d'exemple, inventées."`
	Territory string `xor:"what" required:"" help:"Créer un territoire de ce nom." placeholder:"NOM"`
	Device    string `help:"Nom de cet appareil (sinon, celui de l'ordinateur)." placeholder:"NOM"`
}

// Run makes a territory on this device, filled with examples or empty.
func (c *initCmd) Run(e *env) error {
	if c.Demo {
		r, err := demo.Create(e.ctx, e.dir, e.options(), func(done, total int) {
			fmt.Fprintf(e.Err, "\rExemples\u00a0: %d sur %d", done, total)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(e.Err, "\nLes exemples sont prêts dans %s. Rien n'y est réel.\n", e.dir)
		return r.Close()
	}
	f, err := node.Found(e.ctx, e.dir, node.FoundOptions{
		Territory: c.Territory, Device: deviceName(c.Device), Role: record.Coordination, Replica: e.options(),
	})
	if err != nil {
		return err
	}
	tellRecovery(e, c.Territory, f)
	return f.Replica.Close()
}

func tellRecovery(e *env, territory string, f *node.Founded) {
	fmt.Fprintf(e.Err, "Le territoire «\u00a0%s\u00a0» est créé dans %s.\n", territory, e.dir)
	fmt.Fprintf(e.Err, "Fichier de secours\u00a0: %s\nPhrase de secours\u00a0: %s\n", f.Recovery, f.Passphrase)
	fmt.Fprintln(e.Err, "Notez la phrase sur papier, déplacez le fichier sur une clé rangée en lieu sûr\u00a0: eux seuls remplacent un central perdu.")
}

// deviceName is what other people will read beside what this device wrote.
func deviceName(given string) string {
	if given != "" {
		return given
	}
	if host, err := os.Hostname(); err == nil && host != "" {
		return host
	}
	return "appareil"
}

type joinCmd struct {
	Invitation string `arg:"" help:"Invitation, comme ABCD-EFGH-JKMN-PQRS, ou fichier .buron-invitation."`
	Central    string `help:"Adresse du central, si l'invitation ne la porte pas." placeholder:"URL"`
	Peer       string `help:"Adresse de l'appareil voisin qui invite, si l'invitation ne la porte pas." placeholder:"HÔTE:PORT"`
	Device     string `help:"Nom de cet appareil (sinon, celui de l'ordinateur)." placeholder:"NOM"`
}

// Run joins a territory through its central, or through the neighbour that invites.
func (c *joinCmd) Run(e *env) error {
	where, err := c.where()
	if err != nil {
		return usage("%w", err)
	}
	r, err := node.Join(e.ctx, e.dir, c.Invitation, where, deviceName(c.Device), e.options())
	if err != nil {
		return err
	}
	defer r.Close()
	name, _, _ := r.Roster().Territory()
	self := r.Self()
	fmt.Fprintf(e.Err, "«\u00a0%s\u00a0» a rejoint «\u00a0%s\u00a0» (%s).\n", self.Name, name, self.Role.Label())
	return nil
}

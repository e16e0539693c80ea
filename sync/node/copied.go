package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// settingTwins lists the keys of the copies of this device that someone here has read about.
const settingTwins = "copy.twins"

// copied says what this device has found out about a copy of itself, and what happens now; "" where it is
// one of a kind, or once someone has read it.
func (n *Node) copied(ctx context.Context) (string, error) {
	c, ok, err := n.r.Copied(ctx)
	if err != nil {
		return "", err
	}
	if !ok {
		return n.twinElsewhere(ctx)
	}
	what := map[string]string{
		replica.CopyMachine:  "Ces données ont été copiées d'un autre ordinateur.",
		replica.CopyRestored: "Ces données viennent d'une sauvegarde, ou d'un état plus ancien de cet appareil.",
		replica.CopyForked:   "Une copie de cet appareil travaille ailleurs.",
		replica.CopyOrphan:   "La clé de cet appareil n'est plus là.",
	}[c.Reason]
	next := "La coordination confirmera cette copie."
	switch d, known := n.r.Roster().Device(n.r.Identity().Public()); {
	case !known && c.Reason == replica.CopyOrphan:
		next = "Demandez une invitation à la coordination\u00a0: d'ici là, vos saisies restent ici."
	case known && !d.Twin:
		next = "La coordination l'a admis sous ce nom."
	}
	return fmt.Sprintf("%s Rien n'est perdu\u00a0: cet appareil s'appelle maintenant «\u00a0%s\u00a0». %s", what, n.r.Identity().Name, next), nil
}

// twinElsewhere says that another device goes on from what this one holds, which itself stays what it is.
func (n *Node) twinElsewhere(ctx context.Context) (string, error) {
	read, err := listOf[string](ctx, n, settingTwins)
	if err != nil {
		return "", err
	}
	for _, d := range n.twins() {
		if !slices.Contains(read, d.Key.String()) {
			return fmt.Sprintf("Les données de cet appareil ont été copiées\u00a0: la copie travaille ailleurs, sous le nom «\u00a0%s\u00a0». Rien n'est perdu, et cet appareil continue comme avant. Si personne n'a voulu cette copie, prévenez la coordination.", d.Name), nil
		}
	}
	return "", nil
}

// twins are the devices that go on from this one: those that its key vouches for, and those that bear the name which a
// copy without the key gives itself before it is invited.
func (n *Node) twins() []trust.Device {
	self, roster := n.r.Self(), n.r.Roster()
	var out []trust.Device
	for _, d := range roster.Devices() {
		named := d.Name == replica.CopyName(self.Name) && d.Name != self.Name
		if d.Key != self.Key && !d.Revoked && (named || roster.GoesOnFrom(d.Key, self.Key)) {
			out = append(out, d)
		}
	}
	return out
}

// ReadCopied notes that someone has read what Status.Copied says.
func (n *Node) ReadCopied(ctx context.Context) error {
	read, err := listOf[string](ctx, n, settingTwins)
	if err != nil {
		return err
	}
	var more []string
	for _, d := range n.twins() {
		if key := d.Key.String(); !slices.Contains(read, key) {
			more = append(more, key)
		}
	}
	if len(more) > 0 {
		err = prepend(ctx, n, settingTwins, more, maxRead)
	}
	return cmp.Or(err, n.r.ClearCopied(ctx))
}

package node

import (
	"context"
	"fmt"

	"cantal.fr/buron/sync/replica"
)

// copied says what this device has found out about a copy of itself, and what happens now; "" where it is
// one of a kind, or once someone has read it.
func (n *Node) copied(ctx context.Context) (string, error) {
	c, ok, err := n.r.Copied(ctx)
	if err != nil || !ok {
		return "", err
	}
	what := map[string]string{
		replica.CopyMachine:  "Ces données ont été copiées d'un autre ordinateur.",
		replica.CopyRestored: "Ces données viennent d'une sauvegarde, ou d'un état plus ancien de cet appareil.",
		replica.CopyForked:   "Une copie de cet appareil travaille ailleurs.",
		replica.CopyOrphan:   "La clé de cet appareil n'est plus là.",
	}[c.Reason]
	next := "La coordination confirmera cette copie."
	if c.Reason == replica.CopyOrphan {
		next = "Demandez une invitation à la coordination\u00a0: d'ici là, vos saisies restent ici."
	}
	return fmt.Sprintf("%s Rien n'est perdu\u00a0: cet appareil s'appelle maintenant «\u00a0%s\u00a0». %s", what, n.r.Identity().Name, next), nil
}

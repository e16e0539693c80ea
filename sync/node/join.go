package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"cantal.fr/buron/sync/central"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// ErrNoURL is returned where neither the invitation nor the person says where the central is.
var ErrNoURL = errors.New("l'adresse du central manque\u00a0: ajoutez --central https://…")

// Join makes dir a device of the territory that an invitation comes from, and makes a first exchange. The
// device is called name by other people.
func Join(ctx context.Context, dir, invitation, url, name string, o replica.Options) (*replica.Replica, error) {
	i, err := trust.ParseInvitation(invitation)
	if err != nil {
		return nil, errors.New("cette invitation est mal écrite\u00a0: quatre groupes de quatre lettres ou chiffres sont attendus, comme ABCD-EFGH-JKMN-PQRS")
	}
	if url == "" {
		url = i.URL
	}
	if url == "" {
		return nil, ErrNoURL
	}
	id, err := home(ctx, dir, name, rand.Reader)
	if err != nil {
		return nil, err
	}
	c, err := central.NewClient(url, id, nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	joined, err := c.Join(ctx, i.Code, name)
	if err != nil {
		return nil, joinError(err)
	}
	r, err := replica.Create(ctx, dir, id, joined.Territory, joined.Control, o)
	if err != nil {
		return nil, err
	}
	err = errors.Join(r.SetSetting(ctx, settingCentral, url), r.SetSetting(ctx, settingCentralKey, joined.Central.String()))
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	// The device belongs from here on; what it may read can also come later.
	if _, err := New(r, Options{Listen: "off"}).Once(ctx); err != nil {
		return r, nil // the next exchange brings it
	}
	return r, nil
}

func joinError(err error) error {
	if errors.Is(err, central.ErrRefused) {
		return fmt.Errorf("cette invitation n'existe pas, a déjà servi ou a expiré\u00a0: demandez-en une autre à la coordination (%w)", err)
	}
	return fmt.Errorf("%s (%w)", central.Sentence(err), err)
}

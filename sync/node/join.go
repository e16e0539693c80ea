package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"cantal.fr/buron/sync/central"
	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// ErrNoURL is returned where neither the invitation nor the person says who admits.
var ErrNoURL = errors.New("l'adresse de qui invite manque\u00a0: ajoutez --central https://… ou --peer HÔTE:PORT")

// Join makes dir a device of the territory that an invitation comes from, and makes a first exchange. The
// invitation is what was typed, or the name of a file that holds it; where is the address of who admits, if
// the invitation does not say: the https URL of the central, or host:port of a neighbour. The device is called
// name by other people. A join that was cut short can be made again in the same folder, and a device that has
// lost its key is admitted again in the folder that it has.
func Join(ctx context.Context, dir, invitation, where, name string, o replica.Options) (*replica.Replica, error) {
	i, err := readInvitation(invitation)
	if err != nil {
		return nil, err
	}
	if where != "" {
		i = i.At(where)
	}
	if i.URL == "" && i.Peer == "" {
		return nil, ErrNoURL
	}
	lost, err := orphan(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	var id *trust.Identity
	if lost != nil {
		id, name = lost.Identity(), lost.Identity().Name
	} else if id, err = home(ctx, dir, name, rand.Reader); err != nil {
		return nil, err
	}
	r, err := spend(ctx, i, dir, id, name, lost, o)
	if err != nil && lost != nil {
		err = errors.Join(err, lost.Close())
	}
	return r, err
}

// orphan opens the replica of a device that has lost its key, and is admitted nowhere under the one it has
// now; nil where the folder holds none, or one that is admitted.
func orphan(ctx context.Context, dir string, o replica.Options) (*replica.Replica, error) {
	if made, err := replica.Made(ctx, dir); err != nil || !made {
		return nil, err
	}
	r, err := replica.Open(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	if _, known := r.Roster().Device(r.Identity().Public()); known || r.Roster().Revoked(r.Identity().Public()) {
		return nil, errors.Join(ErrFounded, r.Close())
	}
	return r, nil
}

// spend uses the invitation, and makes the replica, or admits the one of a device that had lost its key.
func spend(ctx context.Context, i trust.Invitation, dir string, id *trust.Identity, name string, lost *replica.Replica, o replica.Options) (*replica.Replica, error) {
	var err error
	var joined exchange.Joined
	var by trust.Key
	if i.URL != "" {
		joined, by, err = askCentral(ctx, i.URL, id, i.Code, name)
	} else {
		joined, by, err = askNeighbour(ctx, i.Peer, id, i.Code, name)
	}
	if err != nil {
		return nil, joinError(i, err)
	}
	r := lost
	switch {
	case lost == nil:
		r, err = replica.Create(ctx, dir, id, joined.Territory, joined.Control, o)
	case joined.Territory != lost.Territory():
		err = errors.New("cette invitation est celle d'un autre territoire\u00a0: rien n'a été changé")
	default:
		_, _, err = lost.Admit(ctx, by, joined.Control)
	}
	if err != nil {
		return nil, err
	}
	n := New(r, Options{Listen: "off"})
	if i.URL != "" {
		err = errors.Join(r.SetSetting(ctx, settingCentral, i.URL), r.SetSetting(ctx, settingCentralKey, by.String()))
	} else {
		n.remember(ctx, by, i.Peer)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	// The device belongs from here on; what it may read can also come later.
	if _, err := n.Once(ctx); err != nil {
		return r, nil // the next exchange brings it
	}
	return r, nil
}

func askCentral(ctx context.Context, url string, id *trust.Identity, code, name string) (exchange.Joined, trust.Key, error) {
	c, err := central.NewClient(url, id, nil)
	if err != nil {
		return exchange.Joined{}, trust.Key{}, err
	}
	defer c.Close()
	return c.Join(ctx, code, name)
}

func joinError(i trust.Invitation, err error) error {
	switch {
	case errors.Is(err, central.ErrRefused), errors.Is(err, exchange.ErrNoInvitation):
		return fmt.Errorf("cette invitation n'existe pas, a déjà servi ou a expiré\u00a0: demandez-en une autre à la coordination (%w)", err)
	case i.Peer != "":
		return fmt.Errorf("l'appareil qui invite ne répond pas à %s. Ouvrez Buron sur cet appareil, et restez sur le même réseau (%w)", i.Peer, err)
	}
	return fmt.Errorf("%s (%w)", central.Sentence(err), err)
}

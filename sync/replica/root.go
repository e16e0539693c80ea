package replica

import (
	"context"
	"errors"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// What the root says. Its key is on no device: it comes with a recovery file, for the one thing to be said.

// NameDelegate makes a device of the coordination, or a central, one that admits and suspends others.
func (r *Replica) NameDelegate(ctx context.Context, root *trust.Root, key trust.Key) error {
	d, ok := r.Roster().Device(key)
	switch {
	case !ok || d.Revoked:
		return errNotAdmitted
	case d.Role != record.Coordination && d.Role != record.Central:
		return errors.New("seul un appareil de la coordination admet les autres\u00a0: changez d'abord son rôle")
	}
	piece, err := root.Delegate(key, r.o.Random, r.o.Now())
	if err != nil {
		return err
	}
	return r.rootSays(ctx, root, piece)
}

// EndDelegate ends a device, whatever it was named: what is held here of its chains counts, what it says from
// then on does not.
func (r *Replica) EndDelegate(ctx context.Context, root *trust.Root, key trust.Key, reason string) error {
	if _, ok := r.Roster().Device(key); !ok {
		return errNotAdmitted
	}
	cuts, err := r.cutsOf(ctx, key)
	if err != nil {
		return err
	}
	piece, err := root.Revoke(trust.Revocation{Key: key, Reason: reason, Cuts: cuts}, r.o.Random, r.o.Now())
	if err != nil {
		return err
	}
	return r.rootSays(ctx, root, piece)
}

// ReadmitByRoot takes every end of a device back, the root's too: all it wrote counts again, and it is a delegate again
// where it was one.
func (r *Replica) ReadmitByRoot(ctx context.Context, root *trust.Root, key trust.Key) error {
	list := slices.DeleteFunc(r.Roster().Revocations(key), func(v trust.Revocation) bool { return v.Grant != uuid.Nil })
	return r.takeBack(ctx, root, list, nil)
}

// ReleaseByRoot merges what is held of what a device recorded after its end, the root's too. It stays ended, and what
// it said of other devices since counts for nothing.
func (r *Replica) ReleaseByRoot(ctx context.Context, root *trust.Root, key trust.Key) error {
	cuts, err := r.cutsOf(ctx, key)
	if err != nil {
		return err
	}
	cuts = slices.DeleteFunc(append([]trust.Cut{}, cuts...), func(c trust.Cut) bool { return c.Scope == trust.Control })
	return r.takeBack(ctx, root, r.Roster().Bearing(key), cuts)
}

// takeBack has the root take revocations back, whole where cuts is nil, else up to these entries.
func (r *Replica) takeBack(ctx context.Context, root *trust.Root, list []trust.Revocation, cuts []trust.Cut) error {
	if len(list) == 0 {
		return errNotEnded
	}
	pieces := make([]journal.Piece, len(list))
	for i, v := range list {
		var err error
		if pieces[i], err = root.Release(v.ID, cuts, r.o.Random, r.o.Now()); err != nil {
			return err
		}
	}
	return r.rootSays(ctx, root, pieces...)
}

// ReplaceRoot hands over to new root keys; recovery is the recipient to which devices wrap their data keys from now on.
// Keep must put both where they last before anything is said: it is called once.
func (r *Replica) ReplaceRoot(ctx context.Context, root *trust.Root, recovery string, keep func(*trust.Root) error) error {
	if err := r.speaks(root); err != nil {
		return err
	}
	cuts, err := r.cutsOf(ctx, root.Public())
	if err != nil {
		return err
	}
	next, pieces, err := root.Succeed(cuts, recovery, r.o.Random, r.o.Now())
	if err != nil {
		return err
	}
	if err := keep(next); err != nil {
		return err
	}
	return r.rootSays(ctx, root, pieces...)
}

// cutsOf returns the ends of a device's chains, and of those of its heirs, as they are held.
func (r *Replica) cutsOf(ctx context.Context, key trust.Key) (cuts []trust.Cut, err error) {
	err = r.inBatch(ctx, func(b *batch) error {
		cuts, err = b.cutsOf(key)
		return err
	})
	return cuts, err
}

// speaks reports whether a root is the one that the territory has today.
func (r *Replica) speaks(root *trust.Root) error {
	if _, now, ok := r.Roster().Territory(); !ok || now != root.Public() {
		return trust.ErrRootReplaced
	}
	return nil
}

// rootSays takes in what the root has said.
func (r *Replica) rootSays(ctx context.Context, root *trust.Root, pieces ...journal.Piece) error {
	if err := r.speaks(root); err != nil {
		return err
	}
	_, refused, err := r.Admit(ctx, r.Identity().Public(), pieces)
	if err == nil && len(refused) > 0 {
		err = errors.New(refused[0].Sentence)
	}
	return err
}

package replica

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// errDelegate is what one who is no delegate is told.
var errDelegate = fmt.Errorf("%w: only a delegate speaks for the territory", ErrForbidden)

// errOnlyRoot is what a delegate is told that would end another: what it said would count for nothing.
var errOnlyRoot = errors.New("cet appareil admet et suspend les autres\u00a0: seul le fichier de secours du territoire peut l'arrêter. Faites «\u00a0root end\u00a0» avec ce fichier")

// ErrEndedByRoot is returned to a delegate that would take back what the root has ended: what it said would count for
// nothing.
var ErrEndedByRoot = errors.New("arrêté avec le fichier de secours du territoire, qui seul peut revenir là-dessus")

// ErrMoot is returned where what would be said of a device changes nothing: it is that already, or cannot be it.
var ErrMoot = errors.New("replica: it changes nothing of this device")

// moot is an ErrMoot in a sentence for people.
type moot string

func (m moot) Error() string      { return string(m) }
func (moot) Is(target error) bool { return target == ErrMoot }

const (
	errNotAdmitted  moot = "cet appareil n'est pas admis dans ce territoire"
	errNotEnded     moot = "cet appareil n'est pas suspendu\u00a0: il n'y a rien à reprendre"
	errConfirmed    moot = "cet appareil n'attend pas d'être confirmé"
	errNothingAside moot = "rien de cet appareil n'est mis de côté"
)

// MayTakeBack tells whether a delegate can readmit or release a device: nil, or ErrEndedByRoot in a sentence that says
// what can.
func (r *Replica) MayTakeBack(key trust.Key) error { return mayTakeBack(r.Roster(), key) }

func mayTakeBack(roster *trust.Roster, key trust.Key) error {
	ended, by := roster.EndedByRoot(key)
	if !by {
		return nil
	}
	also := ""
	if ended != key {
		also = fmt.Sprintf(" «\u00a0%s\u00a0» tient de lui ce qu'il a le droit de faire.", roster.Name(key))
	}
	return fmt.Errorf("«\u00a0%[1]s\u00a0» a été %[2]w.%[3]s Avec ce fichier, «\u00a0buron root readmit %[4]s\u00a0» fait de nouveau compter tout ce qu'il écrit, «\u00a0buron root release %[4]s\u00a0» ses saisies déjà reçues",
		roster.Name(ended), ErrEndedByRoot, also, ended.Tag())
}

// say writes records of the control scope, in one entry. Only a delegate may.
func (b *batch) say(statements ...statement) ([]uuid.UUID, error) {
	if !b.roster.MayAdmit(b.Identity().Public()) {
		return nil, errDelegate
	}
	var ids []uuid.UUID
	var ops []journal.Op
	for _, s := range statements {
		id, err := journal.NewID(trust.Control, s.kind, b.o.Now(), b.o.Random)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
		ops = append(ops, journal.Op{OpHead: journal.OpHead{Kind: s.kind, ID: id}, Cells: trust.Cells(s.fields)})
	}
	_, err := b.writeEntry(trust.Control, uuid.Nil, [8]byte{}, ops)
	return ids, err
}

// statement is one record of the control scope to write.
type statement struct {
	kind   string
	fields record.Fields
}

func (r *Replica) say(ctx context.Context, statements ...statement) (ids []uuid.UUID, err error) {
	err = r.inBatch(ctx, func(b *batch) (err error) {
		ids, err = b.say(statements...)
		return err
	})
	return ids, err
}

// SaveControl writes one record of the control scope. Only a delegate may.
func (r *Replica) SaveControl(ctx context.Context, kind string, fields record.Fields) (uuid.UUID, error) {
	ids, err := r.say(ctx, statement{kind, fields})
	if err != nil {
		return uuid.Nil, err
	}
	return ids[0], nil
}

// admission writes the record that admits a device.
func (b *batch) admission(d trust.Device) error {
	_, err := b.say(statement{trust.DeviceKind, d.Fields()})
	return err
}

// Revoke ends what a device was granted: what is held here of its chains counts, what it writes from then
// on is put aside. The reason is shown to people.
func (r *Replica) Revoke(ctx context.Context, key trust.Key, reason string) (uuid.UUID, error) {
	return r.revoke(ctx, key, reason, false)
}

// Distrust ends a device before it began: nothing that it ever wrote counts until the coordination has
// released it. It is for a device in the wrong hands since an unknown day.
func (r *Replica) Distrust(ctx context.Context, key trust.Key, reason string) (uuid.UUID, error) {
	return r.revoke(ctx, key, reason, true)
}

func (r *Replica) revoke(ctx context.Context, key trust.Key, reason string, whole bool) (id uuid.UUID, err error) {
	err = r.inBatch(ctx, func(b *batch) error {
		d, ok := b.roster.Device(key)
		if !ok {
			return errNotAdmitted
		}
		if d.Delegate {
			return errOnlyRoot
		}
		v := trust.Revocation{Key: key, Reason: reason}
		if !whole {
			if v.Cuts, err = b.cutsOf(key); err != nil {
				return err
			}
		}
		ids, err := b.say(statement{trust.RevocationKind, v.Fields()})
		if err == nil {
			id = ids[0]
		}
		return err
	})
	return id, err
}

// cutsOf returns the ends, as they are held, of the chains of a device and of those that act under what it was
// granted.
func (b *batch) cutsOf(key trust.Key) (cuts []trust.Cut, err error) {
	if err := b.writeTips(); err != nil {
		return nil, err
	}
	for _, k := range b.roster.Heirs(key) {
		own, err := b.endsOf(k)
		if err != nil {
			return nil, err
		}
		cuts = append(cuts, own...)
	}
	return cuts, nil
}

func (b *batch) endsOf(key trust.Key) ([]trust.Cut, error) {
	rows, err := b.write.QueryContext(b.ctx, `SELECT chain.incarnation, chain.scope, tip.seq, tip.hash
		FROM author JOIN chain USING (incarnation) JOIN tip ON tip.chain = chain.id WHERE author.key = ? ORDER BY chain.id, tip.hash`, key[:])
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []trust.Cut
	for rows.Next() {
		var c trust.Cut
		var in, hash []byte
		if err := rows.Scan(&in, &c.Scope, &c.Seq, &hash); err != nil {
			return nil, err
		}
		copy(c.Incarnation[:], in)
		copy(c.Hash[:], hash)
		out = append(out, c)
	}
	return out, rows.Err()
}

// Readmit takes every revocation of a device back, so that all it wrote counts again. The error is ErrEndedByRoot where
// that is not a delegate's to say.
func (r *Replica) Readmit(ctx context.Context, key trust.Key) error {
	return r.inBatch(ctx, func(b *batch) error {
		if err := mayTakeBack(b.roster, key); err != nil {
			return err
		}
		var said []statement
		for _, v := range b.roster.Revocations(key) {
			if v.Grant == uuid.Nil {
				said = append(said, statement{trust.ReleaseKind, trust.ReleaseFields(v.ID, nil)})
			}
		}
		if len(said) == 0 {
			return errNotEnded
		}
		_, err := b.say(said...)
		return err
	})
}

// ChangeRole gives a device another role: what it wrote under the one it had counts as far as it is held
// here.
func (r *Replica) ChangeRole(ctx context.Context, key trust.Key, role record.Role, places []string) error {
	return r.inBatch(ctx, func(b *batch) (err error) {
		d, ok := b.roster.Device(key)
		if !ok {
			return errNotAdmitted
		}
		if d.Delegate {
			return errOnlyRoot
		}
		said := []statement{}
		if d.Twin {
			if said, err = b.inheritance(&d); err != nil {
				return err
			}
		} else {
			cuts, err := b.cutsOf(key)
			if err != nil {
				return err
			}
			said = append(said, statement{trust.RevocationKind, trust.Revocation{Key: key, Grant: d.RecordID, Cuts: cuts}.Fields()})
		}
		d.Role, d.Places = role, places
		_, err = b.say(append(said, statement{trust.DeviceKind, d.Fields()})...)
		return err
	})
}

// Confirm has a device that goes on under a new key stand on its own, as what it is. What it wrote under what it
// had inherited counts.
func (r *Replica) Confirm(ctx context.Context, key trust.Key) error {
	return r.inBatch(ctx, func(b *batch) error {
		d, ok := b.roster.Device(key)
		if !ok || !d.Twin {
			return errConfirmed
		}
		said, err := b.inheritance(&d)
		if err == nil {
			_, err = b.say(append(said, statement{trust.DeviceKind, d.Fields()})...)
		}
		return err
	})
}

// inheritance names in the admission of a device what it has inherited, and returns what ends that: as far as its
// chains are held here, what it wrote under it counts.
func (b *batch) inheritance(d *trust.Device) ([]statement, error) {
	cuts, err := b.cutsOf(d.Key)
	if err != nil {
		return nil, err
	}
	all, open := b.roster.Inherited(d.Key)
	d.Inherits = all
	var said []statement
	for _, id := range open {
		said = append(said, statement{trust.RevocationKind, trust.Revocation{Key: d.Key, Grant: id, Cuts: cuts}.Fields()})
	}
	return said, nil
}

// SetAside is what was written after a device's end, for the coordination to review.
type SetAside struct {
	Key         trust.Key
	DeviceName  string
	Operations  int
	First, Last time.Time // as the author's clock showed them
	Kinds       map[record.Kind]int
}

// Quarantine returns what was put aside, by device, the one that began first first.
func (r *Replica) Quarantine(ctx context.Context) ([]SetAside, error) {
	entries, err := r.storedEntries(ctx, r.read, "SELECT stored FROM entry WHERE standing = ? ORDER BY id", aside)
	if err != nil {
		return nil, translate(err)
	}
	var out []SetAside
	index := map[trust.Key]int{}
	for _, e := range entries {
		key, _, err := r.AuthorOf(ctx, e.Incarnation)
		if err != nil {
			return nil, err
		}
		i, ok := index[key]
		if !ok {
			i = len(out)
			index[key] = i
			out = append(out, SetAside{Key: key, DeviceName: r.Roster().Name(key), First: e.HLC.Time(), Last: e.HLC.Time(), Kinds: map[record.Kind]int{}})
		}
		s := &out[i]
		if at := e.HLC.Time(); at.Before(s.First) {
			s.First = at // entries of several chains arrive in any order
		} else if at.After(s.Last) {
			s.Last = at
		}
		s.Operations += len(e.Ops)
		for _, op := range e.Ops {
			s.Kinds[record.Kind(op.Kind)]++
		}
	}
	slices.SortFunc(out, func(a, b SetAside) int { return cmp.Or(a.First.Compare(b.First), bytes.Compare(a.Key[:], b.Key[:])) })
	return out, nil
}

// Release merges what is held of what a device wrote after its end. It stays revoked: what comes later is
// put aside again. The error is ErrEndedByRoot where that is not a delegate's to say.
func (r *Replica) Release(ctx context.Context, key trust.Key) error {
	return r.inBatch(ctx, func(b *batch) error {
		if err := mayTakeBack(b.roster, key); err != nil {
			return err
		}
		cuts, err := b.cutsOf(key)
		if err != nil {
			return err
		}
		if cuts == nil {
			cuts = []trust.Cut{} // of nothing: no cuts at all would take the revocation back
		}
		var said []statement
		for _, v := range b.roster.Bearing(key) {
			if !v.ByRoot() {
				said = append(said, statement{trust.ReleaseKind, trust.ReleaseFields(v.ID, cuts)})
			}
		}
		if left := b.roster.LeftBehind(key); len(left) > 0 {
			// Whoever admitted it did not know what it had inherited.
			if d, ok := b.roster.Device(key); ok {
				d.Inherits = append(d.Inherits, left...)
				said = append(said, statement{trust.DeviceKind, d.Fields()})
				for _, id := range left {
					said = append(said, statement{trust.RevocationKind, trust.Revocation{Key: key, Grant: id, Cuts: cuts}.Fields()})
				}
			}
		}
		if len(said) == 0 {
			return errNothingAside
		}
		_, err = b.say(said...)
		return err
	})
}

package trust

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"fmt"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
)

// Roster says which devices the territory has admitted, and with which grants. It never changes:
// With returns another.
type Roster struct {
	territory journal.Territory
	entries   map[journal.Hash]*journal.Entry
	keys      map[journal.Incarnation]Key
	root      Key
	rooted    bool
	name      string
	delegates map[Key]bool
	devices   map[Key]Device
	order     []Device
}

// NewRoster folds control entries, in any order. Entries of other scopes are left aside. Every
// entry must have passed Piece.Verify: the roster judges authority, not signatures.
func NewRoster(t journal.Territory, entries []*journal.Entry) *Roster {
	return (&Roster{territory: t}).With(entries)
}

// With returns the roster of the entries known so far and these.
func (r *Roster) With(entries []*journal.Entry) *Roster {
	n := &Roster{
		territory: r.territory, entries: make(map[journal.Hash]*journal.Entry, len(r.entries)+len(entries)),
		keys: map[journal.Incarnation]Key{}, delegates: map[Key]bool{}, devices: map[Key]Device{},
	}
	for h, e := range r.entries {
		n.entries[h] = e
	}
	for _, e := range entries {
		if e.Scope == Control {
			n.entries[e.Hash] = e
		}
	}
	n.fold()
	return n
}

// statement is one operation of the control scope with its author.
type statement struct {
	author Key
	entry  *journal.Entry
	op     journal.Op
}

func (r *Roster) fold() {
	for _, e := range r.entries {
		if e.Genesis != nil {
			if k, ok := KeyOf(e.Genesis.Key); ok {
				r.keys[e.Incarnation] = k
			}
		}
	}
	var said []statement
	for _, e := range r.entries {
		author, ok := r.keys[e.Incarnation]
		if !ok || e.Critical {
			continue
		}
		for i := range e.Ops {
			if op, err := e.Op(i); err == nil {
				said = append(said, statement{author, e, op})
			}
		}
	}
	slices.SortFunc(said, later)
	for _, s := range said {
		r.foldRoot(s)
	}
	for _, s := range said {
		if s.op.Kind == DelegateKind && r.rooted && s.author == r.root {
			if k, ok := keyCell(s.op); ok {
				r.delegates[k] = true
			}
		}
	}
	for _, s := range said {
		r.foldDevice(s)
	}
	for _, d := range r.devices {
		r.order = append(r.order, d)
	}
	slices.SortFunc(r.order, func(a, b Device) int { return bytes.Compare(a.Key[:], b.Key[:]) })
}

// later orders statements so that the winner of DESIGN §4 comes last and overwrites the others.
func later(a, b statement) int {
	return cmp.Or(cmp.Compare(a.entry.HLC, b.entry.HLC),
		bytes.Compare(a.entry.Incarnation[:], b.entry.Incarnation[:]),
		bytes.Compare(a.entry.Hash[:], b.entry.Hash[:]))
}

func (r *Roster) foldRoot(s statement) {
	if s.op.Kind != TerritoryKind || !rootOf(r.territory, s.author, s.op) {
		return
	}
	r.root, r.rooted = s.author, true
	r.name, _ = cell(s.op, "name").(string)
}

// rootOf reports whether op is the record by which author shows itself to be the root of t: the
// territory's id commits to the root key and to the hash of the next one.
func rootOf(t journal.Territory, author Key, op journal.Op) bool {
	next, ok := cell(op, "next").([]byte)
	if !ok || len(next) != 32 {
		return false
	}
	return journal.TerritoryOf(ed25519.PublicKey(author[:]), journal.Hash(next)) == t
}

func (r *Roster) foldDevice(s statement) {
	if s.op.Kind != DeviceKind || !r.mayAdmit(s.author) {
		return
	}
	key, ok := keyCell(s.op)
	if !ok {
		return
	}
	d := Device{Key: key, RecordID: s.op.ID, Delegate: r.delegates[key]}
	d.Age, _ = cell(s.op, "age").(string)
	d.Name, _ = cell(s.op, "name").(string)
	role, _ := cell(s.op, "role").(string)
	d.Role = record.Role(role)
	places, _ := cell(s.op, "places").([]any)
	for _, p := range places {
		if text, ok := p.(string); ok {
			d.Places = append(d.Places, text)
		}
	}
	d.Grants = record.Grants(d.Role, d.Places)
	r.devices[key] = d
}

func (r *Roster) mayAdmit(k Key) bool { return r.rooted && (k == r.root || r.delegates[k]) }

func cell(op journal.Op, field string) any {
	for _, c := range op.Cells {
		if c.Field == field {
			return c.Value
		}
	}
	return nil
}

func keyCell(op journal.Op) (Key, bool) {
	b, _ := cell(op, "key").([]byte)
	return KeyOf(b)
}

// Territory returns the name of the territory and its root key; false until the root's own record
// is held.
func (r *Roster) Territory() (name string, root Key, ok bool) { return r.name, r.root, r.rooted }

// ID returns the territory that this roster is of.
func (r *Roster) ID() journal.Territory { return r.territory }

// Device returns an admitted device.
func (r *Roster) Device(k Key) (Device, bool) {
	d, ok := r.devices[k]
	return d, ok
}

// Devices returns every admitted device, ordered by key. The slice must not be changed.
func (r *Roster) Devices() []Device { return r.order }

// Name returns what people call the device, or its tag where it is unknown.
func (r *Roster) Name(k Key) string {
	if d, ok := r.devices[k]; ok && d.Name != "" {
		return d.Name
	}
	return k.Tag()
}

// MayAdmit reports whether k may write admissions: the root and its delegates.
func (r *Roster) MayAdmit(k Key) bool { return r.mayAdmit(k) }

// Allow reports whether the device named by author may have written every operation of e. For an
// entry of the control scope, the roster must already count it (With). The error is ErrUnknownKey or
// ErrNotGranted, or journal.ErrHollow where a body is missing.
func (r *Roster) Allow(author Key, e *journal.Entry) error {
	if e.Scope == Control {
		return r.allowControl(author, e)
	}
	d, ok := r.devices[author]
	if !ok {
		return ErrUnknownKey
	}
	for i, head := range e.Ops {
		op, err := e.Op(i)
		if err != nil {
			return err
		}
		if !d.mayWriteOp(e.Scope, record.Kind(head.Kind), op) {
			return fmt.Errorf("%w: %s in %s by a device of role %q", ErrNotGranted, head.Kind, e.Scope, d.Role)
		}
	}
	return nil
}

func (d Device) mayWriteOp(scope string, k record.Kind, op journal.Op) bool {
	edits := slices.ContainsFunc(op.Cells, func(c journal.Cell) bool { return len(c.Parents) > 0 })
	if _, known := record.Of(k); !known {
		// A kind of a newer version: its own grants are not known here. Refusing it would cut off every
		// device that was updated first, so it is kept where the device may write anything at all.
		return slices.ContainsFunc(record.Kinds(), func(k record.Kind) bool { return d.MayWrite(scope, k, edits) })
	}
	return d.MayWrite(scope, k, edits)
}

func (r *Roster) allowControl(author Key, e *journal.Entry) error {
	for i, head := range e.Ops {
		op, err := e.Op(i)
		if err != nil {
			return err
		}
		switch head.Kind {
		case TerritoryKind:
			if !rootOf(r.territory, author, op) {
				return ErrNotGranted
			}
		case DelegateKind:
			if !r.rooted || author != r.root {
				return ErrNotGranted
			}
		default:
			if !r.mayAdmit(author) {
				return ErrNotGranted
			}
		}
	}
	return nil
}

package trust

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Verdict says what becomes of an entry that its author was once allowed to write.
type Verdict int

// Verdicts.
const (
	Admitted Verdict = iota
	Aside            // written after its author's grants ended: kept, passed on, not merged
)

// Territory returns the name of the territory and the root key in force; false until the root's own record
// is held.
func (r *Roster) Territory() (name string, root Key, ok bool) { return r.name, r.root, r.rooted }

// Recovery returns the age recipient to which devices wrap their data keys, so that the recovery file opens
// them; "" in a territory founded before there were any.
func (r *Roster) Recovery() string { return r.recovery }

// ID returns the territory that this roster is of.
func (r *Roster) ID() journal.Territory { return r.territory }

// Device returns an admitted device, and false for one that is unknown or revoked.
func (r *Roster) Device(k Key) (Device, bool) {
	d, ok := r.devices[k]
	return d, ok && !d.Revoked
}

// Revoked reports whether the device was admitted once and is no more.
func (r *Roster) Revoked(k Key) bool { return r.devices[k].Revoked }

// GoesOnFrom reports whether k is from, or the key of a device that went on from it.
func (r *Roster) GoesOnFrom(k, from Key) bool { return slices.Contains(r.ancestry(k), from) }

// Related reports whether one of two keys goes on from the other, or both from a third.
func (r *Roster) Related(a, b Key) bool {
	return slices.ContainsFunc(r.ancestry(a), func(k Key) bool { return r.GoesOnFrom(b, k) })
}

// Devices returns every device that was ever admitted, ordered by key. The slice must not be changed.
func (r *Roster) Devices() []Device { return r.order }

// Name returns what people call the device, or its tag where it is unknown.
func (r *Roster) Name(k Key) string {
	if d, ok := r.devices[k]; ok && d.Name != "" {
		return d.Name
	}
	return k.Tag()
}

// MayAdmit reports whether k may write admissions: the root and its delegates.
func (r *Roster) MayAdmit(k Key) bool {
	if !r.rooted {
		return false
	}
	if cuts, ok := r.roots[k]; ok && cuts == nil {
		return true
	}
	line := r.delegation(k)
	return len(line) > 0 && r.stands(line, uuid.Nil, future)
}

// Revocations returns what ended a device's grants and has not been released whole.
func (r *Roster) Revocations(k Key) []Revocation {
	var out []Revocation
	for _, v := range r.revocations[k] {
		if !v.void {
			out = append(out, *v)
		}
	}
	return out
}

// Bearing returns the revocations that bear on what a key has written: its own, and those of the keys whose grants it
// acts under.
func (r *Roster) Bearing(k Key) []Revocation {
	var out []Revocation
	for _, l := range r.line(k) {
		out = append(out, r.Revocations(l)...)
	}
	return out
}

// EndedByRoot returns the key that the root has ended and from which k has all that it is granted, itself as often as
// not; false where something that k is granted is not ended so. Only the root takes that back.
func (r *Roster) EndedByRoot(k Key) (ended Key, ok bool) {
	for _, g := range r.granted[k] {
		if g.behind {
			continue
		}
		i := slices.IndexFunc(g.line, func(l Key) bool {
			return slices.ContainsFunc(r.revocations[l], func(v *Revocation) bool {
				return v.root && !v.void && (v.Grant == uuid.Nil || v.Grant == g.RecordID)
			})
		})
		if i < 0 {
			return Key{}, false
		}
		ended, ok = g.line[i], true
	}
	return ended, ok
}

// Bounded reports whether any revocation bears on what the key has written, or an admission of its own that left
// what it inherits behind.
func (r *Roster) Bounded(k Key) bool {
	return slices.ContainsFunc(r.granted[k], func(g granted) bool { return g.behind }) || slices.ContainsFunc(r.line(k), func(l Key) bool { return len(r.revocations[l]) > 0 })
}

// Bounds sums up what ends the key's chains and where: as long as it is the same, so are the verdicts on what
// the key has written.
func (r *Roster) Bounds(k Key) journal.Hash {
	var lines []string
	for _, l := range r.line(k) {
		for _, v := range r.revocations[l] {
			lines = append(lines, fmt.Sprint(v.Grant, v.void, v.Cuts, v.released))
		}
	}
	for _, g := range r.granted[k] {
		lines = append(lines, fmt.Sprint(g.RecordID, len(g.line), g.behind))
	}
	slices.Sort(lines)
	return sha256.Sum256([]byte(strings.Join(lines, "\n")))
}

// Granted returns every key that was ever granted something: those whose entries may be held.
func (r *Roster) Granted() []Key {
	out := make([]Key, 0, len(r.granted))
	for k, list := range r.granted {
		if len(list) > 0 {
			out = append(out, k)
		}
	}
	return out
}

// Erased reports whether the record of a scope was erased.
func (r *Roster) Erased(scope string, id uuid.UUID) bool {
	at, ok := r.erased[id]
	return ok && slices.Contains(at, scope)
}

// Voided reports whether a body of the record may be missing on devices that obeyed a delegate after its end: they
// are owed it.
func (r *Roster) Voided(scope string, id uuid.UUID) bool {
	at, ok := r.voided[id]
	return ok && slices.Contains(at, scope) && !r.Erased(scope, id)
}

// VoidedScopes returns the scopes that hold records of which Voided is true, in order.
func (r *Roster) VoidedScopes() []string {
	var out []string
	for id, scopes := range r.voided {
		for _, scope := range scopes {
			if !r.Erased(scope, id) && !slices.Contains(out, scope) {
				out = append(out, scope)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Erasures returns every erasure, the oldest first. The slice must not be changed.
func (r *Roster) Erasures() []Erasure { return r.erasures }

// Judge says whether the device named by author may have written every operation of e; within tells
// whether e stands at or before a cut of its own chain. For an entry of the control scope, the roster must
// already count it (With). The error is ErrUnknownKey, ErrNotGranted or ErrTwin, or journal.ErrHollow where
// a body is missing that no erasure explains.
func (r *Roster) Judge(author Key, e *journal.Entry, within func(Cut) bool) (Verdict, error) {
	if e.Scope == Control {
		return Admitted, r.judgeControl(author, e)
	}
	admissions := r.granted[author]
	if len(admissions) == 0 {
		return Admitted, ErrUnknownKey
	}
	verdict, bounded := Admitted, r.Bounded(author)
	for i, head := range e.Ops {
		op, err := e.Op(i)
		if errors.Is(err, journal.ErrHollow) && !r.Erased(e.Scope, head.ID) && !r.Voided(e.Scope, head.ID) {
			return verdict, err
		}
		// Of what is erased some hold the body yet when they judge and some never had it: nobody goes by it.
		unread := err != nil || e.Critical || r.Erased(e.Scope, head.ID)
		granted, stands := false, false
		for j := range admissions {
			a := &admissions[j]
			if a.mayHaveWritten(e.Scope, record.Kind(head.Kind), op, unread) {
				granted = true
				stands = stands || !a.behind && (!bounded || r.stands(a.line, a.RecordID, within))
			} else if r.Voided(e.Scope, head.ID) && a.mayHaveWritten(e.Scope, record.Kind(head.Kind), op, true) {
				granted = true // who obeyed that erasure let it in unread, and what follows it: it is put aside, not refused
			}
		}
		if !granted {
			return verdict, fmt.Errorf("%w: %s in %s by a device of role %q", ErrNotGranted, head.Kind, e.Scope, admissions[len(admissions)-1].Role)
		}
		if !stands {
			verdict = Aside
		}
	}
	return verdict, nil
}

// mayHaveWritten reports whether the grants of an admission cover an operation. Of one that is hollow, or of
// a form that this version cannot read, it is not known whether it was an edit.
func (d *Device) mayHaveWritten(scope string, k record.Kind, op journal.Op, unread bool) bool {
	edits := slices.ContainsFunc(op.Cells, func(c journal.Cell) bool { return len(c.Parents) > 0 })
	if unread {
		return d.coversKind(scope, k, false) || d.coversKind(scope, k, true)
	}
	return d.coversKind(scope, k, edits)
}

// coversKind is MayWrite; a kind of a newer version, whose own grants are not known here, is let through
// where the device may write anything at all: refusing it would cut off every device updated first.
func (d *Device) coversKind(scope string, k record.Kind, edits bool) bool {
	if _, known := record.Of(k); known || d.MayWrite(scope, k, edits) {
		return d.MayWrite(scope, k, edits)
	}
	return slices.ContainsFunc(record.Kinds(), func(k record.Kind) bool { return d.MayWrite(scope, k, edits) })
}

func (r *Roster) judgeControl(author Key, e *journal.Entry) error {
	if e.Critical && !e.Hollow() && r.rooted && r.everSpoke(author) {
		return nil // of a version that this one cannot read: it is kept, and counts once it is read
	}
	for i := range e.Ops {
		op, err := e.Op(i)
		if err != nil {
			return err
		}
		if err := r.judgeStatement(statement{author, e, op}); err != nil {
			return err
		}
	}
	return nil
}

// judgeStatement refuses what its author never had the authority to say. What a delegate says after the
// root has ended it is kept, and counts for nothing; so is what comes from one of two who have replaced one root.
func (r *Roster) judgeStatement(s statement) error {
	everRoot := r.pretenders[s.author]
	switch s.op.Kind {
	case TerritoryKind:
		if rootOf(r.territory, s.author, s.op) {
			return nil
		}
	case SuccessionKind, DelegateKind:
		if r.rooted && everRoot {
			return nil
		}
	case TwinKind:
		from, err := twinOf(r.territory, s.author, s.op)
		if err != nil {
			return err
		}
		// One that was admitted itself, by who may admit or by who once might, may have gone on from a key that nobody ever admitted.
		if len(r.granted[from]) == 0 && len(r.granted[s.author]) == 0 {
			return ErrUnknownKey
		}
		return nil
	default:
		if r.rooted && r.everSpoke(s.author) {
			return nil
		}
	}
	return ErrNotGranted
}

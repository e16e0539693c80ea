package replica

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// Holder is a device that is known to hold a record.
type Holder struct {
	Key   trust.Key
	Name  string
	Role  record.Role
	Self  bool      // this device
	Whole bool      // all that is known here of the record; else its latest changes are not known to be there
	Since time.Time // of the last exchange with it, which told so; for this device, when it last changed here
}

// Holders says which devices are known to hold a record: this one first, the central, then the others by
// name. What a device has received from others than this one is known once the two have met.
func (r *Replica) Holders(ctx context.Context, id uuid.UUID) ([]Holder, error) {
	id, err := r.survivor(ctx, id)
	if err != nil {
		return nil, err
	}
	s, err := r.stateOf(ctx, id)
	if err != nil {
		return nil, err
	}
	self := r.Self()
	own := Holder{Key: self.Key, Name: self.Name, Role: self.Role, Self: true, Whole: true}
	var received int64
	if err := r.read.QueryRowContext(ctx, "SELECT coalesce(max(received), 0) FROM touch JOIN entry ON entry.id = touch.entry WHERE touch.record = ?", s.number).Scan(&received); err != nil {
		return nil, translate(err)
	}
	own.Since = time.UnixMilli(received)
	total, counts, err := r.heldTouches(ctx, s.number)
	if err != nil {
		return nil, err
	}
	met, err := r.LastSeen(ctx)
	if err != nil {
		return nil, err
	}
	out := []Holder{own}
	for key, n := range counts {
		d, ok := r.Roster().Device(key)
		// One that may not read the record holds only what it wrote itself, and drops it.
		if key == self.Key || n == 0 || ok && !d.MayRead(s.scope) {
			continue
		}
		out = append(out, Holder{Key: key, Name: r.Roster().Name(key), Role: d.Role, Whole: n == total, Since: met[key]})
	}
	slices.SortStableFunc(out[1:], func(a, b Holder) int {
		return cmp.Or(boolInt(b.Role == record.Central)-boolInt(a.Role == record.Central), strings.Compare(a.Name+a.Key.String(), b.Name+b.Key.String()))
	})
	return out, nil
}

// ClockLeads returns by how much each device's clock was ahead of ours, or behind where it is negative, when
// its latest entry arrived. A clock that is behind cannot be told from an entry that was long on its way:
// only leads are of use. A device whose latest entry only follows another's is left out.
func (r *Replica) ClockLeads(ctx context.Context) (map[trust.Key]time.Duration, error) {
	rows, err := r.read.QueryContext(ctx, `SELECT author.key, entry.stored, entry.received FROM author JOIN chain USING (incarnation)
		JOIN tip ON tip.chain = chain.id CROSS JOIN entry INDEXED BY entry_hash ON entry.chain = chain.id AND entry.hash = tip.hash ORDER BY entry.id`)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	out := map[trust.Key]time.Duration{}
	for rows.Next() {
		var key, stored []byte
		var received int64
		if err := rows.Scan(&key, &stored, &received); err != nil {
			return nil, translate(err)
		}
		e, err := r.parse(stored)
		if err != nil {
			return nil, err
		}
		if k, ok := trust.KeyOf(key); ok && e.HLC.Read() {
			out[k] = e.HLC.Time().Sub(time.UnixMilli(received))
		}
	}
	return out, translate(rows.Err())
}

// WrongClock reports whether a lead is one that people are told of.
func WrongClock(lead time.Duration) bool { return lead >= clockLead }

// CountAside returns how many operations are put aside (Quarantine has them).
func (r *Replica) CountAside(ctx context.Context) (int, error) {
	entries, err := r.storedEntries(ctx, r.read, "SELECT stored FROM entry WHERE standing = ?", aside)
	n := 0
	for _, e := range entries {
		n += len(e.Ops)
	}
	return n, translate(err)
}

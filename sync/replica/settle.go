package replica

import (
	"context"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// Choice is what to keep of a conflict.
type Choice struct {
	ID    uuid.UUID
	Field string
	Keep  journal.Dot
}

// Settle keeps one of the values of each of several fields, all in one action that Undo takes back. A field
// that has been settled meanwhile is left as it is.
func (r *Replica) Settle(ctx context.Context, operator uuid.UUID, choices ...Choice) (Saved, error) {
	var changes []Change
	for _, choice := range choices {
		s, err := r.stateOf(ctx, choice.ID)
		if err != nil {
			return Saved{}, err
		}
		c := s.find(choice.Field)
		if c == nil {
			return Saved{}, ErrUnknown
		}
		i := slices.IndexFunc(c.versions, func(v version) bool { return v.dot == choice.Keep })
		if i < 0 || !c.conflict() {
			continue
		}
		changes = append(changes, Change{ID: choice.ID, Set: record.Fields{choice.Field: c.versions[i].value}, Seen: Seen{choice.Field: c.dots()}})
	}
	if len(changes) == 0 {
		return Saved{}, nil
	}
	return r.Save(ctx, operator, changes...)
}

// From returns the version that a device wrote, the latest where it wrote several; false where it wrote none.
func (c Conflict) From(key trust.Key) (Version, bool) {
	return pick(c.Versions, func(v Version) bool { return v.Key == key })
}

// Latest returns the version that its author wrote last, by the authors' clocks.
func (c Conflict) Latest() Version {
	v, _ := pick(c.Versions, func(Version) bool { return true })
	return v
}

func pick(list []Version, fits func(Version) bool) (best Version, found bool) {
	for _, v := range list {
		if fits(v) && (!found || v.At.After(best.At)) {
			best, found = v, true
		}
	}
	return best, found
}

package interchange

import (
	"context"
	"fmt"
	"strings"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// Apply writes a plan: first the equipment types and rooms that are missing, then the records.
// Progress counts records. It is not one action: what was written before an error stays, and applying
// a new plan of the same files completes it.
func (p *Plan) Apply(ctx context.Context, r *replica.Replica, operator uuid.UUID, progress func(done int)) (replica.Saved, error) {
	if err := p.makeTypes(ctx, r, operator); err != nil {
		return replica.Saved{}, err
	}
	if err := p.makeRooms(ctx, r, operator); err != nil {
		return replica.Saved{}, err
	}
	var changes []replica.Change
	for _, l := range p.Lines {
		if l.Action != Unchanged {
			changes = append(changes, replica.Change{ID: l.ID, Kind: l.Kind, Set: l.Set})
		}
	}
	saved, err := r.SaveBulk(ctx, operator, changes, progress)
	if err != nil {
		return saved, fmt.Errorf("interchange: apply: %w", err)
	}
	return saved, nil
}

func (p *Plan) makeTypes(ctx context.Context, r *replica.Replica, operator uuid.UUID) error {
	made := map[string]uuid.UUID{}
	for _, l := range p.Lines {
		if l.family == "" {
			continue
		}
		id, ok := made[l.family]
		if !ok {
			saved, err := r.Save(ctx, operator, replica.Change{Kind: record.EquipmentType, Set: record.Fields{
				"family": l.family, "name": familyLabel(l.family), "lifecycle": "accepte",
			}})
			if err != nil {
				return fmt.Errorf("interchange: equipment type %s: %w", l.family, err)
			}
			id = saved.IDs[0]
			made[l.family] = id
		}
		l.Set["type"], l.family = id.String(), ""
	}
	return nil
}

func familyLabel(code string) string {
	s, _ := record.Of(record.EquipmentType)
	f, _ := s.Field("family")
	return f.Format(code)
}

func (p *Plan) makeRooms(ctx context.Context, r *replica.Replica, operator uuid.UUID) error {
	made := map[roomKey]uuid.UUID{}
	for _, l := range p.Lines {
		if l.room == (roomKey{}) {
			continue
		}
		key := roomKey{l.room.site, strings.ToLower(l.room.name)} // as rooms that are there already are recognised
		id, ok := made[key]
		if !ok {
			saved, err := r.Save(ctx, operator, replica.Change{Kind: record.Room, Set: record.Fields{
				"site": l.room.site.String(), "name": l.room.name,
			}})
			if err != nil {
				return fmt.Errorf("interchange: room %s: %w", l.room.name, err)
			}
			id = saved.IDs[0]
			made[key] = id
		}
		l.Set["room"], l.room = id.String(), roomKey{}
	}
	return nil
}

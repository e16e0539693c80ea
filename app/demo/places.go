package demo

import (
	"cantal.fr/buron/assets/reference"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

func (b *builder) people() error {
	for _, p := range []struct{ name, role string }{
		{"Coordination", "coordination"}, {"Agent 1", "agent"}, {"Agent 2", "agent"},
		{"Animateur du bus", "facilitator"}, {"Hôte du tiers-lieu", "host"},
	} {
		id, err := b.one(record.Operator, record.Fields{"name": p.name, "role": p.role, "active": true})
		if err != nil {
			return err
		}
		b.operators[p.name] = id
	}
	return nil
}

// tiersLieux are invented; their communes are real.
var tiersLieux = []struct{ name, commune string }{
	{"Tiers-lieu de la Planèze", "15187"}, {"Tiers-lieu du Carladès", "15258"}, {"Tiers-lieu de la Sumène", "15265"},
}

func (b *builder) places() error {
	var changes []replica.Change
	for _, c := range reference.Colleges() {
		b.colleges = append(b.colleges, place{uai: c.UAI, name: c.Name})
		changes = append(changes, replica.Change{Kind: record.Site, Set: record.Fields{
			"type": "college", "uai": c.UAI, "name": c.Name, "commune": c.INSEE,
			"on_spot": "Se présenter à la loge. Parking derrière la cantine. Baies techniques fermées à clé : demander au secrétariat.",
		}})
	}
	for _, t := range tiersLieux {
		changes = append(changes, replica.Change{Kind: record.Site, Set: record.Fields{"type": "tiers_lieu", "name": t.name, "commune": t.commune}})
	}
	changes = append(changes, replica.Change{Kind: record.Site, Set: record.Fields{"type": "bus", "name": "Bus CyberCantal", "commune": "15014"}})
	ids, err := b.save(changes)
	if err != nil {
		return err
	}
	for i, id := range ids {
		switch {
		case i < len(b.colleges):
			b.colleges[i].id = id
		case i < len(b.colleges)+len(tiersLieux):
			b.others[tiersLieux[i-len(b.colleges)].name] = id
		default:
			b.others["bus"] = id
		}
	}
	return nil
}

// Package demo fills a new replica with examples: a territory that looks like the Cantal, with
// invented equipment, visits, workshops and a class. It writes through the same rules as people do,
// and it names nobody: people are roles, and pupils are numbers. Its invariant: dates are relative
// to the day on which it runs, so that the examples never look old.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// Setting is the local setting that says that a replica holds examples; its value is "1".
const Setting = "demo"

// Territory is the name of the invented territory.
const Territory = "Cantal (exemples)"

// builder carries what is made from one step to the next.
type builder struct {
	ctx      context.Context
	r        *replica.Replica
	now      time.Time
	rng      *rand.Rand
	progress func(done, total int)
	done     int

	operators map[string]uuid.UUID
	colleges  []place
	others    map[string]uuid.UUID // tiers-lieux and the bus, by name
	types     map[string]uuid.UUID // by family
	rooms     []room
	devices   []device
	charter   uuid.UUID
	texts     charterTexts
	class     []uuid.UUID
}

type place struct {
	id   uuid.UUID
	uai  string
	name string
}

type room struct {
	id   uuid.UUID
	site place
	name string
	use  string
}

type device struct {
	id     uuid.UUID
	room   room
	family string
}

// total is about how many records are made: the scale of the progress bar.
const total = 1320

// Create makes a territory in dir and fills it with examples. Progress counts records.
func Create(ctx context.Context, dir string, o replica.Options, progress func(done, total int)) (*replica.Replica, error) {
	f, err := node.Found(ctx, dir, node.FoundOptions{
		Territory: Territory, Device: "poste de la coordination", Role: record.Coordination, Replica: o, WithoutRecovery: true,
	})
	if err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	b := &builder{
		ctx: ctx, r: f.Replica, now: f.Replica.Now().In(record.Paris()), rng: rand.New(rand.NewPCG(15, 2026)), progress: progress,
		operators: map[string]uuid.UUID{}, others: map[string]uuid.UUID{}, types: map[string]uuid.UUID{},
	}
	for _, step := range []struct {
		what string
		make func() error
	}{
		{"personnes", b.people}, {"lieux", b.places}, {"types", b.equipmentTypes}, {"salles", b.makeRooms},
		{"appareils", b.equipment}, {"visites", b.visits}, {"interventions", b.interventions},
		{"agenda", b.agenda}, {"charte", b.makeCharter}, {"classe", b.makeClass}, {"à décider", b.conflicts},
	} {
		if err := step.make(); err != nil {
			_ = f.Replica.Close()
			return nil, fmt.Errorf("demo: %s: %w", step.what, err)
		}
	}
	return f.Replica, f.Replica.SetSetting(ctx, Setting, "1")
}

// save writes changes and returns their ids in order.
func (b *builder) save(changes []replica.Change) ([]uuid.UUID, error) {
	saved, err := b.r.SaveBulk(b.ctx, b.operators["Coordination"], changes, nil)
	if err != nil {
		return nil, err
	}
	b.done += len(changes)
	b.progress(min(b.done, total), total)
	return saved.IDs, nil
}

// one writes one record of kind k.
func (b *builder) one(k record.Kind, f record.Fields) (uuid.UUID, error) {
	ids, err := b.save([]replica.Change{{Kind: k, Set: f}})
	if err != nil {
		return uuid.Nil, err
	}
	return ids[0], nil
}

// day returns the day that is offset days from today, as records hold it.
func (b *builder) day(offset int) int64 { return b.at(offset, 12, 0) / 86_400_000 }

// at returns the instant of an hour offset days from today, in milliseconds.
func (b *builder) at(offset, hour, minute int) int64 {
	n := b.now
	return time.Date(n.Year(), n.Month(), n.Day()+offset, hour, minute, 0, 0, n.Location()).UnixMilli()
}

// past returns an hour of today, or lead before now where that hour has not come yet: what has happened
// never lies in the future.
func (b *builder) past(hour, minute int, lead time.Duration) int64 {
	return min(b.at(0, hour, minute), b.now.Add(-lead).UnixMilli())
}

func pick[T any](b *builder, list ...T) T { return list[b.rng.IntN(len(list))] }

func refs(ids ...uuid.UUID) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

package demo

import (
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

func indexOf(ids []uuid.UUID, id uuid.UUID) int { return slices.Index(ids, id) }

// drift is how far the clock of the second device is wrong.
const drift = 3 * time.Hour

// conflicts makes a second device whose clock is wrong, lets both edit the same fields without
// knowing of each other, and brings its entries back: two things to decide, honestly come by.
func (b *builder) conflicts() error {
	other, remove, err := b.secondDevice()
	if err != nil {
		return err
	}
	defer remove()
	first, second := b.inRoom(b.rooms[1])[0], b.inRoom(b.rooms[3])[0]
	agent := b.operators["Agent 1"]
	if _, err := other.Save(b.ctx, agent,
		replica.Change{ID: first.id, Kind: record.Equipment, Set: record.Fields{"room": b.rooms[6].id.String()}},
		replica.Change{ID: second.id, Kind: record.Equipment, Set: record.Fields{"status": "en_panne"}}); err != nil {
		return err
	}
	if _, err := b.save([]replica.Change{
		{ID: first.id, Kind: record.Equipment, Set: record.Fields{"room": b.rooms[0].id.String()}},
		{ID: second.id, Kind: record.Equipment, Set: record.Fields{"status": "en_stock"}}}); err != nil {
		return err
	}
	return carry(b, other, b.r)
}

// secondDevice admits « tablette 3 », gives it what is known so far, and returns it with what
// removes it.
func (b *builder) secondDevice() (*replica.Replica, func(), error) {
	id, err := trust.NewIdentity("tablette 3", rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	d := trust.Device{Key: id.Public(), Age: id.Age.Recipient().String(), Role: record.Agent, Places: []string{b.colleges[0].uai}, Name: id.Name}
	if _, err := b.r.SaveControl(b.ctx, trust.DeviceKind, d.Fields()); err != nil {
		return nil, nil, err
	}
	control, err := pieces(b, b.r, trust.Control)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "buron-exemple-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a folder: %w", err)
	}
	late := replica.Options{Now: func() time.Time { return b.r.Now().Add(drift) }}
	other, err := replica.Create(b.ctx, dir, id, b.r.Territory(), control, late)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, nil, err
	}
	remove := func() { _ = other.Close(); _ = os.RemoveAll(dir) }
	if err := carry(b, b.r, other); err != nil {
		remove()
		return nil, nil, err
	}
	return other, remove, nil
}

// carry gives to every entry of from that it may read and lacks.
func carry(b *builder, from, to *replica.Replica) error {
	scopes, err := from.Scopes(b.ctx)
	if err != nil {
		return err
	}
	for _, scope := range scopes {
		if !to.Self().MayRead(scope) {
			continue
		}
		list, err := pieces(b, from, scope)
		if err != nil {
			return err
		}
		_, refused, err := to.Admit(b.ctx, from.Self().Key, list)
		if err != nil {
			return err
		}
		if len(refused) > 0 {
			return fmt.Errorf("refused: %s", refused[0].Sentence)
		}
	}
	return nil
}

// pieces returns the whole of a scope, chain by chain.
func pieces(b *builder, r *replica.Replica, scope string) ([]journal.Piece, error) {
	heads, err := r.Heads(b.ctx, scope)
	if err != nil {
		return nil, err
	}
	var out []journal.Piece
	for _, h := range heads {
		list, _, err := r.Missing(b.ctx, h.Chain, nil, 1<<20, 1<<30)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

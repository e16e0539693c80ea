package sim

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// founded is the instant at which the territory of every life is made.
var founded = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// Places of the territory; that of the tiers-lieu is the id of its site.
const (
	uaiA  = "0150001V"
	uaiB  = "0150002W"
	busAt = "bus"
)

// member is a device of the territory under one key. A pen has no replica: the simulator writes in its name,
// byte by byte.
type member struct {
	*office
	name     string
	pen      bool
	id       *trust.Identity
	from     *member // whose database it goes on with, nil for none
	orphan   bool    // the key of from was lost: nothing vouches for this one
	admitted bool    // by a delegate, under this key
}

// office is what a device is admitted as. A key that another vouches for shares that one's.
type office struct {
	role   record.Role
	places []string
	former []office // what it was before its role was changed
}

// territory is what every life begins with: founded once in a process, always the same, then copied.
type territory struct {
	id       journal.Territory
	members  []*member
	disks    map[string]*disk
	sites    map[string]uuid.UUID // college, college2, bus, tiers, and the workshop held there
	tiers    string               // place key of the tiers-lieu
	machines []recordRef
	foreign  []byte // a stick of another territory
	founding *trust.Founding
	root     trust.Key
}

var land = struct {
	sync.Once
	*territory
	err error
}{}

// cleared returns the territory, made at the first call.
func cleared() (*territory, error) {
	land.Do(func() { land.territory, land.err = clearLand() })
	return land.territory, land.err
}

func clearLand() (*territory, error) {
	ctx := context.Background()
	r := source(0, 1<<50)
	t := &territory{disks: map[string]*disk{}, sites: map[string]uuid.UUID{}}
	central := t.join(r, "central", record.Central)
	f, err := trust.Found("Cantal", central.id, record.Central, r, founded)
	if err != nil {
		return nil, err
	}
	t.id, t.founding = f.Territory, f
	t.root, _ = trust.KeyOf(f.Control[0].Entries[0].Genesis.Key)
	first, err := t.make(ctx, r, central, f.Control)
	if err != nil {
		return nil, err
	}
	coord := t.join(r, "coord", record.Coordination)
	if err := admit(ctx, first, coord); err != nil {
		return nil, err
	}
	desk, err := t.make(ctx, r, coord, control(ctx, first))
	if err != nil {
		return nil, err
	}
	if err := t.furnish(ctx, desk); err != nil {
		return nil, err
	}
	for _, m := range []*member{
		t.join(r, "agent1", record.Agent, uaiA), t.join(r, "agent2", record.Agent, uaiA, uaiB), t.join(r, "bus", record.Facilitator),
		t.join(r, "host", record.Host, t.tiers), t.join(r, "kiosk", record.Kiosk, t.tiers),
		t.pen(r, "equivocator", record.Agent, uaiA), t.pen(r, "newer", record.Coordination), t.pen(r, "mule", record.Agent, uaiB),
	} {
		if err := admit(ctx, first, m); err != nil {
			return nil, err
		}
	}
	if t.foreign, err = foreignStick(ctx, source(0, 1<<51)); err != nil {
		return nil, err
	}
	open := []*replica.Replica{first, desk}
	for _, m := range t.members[2:] {
		if m.pen {
			continue
		}
		r, err := t.make(ctx, r, m, control(ctx, first))
		if err != nil {
			return nil, err
		}
		open = append(open, r)
	}
	return t, level(ctx, open)
}

func (t *territory) join(r random, name string, role record.Role, places ...string) *member {
	id, err := trust.NewIdentity(name, r)
	if err != nil {
		panic(err) // the source never fails
	}
	m := &member{name: name, office: &office{role: role, places: places}, id: id}
	t.members = append(t.members, m)
	return m
}

func (t *territory) pen(r random, name string, role record.Role, places ...string) *member {
	m := t.join(r, name, role, places...)
	m.pen = true
	return m
}

// make makes the replica of a member on a disk of its own.
func (t *territory) make(ctx context.Context, r random, m *member, pieces []journal.Piece) (*replica.Replica, error) {
	d, err := newDisk(ctx, "founded-"+m.name)
	if err != nil {
		return nil, err
	}
	t.disks[m.name] = d
	return replica.CreateMemory(ctx, d.name, d, m.id, t.id, pieces, replica.Options{
		Now: func() time.Time { return founded }, Random: r, Machine: func() string { return "machine of " + m.name },
	})
}

// admit has the central write the admission of a device.
func admit(ctx context.Context, central *replica.Replica, m *member) error {
	d := trust.Device{Key: m.id.Public(), Age: m.id.Age.Recipient().String(), Role: m.role, Places: m.places, Name: m.name}
	_, err := central.SaveControl(ctx, trust.DeviceKind, d.Fields())
	return err
}

// control returns the whole control scope of a replica.
func control(ctx context.Context, r *replica.Replica) []journal.Piece {
	heads, err := r.Heads(ctx, trust.Control)
	if err != nil {
		return nil
	}
	var out []journal.Piece
	for _, h := range heads {
		pieces, _, err := r.Missing(ctx, h.Chain, nil, 1<<20, 1<<30)
		if err != nil {
			return nil
		}
		out = append(out, pieces...)
	}
	return out
}

// furnish writes the places and the first machines.
func (t *territory) furnish(ctx context.Context, desk *replica.Replica) error {
	save := func(kind record.Kind, f record.Fields) (uuid.UUID, error) {
		s, err := desk.Save(ctx, uuid.Nil, replica.Change{Kind: kind, Set: f})
		if err != nil {
			return uuid.Nil, fmt.Errorf("sim: furnish: %w", err)
		}
		return s.IDs[0], nil
	}
	var err error
	for _, s := range []struct {
		name   string
		fields record.Fields
	}{
		{"college", record.Fields{"type": "college", "name": "Collège A", "uai": uaiA}},
		{"college2", record.Fields{"type": "college", "name": "Collège B", "uai": uaiB}},
		{"bus", record.Fields{"type": "bus", "name": "Le bus"}},
		{"tiers", record.Fields{"type": "tiers_lieu", "name": "Le buron"}},
	} {
		if t.sites[s.name], err = save(record.Site, s.fields); err != nil {
			return err
		}
	}
	t.tiers = t.sites["tiers"].String()
	themes := []any{"prendre_en_main_un_ordinateur"}
	if schema, ok := record.Of(record.Workshop); ok {
		if f, ok := schema.Field("themes"); ok {
			themes = []any{f.Options[0].Code}
		}
	}
	if t.sites["workshop"], err = save(record.Workshop, record.Fields{"title": "Atelier", "themes": themes, "place": t.tiers}); err != nil {
		return err
	}
	for i := range 3 {
		id, err := save(record.Equipment, record.Fields{"level": "socle", "tag": fmt.Sprintf("PC-%d", i), "status": "en_service"})
		if err != nil {
			return err
		}
		t.machines = append(t.machines, recordRef{id, record.Equipment, "parc"})
	}
	return nil
}

// level brings replicas to hold the same and closes them; their disks stay.
func level(ctx context.Context, open []*replica.Replica) error {
	for range 2 {
		for _, r := range open[1:] {
			server := exchange.NewServer(open[0], nil)
			c := plain{server, r.Identity().Public()}
			if _, err := exchange.Run(ctx, r, open[0].Identity().Public(), nil, c, nil); err != nil {
				return err
			}
		}
	}
	for _, r := range open {
		if err := r.Close(); err != nil {
			return err
		}
	}
	return nil
}

// plain is a connection on which nothing goes wrong.
type plain struct {
	server *exchange.Server
	from   trust.Key
}

func (p plain) Call(ctx context.Context, request []byte) ([]byte, error) {
	return p.server.Serve(ctx, p.from, nil, request)
}

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"cantal.fr/buron/assets/reference"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// days is how many days people work in two weeks.
const days = 10

// place is where people are: a collège, a tiers-lieu or the bus.
type place struct {
	key  string // record.PlaceKey
	id   uuid.UUID
	code string // stands in the name of everyone who was there
}

// device is one of the territory: a data folder, and who works with it.
type device struct {
	name   string
	role   record.Role
	places []place
	dir    string
	r      *replica.Replica // while someone writes
	work   work
	saves  int             // actions that were confirmed
	wrote  map[string]bool // scopes
}

// fortnight is two weeks of a département: real programs exchange, and this one writes as people do, in the folders
// of their devices, with a clock that goes through the days.
type fortnight struct {
	bin, dir string
	drawn    *rand.Rand // what people do; it depends on what they see, and so on names that the programs draw
	plan     *rand.Rand // who meets whom in the evening
	now      time.Time
	programs programs
	colleges []place
	lieux    []place
	bus      place
	charter  uuid.UUID
	devices  []*device
	actions  int
	number   int // of things that were ever named
	took     struct{ writing, exchanging, joining, ending time.Duration }
	met      struct{ central, neighbours, sticks int }
}

// crew is how many devices of each role there are; the hosts have a tiers-lieu each.
type crew struct{ coordination, agents, facilitators, hosts, kiosks int }

func fortnightMain(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("fortnight", flag.ContinueOnError)
	bin, actions, seed := flags.String("build", "build", "folder of the programs"), flags.Int("actions", 20_000, "number"), flags.Uint64("seed", 1, "of what is drawn")
	each := flags.Int("each", 0, "devices of each role; 0 for 30 in all")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f := &fortnight{bin: *bin, actions: *actions, drawn: rand.New(rand.NewPCG(*seed, 7)), plan: rand.New(rand.NewPCG(*seed, 8))}
	if f.dir, err = os.MkdirTemp("", "buron-fortnight"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.programs.end(), os.RemoveAll(f.dir)) }()
	who := crew{2, 9, 3, 8, 8}
	if *each > 0 {
		who = crew{*each, *each, *each, *each, *each}
	}
	f.now = time.Now().AddDate(0, 0, -14)
	if err := f.found(ctx, who); err != nil {
		return fmt.Errorf("founding: %w", err)
	}
	for day := range days {
		if err := f.day(ctx, day); err != nil {
			return fmt.Errorf("day %d: %w", day+1, err)
		}
	}
	begun := time.Now()
	if err := f.converge(ctx); err != nil {
		return err
	}
	f.took.ending = time.Since(begun)
	return f.verdict(ctx)
}

// found makes the territory, its places, and lets every device join through the central.
func (f *fortnight) found(ctx context.Context, who crew) error {
	begun := time.Now()
	if err := f.programs.start(ctx, f.bin, f.dir); err != nil {
		return err
	}
	first, err := f.join(ctx, record.Coordination, 1)
	if err == nil {
		err = f.settle(ctx, first, who.hosts)
	}
	if err != nil {
		return err
	}
	agents := make([][]place, who.agents)
	for i, c := range f.colleges {
		agents[i%who.agents] = append(agents[i%who.agents], c)
	}
	for i := 1; i < who.coordination; i++ {
		_, e := f.join(ctx, record.Coordination, i+1)
		err = cmp.Or(err, e)
	}
	for i := range agents {
		_, e := f.join(ctx, record.Agent, i+1, agents[i]...)
		err = cmp.Or(err, e)
	}
	for i := range who.facilitators {
		_, e := f.join(ctx, record.Facilitator, i+1)
		err = cmp.Or(err, e)
	}
	for i := range who.hosts {
		_, e := f.join(ctx, record.Host, i+1, f.lieux[i])
		err = cmp.Or(err, e)
	}
	for i := range who.kiosks { // at a tiers-lieu and at a collège in turn
		at := f.lieux[i%len(f.lieux)]
		if i%2 == 1 {
			at = f.colleges[i%len(f.colleges)]
		}
		_, e := f.join(ctx, record.Kiosk, i+1, at)
		err = cmp.Or(err, e)
	}
	for _, d := range f.devices { // each hears of those that came after it
		_, e := f.programs.sync(ctx, d)
		err = cmp.Or(err, e)
	}
	f.took.joining = time.Since(begun)
	return err
}

func (f *fortnight) join(ctx context.Context, role record.Role, n int, places ...place) (*device, error) {
	d := &device{name: fmt.Sprintf("%s-%d", role, n), role: role, places: places, wrote: map[string]bool{}}
	d.dir = filepath.Join(f.dir, d.name)
	f.devices = append(f.devices, d)
	return d, f.programs.join(ctx, d)
}

// settle lets the coordination write what everything else refers to.
func (f *fortnight) settle(ctx context.Context, d *device, lieux int) error {
	if err := f.open(ctx, d); err != nil {
		return err
	}
	site := func(fields record.Fields) (place, error) {
		id, err := f.save(ctx, d, replica.Change{Kind: record.Site, Set: fields})
		f.number++
		return place{record.PlaceKey(record.Record{ID: id, Fields: fields}), id, fmt.Sprintf("lieu%02dx", f.number)}, err
	}
	for _, c := range reference.Colleges() {
		p, err := site(record.Fields{"type": "college", "uai": c.UAI, "name": c.Name, "commune": c.INSEE, "position": c.Position})
		if err != nil {
			return err
		}
		f.colleges = append(f.colleges, p)
	}
	for i := range lieux {
		p, err := site(record.Fields{"type": "tiers_lieu", "name": "Tiers-lieu de " + reference.Communes()[i*7].Name, "commune": reference.Communes()[i*7].INSEE})
		if err != nil {
			return err
		}
		f.lieux = append(f.lieux, p)
	}
	var err error
	if f.bus, err = site(record.Fields{"type": "bus", "name": "CyberCantal"}); err != nil {
		return err
	}
	f.charter, err = f.save(ctx, d, replica.Change{Kind: record.Charter, Set: record.Fields{"version": "2026-2027", "text": "Chacun respecte les autres et le matériel.", "status": "en_vigueur"}})
	if err != nil {
		return err
	}
	for _, c := range f.colleges {
		_, err := f.save(ctx, d, replica.Change{Kind: record.CharterAdoption, Set: record.Fields{"site": c.id.String(), "charter": f.charter.String(), "vote_date": int64(record.DayOf(f.now))}})
		if err != nil {
			return err
		}
	}
	if err := f.close(d); err != nil {
		return err
	}
	_, err = f.programs.sync(ctx, d)
	return err
}

// day lets every device write with no network, and brings some of them together in the evening.
func (f *fortnight) day(ctx context.Context, day int) error {
	morning := time.Now()
	each := f.actions / days / len(f.devices)
	if day == days-1 {
		done := 0
		for _, d := range f.devices {
			done += d.saves
		}
		each = (f.actions - done + len(f.devices) - 1) / len(f.devices)
	}
	for _, d := range f.devices {
		if err := f.open(ctx, d); err != nil {
			return err
		}
		if err := f.works(ctx, d, each); err != nil {
			return fmt.Errorf("%s: %w", d.name, errors.Join(err, f.close(d)))
		}
		if err := f.close(d); err != nil {
			return err
		}
	}
	evening := time.Now()
	f.took.writing += evening.Sub(morning)
	err := f.evening(ctx, day)
	f.took.exchanging += time.Since(evening)
	f.now = f.now.AddDate(0, 0, 1)
	if day == days/2-1 {
		f.now = f.now.AddDate(0, 0, 2)
	}
	return err
}

// evening brings half of the devices to the central, and some to a neighbour or a stick; the others go home.
func (f *fortnight) evening(ctx context.Context, day int) error {
	var alone []*device // with a neighbour, two by two
	for _, i := range f.plan.Perm(len(f.devices)) {
		d := f.devices[i]
		var err error
		switch p := f.plan.IntN(100); {
		case p < 50:
			f.met.central++
			_, err = f.programs.sync(ctx, d)
		case p < 80:
			if alone = append(alone, d); len(alone) == 2 {
				f.met.neighbours++
				err = f.programs.meet(ctx, alone[0], alone[1])
				alone = nil
			}
		case p < 90:
			f.met.sticks++
			err = f.programs.stick(ctx, day, d, f.devices[f.plan.IntN(len(f.devices))])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return nil
}

// rounds bounds how often everyone goes to the central before nothing moves any more.
const rounds = 5

// converge lets everyone meet the central until nothing moves.
func (f *fortnight) converge(ctx context.Context) error {
	for n := range rounds {
		moved := 0
		for _, d := range f.devices {
			m, err := f.programs.sync(ctx, d)
			if err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
			moved += m
		}
		fmt.Printf("      round %d at the central: %d entries moved\n", n+1, moved)
		if moved == 0 {
			return nil
		}
	}
	return fmt.Errorf("after %d rounds at the central entries still move", rounds)
}

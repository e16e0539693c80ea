package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cantal.fr/buron/sync/probe"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// peopleOf is the scope of the people of a place.
func peopleOf(p place) string { return "people/" + p.key }

// verdict compares what every device holds with what the central holds, looks for names where they do not belong, and
// prints the figures. The error is what is not so.
func (f *fortnight) verdict(ctx context.Context) error {
	if err := f.programs.end(); err != nil {
		return err
	}
	if _, _, err := f.programs.say(ctx, "buron-central", f.programs.central(), "verify"); err != nil {
		return err
	}
	central, err := replica.Open(ctx, f.programs.central(), replica.Options{})
	if err != nil {
		return err
	}
	defer central.Close()
	var wrong []error
	saves, compared := 0, 0
	for _, d := range f.devices {
		n, err := f.judge(ctx, central, d)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", d.name, err))
		}
		saves, compared = saves+d.saves, compared+n
	}
	names, err := f.names()
	wrong = append(wrong, err)
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	return f.print(ctx, central, saves, compared, names)
}

// judge returns how many scopes of a device were found equal to the central's.
func (f *fortnight) judge(ctx context.Context, central *replica.Replica, d *device) (equal int, err error) {
	r, err := replica.Open(ctx, d.dir, replica.Options{})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if err := r.Verify(ctx, nil); err != nil {
		return 0, err
	}
	want, err := central.StateDigests(ctx)
	if err != nil {
		return 0, err
	}
	have, err := r.StateDigests(ctx)
	if err != nil {
		return 0, err
	}
	for scope, digest := range want {
		if !r.Self().MayRead(scope) {
			continue
		}
		if have[scope] != digest {
			return equal, fmt.Errorf("its %s differs from the central's", scope)
		}
		equal++
	}
	written := 0
	scopes, err := r.Scopes(ctx)
	if err != nil {
		return equal, err
	}
	for _, scope := range scopes {
		heads, err := r.Heads(ctx, scope)
		if err != nil {
			return equal, err
		}
		for _, h := range heads {
			if h.Chain.Incarnation != r.Incarnation() || scope == trust.Control {
				continue
			}
			d.wrote[scope] = true
			written += int(h.Seq)
			if held, err := central.Holds(ctx, h.Chain, h.Hash); err != nil || !held {
				return equal, errors.Join(err, fmt.Errorf("the central lacks the end of what it wrote in %s", scope))
			}
		}
		if !r.Self().MayRead(scope) && !d.wrote[scope] {
			return equal, fmt.Errorf("it holds %s, which it may not read", scope)
		}
	}
	if written != d.saves {
		return equal, fmt.Errorf("it confirmed %d actions, and its chains have %d", d.saves, written)
	}
	if pending, err := r.Pending(ctx); err != nil || pending != 0 {
		return equal, errors.Join(err, fmt.Errorf("%d of its actions are not known to be delivered", pending))
	}
	return equal, nil
}

// names looks for who was at each place on the disks of those who may not read it, having unpacked and unsealed all that
// their keys open, and returns how many times it has looked. That it would find them is shown on a device that may.
func (f *fortnight) names() (looked int, err error) {
	var wrong []error
	shown := false
	for _, d := range f.devices {
		var strange []place
		for _, p := range slices.Concat(f.colleges, f.lieux, []place{f.bus}) {
			mine := d.role == record.Coordination || slices.ContainsFunc(d.places, func(q place) bool { return q.id == p.id }) ||
				(d.role == record.Facilitator && (d.wrote[peopleOf(p)] || p.id == f.bus.id))
			if !mine || d.role == record.Kiosk {
				strange = append(strange, p)
			}
		}
		if d.role == record.Host && !shown {
			found, err := probe.Unsealed(d.dir, f.word(d.places[0]))
			if err != nil || !found {
				return looked, errors.Join(err, fmt.Errorf("the probe does not find on %s who was there", d.name))
			}
			shown = true
		}
		if len(strange) == len(f.colleges)+len(f.lieux)+1 {
			strange = []place{{code: ""}} // none at all: one look
		}
		f.drawn.Shuffle(len(strange), func(i, j int) { strange[i], strange[j] = strange[j], strange[i] })
		for _, p := range strange[:min(len(strange), 3)] {
			looked++
			found, err := probe.Unsealed(d.dir, f.word(p))
			if err != nil || found {
				wrong = append(wrong, errors.Join(err, fmt.Errorf("%s holds names of %s", d.name, strings.TrimSpace(f.word(p)))))
			}
		}
	}
	return looked, errors.Join(wrong...)
}

func (f *fortnight) word(p place) string { return "Exemplaire-" + p.code }

func (f *fortnight) print(ctx context.Context, central *replica.Replica, saves, compared, looks int) error {
	records, err := central.Records(ctx)
	if err != nil {
		return err
	}
	decide, err := central.CountConflicts(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("ok    %d devices, %d collèges, %d actions in %d days: %d records, %d values to decide on\n", len(f.devices), len(f.colleges), saves, days, records, decide)
	fmt.Printf("ok    every confirmed action is at the central, which verifies; %d scopes on the devices equal the central's\n", compared)
	fmt.Printf("ok    no name was found in %d looks at the disks of those who may not read it\n", looks)
	fmt.Printf("      evenings: %d at the central, %d with a neighbour, %d sticks\n", f.met.central, f.met.neighbours, f.met.sticks)
	fmt.Printf("      wire: %d bytes to the central, %d from it, %d between neighbours; %d on sticks\n", f.programs.line.ways[0].bytes.Load(), f.programs.line.ways[1].bytes.Load(), f.programs.valley, f.programs.sticks)
	for _, role := range record.Roles() {
		var sizes []int64
		for _, d := range f.devices {
			if d.role != role {
				continue
			}
			n, err := weigh(d.dir)
			if err != nil {
				return err
			}
			sizes = append(sizes, n)
		}
		if slices.Sort(sizes); len(sizes) > 0 {
			fmt.Printf("      disk of a device (%s): %d to %d bytes\n", role, sizes[0], sizes[len(sizes)-1])
		}
	}
	n, err := weigh(f.programs.central())
	if err != nil {
		return err
	}
	fmt.Printf("      disk of the central: %d bytes\n", n)
	fmt.Printf("      joining %s, writing %s, evenings %s, the end %s\n", seconds(f.took.joining), seconds(f.took.writing), seconds(f.took.exchanging), seconds(f.took.ending))
	return nil
}

package main

import (
	"context"
	"fmt"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// work is what a device has before its eyes on one day.
type work struct {
	machines, visits, repairs, workshops, rooms, audits []record.Record
}

// act is one thing that people do; nil changes where there is nothing to do it on.
type act func(*fortnight, *device) []replica.Change

// habits are what each role does, as often as it stands in the list.
func habits(role record.Role) []act {
	switch role {
	case record.Agent:
		return []act{newMachine, newMachine, editMachine, editMachine, editMachine, editMachine, visit, leave, repair, repair, repair, mend, mend, audit, scan, scan, scan, newRoom, pupil, pupil}
	case record.Facilitator:
		return []act{event, workshop, editWorkshop, attend, attend, attend, newMachine, lend, lend, sign}
	case record.Host:
		return []act{workshop, editWorkshop, attend, attend, attend, newMachine, lend, lend, sign}
	case record.Kiosk:
		return []act{attend, attend, sign}
	}
	return []act{editMachine, editMachine, editMachine, price, event, note, operator}
}

// open takes up a device in the morning.
func (f *fortnight) open(ctx context.Context, d *device) (err error) {
	if d.r, err = replica.Open(ctx, d.dir, replica.Options{Now: func() time.Time { return f.now }}); err != nil {
		return err
	}
	for kind, list := range map[record.Kind]*[]record.Record{record.Equipment: &d.work.machines, record.Visit: &d.work.visits,
		record.Intervention: &d.work.repairs, record.Workshop: &d.work.workshops, record.Room: &d.work.rooms, record.RoomAudit: &d.work.audits} {
		if *list, err = d.r.List(ctx, replica.Query{Kind: kind}); err != nil {
			return err
		}
	}
	return nil
}

func (f *fortnight) close(d *device) error {
	r := d.r
	d.r = nil
	return r.Close()
}

// works lets a device do n things between eight and five.
func (f *fortnight) works(ctx context.Context, d *device, n int) error {
	list := habits(d.role)
	morning := f.now
	for i := range n {
		f.now = morning.Add(time.Duration(i) * 9 * time.Hour / time.Duration(n))
		var changes []replica.Change
		for changes == nil {
			changes = list[f.drawn.IntN(len(list))](f, d)
		}
		if _, err := f.save(ctx, d, changes...); err != nil {
			return err
		}
	}
	f.now = morning
	return nil
}

// save does one thing: once it returns, people have seen it confirmed.
func (f *fortnight) save(ctx context.Context, d *device, changes ...replica.Change) (uuid.UUID, error) {
	saved, err := d.r.Save(ctx, uuid.Nil, changes...)
	if err != nil {
		return uuid.Nil, fmt.Errorf("%s %v: %w", changes[0].Kind, changes[0].Set, err)
	}
	if saved.Action != [8]byte{} {
		d.saves++
	}
	return saved.IDs[0], nil
}

func (f *fortnight) next() int { f.number++; return f.number }

func pick[T any](f *fortnight, list []T) (one T, some bool) {
	if len(list) == 0 {
		return one, false
	}
	return list[f.drawn.IntN(len(list))], true
}

// at is where a device is today.
func (d *device) at(f *fortnight) place {
	if d.role == record.Facilitator {
		return f.bus
	}
	if p, some := pick(f, d.places); some {
		return p
	}
	p, _ := pick(f, f.colleges)
	return p
}

func create(kind record.Kind, set record.Fields) []replica.Change {
	return []replica.Change{{Kind: kind, Set: set}}
}

// edit changes one of the records that the device may change.
func edit(f *fortnight, d *device, list []record.Record, set record.Fields) []replica.Change {
	r, some := pick(f, list)
	if !some || !d.r.Self().MayWrite(r.Scope, r.Kind, true) {
		return nil
	}
	return []replica.Change{{ID: r.ID, Kind: r.Kind, Set: set}}
}

func newMachine(f *fortnight, d *device) []replica.Change {
	n := f.next()
	return create(record.Equipment, record.Fields{"tag": fmt.Sprintf("PC-%05d", n), "serial": fmt.Sprintf("SN%08X", f.drawn.Uint32()), "level": "socle",
		"status": "en_service", "network": "pedagogique", "brand": "Puy Mary", "model": "Tour 3", "site": d.at(f).id.String()})
}

func editMachine(f *fortnight, d *device) []replica.Change {
	states := []string{"en_service", "en_panne", "en_stock", "reforme"}
	return edit(f, d, d.work.machines, record.Fields{"status": states[f.drawn.IntN(len(states))], "note": fmt.Sprintf("Vu, numéro %d", f.next())})
}

func lend(f *fortnight, d *device) []replica.Change {
	states := []string{"en_pret", "en_service"}
	return edit(f, d, d.work.machines, record.Fields{"status": states[f.drawn.IntN(2)], "note": fmt.Sprintf("Prêt %d, retour sous huit jours", f.next())})
}

func price(f *fortnight, d *device) []replica.Change {
	return edit(f, d, d.work.machines, record.Fields{"price": int64(40_000 + f.next())})
}

func visit(f *fortnight, d *device) []replica.Change {
	return create(record.Visit, record.Fields{"site": d.at(f).id.String(), "arrival": f.now.UnixMilli(), "purpose": fmt.Sprintf("Tournée %d", f.next())})
}

func leave(f *fortnight, d *device) []replica.Change {
	return edit(f, d, d.work.visits, record.Fields{"departure": f.now.Add(time.Hour).UnixMilli(), "findings": fmt.Sprintf("Rien à signaler, %d", f.next())})
}

func repair(f *fortnight, d *device) []replica.Change {
	m, some := pick(f, d.work.machines)
	if !some {
		return nil
	}
	return create(record.Intervention, record.Fields{"equipment": m.ID.String(), "symptom": "ne_demarre_pas", "status": "ouverte", "opened": f.now.UnixMilli(),
		"description": fmt.Sprintf("Écran noir au démarrage, demande %d", f.next())})
}

func mend(f *fortnight, d *device) []replica.Change {
	return edit(f, d, d.work.repairs, record.Fields{"status": "resolue", "minutes": int64(10 + f.drawn.IntN(80)), "diagnosis": fmt.Sprintf("Barrette replacée, %d", f.next())})
}

func newRoom(f *fortnight, d *device) []replica.Change {
	return create(record.Room, record.Fields{"site": d.at(f).id.String(), "name": fmt.Sprintf("Salle %d", f.next()), "use": "classe"})
}

func audit(f *fortnight, d *device) []replica.Change {
	room, some := pick(f, d.work.rooms)
	if !some {
		return nil
	}
	return create(record.RoomAudit, record.Fields{"room": room.ID.String(), "begun": f.now.UnixMilli(), "ended": f.now.Add(time.Minute).UnixMilli()})
}

func scan(f *fortnight, d *device) []replica.Change {
	m, some := pick(f, d.work.machines)
	tour, begun := pick(f, d.work.audits)
	if !some || !begun {
		return nil
	}
	return create(record.Scan, record.Fields{"audit": tour.ID.String(), "equipment": m.ID.String(), "at": f.now.UnixMilli()})
}

func event(f *fortnight, _ *device) []replica.Change {
	begin := f.now.AddDate(0, 1, 0)
	return create(record.Event, record.Fields{"title": fmt.Sprintf("Rencontre %d", f.next()), "type": "temps_echanges", "status": "programme",
		"timings": []any{map[string]any{"begin": begin.UnixMilli(), "end": begin.Add(2 * time.Hour).UnixMilli()}}})
}

func workshop(f *fortnight, d *device) []replica.Change {
	return create(record.Workshop, record.Fields{"title": fmt.Sprintf("Écrire un courriel, %d", f.next()), "themes": []any{"email"}, "place": d.at(f).id.String(),
		"begin": f.now.UnixMilli(), "end": f.now.Add(2 * time.Hour).UnixMilli(), "capacity": int64(12), "status": "ouvert"})
}

func editWorkshop(f *fortnight, d *device) []replica.Change {
	return edit(f, d, d.work.workshops, record.Fields{"status": "realise", "audience": fmt.Sprintf("Tous, %d", f.next())})
}

func note(f *fortnight, _ *device) []replica.Change {
	p, _ := pick(f, f.colleges)
	return []replica.Change{{ID: p.id, Kind: record.Site, Set: record.Fields{"on_spot": fmt.Sprintf("Entrée par la cour, note %d", f.next())}}}
}

func operator(f *fortnight, _ *device) []replica.Change {
	return create(record.Operator, record.Fields{"name": fmt.Sprintf("Personne %d", f.next()), "role": "agent", "active": true})
}

// named returns the name of someone who is at a place: it can be looked for on every disk.
func (f *fortnight) named(p place) string { return fmt.Sprintf("Exemplaire-%s %d", p.code, f.next()) }

func pupil(f *fortnight, d *device) []replica.Change {
	p := d.at(f)
	return create(record.ClassMember, record.Fields{"site": p.id.String(), "school_year": "2026-2027", "class": "5e B", "family_name": f.named(p), "first_name": "Élève"})
}

func attend(f *fortnight, d *device) []replica.Change {
	w, some := pick(f, d.work.workshops)
	if !some {
		return nil
	}
	p := d.at(f)
	return create(record.Attendance, record.Fields{"act": "presence", "workshop": w.ID.String(), "place": p.id.String(), "person_name": f.named(p), "at": f.now.UnixMilli()})
}

// sign is an act about the charter, with a drawn signature.
func sign(f *fortnight, d *device) []replica.Change {
	p, population := d.at(f), "usager"
	if d.role == record.Facilitator || p.isCollege(f) {
		population = "eleve"
	}
	if d.role == record.Facilitator {
		p, _ = pick(f, f.colleges)
	}
	drawn := make([]byte, 1500)
	for i := range drawn {
		drawn[i] = byte(f.drawn.Uint32())
	}
	return create(record.Acknowledgement, record.Fields{"act": "signature", "site": p.id.String(), "charter": f.charter.String(), "population": population,
		"person_name": f.named(p), "read_to_end": true, "signature": drawn, "at": f.now.UnixMilli()})
}

func (p place) isCollege(f *fortnight) bool {
	for _, c := range f.colleges {
		if c.id == p.id {
			return true
		}
	}
	return false
}

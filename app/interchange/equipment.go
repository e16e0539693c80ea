package interchange

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// spot is where an inventory says its machine stands.
type spot struct {
	site uuid.UUID
	room uuid.UUID // nil where it is unknown or to be made
	make string    // name of the room to be made
}

// inventory plans one file: the machine itself, then what is attached to it.
func (p *planner) inventory(f inventoryFile) error {
	at, err := p.spot(f)
	if err != nil {
		return err
	}
	c := &f.Content
	seen := record.Fields{
		"serial": firstOf(valid(c.BIOS.Serial), valid(c.Device.Serial)), "uuid": strings.ToLower(valid(c.Hardware.UUID)), "mac": c.mainMAC(),
		"tag": valid(c.BIOS.AssetTag), "name": firstOf(c.Hardware.Name, c.Device.Name), "os": c.OS.FullName,
		"brand": firstOf(c.BIOS.Manufacturer, c.Device.Manufacturer), "model": firstOf(c.BIOS.Model, c.Device.Model),
	}
	if c.Hardware.Memory > 0 {
		seen["memory"] = c.Hardware.Memory
	}
	if len(c.CPUs) > 0 {
		seen["cpu"] = c.CPUs[0].Name
	}
	if seen.Text("serial")+seen.Text("uuid")+seen.Text("mac")+seen.Text("tag") == "" {
		p.refuse(f.path, 0, "Cet inventaire ne porte ni numéro de série, ni UUID, ni adresse réseau, ni étiquette\u00a0: l'appareil ne se reconnaîtrait pas. Saisissez-le à la main.")
		return nil
	}
	family := f.familyOf()
	if err := p.machine(f, seen, family, at); err != nil {
		return err
	}
	for _, m := range c.Monitors {
		if err := p.attached(f, m, familyMonitor, at); err != nil {
			return err
		}
	}
	for _, m := range c.Printers {
		if valid(m.Serial) == "" {
			continue // a printer's driver, not a printer that stands here
		}
		if err := p.attached(f, m, familyPrinter, at); err != nil {
			return err
		}
	}
	for _, part := range c.Components {
		if serial := valid(part.Serial); serial != "" && strings.EqualFold(part.Type, "chassis") && serial != seen.Text("serial") {
			m := record.Fields{"serial": serial, "name": part.Name, "brand": c.Device.Manufacturer, "model": part.Model}
			if err := p.machine(f, m, family, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// attached plans a monitor or a printer of a computer: an equipment of its own.
func (p *planner) attached(f inventoryFile, m attached, family string, at spot) error {
	serial := valid(m.Serial)
	if serial == "" {
		p.note(fmt.Sprintf("%s\u00a0: un écran sans numéro de série n'est pas repris, il se doublerait au prochain import.", filepath.Base(f.path)))
		return nil
	}
	name := firstOf(m.Caption, m.Name)
	return p.machine(f, record.Fields{"serial": serial, "model": firstOf(m.Driver, name), "name": name, "brand": m.Manufacturer}, family, at)
}

// machine plans one equipment: updated where the ladder finds it, else created.
func (p *planner) machine(f inventoryFile, seen record.Fields, family string, at spot) error {
	if line := p.plannedFor(seen); line != nil {
		maps.Copy(line.Set, merge(line.Set, seen)) // a later file of the same import knows better
		line.settle()
		p.name(line, seen)
		return nil
	}
	found, err := p.match(seen)
	if err != nil {
		return err
	}
	switch len(found) {
	case 0:
		return p.create(f, seen, family, at)
	case 1:
		p.update(f, found[0], seen, at)
		return nil
	}
	p.refuse(f.path, 0, fmt.Sprintf("%d appareils portent déjà ce numéro (%s)\u00a0: décidez d'abord lequel est le bon.",
		len(found), firstOf(seen.Text("serial"), seen.Text("uuid"), seen.Text("mac"), seen.Text("tag"))))
	return nil
}

// ladder is the order in which fields are trusted to recognise a machine.
var ladder = []string{"serial", "uuid", "mac", "tag"}

// match climbs down the ladder. Below the serial, a machine that is known under another valid serial
// is another machine: imaging copies UUIDs, and docks lend their network address.
func (p *planner) match(seen record.Fields) ([]record.Record, error) {
	for _, field := range ladder {
		v := seen.Text(field)
		if v == "" {
			continue
		}
		found, err := p.book.Find(record.Equipment, field, v)
		if err != nil {
			return nil, err
		}
		var same []record.Record
		for _, r := range found {
			known := valid(r.Fields.Text("serial"))
			if field == "serial" || known == "" || seen.Text("serial") == "" || known == seen.Text("serial") {
				same = append(same, r)
			}
		}
		if len(same) > 0 {
			return same, nil
		}
	}
	return nil, nil
}

func (p *planner) plannedFor(seen record.Fields) *Line {
	for _, field := range ladder {
		line := p.planned[field+"="+seen.Text(field)]
		if seen.Text(field) == "" || line == nil {
			continue
		}
		if field == "serial" || line.Set.Text("serial") == "" || seen.Text("serial") == "" || line.Set.Text("serial") == seen.Text("serial") {
			return line
		}
	}
	return nil
}

func (p *planner) remember(line *Line, seen record.Fields) {
	p.plan.Lines = append(p.plan.Lines, line)
	p.name(line, seen)
}

// name notes by what a later file of the import may recognise the machine.
func (p *planner) name(line *Line, seen record.Fields) {
	for _, field := range ladder {
		if v := seen.Text(field); v != "" {
			p.planned[field+"="+v] = line
		}
	}
}

func (p *planner) create(f inventoryFile, seen record.Fields, family string, at spot) error {
	set := merge(nil, seen)
	for name, v := range record.Default(record.Equipment, p.options.Now) {
		if !set.Has(name) {
			set[name] = v
		}
	}
	set["level"] = p.options.Level
	p.note("Le niveau des nouveaux appareils est celui choisi pour cet import\u00a0: corrigez ceux qui en ont un autre.")
	line := &Line{File: filepath.Base(f.path), Action: Create, Kind: record.Equipment, Title: titleOf(seen), Set: set}
	types, err := p.book.Find(record.EquipmentType, "family", family)
	if err != nil {
		return err
	}
	if len(types) > 0 {
		set["type"] = types[0].ID.String()
	} else {
		line.family = family
	}
	if at.site != uuid.Nil {
		set["site"] = at.site.String()
	} else {
		line.Note = "Lieu inconnu\u00a0: à compléter sur la fiche."
	}
	switch {
	case at.room != uuid.Nil:
		set["room"] = at.room.String()
	case at.make != "" && at.site != uuid.Nil:
		line.room = roomKey{at.site, at.make}
	}
	p.remember(line, seen)
	return nil
}

func (p *planner) update(f inventoryFile, before record.Record, seen record.Fields, at spot) {
	line := &Line{File: filepath.Base(f.path), Action: Update, Kind: record.Equipment, ID: before.ID, Title: titleOf(seen), Set: merge(before.Fields, seen), before: before.Fields}
	if at.site != uuid.Nil && !before.Fields.Has("site") {
		line.Set["site"] = at.site.String()
		if at.room != uuid.Nil {
			line.Set["room"] = at.room.String()
		} else if at.make != "" {
			line.room = roomKey{at.site, at.make}
		}
	} else if at.room != uuid.Nil && before.Fields.ID("room") != at.room {
		line.Note = "L'inventaire le situe dans une autre salle\u00a0: rien n'est déplacé."
	}
	line.settle()
	p.remember(line, seen)
}

// settle leaves out what the record holds already, and says whether anything is left to write.
func (l *Line) settle() {
	if l.ID == uuid.Nil {
		return
	}
	maps.DeleteFunc(l.Set, func(name string, v any) bool {
		// What people wrote on the machine's card stands: an inventory does not know better what a label says.
		own := name == "tag" || name == "brand" || name == "model"
		return l.before[name] == v || own && l.before.Has(name)
	})
	l.Action = Update
	if len(l.Set) == 0 && l.room == (roomKey{}) {
		l.Action = Unchanged
	}
}

// spot reads the tag « UAI/room », completed by the options of the import.
func (p *planner) spot(f inventoryFile) (spot, error) {
	at := spot{site: p.options.Site}
	uai, room, _ := strings.Cut(f.Tag, "/")
	if uai = strings.ToUpper(strings.TrimSpace(uai)); !record.ValidUAI(uai) {
		return at, nil
	}
	sites, err := p.book.Find(record.Site, "uai", uai)
	if err != nil {
		return at, err
	}
	if len(sites) == 0 {
		p.note(fmt.Sprintf("%s\u00a0: le collège %s n'est pas enregistré ici.", filepath.Base(f.path), uai))
		return at, nil
	}
	at.site = sites[0].ID
	if at.make = strings.TrimSpace(room); at.make == "" {
		return at, nil
	}
	rooms, err := p.book.Find(record.Room, "site", at.site.String())
	if err != nil {
		return at, err
	}
	for _, r := range rooms {
		if strings.EqualFold(r.Fields.Text("name"), at.make) || strings.EqualFold(r.Fields.Text("label"), at.make) {
			at.room = r.ID
		}
	}
	return at, nil
}

func titleOf(seen record.Fields) string {
	return firstOf(strings.TrimSpace(seen.Text("brand")+" "+seen.Text("model")), seen.Text("name"), seen.Text("serial"), seen.Text("uuid"))
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			return t
		}
	}
	return ""
}

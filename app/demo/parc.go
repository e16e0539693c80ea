package demo

import (
	"fmt"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// families lists the equipment types with their lifecycle; the second of a pair replaces the first.
var families = []struct{ family, name, lifecycle, replacedBy string }{
	{"eni", "Écran numérique interactif 75 pouces", "cible", ""},
	{"vpi", "Vidéoprojecteur interactif", "obsolescent", "eni"},
	{"pc_fixe", "PC fixe de salle", "cible", ""},
	{"portable", "Portable 14 pouces", "cible", ""},
	{"tablette", "Tablette 10 pouces", "accepte", ""},
	{"borne_wifi", "Borne Wi-Fi de plafond", "cible", ""},
	{"imprimante", "Imprimante laser réseau", "accepte", ""},
	{"imprimante_3d", "Imprimante 3D", "accepte", ""},
	{"casque_vr", "Casque de réalité virtuelle", "accepte", ""},
	{"commutateur", "Commutateur 24 ports", "cible", ""},
}

func (b *builder) equipmentTypes() error {
	for _, f := range families {
		set := record.Fields{"family": f.family, "name": f.name, "lifecycle": f.lifecycle}
		if f.replacedBy != "" {
			set["replaced_by"] = b.types[f.replacedBy].String()
		}
		id, err := b.one(record.EquipmentType, set)
		if err != nil {
			return err
		}
		b.types[f.family] = id
	}
	return nil
}

// equipped is the number of collèges that are inventoried in full; the others are sparse.
const equipped = 6

// roomsEach is the number of rooms of a collège that is inventoried in full.
const roomsEach = 10

func (b *builder) makeRooms() error {
	plan := []struct{ name, use, floor string }{
		{"Salle 11", "classe", "1"}, {"Salle 12", "classe", "1"}, {"Salle 13", "classe", "1"}, {"Salle 21", "classe", "2"},
		{"Salle 22", "classe", "2"}, {"Salle info", "salle_info", "0"}, {"CDI", "cdi", "0"}, {"Technologie", "classe", "0"},
		{"Administration", "administration", "0"}, {"Local technique", "technique", "-1"},
	}
	var changes []replica.Change
	for i, site := range b.colleges {
		rooms := plan
		if i >= equipped {
			rooms = plan[6:7]
		}
		for n, p := range rooms {
			changes = append(changes, replica.Change{Kind: record.Room, Set: record.Fields{
				"site": site.id.String(), "name": p.name, "use": p.use, "floor": p.floor, "label": fmt.Sprintf("S%s-%02d", site.uai[2:7], n+1),
			}})
			b.rooms = append(b.rooms, room{site: site, name: p.name, use: p.use})
		}
	}
	ids, err := b.save(changes)
	for i, id := range ids {
		b.rooms[i].id = id
	}
	return err
}

// stock is what stands in a room of each use.
var stock = map[string][]struct {
	family string
	count  int
}{
	"classe":         {{"pc_fixe", 1}, {"vpi", 1}, {"tablette", 12}, {"borne_wifi", 1}},
	"salle_info":     {{"pc_fixe", 30}, {"eni", 1}, {"imprimante", 1}, {"borne_wifi", 1}},
	"cdi":            {{"pc_fixe", 8}, {"portable", 6}, {"imprimante", 1}},
	"administration": {{"pc_fixe", 5}, {"imprimante", 2}},
	"technique":      {{"commutateur", 4}, {"borne_wifi", 1}},
}

// sparse is what is known of a collège that was never inventoried in full.
var sparse = stock["administration"][1:]

// waves are the school years in which the Département bought, as days before today.
var waves = []int{-80, -440, -810, -1540, -2270}

func (b *builder) equipment() error {
	var changes []replica.Change
	for i, rm := range b.rooms {
		items := stock[rm.use]
		if i >= equipped*roomsEach {
			items = sparse
		}
		for _, s := range items {
			for range s.count {
				n := len(changes) + 1
				changes = append(changes, replica.Change{Kind: record.Equipment, Set: b.appliance(n, rm, s.family)})
				b.devices = append(b.devices, device{room: rm, family: s.family})
			}
		}
	}
	// Two machines that carry the serial of two others, and a label that nobody can read any more.
	changes[40].Set["serial"] = changes[10].Set["serial"]
	changes[210].Set["serial"] = changes[180].Set["serial"]
	delete(changes[75].Set, "tag")
	changes[75].Set["note"] = "Étiquette illisible : à refaire."
	ids, err := b.save(changes)
	for i, id := range ids {
		b.devices[i].id = id
	}
	return err
}

func (b *builder) appliance(n int, rm room, family string) record.Fields {
	wave := pick(b, waves...)
	if family == "vpi" {
		wave = waves[len(waves)-1]
	}
	brand, model := brandOf(family)
	level, network := "socle", "pedagogique"
	switch {
	case family == "casque_vr" || family == "imprimante_3d":
		level = "aap_national"
	case n%17 == 0:
		level = "supplementaire"
	case n%23 == 0:
		level = "aap_departemental"
	case n%41 == 0:
		level = "aap_national"
	}
	if rm.use == "administration" {
		network = "administratif"
	}
	status := "en_service"
	switch {
	case n%61 == 0:
		status = "en_panne"
	case n%97 == 0:
		status = "en_pret"
	case n%53 == 0:
		status = "en_stock"
	}
	return record.Fields{
		"tag": fmt.Sprintf("%s-%s-%04d", prefixOf(family), rm.site.uai[2:7], n), "serial": fmt.Sprintf("EX%07d", 4_310_000+n*37),
		"type": b.types[family].String(), "brand": brand, "model": model, "site": rm.site.id.String(), "room": rm.id.String(),
		"level": level, "network": network, "status": status, "bought": b.day(wave - n%25), "warranty_end": b.day(wave - n%25 + 1095),
		"price": int64(100 * (180 + n%9*40)), "conform": family != "vpi",
	}
}

func prefixOf(family string) string {
	switch family {
	case "pc_fixe":
		return "PC"
	case "portable":
		return "PORT"
	case "tablette":
		return "TAB"
	case "borne_wifi":
		return "WIFI"
	case "imprimante", "imprimante_3d":
		return "IMP"
	case "commutateur":
		return "SW"
	case "eni":
		return "ENI"
	case "vpi":
		return "VPI"
	}
	return "EQ"
}

// brandOf returns invented makers and models.
func brandOf(family string) (brand, model string) {
	switch family {
	case "pc_fixe":
		return "Puy Mary", "Tour 3"
	case "portable":
		return "Puy Mary", "Sac 14"
	case "tablette":
		return "Planèze", "Ardoise 10"
	case "borne_wifi", "commutateur":
		return "Cère", "Relais 6"
	case "imprimante":
		return "Truyère", "Laser 40"
	}
	return "Alagnon", "Tableau 75"
}

package demo

import (
	"fmt"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// visits makes eight visits, the last of which is going on, with one room audited and another begun.
func (b *builder) visits() error {
	for i := range 8 {
		offset := -3 * (8 - i)
		site := b.colleges[i%equipped]
		f := record.Fields{
			"site": site.id.String(), "agents": refs(b.operators[pick(b, "Agent 1", "Agent 2")]),
			"purpose": pick(b, "Inventaire de rentrée", "Dépannage et inventaire", "Renouvellement des postes"),
			"arrival": b.at(offset, 8, 45),
		}
		if i == 7 {
			f["arrival"] = b.past(8, 10, 2*time.Hour)
		} else {
			f["departure"] = b.at(offset, 11, 50)
			f["findings"] = "Prises murales à revoir dans deux salles : à transmettre aux Bâtiments."
		}
		visit, err := b.one(record.Visit, f)
		if err != nil {
			return err
		}
		if err := b.audit(i, visit, site, offset); err != nil {
			return err
		}
	}
	return nil
}

// audit scans one room of a visit. All but two of its devices are found; the last visit's is not ended.
func (b *builder) audit(n int, visit uuid.UUID, site place, offset int) error {
	rm, begun := b.rooms[(n%equipped)*roomsEach+n%5], b.at(offset, 9, 0)
	if n == 7 {
		begun = b.past(9, 0, time.Hour)
	}
	f := record.Fields{"site": site.id.String(), "room": rm.id.String(), "visit": visit.String(), "begun": begun}
	if n != 7 {
		f["ended"], f["ended_by"] = b.at(offset, 9, 40), b.operators["Agent 1"].String()
	}
	audit, err := b.one(record.RoomAudit, f)
	if err != nil {
		return err
	}
	var changes []replica.Change
	at := begun
	for i, d := range b.inRoom(rm) {
		if i >= 2 && (n != 7 || i < 9) {
			at += time.Minute.Milliseconds()
			changes = append(changes, replica.Change{Kind: record.Scan, Set: record.Fields{
				"audit": audit.String(), "room": rm.id.String(), "equipment": d.id.String(), "at": at,
			}})
		}
	}
	_, err = b.save(changes)
	return err
}

func (b *builder) inRoom(rm room) []device {
	var out []device
	for _, d := range b.devices {
		if d.room.id == rm.id {
			out = append(out, d)
		}
	}
	return out
}

// interventions makes forty, older ones closed, so that none has waited for an absurd time.
func (b *builder) interventions() error {
	symptoms := []struct{ code, text string }{
		{"ne_demarre_pas", "Écran noir après la mise à jour."}, {"ecran", "Image décalée, calibrage impossible."},
		{"reseau", "Pas de réseau sur la prise du fond."}, {"lent", "Ouverture de session en dix minutes."},
		{"impression", "Bourrage à chaque page."}, {"son", "Aucun son sur le tableau."},
	}
	var changes []replica.Change
	for i := range 40 {
		d := b.devices[(i*23+7)%(equipped*150)]
		s := symptoms[i%len(symptoms)]
		age := -(i*2 + 1)
		f := record.Fields{
			"equipment": d.id.String(), "site": d.room.site.id.String(), "room": d.room.id.String(),
			"symptom": s.code, "description": s.text, "opened": b.at(age, 9+i%8, 10*(i%6)), "network": "pedagogique",
		}
		switch {
		case i < 6:
			f["status"] = "ouverte"
		case i < 10:
			f["status"], f["diagnosis"] = "en_cours", "Essai avec une autre alimentation."
		case i < 13:
			f["status"], f["parts"] = "attente_piece", "Lampe commandée."
		case i < 15:
			f["status"], f["provider"], f["contract"] = "externalisee", "Prestataire du marché", fmt.Sprintf("Lot %d", 1+i%3)
		default:
			f["status"], f["minutes"], f["diagnosis"] = pick(b, "resolue", "cloturee"), int64(15+i%4*15), "Réparé sur place."
		}
		changes = append(changes, replica.Change{Kind: record.Intervention, Set: f})
	}
	_, err := b.save(changes)
	return err
}

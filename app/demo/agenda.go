package demo

import (
	"fmt"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// agenda makes two events and twelve workshops, and who came to the past ones.
func (b *builder) agenda() error {
	events := []record.Fields{
		{"type": "ruralitic", "title": "RuraliTIC", "description": "Trois jours sur le numérique des territoires ruraux.",
			"timings": []any{b.timing(34, 9, 18), b.timing(35, 9, 18)}, "place_text": "Aurillac", "organisers": "Département du Cantal", "status": "programme"},
		{"type": "concours", "title": "Concours de robots des collèges", "description": "Chaque équipe programme un robot qui traverse l'estive.",
			"timings": []any{b.timing(20, 10, 16)}, "sites": refs(b.colleges[0].id, b.colleges[2].id, b.colleges[4].id), "status": "programme"},
	}
	for _, f := range events {
		if _, err := b.one(record.Event, f); err != nil {
			return err
		}
	}
	titles := []struct{ title, theme, level string }{
		{"Premiers pas sur l'ordinateur", "prendre_en_main_du_materiel", "debutant"}, {"Écrire et ranger ses courriels", "email", "debutant"},
		{"Reconnaître une arnaque", "securite_numerique", "debutant"}, {"Ses démarches en ligne", "aide_aux_demarches_administratives", "debutant"},
		{"Retoucher une photo", "creer_avec_le_numerique", "intermediaire"}, {"Comprendre l'intelligence artificielle", "intelligence_artificielle", "intermediaire"},
	}
	lieux := []string{"bus", tiersLieux[0].name, tiersLieux[1].name, tiersLieux[2].name}
	for i := range 12 {
		t, offset := titles[i%len(titles)], i*3-12
		place := b.others[lieux[i%len(lieux)]]
		f := record.Fields{
			"title": t.title, "themes": []any{t.theme}, "level": t.level, "place": place.String(), "begin": b.at(offset, 14, 0), "end": b.at(offset, 16, 0),
			"capacity": int64(12), "facilitator": b.operators["Animateur du bus"].String(), "status": "ouvert",
		}
		if offset < 0 {
			f["status"] = "realise"
		}
		id, err := b.one(record.Workshop, f)
		if err != nil {
			return err
		}
		if err := b.attendance(i, id.String(), place.String(), offset); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) timing(offset, from, to int) map[string]any {
	return map[string]any{"begin": b.at(offset, from, 0), "end": b.at(offset, to, 0)}
}

func (b *builder) attendance(n int, workshop, place string, offset int) error {
	act := "inscription"
	if offset < 0 {
		act = "presence"
	}
	var changes []replica.Change
	for i := range 3 + n%5 {
		changes = append(changes, replica.Change{Kind: record.Attendance, Set: record.Fields{
			"act": act, "workshop": workshop, "place": place, "person_name": fmt.Sprintf("Visiteur %02d", n*8+i+1), "at": b.at(min(offset, -1), 14, 5+i),
		}})
	}
	_, err := b.save(changes)
	return err
}

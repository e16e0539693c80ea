package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// charterTexts are the invented texts of the charter and their hashes.
type charterTexts struct{ full, simple, fullHash, simpleHash string }

const fullText = `Charte d'usage des ressources numériques (exemple)

1. Les ordinateurs, les tablettes, le réseau et les services numériques du collège servent d'abord à apprendre.

2. Chacun utilise son propre compte. Un mot de passe ne se prête pas et ne se demande pas.

3. On respecte les autres : pas d'insulte, pas de moquerie, pas d'image de quelqu'un sans son accord.

4. On respecte le matériel. Ce qui est cassé se signale à un adulte, tout de suite et sans crainte.

5. On cite ce que l'on copie. Le travail d'une autre personne, ou d'un programme, ne se présente pas comme le sien.

6. Ce que l'on publie reste longtemps visible. En cas de doute, on demande à un adulte avant de publier.

7. Le collège peut retirer un accès à qui met les autres en danger, après l'avoir entendu.

8. Chaque élève peut demander ce que le collège conserve à son sujet, et le faire corriger.`

const simpleText = `La charte en mots simples (exemple)

Au collège, les ordinateurs servent à apprendre.

J'utilise mon compte à moi. Je garde mon mot de passe pour moi.

Je ne me moque de personne. Je ne publie pas la photo de quelqu'un sans son accord.

Je fais attention au matériel. Si quelque chose est cassé, je le dis.

Je dis d'où vient ce que je copie.

Si j'ai un doute, je demande à un adulte.`

func (b *builder) makeCharter() error {
	hash := func(text string) string { h := sha256.Sum256([]byte(text)); return hex.EncodeToString(h[:]) }
	b.texts = charterTexts{fullText, simpleText, hash(fullText), hash(simpleText)}
	year := record.SchoolYear(b.day(0))
	id, err := b.one(record.Charter, record.Fields{
		"version": year, "text": fullText, "simple_text": simpleText, "text_hash": b.texts.fullHash, "simple_hash": b.texts.simpleHash,
		"populations": []any{"eleve", "enseignant", "administratif", "agent", "intervenant", "usager", "parent"},
		"entities":    []any{"college", "departement", "academie"}, "status": "en_vigueur",
	})
	if err != nil {
		return err
	}
	b.charter = id
	var changes []replica.Change
	for i, c := range b.colleges[:15] {
		changes = append(changes, replica.Change{Kind: record.CharterAdoption, Set: record.Fields{
			"site": c.id.String(), "charter": id.String(), "vote_date": b.day(-40 - i), "annexed": i%4 != 3,
		}})
	}
	_, err = b.save(changes)
	return err
}

// makeClass makes one class of 25: 18 have signed, 1 has refused, 2 are absent and 4 are to come. Absence is
// nothing written: who has not acted is still to sign.
func (b *builder) makeClass() error {
	site, year := b.colleges[0], record.SchoolYear(b.day(0))
	var changes []replica.Change
	for i := range 25 {
		changes = append(changes, replica.Change{Kind: record.ClassMember, Set: record.Fields{
			"site": site.id.String(), "school_year": year, "class": "5e B", "family_name": fmt.Sprintf("Élève %02d", i+1), "first_name": "Exemple",
		}})
	}
	ids, err := b.save(changes)
	if err != nil {
		return err
	}
	b.class = ids
	changes = nil
	for i, member := range ids[:19] {
		act := "signature"
		if i == 18 {
			act = "refus"
		}
		f := record.Fields{
			"act": act, "site": site.id.String(), "charter": b.charter.String(), "charter_version": year, "text_hash": b.texts.simpleHash,
			"population": "eleve", "member": member.String(), "identified_by": "liste de classe", "read_to_end": true, "at": b.signed(i),
		}
		if act == "signature" {
			f["typed_name"] = fmt.Sprintf("Élève %02d", i+1)
			f["receipt"] = fmt.Sprintf("%s-%02d", strings.ToUpper(member.String()[:4]), i+1)
		}
		changes = append(changes, replica.Change{Kind: record.Acknowledgement, Set: f})
	}
	acts, err := b.save(changes)
	if err != nil {
		return err
	}
	changes = nil
	for _, act := range acts[:9] {
		changes = append(changes, replica.Change{Kind: record.Acknowledgement, Set: record.Fields{
			"act": "accord", "site": site.id.String(), "charter": b.charter.String(), "charter_version": year, "text_hash": b.texts.fullHash,
			"population": "parent", "member": ids[indexOf(acts, act)].String(), "of": act.String(), "identified_by": "talon papier", "at": max(b.past(8, 0, 0), b.signed(25)),
		}})
	}
	_, err = b.save(changes)
	return err
}

// signed returns when the class signed, minute by minute: yesterday at ten, or on the first day of a school
// year since midnight, for an adhesion lasts for its school year only.
func (b *builder) signed(minute int) int64 {
	at := b.at(-1, 10, minute)
	if record.SchoolYear(b.day(-1)) != record.SchoolYear(b.day(0)) {
		at = b.at(0, 0, minute)
	}
	return min(at, b.now.UnixMilli())
}

package record

import "github.com/google/uuid"

// CharterAdoptionData is the vote of a collège's governing board.
type CharterAdoptionData struct {
	Site     uuid.UUID `buron:"site,must" label:"Collège" target:"site"`
	Charter  uuid.UUID `buron:"charter,must" label:"Charte" target:"charter"`
	VoteDate Days      `buron:"vote_date,must" label:"Date du vote"`
	Annexed  bool      `buron:"annexed" label:"Annexée au règlement intérieur"`
}

func adoptionModel() model {
	return model{
		schema: Schema{Kind: CharterAdoption, Singular: "Adoption", Plural: "Adoptions", Feminine: true},
		data:   CharterAdoptionData{}, scope: inScope(ScopeAgenda),
		title: func(r Record, b Book) string { return join("Adoption", titleOf(r.Fields, "site", b)) },
		under: func(r Record, b Book) string {
			return join(titleOf(r.Fields, "charter", b), Field{Type: Day}.Format(r.Fields["vote_date"]))
		},
		check: func(c *checker) {
			if site, ok := c.refer("site"); ok && site.Fields.Text("type") != "college" && c.changed("site") {
				c.fail("site", "college", "Seul un collège adopte la charte par un vote\u00a0: choisissez un collège.")
			}
		},
	}
}

// Adopted reports whether the governing board of a collège has adopted the charter, as far as this
// device knows. Places that are no collège have no board, and need no vote.
func Adopted(b Book, site Record, charter uuid.UUID) (bool, error) {
	if site.Fields.Text("type") != "college" {
		return true, nil
	}
	found, err := b.Find(CharterAdoption, "site", site.ID.String())
	if err != nil {
		return false, err
	}
	for _, a := range found {
		if a.Fields.ID("charter") == charter {
			return true, nil
		}
	}
	return false, nil
}

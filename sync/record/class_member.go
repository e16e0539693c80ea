package record

import "github.com/google/uuid"

// ClassMemberData is one pupil of a class list: nothing else is kept of them.
type ClassMemberData struct {
	Site       uuid.UUID `buron:"site,must" label:"Collège" target:"site"`
	SchoolYear string    `buron:"school_year,must" label:"Année scolaire" help:"Comme 2026-2027."`
	Class      string    `buron:"class,must" label:"Classe"`
	FamilyName string    `buron:"family_name,must,personal" label:"Nom"`
	FirstName  string    `buron:"first_name,must,personal" label:"Prénom"`
}

func classMemberModel() model {
	return model{
		schema: Schema{Kind: ClassMember, Singular: "Élève", Plural: "Listes de classe", Personal: true, Retention: "fin de l'année scolaire"},
		data:   ClassMemberData{}, scope: peopleScope("site"),
		title: func(r Record, _ Book) string { return r.Fields.Text("first_name") + " " + r.Fields.Text("family_name") },
		under: func(r Record, _ Book) string { return join(r.Fields.Text("class"), r.Fields.Text("school_year")) },
		check: func(c *checker) {
			year := c.after.Text("school_year")
			var from, to int
			if n, err := sscanYear(year, &from, &to); c.changed("school_year") && year != "" && (err != nil || n != 2 || to != from+1) {
				c.fail("school_year", "year", "Écrivez l'année scolaire comme 2026-2027.")
			}
		},
	}
}

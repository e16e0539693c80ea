package record

// OperatorData is a person of the team, as they choose to be called.
type OperatorData struct {
	Name   string   `buron:"name,must" label:"Nom affiché"`
	Role   string   `buron:"role,must" label:"Rôle" options:"role"`
	Places []string `buron:"places" label:"Lieux" help:"UAI des collèges, ou bus, séparés par une barre."`
	Active bool     `buron:"active" label:"En activité"`
}

func operatorModel() model {
	return model{
		schema: Schema{Kind: Operator, Singular: "Personne de l'équipe", Plural: "Personnes de l'équipe", Feminine: true},
		data:   OperatorData{}, scope: inScope(ScopeStaff), search: []string{"name"},
		title: func(r Record, _ Book) string { return r.Fields.Text("name") },
		under: func(r Record, _ Book) string { return Role(r.Fields.Text("role")).Label() },
	}
}

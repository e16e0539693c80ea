package record

import "github.com/google/uuid"

// EquipmentTypeData is a model that the Département knows, and what it thinks of it.
type EquipmentTypeData struct {
	Family     string    `buron:"family,must" label:"Famille" options:"family"`
	Name       string    `buron:"name,must" label:"Nom"`
	Lifecycle  string    `buron:"lifecycle" label:"Cycle de vie" options:"lifecycle"`
	ReplacedBy uuid.UUID `buron:"replaced_by,more" label:"Remplacé par" target:"equipment_type"`
}

func equipmentTypeModel() model {
	return model{
		schema: Schema{Kind: EquipmentType, Singular: "Modèle", Plural: "Modèles", Status: "lifecycle"},
		data:   EquipmentTypeData{}, scope: inScope(ScopeParc), search: []string{"name"},
		title: func(r Record, _ Book) string { return r.Fields.Text("name") },
		under: func(r Record, _ Book) string {
			s, _ := Of(EquipmentType)
			f, _ := s.Field("family")
			return f.Format(r.Fields["family"])
		},
	}
}

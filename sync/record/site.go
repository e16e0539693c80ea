package record

import (
	"strings"

	"github.com/google/uuid"
)

// SiteData is a collège, a tiers-lieu, the bus, or another place where people work.
type SiteData struct {
	Type     string    `buron:"type,must" label:"Type" options:"site_type"`
	Name     string    `buron:"name,must" label:"Nom"`
	UAI      string    `buron:"uai" label:"UAI" help:"Sept chiffres et une lettre."`
	Commune  string    `buron:"commune" label:"Commune (code INSEE)" help:"Le code INSEE, pas le code postal."`
	Address  string    `buron:"address,more" label:"Adresse"`
	Position string    `buron:"position,more" label:"Position" help:"Latitude, longitude."`
	Opened   Days      `buron:"opened,more" label:"Ouvert depuis le"`
	Closed   Days      `buron:"closed,more" label:"Fermé depuis le"`
	Hours    string    `buron:"hours,more" label:"Horaires"`
	Parent   uuid.UUID `buron:"parent,more" label:"Rattaché à" target:"site"`
	OnSpot   string    `buron:"on_spot,more,long" label:"À savoir sur place" help:"Accès, stationnement, règles de la maison."`
}

func siteModel() model {
	return model{
		schema: Schema{Kind: Site, Singular: "Lieu", Plural: "Lieux"},
		data:   SiteData{}, scope: inScope(ScopeAgenda), search: []string{"name", "uai", "address"},
		title: func(r Record, _ Book) string { return r.Fields.Text("name") },
		under: func(r Record, _ Book) string {
			s, _ := Of(Site)
			f, _ := s.Field("type")
			return join(f.Format(r.Fields["type"]), r.Fields.Text("uai"))
		},
		derive: func(d *deriver) {
			if uai, ok := d.set["uai"].(string); ok {
				d.set["uai"] = strings.ToUpper(strings.ReplaceAll(uai, " ", ""))
			}
		},
		check: checkSite,
	}
}

func checkSite(c *checker) {
	uai := c.after.Text("uai")
	if uai == "" {
		if c.after.Text("type") == "college" && c.changed("type", "uai") {
			c.fail("uai", "uai", "Un collège se reconnaît à son UAI\u00a0: sept chiffres et une lettre.")
		}
		return
	}
	if !c.changed("uai") {
		return
	}
	if !ValidUAI(uai) {
		c.fail("uai", "uai", "«\u00a0%s\u00a0» n'est pas un UAI\u00a0: la lettre ne correspond pas aux sept chiffres. Vérifiez-le.", uai)
		return
	}
	// Two devices that were apart may still make the same one: that is reviewed when they meet.
	if same, err := c.book.Find(Site, "uai", uai); err == nil && len(same) > 0 {
		c.fail("uai", "twice", "%s est déjà enregistré sous cet UAI\u00a0: ouvrez sa fiche au lieu d'en créer une autre.", Title(same[0], c.book))
	}
	if c.before != nil && c.before.Has("uai") {
		c.fail("uai", "uai", "L'UAI d'un lieu ne change pas\u00a0: il nomme ses listes de classe et ses adhésions.")
	}
}

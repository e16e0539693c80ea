package record

import (
	"crypto/sha256"
	"encoding/hex"
)

// CharterData is one version of the charter for the use of IT resources.
type CharterData struct {
	Version     string   `buron:"version,must" label:"Version"`
	Text        string   `buron:"text,must,long" label:"Texte complet"`
	SimpleText  string   `buron:"simple_text,long" label:"Texte simple"`
	Populations []string `buron:"populations" label:"Publics" options:"population"`
	Entities    []string `buron:"entities" label:"Entités" options:"entity"`
	Status      string   `buron:"status" label:"État" options:"charter_status"`
	TextHash    string   `buron:"text_hash,more" label:"Empreinte du texte complet" help:"SHA-256, calculée à l'enregistrement."`
	SimpleHash  string   `buron:"simple_hash,more" label:"Empreinte du texte simple" help:"SHA-256, calculée à l'enregistrement."`
}

// maxCharter is the most bytes of a charter's text.
const maxCharter = 250 << 10

func charterModel() model {
	return model{
		schema: Schema{Kind: Charter, Singular: "Charte", Plural: "Chartes", Feminine: true, Status: "status"},
		data:   CharterData{}, scope: inScope(ScopeAgenda), search: []string{"version", "text"},
		title: func(r Record, _ Book) string { return "Charte " + r.Fields.Text("version") },
		under: func(r Record, _ Book) string {
			s, _ := Of(Charter)
			o, _ := s.State(r.Fields)
			return o.Label
		},
		derive: func(d *deriver) {
			for text, hash := range map[string]string{"text": "text_hash", "simple_text": "simple_hash"} {
				if v, ok := d.set[text].(string); ok {
					d.set[hash] = TextHash(v)
				}
			}
		},
		check: checkCharter,
	}
}

// TextHash returns the hexadecimal SHA-256 of a charter's text, "" of no text.
func TextHash(text string) string {
	if text == "" {
		return ""
	}
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

func checkCharter(c *checker) {
	for _, f := range []string{"text", "simple_text"} {
		if len(c.after.Text(f)) > maxCharter {
			c.fail(f, "long", "Ce texte est trop long (250 Ko au plus).")
		}
	}
	if c.after.Has("text") && c.after.Text("text_hash") != TextHash(c.after.Text("text")) {
		c.fail("text_hash", "hash", "L'empreinte ne correspond pas au texte.")
	}
	// People have signed these very words: another wording is another version.
	frozen := c.before != nil && c.before.Text("status") != "brouillon" && c.before.Has("status")
	if frozen && c.changed("text", "simple_text") {
		c.fail("text", "frozen", "Cette version est votée\u00a0: son texte ne change plus. Créez une nouvelle version.")
	}
}

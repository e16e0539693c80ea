package record

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// AcknowledgementData is one act about the charter: a simple electronic signature, which says so.
type AcknowledgementData struct {
	Act            string    `buron:"act,must" label:"Acte" options:"acknowledgement_act"`
	Site           uuid.UUID `buron:"site,must" label:"Lieu" target:"site"`
	Charter        uuid.UUID `buron:"charter,must" label:"Charte" target:"charter"`
	CharterVersion string    `buron:"charter_version" label:"Version de la charte"`
	TextHash       string    `buron:"text_hash" label:"Empreinte du texte montré"`
	Population     string    `buron:"population,must" label:"Public" options:"population"`
	Member         uuid.UUID `buron:"member,personal" label:"Élève" target:"class_member"`
	PersonName     string    `buron:"person_name,personal" label:"Nom"`
	IdentifiedBy   string    `buron:"identified_by" label:"Comment la personne a été reconnue"`
	ReadToEnd      bool      `buron:"read_to_end" label:"Lue jusqu'au bout"`
	Signature      []byte    `buron:"signature,personal" label:"Signature"`
	TypedName      string    `buron:"typed_name,personal" label:"Nom tapé"`
	At             Millis    `buron:"at,must" label:"Moment"`
	Receipt        string    `buron:"receipt" label:"Numéro de reçu"`
	Of             uuid.UUID `buron:"of" label:"Acte visé" target:"acknowledgement"`
	OperatorNote   string    `buron:"operator_note,personal,long" label:"Note de l'accueil"`
}

func acknowledgementModel() model {
	return model{
		schema: Schema{Kind: Acknowledgement, Singular: "Acte d'adhésion", Plural: "Actes d'adhésion", Act: true, Personal: true,
			Retention: "élèves\u00a0: année scolaire + 3 mois\u00a0; personnels\u00a0: activité + 1 an"},
		data: AcknowledgementData{}, scope: peopleScope("site"),
		title: func(r Record, b Book) string {
			s, _ := Of(Acknowledgement)
			f, _ := s.Field("act")
			who := titleOf(r.Fields, "member", b)
			if who == "" {
				who = r.Fields.Text("person_name")
			}
			return join(f.Format(r.Fields["act"]), who)
		},
		under: func(r Record, b Book) string {
			return join(titleOf(r.Fields, "charter", b), FormatInstant(r.Fields.Int("at")))
		},
		derive: func(d *deriver) {
			for _, f := range []string{"site", "charter", "charter_version", "population", "member", "person_name"} {
				d.from(f, "of", f)
			}
			d.from("charter_version", "charter", "version")
		},
		check: checkAcknowledgement,
	}
}

func checkAcknowledgement(c *checker) {
	act := c.after.Text("act")
	site, known := c.refer("site")
	if charter := c.after.ID("charter"); known && (act == "signature" || act == "accord") && charter != uuid.Nil {
		if ok, err := Adopted(c.book, site, charter); err == nil && !ok {
			c.fail("charter", "adoption", "Ce collège n'a pas encore adopté la charte. Notez le vote d'abord.")
		}
	}
	if charter, ok := c.refer("charter"); ok && act == "signature" {
		if status := charter.Fields.Text("status"); status != "en_vigueur" {
			c.fail("charter", "status", "Cette version de la charte n'est pas en vigueur\u00a0: on ne la signe pas.")
		}
		if h := c.after.Text("text_hash"); h != "" && h != charter.Fields.Text("text_hash") && h != charter.Fields.Text("simple_hash") {
			c.fail("text_hash", "hash", "Le texte montré n'est pas celui de cette charte.")
		}
	}
	switch act {
	case "signature":
		if !c.after.Has("member") && !c.after.Has("person_name") {
			c.fail("person_name", "who", "Dites qui signe.")
		}
		if c.after["signature"] == nil && !c.after.Has("typed_name") {
			c.fail("typed_name", "signature", "Il manque la signature, dessinée ou tapée.")
		}
	case "accord", "revocation", "annulation":
		if !c.after.Has("of") && !c.after.Has("member") && !c.after.Has("person_name") {
			c.fail("of", "of", "Dites de quelle signature il s'agit.")
		}
	}
}

// Adhesion states of a person, in the words of the field that Adhesions describes.
const (
	ToSign         = "a_signer"
	Signed         = "signee"
	AwaitsGuardian = "en_attente_responsable"
	Complete       = "complete"
	Refused        = "refusee"
	Revoked        = "revoquee"
	Outdated       = "perimee"
	Double         = "en_double"
)

// Adhesions describes the states of a person's adhesion.
func Adhesions() Field {
	return Field{Name: "adhesion", Label: "Adhésion", Type: Choice, Options: []Option{
		{ToSign, "À signer", NotBegun}, {Signed, "Signée", UnderWay}, {AwaitsGuardian, "En attente du responsable légal", Waiting},
		{Complete, "Complète", Good}, {Refused, "Refusée", Wrong}, {Revoked, "Révoquée", Closed}, {Outdated, "Périmée", Waiting}, {Double, "En double", Waiting},
	}}
}

// AdhesionOf derives the state of one person from their acts, and the signatures that say again what an
// earlier one said (« en double »). InForce is the charter to sign and year the school year; a pupil's
// adhesion waits for the legal representative, and lasts for a school year.
func AdhesionOf(acts []Record, inForce uuid.UUID, year string) (state string, doubles []Record) {
	acts = slices.Clone(acts)
	slices.SortFunc(acts, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.Fields.Int("at"), b.Fields.Int("at")), slices.Compare(a.ID[:], b.ID[:]))
	})
	void := map[uuid.UUID]bool{}
	for _, a := range acts {
		if a.Fields.Text("act") == "annulation" && !a.Fields.Bool("archived") {
			void[a.Fields.ID("of")] = true
		}
	}
	state = ToSign
	signed, agreed := false, false
	for _, a := range acts {
		if void[a.ID] || a.Fields.Bool("archived") {
			continue
		}
		current := a.Fields.ID("charter") == inForce && !outdated(a, year)
		switch a.Fields.Text("act") {
		case "signature":
			switch {
			case !current && signed:
				continue // of a device that did not know the new version yet: what was signed stands
			case !current:
				state = Outdated
				continue
			case signed:
				doubles = append(doubles, a)
				continue
			}
			signed = true
			state = Complete
			if a.Fields.Text("population") == "eleve" {
				state = AwaitsGuardian
			}
		case "accord":
			agreed = agreed || current
		case "refus":
			if current {
				state, signed = Refused, false
			}
		case "revocation":
			if signed && !current {
				continue // of an earlier year or version: what was signed since stands
			}
			state, signed, agreed = Revoked, false, false
		}
	}
	if state == AwaitsGuardian && agreed {
		state = Complete
	}
	return state, doubles
}

// outdated reports whether a pupil's act belongs to another school year.
func outdated(a Record, year string) bool {
	return a.Fields.Text("population") == "eleve" && year != "" && SchoolYear(DayOf(time.UnixMilli(a.Fields.Int("at")))) != year
}

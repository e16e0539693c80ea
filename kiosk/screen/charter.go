package screen

import (
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

func (k *Kiosk) charterView() view {
	charter, ok := k.charter()
	if !ok {
		return view{title: "La charte", back: "Retour", content: centred(look.Title("Aucune charte n'est à signer ici."))}
	}
	switch k.state.Screen {
	case flow.CharterRead:
		return k.readView(charter.Fields.Text("simple_text"), charter.Fields.Text("text"), "")
	case flow.CharterSign:
		return k.signView("Votre signature", "Je signe")
	case flow.CharterDone:
		return view{title: "Charte signée", content: centred(look.Huge("Charte signée"), look.Title("Reçu n°\u00a0"+k.state.Person.Receipt+" · signature électronique simple.")),
			primary: look.NewTouchButton("Terminé", "check", look.Primary, func() { k.tap(flow.BtnDone, "") })}
	}
	return k.whoView()
}

// whoView asks who signs: pupils of a class sign with their class, so they are not among the choices.
func (k *Kiosk) whoView() view {
	schema, _ := record.Of(record.Acknowledgement)
	field, _ := schema.Field("population")
	row := container.NewGridWithColumns(5)
	for _, code := range []string{"usager", "enseignant", "administratif", "intervenant", "parent"} {
		o, _ := field.Option(code)
		word := map[string]string{"usager": "Usager", "administratif": "Personnel"}[code]
		if word == "" {
			word = o.Label
		}
		rank := look.Plain
		if k.state.Person.Population == code {
			rank = look.Primary
		}
		row.Add(look.NewTouchButton(word, "", rank, func() { k.tap(flow.BtnPopulation, code) }))
	}
	with := look.Plain
	if k.state.Person.Minor {
		with = look.Primary
	}
	minor := container.NewHBox(widget.NewLabel("Moins de 18 ans\u00a0?"), look.NewTouchButton("Mon responsable est avec moi", "users", with, func() { k.tap(flow.BtnMinor, "with") }),
		look.NewTouchButton("Je reviendrai", "sign-out", look.Plain, func() { k.tap(flow.BtnMinor, "later") }))
	k.name.SetPlaceHolder("Prénom et nom")
	next := look.NewTouchButton("Continuer", "caret-right", look.Primary, func() { k.tap(flow.BtnRead, "") })
	if k.state.Person.Population == "" || k.state.Person.Name == "" {
		next.Disable()
	}
	return view{title: "Vous êtes…", back: "Retour", primary: next,
		content: container.NewVScroll(container.NewVBox(row, minor, look.Bold("Votre nom"), k.name, look.NewKeyboard(k.name, nil)))}
}

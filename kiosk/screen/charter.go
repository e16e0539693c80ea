package screen

import (
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

func (k *Kiosk) charterView() view {
	charter, ok := k.read()
	if !ok && k.state.Screen != flow.CharterDone {
		return view{title: "La charte", back: "Retour", content: centred(look.Title("Aucune charte n’est à signer ici."))}
	}
	switch k.state.Screen {
	case flow.CharterRead:
		k.charter = charter
		return k.readView(charter.Fields.Text("simple_text"), charter.Fields.Text("text"), "")
	case flow.CharterName:
		return k.nameView()
	case flow.CharterSign:
		return k.signView("Votre signature")
	case flow.CharterDone:
		return view{title: "Charte signée", content: centred(look.Huge("Charte signée"), look.Title("Reçu n°\u00a0"+k.state.Person.Receipt+" · signature électronique simple.")),
			actions: []fyne.CanvasObject{look.NewTouchButton("Terminé", "check", look.Primary, func() { k.tap(flow.BtnDone, "") })}}
	}
	return k.whoView()
}

// populations are those that sign alone: pupils of a class sign with their class.
var populations = []struct{ code, word string }{
	{flow.Users, "Usager"}, {"enseignant", "Enseignant"}, {"administratif", "Personnel"}, {"intervenant", "Intervenant"}, {"parent", "Parent"},
}

// whoView asks who signs, and a user of the place whether they are of age.
func (k *Kiosk) whoView() view {
	p := k.state.Person
	chosen := func(is bool) (look.Rank, string) {
		if is {
			return look.Primary, "check" // said by a shape too, not by colour alone
		}
		return look.Plain, ""
	}
	var who []fyne.CanvasObject
	for _, o := range populations {
		rank, icon := chosen(p.Population == o.code)
		who = append(who, look.NewTouchButton(o.word, icon, rank, func() { k.tap(flow.BtnPopulation, o.code) }))
	}
	box := container.NewVBox(lines(k.room(), false, who))
	if p.Population == flow.Users {
		adult, adultIcon := chosen(p.Age == flow.Adult)
		with, withIcon := chosen(p.Age == flow.WithGuardian)
		box.Add(look.Gap(look.Space24))
		box.Add(words("Votre âge"))
		box.Add(lines(k.room(), false, []fyne.CanvasObject{
			look.NewTouchButton("18 ans ou plus", adultIcon, adult, func() { k.tap(flow.BtnMinor, flow.Adult) }),
			look.NewTouchButton("Moins de 18 ans\u00a0: mon responsable est avec moi", withIcon, with, func() { k.tap(flow.BtnMinor, flow.WithGuardian) }),
			look.NewTouchButton("Moins de 18 ans\u00a0: je reviendrai", "sign-out", look.Plain, func() { k.tap(flow.BtnMinor, flow.ComesBack) }),
		}))
	}
	next := look.NewTouchButton("Continuer", "caret-right", look.Primary, func() { k.tap(flow.BtnRead, "") })
	if !p.Known() {
		next.Disable()
	}
	return view{title: "Vous êtes…", back: "Retour", actions: []fyne.CanvasObject{next}, content: look.TouchScroll(box)}
}

// nameView asks for the name, once the charter was read.
func (k *Kiosk) nameView() view {
	k.name.SetPlaceHolder("Prénom et nom")
	next := look.NewTouchButton("Continuer", "caret-right", look.Primary, func() { k.tap(flow.BtnRead, "") })
	if k.state.Person.Name == "" {
		next.Disable()
	}
	return view{title: "Votre nom", back: "Retour", actions: []fyne.CanvasObject{next}, field: k.name,
		content: container.NewBorder(container.NewVBox(k.name, look.Gap(look.Space8)), nil, nil, nil, look.NewKeyboard(k.name, nil))}
}

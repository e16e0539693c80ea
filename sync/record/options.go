package record

// options returns a list of choices by its name in a struct's tag.
func options(name string) []Option {
	switch name {
	case "":
		return nil
	case "site_type":
		return plain("college", "Collège", "ecole", "École", "tiers_lieu", "Tiers-lieu", "bus", "Bus", "halte", "Halte",
			"campus_connecte", "Campus connecté", "hotel_du_departement", "Hôtel du Département")
	case "role":
		var out []Option
		for _, r := range Roles() {
			out = append(out, Option{Code: string(r), Label: r.Label()})
		}
		return out
	case "room_use":
		return plain("classe", "Classe", "cdi", "CDI", "salle_info", "Salle informatique", "administration", "Administration",
			"technique", "Local technique", "tiers_lieu", "Tiers-lieu")
	case "family":
		return plain("pc_fixe", "PC fixe", "portable", "Portable", "tablette", "Tablette", "ecran", "Écran", "vpi", "VPI", "eni", "ENI",
			"videoprojecteur", "Vidéoprojecteur", "borne_wifi", "Borne Wi-Fi", "imprimante", "Imprimante", "imprimante_3d", "Imprimante 3D",
			"robot", "Robot", "sonde", "Sonde", "casque_vr", "Casque VR", "webcam", "Webcam", "micro_casque", "Micro-casque",
			"visioconference", "Visioconférence", "serveur", "Serveur", "commutateur", "Commutateur", "autre", "Autre")
	case "lifecycle":
		return []Option{{"cible", "Cible", Good}, {"accepte", "Accepté", UnderWay}, {"obsolescent", "Obsolescent", Waiting}, {"interdit", "Interdit", Wrong}}
	case "level":
		return plain("socle", "Socle", "supplementaire", "Supplémentaire", "aap_departemental", "AAP départemental", "aap_national", "AAP national")
	case "network":
		return plain("pedagogique", "Pédagogique", "administratif", "Administratif")
	case "equipment_status":
		return []Option{{"en_service", "En service", Good}, {"en_panne", "En panne", Wrong}, {"en_stock", "En stock", Closed},
			{"en_pret", "En prêt", Elsewhere}, {"reforme", "Réformé", Closed}}
	case "symptom":
		return plain("ne_demarre_pas", "Ne démarre pas", "ecran", "Écran, image", "reseau", "Réseau", "lent", "Lenteur", "impression", "Impression",
			"son", "Son", "clavier_souris", "Clavier, souris", "logiciel", "Logiciel", "casse", "Cassé", "autre", "Autre")
	case "intervention_status":
		return []Option{{"ouverte", "Ouverte", NotBegun}, {"en_cours", "En cours", UnderWay}, {"attente_piece", "Attente pièce", Waiting},
			{"externalisee", "Externalisée", Elsewhere}, {"resolue", "Résolue", Good}, {"cloturee", "Clôturée", Closed}}
	}
	return agendaOptions(name)
}

func agendaOptions(name string) []Option {
	switch name {
	case "event_type":
		return plain("ruralitic", "RuraliTIC", "concours", "Concours", "marathon", "Marathon numérique", "trophees", "Trophées",
			"temps_echanges", "Temps d'échanges", "salon", "Salon", "sensibilisation", "Sensibilisation", "formation", "Formation",
			"reunion_ent", "Réunion de parents sur l'ENT")
	case "event_status":
		return []Option{{"programme", "Programmé", NotBegun}, {"reprogramme", "Reprogrammé", Waiting}, {"en_ligne", "En ligne", UnderWay},
			{"reporte", "Reporté", Waiting}, {"complet", "Complet", Good}, {"annule", "Annulé", Closed}}
	case "workshop_status":
		return []Option{{"propose", "Proposé", NotBegun}, {"ouvert", "Ouvert", UnderWay}, {"complet", "Complet", Good},
			{"realise", "Réalisé", Closed}, {"reporte", "Reporté", Waiting}, {"annule", "Annulé", Closed}}
	case "workshop_level":
		return plain("debutant", "Débutant", "intermediaire", "Intermédiaire", "avance", "Avancé")
	case "theme":
		return themes()
	case "charter_status":
		return []Option{{"brouillon", "Brouillon", NotBegun}, {"votee", "Votée", UnderWay}, {"en_vigueur", "En vigueur", Good}, {"remplacee", "Remplacée", Closed}}
	case "population":
		return plain("eleve", "Élève", "enseignant", "Enseignant", "administratif", "Personnel administratif", "agent", "Agent",
			"intervenant", "Intervenant", "usager", "Usager du tiers-lieu", "parent", "Parent")
	case "entity":
		return plain("college", "Collège", "departement", "Département", "academie", "Académie")
	case "acknowledgement_act":
		return []Option{{"signature", "Signature", UnderWay}, {"refus", "Refus", Wrong}, {"accord", "Accord du responsable légal", Good},
			{"revocation", "Révocation", Closed}, {"annulation", "Annulation par l'hôte", Closed}}
	case "attendance_act":
		return []Option{{"inscription", "Inscription", NotBegun}, {"presence", "Présence", Good}, {"excuse", "Excuse", Waiting}, {"annulation", "Annulation", Closed}}
	}
	panic("record: no list of options " + name)
}

// themes are those of La Coop de la médiation numérique, with its codes.
func themes() []Option {
	return plain("diagnostic_numerique", "Diagnostic numérique", "prendre_en_main_du_materiel", "Prendre en main du matériel",
		"maintenance_de_materiel", "Maintenance de matériel", "gere_ses_contenus_numeriques", "Gérer ses contenus numériques",
		"navigation_sur_internet", "Navigation sur internet", "email", "E-mail", "bureautique", "Bureautique", "reseaux_sociaux", "Réseaux sociaux",
		"sante", "Santé", "banque_et_achats_en_ligne", "Banque et achats en ligne", "entrepreneuriat", "Entrepreneuriat",
		"insertion_professionnelle", "Insertion professionnelle", "securite_numerique", "Sécurité numérique", "parentalite", "Parentalité",
		"scolarite_et_numerique", "Scolarité et numérique", "creer_avec_le_numerique", "Créer avec le numérique",
		"culture_numerique", "Culture numérique", "intelligence_artificielle", "Intelligence artificielle",
		"aide_aux_demarches_administratives", "Aide aux démarches administratives")
}

// plain makes options without a shape from codes and labels in turn.
func plain(codesAndLabels ...string) []Option {
	out := make([]Option, 0, len(codesAndLabels)/2)
	for i := 0; i < len(codesAndLabels); i += 2 {
		out = append(out, Option{Code: codesAndLabels[i], Label: codesAndLabels[i+1]})
	}
	return out
}

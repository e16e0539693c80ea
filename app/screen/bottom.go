package screen

import (
	"fmt"
	"strings"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
)

// lowDisk is the free space from which people are told.
const lowDisk = 500 << 20

// bottomSentence is the one of seven sentences that says how the device stands, with its icon.
func bottomSentence(s node.Status, w watch, now time.Time) (icon, text string) {
	near := 0
	for _, p := range s.Peers {
		if p.Near {
			near++
		}
	}
	switch {
	case s.DiskFree > 0 && s.DiskFree < lowDisk:
		return "warning", fmt.Sprintf("Disque presque plein\u00a0: %s\u00a0Mo", record.Grouped(int64(s.DiskFree>>20)))
	case s.Central.State == "revoked":
		return "warning", join("Cet appareil n'est plus admis", waiting(s))
	case len(s.Refusals) > 0 || w.aside > 0 || w.twins > 0:
		return "warning", "À voir\u00a0: " + toSee(s, w)
	case len(s.Unverified) > 0:
		n := 0
		for _, u := range s.Unverified {
			n += u.Records
		}
		return "arrows-clockwise", join("À vérifier\u00a0: "+look.Count(n, "fiche dont l'historique arrive", "fiches dont l'historique arrive"), waiting(s))
	case s.Exchanging && s.Received+s.Sent > 0:
		return "arrows-clockwise", "Échange en cours · " + look.Count(s.Received+s.Sent, "saisie", "saisies")
	case s.Pending == 0 && !s.LastExchange.IsZero() && now.Sub(s.LastExchange) < 5*time.Minute && s.Central.State == "ok":
		return "cloud-check", "À jour · échange à " + look.Clock(s.LastExchange)
	case near > 0:
		return "plugs-connected", join("Avec "+voisins(near), central(s), waiting(s))
	}
	return "wifi-slash", join("Hors ligne", waiting(s), lastExchange(s.LastExchange, now), neighbours(near))
}

func lastExchange(at, now time.Time) string {
	if at.IsZero() {
		return "pas encore d'échange"
	}
	return "dernier échange " + look.Ago(at, now)
}

func voisins(n int) string {
	if n == 1 {
		return "un voisin"
	}
	return fmt.Sprintf("%d\u00a0voisins", n)
}

func central(s node.Status) string {
	switch {
	case s.Central.URL == "":
		return ""
	case s.Central.State == "ok":
		return "central à " + look.Clock(s.Central.LastContact)
	}
	return "central injoignable"
}

func waiting(s node.Status) string {
	if s.Pending == 0 {
		return "rien en attente"
	}
	return fmt.Sprintf("%s en attente d'envoi", record.Grouped(int64(s.Pending)))
}

func neighbours(n int) string {
	if n == 0 {
		return ""
	}
	return look.Count(n, "voisin", "voisins")
}

// join puts the texts that are not empty together with middle dots.
func join(texts ...string) string {
	var kept []string
	for _, t := range texts {
		if t != "" {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, " · ")
}

// toSee says what waits for somebody to look at it.
func toSee(s node.Status, w watch) string {
	var out []string
	for _, c := range []struct {
		n         int
		one, many string
	}{
		{len(s.Refusals), "envoi refusé", "envois refusés"},
		{w.twins, "copie d'appareil à confirmer", "copies d'appareils à confirmer"},
		{w.aside, "saisie mise de côté", "saisies mises de côté"},
	} {
		if c.n > 0 {
			out = append(out, look.Count(c.n, c.one, c.many))
		}
	}
	return join(out...)
}

package node

import (
	"fmt"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// clockSentence says to people by how much this device's clock is wrong, and what to do; "" where it is not, as far as
// is known.
func clockSentence(r *replica.Replica) string {
	c, wrong := r.ClockWrong()
	if !wrong {
		return ""
	}
	way, meanwhile := "retarde", "En attendant, vos nouvelles saisies portent l'heure du central."
	if c.Ahead < 0 {
		way = "avance"
	}
	if !c.Corrects() {
		meanwhile = "Vos saisies restent bonnes\u00a0: seule leur heure est fausse."
	}
	return fmt.Sprintf("L'horloge de cet appareil %s de %s sur celle du central. Mettez-la à l'heure dans les réglages du système\u00a0: date, heure et fuseau horaire. %s",
		way, span(c.Ahead.Abs()), meanwhile)
}

// span says how long something is, in the unit that people would use.
func span(d time.Duration) string {
	n, unit := int64(d.Round(time.Minute)/time.Minute), "min"
	switch {
	case d >= 48*time.Hour:
		n, unit = int64(d/(24*time.Hour)), "jours"
	case d >= 2*time.Hour:
		n, unit = int64(d.Round(time.Hour)/time.Hour), "h"
	}
	return record.Grouped(n) + "\u00a0" + unit
}

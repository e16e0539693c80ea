package bundle

import (
	"errors"
	"fmt"
	"strings"

	"cantal.fr/buron/sync/record"
)

// Sentence says an error of a stick to people: what happened, what is safe, what to do. It is "" for an error
// that is not of this package.
func Sentence(err error) string {
	for _, s := range []struct {
		is   error
		text string
	}{
		{ErrDenied, "Ce fichier ne peut pas être lu par cet utilisateur. Rien n'a été pris, ce qui est ici est intact. Demandez une clé préparée de nouveau."},
		{ErrReadOnly, "Cette clé est protégée en écriture. Vos saisies restent ici, rien n'a été copié. Déplacez son verrou ou prenez une autre clé."},
		{ErrFull, "Cette clé est pleine. Vos saisies restent ici, rien n'a été copié. Libérez de la place sur la clé ou prenez-en une autre."},
		{ErrUnplugged, "La clé a été retirée trop tôt. Rien n'est perdu\u00a0: ce qui est ici est intact. Remettez-la et recommencez."},
		{ErrNoPlace, "Cette clé n'est pas là, ou ce dossier n'existe pas. Vos saisies restent ici. Branchez la clé, puis recommencez."},
		{ErrNobody, "Aucun autre appareil n'est connu ici. Vos saisies restent ici. Échangez d'abord avec le central ou un voisin, puis préparez la clé."},
		{ErrTruncated, "Ce fichier est incomplet\u00a0: la clé a été retirée avant la fin de la copie. Rien n'a été pris, ce qui est ici est intact. Préparez la clé de nouveau."},
		{ErrDamaged, "Ce fichier est abîmé. Rien de douteux n'a été pris, ce qui est ici est intact. Préparez la clé de nouveau, ou prenez-en une autre."},
		{ErrForeign, "Cette clé vient d'un autre territoire. Rien n'a été pris, ce qui est ici est intact. Demandez une clé préparée dans le vôtre."},
		{ErrNotForUs, "Cette clé n'est pas pour cet appareil\u00a0: celui qui l'a préparée ne le connaissait pas. Rien n'a été pris. Demandez une clé préparée après un échange avec le central."},
		{ErrSigner, "Cette clé a été préparée par un appareil qui n'est pas admis ici. Rien n'a été pris, ce qui est ici est intact. Prévenez la coordination."},
		{ErrNewer, "Cette clé a été préparée par une version plus récente de Buron. Rien n'a été pris. Mettez ce poste à jour, puis remettez la clé."},
		{ErrNotBundle, "Ce fichier n'est pas une clé de Buron. Rien n'a été pris. Choisissez un fichier .buron préparé par Buron."},
	} {
		if errors.Is(err, s.is) {
			return s.text
		}
	}
	return ""
}

// remove ends what goes well.
const remove = "Vous pouvez retirer la clé."

// Sentence says to people what was written.
func (w Written) Sentence() string {
	in := ""
	if len(w.Files) > 1 {
		in = ", en " + record.Count(len(w.Files), "fichier", "fichiers")
	}
	var what, rest string
	switch {
	case w.Entries > 0 && w.Photos > 0:
		what = record.Count(w.Entries, "saisie", "saisies") + " et " + photos(w.Photos) + " copiés"
	case w.Entries > 0:
		what = record.Count(w.Entries, "saisie copiée", "saisies copiées")
	case w.Photos > 0:
		what = photos(w.Photos) + copied(w.Photos)
	}
	if w.Left > 0 {
		rest = photos(w.Left) + " n'" + has(w.Left) + " pas eu de place\u00a0: prenez une clé plus grande, augmentez la limite, ou échangez par le réseau. "
	}
	if what == "" {
		return "Rien de nouveau à copier\u00a0; la clé dit aux autres ce qui est arrivé ici. " + rest + remove
	}
	return what + " pour " + record.Count(w.Devices, "appareil", "appareils") + in + ". " + rest + remove
}

// photos counts what is joined to records.
func photos(n int) string { return record.Count(n, "photo ou document", "photos ou documents") }

func copied(n int) string {
	if n < 2 {
		return " copié"
	}
	return " copiés"
}

func has(n int) string {
	if n < 2 {
		return "a"
	}
	return "ont"
}

// Sentence says to people what was read.
func (r Report) Sentence() string { return Summary([]Report{r}) }

// Summary says to people what the files of one stick brought.
func Summary(list []Report) string {
	var sum Report
	again, own, from := 0, 0, ""
	for _, r := range list {
		switch {
		case r.Again:
			again++
			continue
		case r.Own:
			own++
			continue
		}
		sum.Opened += r.Opened
		sum.Admitted += r.Admitted
		sum.Held += r.Held
		sum.Gap += r.Gap
		sum.Photos += r.Photos
		sum.Unnamed += r.Unnamed
		sum.NoRoom += r.NoRoom
		sum.Control += r.Control
		sum.Revoked = sum.Revoked || r.Revoked
		sum.Received += r.Received
		sum.Refused = append(sum.Refused, r.Refused...)
		from = who(r)
	}
	switch len(list) {
	case again:
		return "Cette clé est déjà lue\u00a0: rien de nouveau. " + remove
	case own, again + own:
		return "Cette clé a été préparée ici\u00a0: il n'y a rien à lire. " + remove
	}
	return strings.Join(append(said(sum, from), remove), " ")
}

func said(sum Report, from string) []string {
	var out []string
	if sum.Admitted > 0 {
		out = append(out, record.Count(sum.Admitted, "nouvelle saisie lue", "nouvelles saisies lues")+".")
	}
	if sum.Photos > 0 {
		out = append(out, record.Count(sum.Photos, "photo ou document arrivé", "photos ou documents arrivés")+".")
	}
	if sum.NoRoom > 0 {
		out = append(out, photos(sum.NoRoom)+" n'"+has(sum.NoRoom)+" pas été pris\u00a0: la place que cet appareil réserve aux photos est pleine. Rien d'autre ne manque.")
	}
	if sum.Received > 0 {
		out = append(out, fmt.Sprintf("%s par %s.", record.Count(sum.Received, "reçue", "reçues"), from))
	}
	if sum.Revoked {
		out = append(out, "L'appareil qui a préparé cette clé est retiré du territoire\u00a0: ce qu'il a écrit depuis est mis de côté.")
	}
	if sum.Control > 0 {
		out = append(out, "La liste des appareils et de leurs droits est mise à jour.")
	}
	if sum.Gap > 0 {
		out = append(out, record.Count(sum.Gap, "saisie attend", "saisies attendent")+
			" d'autres qui ne sont pas sur cette clé. Demandez une clé préparée pour cet appareil, ou échangez avec le central.")
	}
	if n := len(sum.Refused); n > 0 {
		out = append(out, record.Count(n, "envoi refusé", "envois refusés")+"\u00a0: voyez Échanges.")
	}
	switch {
	case len(out) > 0:
		return out
	case sum.Unnamed > 0:
		return []string{"Les photos de cette clé attendent des saisies qui ne sont pas ici, ou ont été effacées. Lisez d'abord ses autres fichiers, ou échangez."}
	case sum.Opened == 0:
		return []string{"Cette clé est pour d'autres appareils\u00a0: rien à prendre ici."}
	}
	return []string{"Rien de nouveau\u00a0: tout est déjà ici."}
}

func who(r Report) string {
	if r.MakerRole == record.Central {
		return "le central"
	}
	return "«\u00a0" + r.MakerName + "\u00a0»"
}

// Package say puts errors into French for whoever reads them: what is wrong, and what to do. The cause
// stays beside it for support. It decides nothing, and every program uses it. Its invariant: an error that
// it does not know is said as it is, never hidden.
package say

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"cantal.fr/buron/sync/central"
	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/lan"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// Error returns the sentence for an error and, where that sentence is not the error itself, its cause in
// the words of the program that failed.
func Error(err error) (sentence, cause string) {
	for _, known := range []func(error) string{ofData, ofPartner, ofSystem} {
		if s := known(err); s != "" {
			return s, err.Error()
		}
	}
	return err.Error(), ""
}

// Tell writes what went wrong, and below it the cause for whoever helps.
func Tell(w io.Writer, who string, err error) {
	sentence, cause := Error(err)
	fmt.Fprintf(w, "%s: %s\n", who, sentence)
	if cause != "" {
		fmt.Fprintf(w, "(%s)\n", cause)
	}
}

// Primary result codes of SQLite.
const (
	sqliteError    = 1
	sqliteBusy     = 5
	sqliteReadOnly = 8
	sqliteCantOpen = 14
)

// ofData answers for the folder of the data and what is in it.
func ofData(err error) string {
	var coded interface{ Code() int }
	code := 0
	if errors.As(err, &coded) {
		code = coded.Code() & 0xff // the rest says which of its kind
	}
	switch text := err.Error(); {
	case errors.Is(err, replica.ErrDisk), errors.Is(err, syscall.ENOSPC):
		return "Le disque est plein\u00a0: la dernière saisie n'est pas enregistrée, les précédentes le sont. Libérez de la place, puis recommencez."
	case errors.Is(err, replica.ErrDamaged), code == sqliteError && strings.Contains(text, "no such table"):
		return "La base de cet appareil est abîmée. N'effacez rien\u00a0: copiez le dossier sur une clé et appelez la coordination. Ce qui est parti vers d'autres appareils y est en sûreté."
	case errors.Is(err, replica.ErrSealed):
		return "Noms et signatures sont scellés et leur clé n'est pas sur cet appareil\u00a0: rien n'a été changé. Demandez à la coordination le fichier de secours, puis faites «\u00a0buron doctor --recovery FICHIER\u00a0»."
	case errors.Is(err, trust.ErrRootReplaced):
		return "Ce fichier de secours a été remplacé par un autre\u00a0: prenez le plus récent. Rien n'a été changé."
	case strings.Contains(text, "device.key") && errors.Is(err, fs.ErrNotExist):
		return "La clé de cet appareil (device.key) manque dans le dossier des données\u00a0: remettez-la depuis une sauvegarde, ou rejoignez le territoire dans un autre dossier (--data)."
	case strings.Contains(text, "device.key is damaged"):
		return "La clé de cet appareil (device.key) est abîmée\u00a0: remettez-la depuis une sauvegarde, ou rejoignez le territoire dans un autre dossier (--data)."
	case code == sqliteReadOnly, code == sqliteCantOpen, errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "Ce dossier ne peut pas être écrit\u00a0: il est en lecture seule, ou à quelqu'un d'autre. Rien n'a été enregistré. Vérifiez les droits, ou choisissez un autre dossier."
	case code == sqliteBusy:
		return "Un autre programme occupe la base depuis trop longtemps\u00a0: rien n'a été enregistré. Recommencez dans un instant."
	}
	return ""
}

// ofPartner answers for the other end of an exchange.
func ofPartner(err error) string {
	for _, e := range []error{exchange.ErrRevoked, exchange.ErrUnadmitted, central.ErrPortal, central.ErrIntercepted, central.ErrRefused, central.ErrBusy, central.ErrSilent} {
		if errors.Is(err, e) {
			return central.Sentence(err)
		}
	}
	switch {
	case errors.Is(err, trust.ErrPinned):
		return "À cette adresse répond un autre appareil que celui attendu\u00a0: vérifiez-la."
	case errors.Is(err, exchange.ErrStranger):
		return "Cet appareil est d'un autre territoire\u00a0: rien n'a été échangé."
	case errors.Is(err, exchange.ErrUnknown):
		return "L'autre appareil ne connaît pas encore celui-ci\u00a0: échangez d'abord avec le central, puis recommencez."
	case errors.Is(err, exchange.ErrFailed):
		return "L'autre appareil n'a pas pu enregistrer ce qui lui a été envoyé\u00a0: rien n'est perdu ici. Regardez s'il lui reste de la place."
	case errors.Is(err, exchange.ErrMessage), errors.Is(err, lan.ErrFrame), errors.Is(err, lan.ErrRemote):
		return "L'autre appareil a répondu ce que celui-ci ne comprend pas\u00a0: mettez les deux à jour, puis recommencez."
	}
	return ""
}

// ofSystem answers for files and addresses that a person named.
func ofSystem(err error) string {
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "Interrompu\u00a0: ce qui était enregistré l'est toujours. Recommencez quand vous voulez."
	case errors.Is(err, syscall.EADDRINUSE):
		return "Cette adresse est déjà prise par un autre programme\u00a0: arrêtez-le, ou choisissez-en une autre avec --listen."
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "Cette adresse n'est pas celle de cet ordinateur\u00a0: choisissez-en une autre avec --listen."
	case errors.Is(err, fs.ErrNotExist):
		return "Ce fichier ou ce dossier est introuvable\u00a0: vérifiez son nom."
	case errors.Is(err, syscall.ENOTDIR):
		return "Un fichier porte déjà le nom de ce dossier\u00a0: choisissez-en un autre."
	case errors.As(err, &network):
		return "Personne ne répond à cette adresse. Rien n'est perdu. Vérifiez l'adresse, et que l'autre appareil est allumé et sur le même réseau."
	}
	return ""
}

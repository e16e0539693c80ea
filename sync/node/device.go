package node

import (
	"fmt"
	"strings"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// minDigits is the fewest digits of a key that name a device.
const minDigits = 4

// DeviceNamed finds the one of these devices that a text names: by its name, without regard to case and accents, or by
// the first digits of its key. The error is Mistyped where there are several, and lists them.
func DeviceNamed(devices []trust.Device, text string) (trust.Device, error) {
	var found []trust.Device
	for _, d := range devices {
		digits := len(text) >= minDigits && strings.HasPrefix(d.Key.String(), strings.ToLower(text))
		if digits || record.Plain(d.Name) == record.Plain(text) {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 0:
		return trust.Device{}, fmt.Errorf("aucun appareil ne s'appelle «\u00a0%s\u00a0»\u00a0: vérifiez son nom, ou donnez les premiers chiffres de sa clé", text)
	case 1:
		return found[0], nil
	}
	var lines []string
	for _, d := range found {
		lines = append(lines, fmt.Sprintf("  %s  %s  %s  %s", d.Key.String()[:16], d.Name, d.Role, StateOf(d)))
	}
	return trust.Device{}, Mistyped(fmt.Sprintf("plusieurs appareils répondent à «\u00a0%s\u00a0»\u00a0: donnez les premiers chiffres de la clé\n%s", text, strings.Join(lines, "\n")))
}

// readerNamed is DeviceNamed for who is to read: a device that is no longer admitted is none, even where another bears
// its name.
func readerNamed(roster *trust.Roster, text string) (trust.Device, error) {
	var admitted []trust.Device
	for _, d := range roster.Devices() {
		if !d.Revoked {
			admitted = append(admitted, d)
		}
	}
	d, err := DeviceNamed(admitted, text)
	if ended, none := DeviceNamed(roster.Devices(), text); err != nil && none == nil {
		err = fmt.Errorf("«\u00a0%s\u00a0» n'est plus admis\u00a0: rien ne peut être préparé pour lui", ended.Name)
	}
	return d, err
}

// StateOf says whether a device is of the territory, in the words of a list.
func StateOf(d trust.Device) string {
	switch {
	case d.Revoked:
		return "révoqué"
	case d.Twin:
		return "copie à confirmer"
	}
	return "admis"
}

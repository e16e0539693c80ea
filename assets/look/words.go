package look

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"cantal.fr/buron/assets"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
)

// Speak makes Fyne's own words French, whatever the system's language. It is called before the application
// is made.
func Speak() error {
	if err := os.Setenv("LC_ALL", "fr_FR.UTF-8"); err != nil {
		return fmt.Errorf("look: choose French: %w", err)
	}
	if err := lang.AddTranslationsForLocale(assets.French, fyne.Locale("fr")); err != nil {
		return fmt.Errorf("look: French words: %w", err)
	}
	return nil
}

// ErrNoDisplay is returned where there is no screen to draw on.
var ErrNoDisplay = errors.New("aucun écran ici : ouvrez Buron depuis un bureau, ou avec xvfb-run pour un essai sans écran. Les commandes, elles, n'en ont pas besoin (--help)")

// Display reports whether there is a screen to draw on: the toolkit would end the program without a word.
func Display() error {
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return ErrNoDisplay
	}
	return nil
}

// Clock writes an hour as the French do: « 9 h 12 ».
func Clock(t time.Time) string {
	t = t.In(record.Paris())
	return fmt.Sprintf("%d\u00a0h\u00a0%02d", t.Hour(), t.Minute())
}

var weekdays = []string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}

var months = []string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

// Day writes « mardi 24 novembre », with the year where it is not the one of now.
func Day(t, now time.Time) string {
	t, now = t.In(record.Paris()), now.In(record.Paris())
	day := fmt.Sprint(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	text := weekdays[t.Weekday()] + " " + day + " " + months[t.Month()-1]
	if t.Year() != now.Year() {
		text += fmt.Sprintf(" %d", t.Year())
	}
	return text
}

// Capital writes the first letter as a capital, accents kept.
func Capital(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

// When writes an instant near now: « 9 h 12 », « hier 16 h 40 », « demain 14 h », else the day.
func When(t, now time.Time) string {
	if t.IsZero() {
		return "jamais"
	}
	switch days := record.DayOf(t) - record.DayOf(now); {
	case days == 0:
		return Clock(t)
	case days == -1:
		return "hier " + Clock(t)
	case days == 1:
		return "demain " + Clock(t)
	case days > -7 && days < 7:
		return weekdays[t.In(record.Paris()).Weekday()] + " " + Clock(t)
	}
	return t.In(record.Paris()).Format("02/01/2006")
}

// Ago writes how long ago something was: « il y a 3 h ».
func Ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return "jamais"
	case d < time.Minute:
		return "à l'instant"
	case d < time.Hour:
		return fmt.Sprintf("il y a %d\u00a0min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("il y a %d\u00a0h", int(d.Hours()))
	default:
		return fmt.Sprintf("il y a %d\u00a0jours", int(d.Hours()/24))
	}
}

// Count writes a number with its noun: « 1 appareil », « 50 000 appareils », « aucun appareil ».
func Count(n int, one, many string) string {
	switch n {
	case 0:
		return "0\u00a0" + one
	case 1:
		return "1\u00a0" + one
	}
	return record.Grouped(int64(n)) + "\u00a0" + many
}

// azerty are the characters that a scanner set for QWERTY types on a French keyboard in place of digits.
var azerty = strings.NewReplacer("à", "0", "&", "1", "é", "2", "\"", "3", "'", "4", "(", "5", "-", "6", "è", "7", "_", "8", "ç", "9", ")", "-")

// Repair returns the code that a scanner meant when its digits came out as the letters of a French
// keyboard, and whether anything was repaired. A code that holds a digit came out right.
func Repair(code string) (string, bool) {
	if strings.ContainsAny(code, "0123456789") || !strings.ContainsAny(code, "&é\"'(è_çà") {
		return code, false
	}
	return azerty.Replace(code), true
}

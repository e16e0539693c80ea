package look

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"cantal.fr/buron/sync/record"
)

// Clock writes an hour as the French do: « 9 h 12 ».
func Clock(t time.Time) string {
	t = t.In(record.Paris())
	return Hour(t.Hour()*60 + t.Minute())
}

// Hour writes minutes since midnight: « 9 h 12 », « 14 h » when the hour is full.
func Hour(minutes int) string {
	if minutes%60 == 0 {
		return fmt.Sprintf("%d\u00a0h", minutes/60)
	}
	return fmt.Sprintf("%d\u00a0h\u00a0%02d", minutes/60, minutes%60)
}

// weekday returns the French name of a day of the week.
func weekday(d time.Weekday) string {
	return [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}[d]
}

// month returns the French name of a month.
func month(m time.Month) string {
	return [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}[m-1]
}

// Day writes « mardi 24 novembre », with the year where it is not the one of now.
func Day(t, now time.Time) string {
	t, now = t.In(record.Paris()), now.In(record.Paris())
	day := fmt.Sprint(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	text := weekday(t.Weekday()) + " " + day + " " + month(t.Month())
	if t.Year() != now.Year() {
		text += fmt.Sprintf(" %d", t.Year())
	}
	return text
}

// Span writes when something lasts: « mardi 24 novembre, 14 h – 16 h », or both days where it ends on another.
func Span(begin, end, now time.Time) string {
	if end.IsZero() || end.Equal(begin) {
		return Day(begin, now) + ", " + Clock(begin)
	}
	if record.DayOf(begin) == record.DayOf(end) {
		return Day(begin, now) + ", " + Clock(begin) + " – " + Clock(end)
	}
	return "du " + Day(begin, now) + ", " + Clock(begin) + ", au " + Day(end, now) + ", " + Clock(end)
}

// Capital writes the first letter as a capital, accents kept.
func Capital(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

// When writes an instant near now: « 9 h 12 », « hier 16 h 40 », « demain 14 h », « jeudi 14 h » within the
// week, else the day in figures.
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
		return weekday(t.In(record.Paris()).Weekday()) + " " + Clock(t)
	}
	return t.In(record.Paris()).Format("02/01/2006")
}

// At writes an instant near now inside of a sentence: « à 9 h 12 », « hier à 16 h 40 », « le 24/11/2026 ».
func At(t, now time.Time) string {
	text, clock := When(t, now), Clock(t)
	switch day, timed := strings.CutSuffix(text, clock); {
	case t.IsZero():
		return text
	case timed:
		return day + "à " + clock
	}
	return "le " + text
}

// Ago writes how long ago something was: « il y a 3 h ». What is ahead of now is just now: clocks differ.
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
	case d < 60*24*time.Hour:
		return "il y a " + Count(int(d.Hours()/24), "jour", "jours")
	default:
		return "il y a " + Count(int(d.Hours()/24/30), "mois", "mois")
	}
}

// Number writes a number in thousands: « 50 000 ».
func Number(n int) string { return record.Grouped(int64(n)) }

// Count writes a number with its noun: « 0 appareil », « 1 appareil », « 50 000 appareils ».
func Count(n int, one, many string) string { return record.Count(n, one, many) }

// Size writes a number of bytes: « 300 Mo ».
func Size(bytes int64) string {
	switch {
	case bytes >= 10<<30:
		return record.Grouped(bytes>>30) + "\u00a0Go"
	case bytes >= 1<<20:
		return record.Grouped(bytes>>20) + "\u00a0Mo"
	case bytes >= 1<<10:
		return record.Grouped(bytes>>10) + "\u00a0ko"
	}
	return record.Grouped(bytes) + "\u00a0octets"
}

// Groups writes a code so that people can read it aloud: runs of more than six figures are cut by threes from the
// left with thin spaces; separators and letters stay.
func Groups(code string) string {
	var out strings.Builder
	runes := []rune(code)
	for i := 0; i < len(runes); {
		j := i
		for j < len(runes) && unicode.IsDigit(runes[j]) {
			j++
		}
		if j == i {
			out.WriteRune(runes[i])
			i++
			continue
		}
		for n := i; n < j; n++ {
			if j-i > 6 && n > i && (n-i)%3 == 0 {
				out.WriteRune('\u202f')
			}
			out.WriteRune(runes[n])
		}
		i = j
	}
	return out.String()
}

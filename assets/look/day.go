package look

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"cantal.fr/buron/sync/record"
)

// ErrDay is what ParseDay returns for what is not a day, in French; Capital makes a sentence of it.
var ErrDay = errors.New("ce n'est pas une date\u00a0: écrivez par exemple 24/11/2026")

// ErrTime is what ParseTime returns for what is not an hour of the day.
var ErrTime = errors.New("ce n'est pas une heure\u00a0: écrivez par exemple 14\u00a0h\u00a030")

// figures cuts a text at whatever is not a figure.
func figures(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

// ParseDay reads a day as people write it: 24/11/2026, 24/11/26, 24 11, 24112026, 2026-11-24, hier, aujourd'hui,
// demain, 24 novembre. A year that is left out is the one of now. The day is counted from 1 January 1970.
func ParseDay(text string, now time.Time) (int64, error) {
	plain := record.Plain(strings.ReplaceAll(text, "’", "'"))
	switch plain {
	case "aujourd'hui", "auj":
		return record.DayOf(now), nil
	case "demain":
		return record.DayOf(now) + 1, nil
	case "hier":
		return record.DayOf(now) - 1, nil
	}
	parts := figures(plain)
	for m := time.January; m <= time.December; m++ {
		if strings.Contains(plain, record.Plain(month(m))) && len(parts) > 0 {
			parts = append([]string{parts[0], strconv.Itoa(int(m))}, parts[1:]...)
			return dayOf(parts, now)
		}
	}
	if strings.ContainsFunc(plain, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
		return 0, ErrDay
	}
	if len(parts) == 1 && (len(plain) == 8 || len(plain) == 6) {
		parts = []string{plain[:2], plain[2:4], plain[4:]}
	}
	if len(parts) == 3 && len(parts[0]) == 4 {
		parts[0], parts[2] = parts[2], parts[0]
	}
	return dayOf(parts, now)
}

// dayOf reads day, month and year; the year may be missing or of two figures.
func dayOf(parts []string, now time.Time) (int64, error) {
	if len(parts) < 2 || len(parts) > 3 {
		return 0, ErrDay
	}
	year := now.In(record.Paris()).Year()
	if len(parts) == 3 {
		y, err := strconv.Atoi(parts[2])
		if err != nil || len(parts[2]) != 2 && len(parts[2]) != 4 {
			return 0, ErrDay
		}
		if year = y; len(parts[2]) == 2 {
			year += 2000
		}
	}
	d, err := strconv.Atoi(parts[0])
	m, err2 := strconv.Atoi(parts[1])
	if err != nil || err2 != nil || m < 1 || m > 12 || year < 1900 || year > 2200 {
		return 0, ErrDay
	}
	t := time.Date(year, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d || int(t.Month()) != m {
		return 0, ErrDay
	}
	return t.Unix() / 86400, nil
}

// FormatDay writes a day in figures: 24/11/2026.
func FormatDay(day int64) string { return record.DayTime(day).Format("02/01/2006") }

// ParseTime reads an hour as people write it: 14 h 30, 14h30, 14:30, 14.30, 1430, 14 h, 9, midi, minuit. It returns
// minutes since midnight.
func ParseTime(text string) (int, error) {
	plain := record.Plain(text)
	switch plain {
	case "midi":
		return 12 * 60, nil
	case "minuit":
		return 0, nil
	}
	if strings.Trim(plain, "0123456789 h:.minutes") != "" {
		return 0, ErrTime
	}
	parts := figures(plain)
	if len(parts) == 1 && len(parts[0]) > 2 {
		n := len(parts[0])
		parts = []string{parts[0][:n-2], parts[0][n-2:]}
	}
	if len(parts) == 1 {
		parts = append(parts, "0")
	}
	if len(parts) != 2 {
		return 0, ErrTime
	}
	h, err := strconv.Atoi(parts[0])
	m, err2 := strconv.Atoi(parts[1])
	if err != nil || err2 != nil || h > 23 || m > 59 {
		return 0, ErrTime
	}
	return h*60 + m, nil
}

package record

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	_ "time/tzdata" // devices without a zone database must still know the hour of Paris
)

// MaxImage is the most bytes that an image field holds.
const MaxImage = 32 << 10

// Paris returns the time zone in which people read and type times.
func Paris() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.Local
	}
	return zone
}

// Plain returns a text without accents, case and surplus spaces: what comparisons of typed words use.
func Plain(text string) string {
	t := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	out, _, err := transform.String(t, text)
	if err != nil {
		out = text
	}
	out = strings.ReplaceAll(out, "’", "'") // what word processors make of an apostrophe
	return strings.Join(strings.Fields(strings.ToLower(out)), " ")
}

// Parse reads what a person typed for the field: the French label of a choice or its code, 24/11/2026 or
// 2026-11-24, 24/11/2026 14 h 30 or RFC 3339, 12,50 for money, parts of a list separated by |, a span as
// « 24/11/2026 9 h – 24/11/2026 18 h » or with two dots. Empty text is nil: the field is cleared. The error is
// a French sentence.
func (f Field) Parse(text string) (any, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	switch f.Type {
	case Choice:
		return f.parseChoice(text)
	case Choices, Texts, Refs:
		return f.parseList(text)
	case Ref:
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("«\u00a0%s\u00a0» n'est pas un identifiant", text)
		}
		return id.String(), nil
	case Day:
		return parseDay(text)
	case Instant:
		return parseInstant(text)
	case Number:
		n, err := strconv.ParseInt(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(text), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("«\u00a0%s\u00a0» n'est pas un nombre entier", text)
		}
		return n, nil
	case Cents:
		return parseCents(text)
	case Flag:
		return parseFlag(text)
	case List:
		return parseSpans(text)
	case Image:
		return nil, fmt.Errorf("ce champ ne se saisit pas au clavier")
	}
	return text, nil
}

func (f Field) parseChoice(text string) (any, error) {
	want := strings.ReplaceAll(Plain(text), "_", " ")
	var labels []string
	for _, o := range f.Options {
		if o.Code == text || Plain(o.Label) == want || strings.ReplaceAll(o.Code, "_", " ") == want {
			return o.Code, nil
		}
		labels = append(labels, o.Label)
	}
	return nil, fmt.Errorf("«\u00a0%s\u00a0» n'est pas un choix possible\u00a0: %s", text, strings.Join(labels, ", "))
}

func (f Field) parseList(text string) (any, error) {
	one := f
	one.Type = map[Type]Type{Choices: Choice, Texts: Text, Refs: Ref}[f.Type]
	var out []any
	for _, part := range strings.Split(text, "|") {
		v, err := one.Parse(part)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out = append(out, v)
		}
	}
	if out == nil {
		return nil, nil
	}
	return out, nil
}

// DayOf returns the day that the calendar of Paris shows at t.
func DayOf(t time.Time) int64 {
	y, m, d := t.In(Paris()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// DayTime returns noon of a day, in Paris: an instant that every zone of France shows on that day.
func DayTime(day int64) time.Time {
	t := time.Unix(day*86400, 0).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, Paris())
}

func parseDay(text string) (any, error) {
	for _, layout := range []string{"2006-01-02", "02/01/2006", "2/1/2006", "02/01/06"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Unix() / 86400, nil
		}
	}
	return nil, fmt.Errorf("«\u00a0%s\u00a0» n'est pas une date\u00a0: écrivez 24/11/2026", text)
}

func parseInstant(text string) (any, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UnixMilli(), nil
	}
	plain := strings.NewReplacer("\u00a0", " ", "\u202f", " ", " à ", " ", "T", " ").Replace(text)
	plain = strings.TrimSpace(strings.ReplaceAll(plain, " h", "h"))
	if hour, found := strings.CutSuffix(plain, "h"); found {
		plain = hour + ":00" // « 9 h »
	}
	plain = strings.NewReplacer("h ", ":", "h", ":").Replace(plain)
	for _, layout := range []string{"2006-01-02 15:04", "02/01/2006 15:04", "2/1/2006 15:04", "2006-01-02 15:04:05", "2006-01-02", "02/01/2006"} {
		if t, err := time.ParseInLocation(layout, plain, Paris()); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return nil, fmt.Errorf("«\u00a0%s\u00a0» n'est pas un moment\u00a0: écrivez 24/11/2026 14 h 30", text)
}

// parseSpans reads the dates of an event: each a beginning and an end.
func parseSpans(text string) (any, error) {
	var out []any
	for _, part := range strings.Split(text, "|") {
		from, to, ok := strings.Cut(part, "..")
		if !ok {
			from, to, ok = strings.Cut(part, "–")
		}
		if !ok {
			return nil, fmt.Errorf("«\u00a0%s\u00a0» n'a pas de fin\u00a0: écrivez 24/11/2026 9 h – 24/11/2026 18 h", strings.TrimSpace(part))
		}
		begin, err := parseInstant(strings.TrimSpace(from))
		if err != nil {
			return nil, err
		}
		end, err := parseInstant(strings.TrimSpace(to))
		if err != nil {
			return nil, err
		}
		out = append(out, map[string]any{"begin": begin, "end": end})
	}
	return out, nil
}

func parseCents(text string) (any, error) {
	clean := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "€", "", ",", ".").Replace(text)
	euros, cents, _ := strings.Cut(clean, ".")
	if len(cents) > 2 || strings.Trim(euros, "+-")+cents == "" {
		return nil, fmt.Errorf("«\u00a0%s\u00a0» n'est pas un montant\u00a0: écrivez 12,50", text)
	}
	n, err := strconv.ParseInt(euros+(cents + "00")[:2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("«\u00a0%s\u00a0» n'est pas un montant\u00a0: écrivez 12,50", text)
	}
	return n, nil
}

func parseFlag(text string) (any, error) {
	switch Plain(text) {
	case "oui", "true", "1", "vrai", "o":
		return true, nil
	case "non", "false", "0", "faux", "n":
		return false, nil
	}
	return nil, fmt.Errorf("«\u00a0%s\u00a0»\u00a0: répondez oui ou non", text)
}

// Format returns the value as people read it in French.
func (f Field) Format(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if o, ok := f.Option(v); ok {
			return o.Label
		}
		return v
	case bool:
		if v {
			return "Oui"
		}
		return "Non"
	case int64:
		return f.formatNumber(v)
	case []byte:
		return "image"
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = f.formatPart(e)
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}

func (f Field) formatPart(e any) string {
	if m, ok := e.(map[string]any); ok {
		begin, _ := m["begin"].(int64)
		end, _ := m["end"].(int64)
		return FormatInstant(begin) + " – " + FormatInstant(end)
	}
	return f.Format(e)
}

func (f Field) formatNumber(n int64) string {
	switch f.Type {
	case Day:
		return time.Unix(n*86400, 0).UTC().Format("02/01/2006")
	case Instant:
		return FormatInstant(n)
	case Cents:
		sign := ""
		if n < 0 {
			sign, n = "-", -n
		}
		return fmt.Sprintf("%s%s,%02d\u00a0€", sign, Grouped(n/100), n%100)
	}
	return Grouped(n)
}

// FormatInstant returns « 24/11/2026 9 h 12 », in Paris.
func FormatInstant(ms int64) string {
	t := time.UnixMilli(ms).In(Paris())
	return fmt.Sprintf("%s %d\u00a0h\u00a0%02d", t.Format("02/01/2006"), t.Hour(), t.Minute())
}

// Count writes a number with its noun: « 0 appareil », « 1 appareil », « 50 000 appareils ».
func Count(n int, one, many string) string {
	if n > -2 && n < 2 {
		return Grouped(int64(n)) + "\u00a0" + one
	}
	return Grouped(int64(n)) + "\u00a0" + many
}

// Grouped writes a number with thin spaces between its thousands.
func Grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	digits := strings.TrimPrefix(text, "-")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return text[:len(text)-len(strings.TrimPrefix(text, "-"))] + digits
}

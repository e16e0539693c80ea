package record

import (
	"fmt"
	"strings"
	"time"
)

// uaiKeys is the alphabet of the last letter of a UAI, by the remainder of its digits by 23.
const uaiKeys = "ABCDEFGHJKLMNPRSTUVWXYZ"

// ValidUAI reports whether the text is a UAI (number of a school): seven digits and their key.
func ValidUAI(text string) bool {
	if len(text) != 8 {
		return false
	}
	n := 0
	for _, c := range text[:7] {
		if c < '0' || c > '9' {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return strings.HasSuffix(text, string(uaiKeys[n%23]))
}

// SchoolYear returns the school year of a day, « 2026-2027 »: it begins on 1 September.
func SchoolYear(day int64) string {
	t := time.Unix(day*86400, 0).UTC()
	year := t.Year()
	if t.Month() < time.September {
		year--
	}
	return fmt.Sprintf("%d-%d", year, year+1)
}

// sscanYear reads « 2026-2027 » and returns how many of its two years it found.
func sscanYear(text string, from, to *int) (int, error) { return fmt.Sscanf(text, "%4d-%4d", from, to) }

package look

import (
	"slices"
	"strings"
)

// Repair returns the code that a scanner meant when its figures came out as the signs of a French keyboard's
// upper row, and whether anything was repaired. A code that holds a figure came out right.
func Repair(code string) (string, bool) {
	if strings.ContainsAny(code, "0123456789") || !strings.ContainsAny(code, "&é\"'(è_çà") {
		return code, false
	}
	return strings.Map(azertyFigure, code), true
}

// azertyFigure returns what a key of the upper row means on the keyboard that the scanner believes in.
func azertyFigure(r rune) rune {
	if i := strings.IndexRune(azertyRow, r); i >= 0 {
		return rune("1234567890-"[len([]rune(azertyRow[:i]))])
	}
	return r
}

// azertyRow is the upper row of a French keyboard without Shift, 1 to 0, then the key of the hyphen.
const azertyRow = "&é\"'(-è_çà)"

// azertyLetter returns what a letter means on the keyboard that the scanner believes in, which has Q, W and M
// elsewhere.
func azertyLetter(r rune) rune {
	const typed, meant = "qawzQAWZ,;?", "aqzwAQZWm,M"
	if i := strings.IndexRune(typed, r); i >= 0 {
		return rune(meant[i])
	}
	return r
}

// Candidates returns what a scanned code may be, likeliest first: as it was typed, then with the figures of a
// French keyboard repaired, then with the letters that sit elsewhere repaired too. Both are shown to people.
func Candidates(code string) []string {
	code = strings.TrimSpace(code)
	out := []string{code}
	figures, changed := Repair(code)
	if !changed {
		return out
	}
	for _, c := range []string{figures, strings.Map(azertyLetter, figures)} {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

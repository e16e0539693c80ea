package record

import "strings"

// placeholders are what makers leave where a serial should be.
var placeholders = []string{
	"to be filled by o.e.m.", "default string", "none", "n/a", "na", "not specified", "not available", "system serial number",
	"chassis serial number", "no asset tag", "asset tag", "unknown", "oem", "invalid", "serial",
}

// blanks are what people and plates put between the characters of a code.
var blanks = strings.NewReplacer("-", "", ":", "", ".", "", " ", "", "\u00a0", "", "_", "", "/", "")

// Code returns a serial or a tag without the blanks around it, "" where it names nothing: a placeholder,
// one character repeated, or fewer than three.
func Code(code string) string {
	code = strings.TrimSpace(code)
	for _, p := range placeholders {
		if strings.EqualFold(code, p) {
			return ""
		}
	}
	bare := blanks.Replace(code)
	if len(bare) < 3 || strings.Trim(bare, bare[:1]) == "" {
		return ""
	}
	return code
}

// SameCode returns the form in which two writings of one code are equal: upper case, nothing between the
// characters; "" where the code names nothing.
func SameCode(code string) string { return strings.ToUpper(blanks.Replace(Code(code))) }

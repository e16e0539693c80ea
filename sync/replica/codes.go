package replica

import "strings"

// In rows of records a field is called by a letter, or by a letter and a digit: names would take a fifth of the
// room. Who reads the database by other means finds them here, in order: A to Z, then A0 to A9, B0… A list that
// is in use is never changed, nor added to; a field that is in none is called by its name.
const (
	oneLetter = `
	archived begin bought brand charter class end equipment event family_name first_name level mac member model name
	network note price room serial school_year site status tag type`
	letterAndDigit = `
	absent act active address agents annexed arrival at audience audit begun capacity charter_version closed code commune
	conform continues contract cpu departure description diagnosis ended ended_by entities facilitator family findings
	floor hours identified_by jury label lifecycle memory minutes of on_spot opened operator_note organisers os parent
	partners parts person_name place place_text places population populations position prizes provider purpose read_to_end
	receipt registration replaced_by role served_rooms signature simple_hash simple_text sites symptom teams text
	text_hash themes timings title typed_name uai use uuid version visit vote_date warranty_end workshop`
)

// fieldCodes and fieldNames lead from the name of a field to its code, and back.
var fieldCodes, fieldNames = func() (fieldCodes, fieldNames map[string]string) {
	fieldCodes, fieldNames = map[string]string{}, map[string]string{}
	for i, name := range strings.Fields(oneLetter) {
		fieldCodes[name] = string(rune('A' + i))
	}
	for i, name := range strings.Fields(letterAndDigit) {
		fieldCodes[name] = string(rune('A'+i/10)) + string(rune('0'+i%10))
	}
	for name, code := range fieldCodes {
		fieldNames[code] = name
	}
	return fieldCodes, fieldNames
}()

// named stands before a name that could be taken for a code. The rules know none, but an entry may bring one.
const named = "^"

// codeOf returns what a field is called in rows of records.
func codeOf(name string) string {
	if code, ok := fieldCodes[name]; ok {
		return code
	}
	if name != "" && (name[0] >= 'A' && name[0] <= 'Z' || strings.HasPrefix(name, named)) {
		return named + name
	}
	return name
}

// nameOfCode undoes codeOf.
func nameOfCode(code string) string {
	if name, ok := fieldNames[code]; ok {
		return name
	}
	return strings.TrimPrefix(code, named)
}

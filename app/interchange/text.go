package interchange

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Encodings as the preview of an import names them.
const (
	utf8Name    = "UTF-8"
	windowsName = "Windows-1252"
)

// decodeText returns the text of a file and its encoding: UTF-8 with or without its mark, else
// Windows-1252, which French spreadsheets still write.
func decodeText(b []byte) (text, encoding string) {
	if utf8.Valid(b) {
		return strings.TrimPrefix(string(b), "\uFEFF"), utf8Name
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD"), windowsName
	}
	return string(out), windowsName
}

package interchange

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Encodings as the preview of an import names them.
const (
	utf8Name    = "UTF-8"
	windowsName = "Windows-1252"
	wideName    = "UTF-16"
)

// decodeText returns the text of a file and its encoding: UTF-16 where its mark says so, UTF-8 with or without
// its mark, else Windows-1252, which French spreadsheets still write.
func decodeText(b []byte) (text, encoding string) {
	if bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
		if out, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(b); err == nil {
			return string(out), wideName
		}
	}
	if utf8.Valid(b) {
		return strings.TrimPrefix(string(b), "\uFEFF"), utf8Name
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD"), windowsName
	}
	return string(out), windowsName
}

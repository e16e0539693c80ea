package say

import (
	"io"
	"os"
	"unicode"

	"golang.org/x/term"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
)

// Terminal returns where to write what is meant for a stream. A terminal obeys control characters, and names or
// texts come from other people's devices: on one these show as U+FFFD. A file or a pipe gets every byte as it is.
func Terminal(w io.Writer) io.Writer {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return w
	}
	return transform.NewWriter(f, runes.Map(harmless))
}

// harmless keeps the characters that lines of text are made of, and the return with which progress is told.
func harmless(r rune) rune {
	switch {
	case r == '\n', r == '\t', r == '\r':
		return r
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		return unicode.ReplacementChar
	}
	return r
}

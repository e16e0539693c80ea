package node

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Passphrase reads a passphrase from a file, or asks for it where none is named: on a terminal it does not show
// while it is typed. The error of one that is missing is Mistyped.
func Passphrase(file, question string, in io.Reader, out io.Writer) (string, error) {
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", Mistyped(fmt.Sprintf("la phrase ne peut pas être lue\u00a0: %v", err))
		}
		if phrase := strings.TrimSpace(string(b)); phrase != "" {
			return phrase, nil
		}
		return "", Mistyped("le fichier de la phrase est vide")
	}
	line, err := readPhrase(question, in, out)
	if phrase := strings.TrimSpace(line); phrase != "" {
		return phrase, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return "", Mistyped("la phrase manque")
	}
	return "", Mistyped(fmt.Sprintf("la phrase manque (%v)", err))
}

// readPhrase reads a line, which a terminal does not echo: it is told so before the question is put.
func readPhrase(question string, in io.Reader, out io.Writer) (string, error) {
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(out, question)
		return bufio.NewReader(in).ReadString('\n')
	}
	was, err := term.MakeRaw(int(f.Fd()))
	if err != nil {
		return "", err
	}
	line, err := term.NewTerminal(terminal{f, out}, "").ReadPassword(question)
	if err != nil {
		fmt.Fprintln(out) // it was given up: what comes next stands on a line of its own
	}
	return line, errors.Join(err, term.Restore(int(f.Fd()), was))
}

// terminal is read from and written to.
type terminal struct {
	io.Reader
	io.Writer
}

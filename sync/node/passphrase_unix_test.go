//go:build unix

package node

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"
)

func TestAPassphraseDoesNotShowWhileItIsTyped(t *testing.T) {
	keys, screen, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	question, asked := io.Pipe()
	type answer struct {
		phrase string
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		phrase, err := Passphrase("", "Phrase\u00a0: \n", screen, asked)
		answers <- answer{phrase, err}
	}()
	said := bufio.NewReader(question)
	if line, err := said.ReadString('\n'); err != nil || line != "Phrase\u00a0: \n" {
		t.Fatalf("asked %q (%v)", line, err)
	}
	if _, err := io.WriteString(keys, "un buron sous la neige\r"); err != nil {
		t.Fatal(err)
	}
	if line, err := said.ReadString('\n'); err != nil || line != "\r\n" {
		t.Fatalf("said %q (%v)", line, err)
	}
	if a := <-answers; a.err != nil || a.phrase != "un buron sous la neige" {
		t.Errorf("read %q (%v)", a.phrase, a.err)
	}
	// Given up with Ctrl-C, it is missing.
	go func() {
		phrase, err := Passphrase("", "Encore\u00a0: \n", screen, asked)
		answers <- answer{phrase, err}
	}()
	if _, err := said.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, said)
	if _, err := io.WriteString(keys, "\x03"); err != nil {
		t.Fatal(err)
	}
	var mistyped Mistyped
	if a := <-answers; !errors.As(a.err, &mistyped) {
		t.Errorf("given up: %q (%v)", a.phrase, a.err)
	}
	// What is written now is the first that the terminal shows.
	if _, err := io.WriteString(screen, "fin\n"); err != nil {
		t.Fatal(err)
	}
	shown, err := bufio.NewReader(keys).ReadString('\n')
	if err != nil || strings.TrimSpace(shown) != "fin" {
		t.Errorf("the terminal shows %q (%v)", shown, err)
	}
}

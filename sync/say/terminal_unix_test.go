//go:build unix

package say

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/creack/pty"
)

// A name that another device made up must not move the cursor, colour a line or turn its letters round.
func TestATerminalObeysNoName(t *testing.T) {
	const name = "tablette\x1b[2J\u202e\u009b1mélève"
	reader, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer terminal.Close()
	fmt.Fprintf(Terminal(terminal), "«\u00a0%s\u00a0»\t1\n", name)
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if want := "«\u00a0tablette\ufffd[2J\ufffd\ufffd1mélève\u00a0»\t1\r\n"; line != want {
		t.Errorf("the terminal got %q, want %q", line, want)
	}

	path := filepath.Join(t.TempDir(), "out")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprint(Terminal(f), name+"\xff")
	if got, err := os.ReadFile(path); err != nil || string(got) != name+"\xff" {
		t.Errorf("the file got %q (%v)", got, err)
	}
}

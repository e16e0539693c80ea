package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Whoever installs a terminal is told in French what was mistyped, and an invitation is not spent on a command line that
// opens no window.
func TestWhatIsMistypedIsSaid(t *testing.T) {
	for args, want := range map[string]string{
		"--txt 150":     "l'option --txt n'existe pas",
		"--text 300":    "--text va de 100 à 200",
		"--theme rouge": "choix",
		"--every=-5s":   "durée positive",
		"ouvrir":        "« ouvrir » n'est pas attendu ici",
	} {
		var out strings.Builder
		status := run(strings.Fields(args), &out)
		if said := strings.ReplaceAll(out.String(), "\u00a0", " "); status != misuse || !strings.Contains(said, want) {
			t.Errorf("%s: status %d, %q, want %q", args, status, said, want)
		}
	}
}

func TestWithoutAScreenNoInvitationIsSpent(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	dir := t.TempDir()
	if status := run([]string{"--data", dir, "--join", "ABCD-EFGH-JKMN-PQRS", "--central", "https://127.0.0.1:1"}, t.Output()); status != failed {
		t.Errorf("status %d", status)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the folder: %v (%v)", left, err)
	}
}

func TestAnInvitationIsNotUsedTwice(t *testing.T) {
	for _, args := range [][]string{
		{"buron-kiosk", "--join", "ABCD-EFGH-JKMN-PQRS", "--central", "https://c", "--text", "150"},
		{"buron-kiosk", "--central", "https://c", "--join=ABCD-EFGH-JKMN-PQRS", "--text", "150"},
		{"buron-kiosk", "--central", "https://c", "--text", "150"},
	} {
		if got := withoutInvitation(args); !slices.Equal(got, []string{"buron-kiosk", "--central", "https://c", "--text", "150"}) {
			t.Errorf("%v starts again as %v", args, got)
		}
	}
}

package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cantal.fr/buron/sync/replica"
)

// A name comes from another device: no system must refuse it, or take it for something else than a file.
func TestAnyNameBecomesAFile(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		"plan.pdf": "plan.pdf", "NUL.pdf": "_NUL.pdf", "com1": "_com1", "aux.tar.gz": "_aux.tar.gz", "../x.pdf": "_x.pdf", "..": "document", "": "document",
		strings.Repeat("é", 300) + ".pdf": strings.Repeat("é", 60) + ".pdf",
		"a." + strings.Repeat("p", 300):   "a." + strings.Repeat("p", 19),
		"facture\u202efdp.exe":            "facture_fdp.exe",
	} {
		base, ext := fileName(replica.Joined{Name: name, MIME: "application/x-unknown"})
		if base+ext != want {
			t.Errorf("%q becomes %q, want %q", name, base+ext, want)
		}
		if err := os.WriteFile(filepath.Join(dir, base+ext), nil, 0o600); err != nil {
			t.Error(err)
		}
	}
}

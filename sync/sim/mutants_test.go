package sim

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMutantsStillApply tells when a planted bug must be written anew, long before anybody runs `make mutants`.
func TestMutantsStillApply(t *testing.T) {
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		t.Skip("not in a checkout")
	}
	patches, err := filepath.Glob(filepath.Join("mutants", "*.patch"))
	if err != nil || len(patches) < 10 {
		t.Fatalf("%d patches, %v", len(patches), err)
	}
	for _, p := range patches {
		c := exec.CommandContext(t.Context(), "git", "apply", "--check", filepath.Join("sync", "sim", p))
		c.Dir = root
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s does not apply any more: %s", p, out)
		}
	}
}

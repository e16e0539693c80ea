package interchange

import (
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxRecognised is how much of a file is read to know what it is, in bytes.
const maxRecognised = 16 << 20

// IsInventory reports whether a file is a GLPI inventory: what is offered when one is dropped into the inbox.
func IsInventory(path string) bool {
	if !strings.EqualFold(filepath.Ext(path), ".json") {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRecognised))
	if err != nil {
		return false
	}
	_, err = parseInventory(b)
	return err == nil
}

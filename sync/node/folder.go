package node

import (
	"os"
	"path/filepath"
)

// DataDir returns where a person's data of a program are kept when no folder is named, as the XDG Base Directory
// Specification says: below XDG_DATA_HOME, else below ~/.local/share.
func DataDir(program string) string {
	if base := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, program)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return program + "-data"
	}
	return filepath.Join(home, ".local", "share", program)
}

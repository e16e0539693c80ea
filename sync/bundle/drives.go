package bundle

import "path/filepath"

// Drive is a place where people plug sticks in.
type Drive struct {
	Path     string
	Label    string // as people know it
	Free     uint64 // bytes; 0 where it is not known
	ReadOnly bool
}

func labelOf(path string) string { return filepath.Base(path) }

//go:build !linux && !windows

package bundle

// Drives returns none: sticks are not looked for on this system, and a folder is named instead.
func Drives() []Drive { return nil }

func places() []string { return nil }

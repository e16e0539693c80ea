//go:build !linux && !windows

package replica

// machineID returns "": this system has no name for an installation that a program may read.
func machineID() string { return "" }

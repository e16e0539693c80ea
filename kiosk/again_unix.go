//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// startAgain becomes the program anew, in the same process: whoever watches over it sees it go on. It returns only where
// it fails.
func startAgain(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start again: %w", err)
	}
	if err := syscall.Exec(self, withoutInvitation(args), os.Environ()); err != nil {
		return fmt.Errorf("start again: %w", err)
	}
	return nil
}

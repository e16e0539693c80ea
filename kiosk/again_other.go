//go:build !unix

package main

import (
	"fmt"
	"os"
	"os/exec"
)

// startAgain starts the program anew beside this one, which ends.
func startAgain(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start again: %w", err)
	}
	next := exec.Command(self, withoutInvitation(args)[1:]...)
	next.Stdout, next.Stderr = os.Stdout, os.Stderr
	if err := next.Start(); err != nil {
		return fmt.Errorf("start again: %w", err)
	}
	return nil
}

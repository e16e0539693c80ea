// Command buron is the field notebook of the collèges of the Cantal: a window for people, and commands for
// scripts and support, on the same replica.
package main

import (
	"os"

	"cantal.fr/buron/app/command"
)

func main() {
	os.Exit(command.Main(os.Args[1:], command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, func(command.DesktopOptions) int { return 1 }))
}

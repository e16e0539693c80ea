// Command field is what the field suites need and a shell cannot do: a bad line between real programs, photos and
// inventories to be carried over it, and two weeks of a département. It reads and writes what it is told on its
// command line, and fails where what it watches for is not so.
//
//	field relay -listen ADDR -to ADDR [-delay D] [-rate N] [-every D]
//	field draw -photos N -inventories N DIR
//	field fortnight -build DIR [-actions N] [-each N] [-seed N]
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "field:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	words := map[string]func(context.Context, []string) error{"relay": relayMain, "draw": drawMain, "fortnight": fortnightMain}
	if len(args) == 0 || words[args[0]] == nil {
		return fmt.Errorf("say relay, draw or fortnight")
	}
	return words[args[0]](ctx, args[1:])
}

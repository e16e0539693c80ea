package command

import (
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func run() {
	os.Exit(Main(os.Args[1:], Streams{os.Stdin, os.Stdout, os.Stderr}, func(DesktopOptions) int { return Failed }))
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"buron": run})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// status N command… runs a command that must exit with N.
			"status": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				err = ts.Exec(args[1], args[2:]...)
				exit, ok := err.(interface{ ExitCode() int })
				if !ok || exit.ExitCode() != want {
					ts.Fatalf("%v ended with %v, want status %d", args[1:], err, want)
				}
			},
		},
	})
}

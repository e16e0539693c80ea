package main

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"cantal.fr/buron/app/command"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"buron-central": main,
		"buron": func() {
			os.Exit(command.Main(os.Args[1:], command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, func(command.DesktopOptions) int { return command.Failed }))
		},
	})
}

// attempts is how often eventually tries: each starts a program, which takes some 30 ms.
const attempts = 300

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Setenv("ADDR", l.Addr().String())
			return l.Close()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "keep": keep, "eventually": eventually, "key": key,
		},
	})
}

// status N command… runs a command that must exit with N.
func status(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	exit, ok := err.(interface{ ExitCode() int })
	if !ok || exit.ExitCode() != want {
		ts.Fatalf("%v ended with %v, want status %d", args[1:], err, want)
	}
}

// keep NAME puts what the last command printed into a variable.
func keep(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// key NAME DIR puts the first digits of a device's key, as a central lists it, into KEY.
func key(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("buron-central", "--data", args[1], "devices"))
	for _, line := range strings.Split(ts.ReadFile("stdout"), "\n") {
		if f := strings.Fields(line); len(f) > 2 && f[0] == args[0] {
			ts.Setenv("KEY", f[len(f)-2])
			return
		}
	}
	ts.Fatalf("no device %s", args[0])
}

// eventually TEXT command… runs a command until it succeeds and prints the text.
func eventually(ts *testscript.TestScript, _ bool, args []string) {
	var err error
	for range attempts {
		if err = ts.Exec(args[1], args[2:]...); err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
	}
	ts.Fatalf("%v never printed %q: %v", args[1:], args[0], err)
}

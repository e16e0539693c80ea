// Command buron is the field notebook of the collèges of the Cantal: a window for people, and commands for
// scripts and support, on the same replica.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"cantal.fr/buron/app/command"
	"cantal.fr/buron/app/interchange"
	"cantal.fr/buron/app/screen"
	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/seal"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
)

func main() {
	os.Exit(command.Main(os.Args[1:], command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, desktop))
}

// desktop opens the window on the replica of a folder, or on the first start, until it is closed.
func desktop(o command.DesktopOptions) int {
	if err := look.Display(); err != nil {
		fmt.Fprintln(os.Stderr, "buron:", err)
		return command.Failed
	}
	if err := look.Speak(); err != nil {
		fmt.Fprintln(os.Stderr, "buron:", err)
	}
	a := app.NewWithID("fr.cantal.buron")
	prefs := screen.NewPrefs(o.Theme, o.Text, a.Settings().SetTheme)
	win := a.NewWindow("Buron")
	win.Resize(size(o.Window))
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	live := screen.NewLive()
	open := func(r *replica.Replica) {
		prefs.Recall(ctx, r, o.Theme, o.Text)
		n := node.New(r, node.Options{Alone: o.Alone, Interval: o.Every, USB: true, Importable: interchange.IsInventory})
		wg.Go(func() {
			defer r.Close()
			if err := n.Run(ctx); err != nil {
				fmt.Fprintln(os.Stderr, "buron:", err)
			}
		})
		screen.Open(ctx, win, n, live, prefs, o.Page)
	}
	status := command.Done
	r, err := replica.Open(ctx, o.Dir, replica.Options{Keys: seal.System{}})
	switch {
	case err == nil:
		open(r)
	case errors.Is(err, replica.ErrNone):
		screen.Start(ctx, win, o.Dir, live, open)
	default:
		screen.Broken(win, o.Dir, err)
		status = command.Failed
	}
	win.ShowAndRun()
	cancel()
	wg.Wait()
	return status
}

// size reads « 1280x800 »; that is also the size without one.
func size(text string) fyne.Size {
	var w, h float32
	if n, err := fmt.Sscanf(text, "%fx%f", &w, &h); n != 2 || err != nil {
		return fyne.NewSize(1280, 800)
	}
	return fyne.NewSize(w, h)
}

// Command buron-kiosk is the public terminal of a tiers-lieu: the agenda, and the signing of the charter. It
// creates acts and reads none back.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/screen"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"github.com/alecthomas/kong"
)

// options are the command line.
type options struct {
	Data    string        `help:"Dossier des données (sinon BURON_DATA, sinon ~/.local/share/buron-kiosk)." env:"BURON_DATA" placeholder:"DIR" type:"path"`
	Join    string        `help:"Rejoindre un territoire avec cette invitation, puis ouvrir." placeholder:"INVITATION"`
	Central string        `help:"Adresse du central." placeholder:"URL"`
	Device  string        `help:"Nom de la borne." default:"Borne"`
	Peer    []string      `help:"Adresse d'un voisin." placeholder:"HÔTE:PORT" sep:"none"`
	Listen  string        `help:"Adresse où attendre les voisins." default:":0"`
	Alone   bool          `help:"Ne pas chercher les voisins par mDNS."`
	Every   time.Duration `help:"Temps entre deux échanges sans nouveauté." default:"1m"`
	Window  string        `help:"Fenêtre de cette taille, au lieu du plein écran." placeholder:"1280x800"`
	Theme   string        `help:"clair, sombre ou contraste." enum:"clair,sombre,contraste" default:"clair"`
	Text    int           `help:"Taille du texte, de 100 à 200\u00a0%." default:"100"`
}

func main() { os.Exit(run()) }

func run() int {
	var o options
	kong.Parse(&o, kong.Name("buron-kiosk"), kong.Description("La borne publique de Buron."))
	if o.Data == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			fmt.Fprintln(os.Stderr, "buron-kiosk:", err)
			return 1
		}
		o.Data = filepath.Join(home, ".local", "share", "buron-kiosk")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if o.Join != "" {
		r, err := node.Join(ctx, o.Data, o.Join, o.Central, o.Device, replica.Options{})
		if err != nil {
			fmt.Fprintln(os.Stderr, "buron-kiosk:", err)
			return 1
		}
		if err := r.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "buron-kiosk:", err)
			return 1
		}
	}
	return show(ctx, cancel, o)
}

// show opens the window until the host closes it.
func show(ctx context.Context, cancel func(), o options) int {
	if err := look.Display(); err != nil {
		fmt.Fprintln(os.Stderr, "buron-kiosk:", err)
		return 1
	}
	if err := look.Speak(); err != nil {
		fmt.Fprintln(os.Stderr, "buron-kiosk:", err)
	}
	a := app.NewWithID("fr.cantal.buron.kiosk")
	palette := map[string]look.Palette{"clair": look.Light, "sombre": look.Dark, "contraste": look.Contrast}[o.Theme]
	a.Settings().SetTheme(look.NewKioskTheme(palette, o.Text))
	win := a.NewWindow("Buron")
	var w, h float32
	if n, _ := fmt.Sscanf(o.Window, "%fx%f", &w, &h); n == 2 {
		win.Resize(fyne.NewSize(w, h))
	} else {
		win.SetFullScreen(true)
	}
	win.SetPadded(false)
	var wg sync.WaitGroup
	live, again := screen.NewLive(), false
	restart := func() {
		again = true
		win.Close()
	}
	open := func(r *replica.Replica) {
		n := node.New(r, node.Options{Central: o.Central, Peers: o.Peer, Listen: o.Listen, Alone: o.Alone, Interval: o.Every, USB: true})
		k := screen.Open(ctx, win, n, live, screen.Options{Palette: palette, Percent: o.Text, Apply: a.Settings().SetTheme, Quit: win.Close, Restart: restart})
		wg.Go(func() {
			defer r.Close()
			if err := n.Run(ctx); err != nil {
				fmt.Fprintln(os.Stderr, "buron-kiosk:", err)
			}
		})
		wg.Go(func() { k.Run(ctx) })
	}
	status := 0
	r, err := replica.Open(ctx, o.Data, replica.Options{})
	switch {
	case err == nil:
		open(r)
	case errors.Is(err, replica.ErrNone):
		screen.Start(ctx, win, o.Data, live, open)
	default:
		fmt.Fprintln(os.Stderr, "buron-kiosk:", err)
		screen.Broken(win)
		status = 1
	}
	win.ShowAndRun()
	cancel()
	wg.Wait()
	if again {
		if err := startAgain(os.Args); err != nil {
			fmt.Fprintln(os.Stderr, "buron-kiosk:", err)
			return 1
		}
	}
	return status
}

// withoutInvitation is a command line for a terminal that has joined: an invitation serves once.
func withoutInvitation(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--join":
			i++
		case strings.HasPrefix(args[i], "--join="):
		default:
			out = append(out, args[i])
		}
	}
	return out
}

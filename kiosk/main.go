// Command buron-kiosk is the public terminal of a tiers-lieu: the agenda, and the signing of the charter. It
// creates acts and reads none back.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/screen"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/say"

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

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

// Exit statuses.
const (
	done   = 0
	failed = 1
	misuse = 2
)

// run opens the terminal, and returns the exit status once it is closed.
func run(args []string, out io.Writer) int {
	var o options
	helped, status := false, done
	parser := kong.Must(&o, kong.Name("buron-kiosk"), kong.Description("La borne publique de Buron."),
		kong.Exit(func(code int) { helped, status = true, code }))
	_, err := parser.Parse(args)
	switch {
	case helped:
		return status
	case err == nil && (o.Text < 100 || o.Text > 200):
		err = errors.New("--text va de 100 à 200")
	case err == nil:
		err = node.Forward("--every", o.Every)
	}
	if err != nil {
		fmt.Fprintf(out, "buron-kiosk: %s\nEssayez\u00a0: buron-kiosk --help\n", say.Misuse(err))
		return misuse
	}
	if o.Data == "" {
		o.Data = node.DataDir("buron-kiosk")
	}
	// Before anything else: an invitation must not be spent for a window that cannot open.
	if err := look.Display(); err != nil {
		return fail(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if o.Join != "" {
		if err := join(ctx, o); err != nil {
			return fail(err)
		}
	}
	return show(ctx, cancel, o)
}

// fail says what went wrong, and below it the cause for whoever helps.
func fail(err error) int {
	say.Tell(os.Stderr, "buron-kiosk", err)
	return failed
}

// join uses the invitation, unless this terminal belongs to a territory already: the same command line may start it
// every day.
func join(ctx context.Context, o options) error {
	r, err := node.Join(ctx, o.Data, o.Join, o.Central, o.Device, replica.Options{})
	switch {
	case errors.Is(err, node.ErrFounded):
		fmt.Fprintln(os.Stderr, "buron-kiosk: cette borne appartient déjà à un territoire\u00a0: l'invitation n'a pas servi.")
		return nil
	case err != nil:
		return err
	}
	return r.Close()
}

// show opens the window until the host closes it.
func show(ctx context.Context, cancel func(), o options) int {
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
	status := done
	r, err := replica.Open(ctx, o.Data, replica.Options{})
	switch {
	case err == nil:
		open(r)
	case errors.Is(err, replica.ErrNone):
		screen.Start(ctx, win, o.Data, live, open)
	default:
		status = fail(err)
		screen.Broken(win)
	}
	win.ShowAndRun()
	cancel()
	wg.Wait()
	if again {
		if err := startAgain(os.Args); err != nil {
			return fail(err)
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

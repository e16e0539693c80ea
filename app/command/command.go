// Package command is the command line of buron, for scripts and for support: the same replica, rules
// and exchange as the desktop, beside which it may run on the same folder. It draws no window. Its
// invariant: what it prints on standard output is only what a script asked for; everything that is
// said to a person goes to standard error.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/say"
	"cantal.fr/buron/sync/seal"
	"github.com/alecthomas/kong"
)

// Exit statuses of every command.
const (
	Done   = 0
	Failed = 1
	Usage  = 2
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// DesktopOptions are what the window is opened with.
type DesktopOptions struct {
	Dir    string // data folder
	Window string // size in pixels, "1280x800"
	Theme  string // clair, sombre or contraste; "" for what was last chosen
	Text   int    // per cent of the normal text size, 0 for what was last chosen
	Page   string // name of the page to open on
	Alone  bool   // do not look for neighbours
	Every  time.Duration
}

// Desktop opens the window and returns the exit status once it is closed. Package main passes it
// in, so that the commands need no graphics library.
type Desktop func(DesktopOptions) int

// cli is the grammar of the command line.
type cli struct {
	Data string `help:"Dossier des données (sinon BURON_DATA, sinon ${data})." env:"BURON_DATA" placeholder:"DIR" type:"path"`

	Window     windowCmd           `cmd:"" default:"withargs" help:"Ouvrir la fenêtre (sans commande, c'est ce qui se passe)."`
	Init       initCmd             `cmd:"" help:"Créer un territoire, ou essayer avec des exemples."`
	Invite     inviteCmd           `cmd:"" help:"Écrire une invitation, pour un appareil voisin."`
	Join       joinCmd             `cmd:"" help:"Rejoindre un territoire avec une invitation."`
	List       listCmd             `cmd:"" help:"Lister les enregistrements d'une sorte."`
	Show       showCmd             `cmd:"" help:"Montrer un enregistrement et son histoire."`
	Add        addCmd              `cmd:"" help:"Créer un enregistrement."`
	Set        setCmd              `cmd:"" help:"Modifier un enregistrement."`
	Attach     attachCmd           `cmd:"" help:"Joindre des photos ou des documents à un enregistrement."`
	Fetch      fetchCmd            `cmd:"" help:"Écrire les photos et documents d'un enregistrement dans un dossier."`
	Import     importCmd           `cmd:"" help:"Importer des inventaires GLPI ou des listes de classe."`
	Export     exportCmd           `cmd:"" help:"Exporter une sorte en CSV ou en JSON."`
	Conflicts  conflictsCmd        `cmd:"" help:"Lister ce qui est à décider."`
	Duplicates duplicatesCmd       `cmd:"" help:"Lister ce qui semble saisi deux fois."`
	Merge      mergeCmd            `cmd:"" help:"Réunir des doublons\u00a0: le plus petit identifiant reste."`
	Quarantine quarantineCmd       `cmd:"" help:"Lister ce que des appareils ont écrit après leur fin."`
	Sync       syncCmd             `cmd:"" help:"Échanger avec les voisins et le central, sans fenêtre."`
	Bundle     node.BundleCommand  `cmd:"" help:"Préparer une clé USB, ou en lire une."`
	Backup     node.BackupCommand  `cmd:"" help:"Sauvegarder tout ce que cet appareil contient, dans un fichier chiffré."`
	Restore    node.RestoreCommand `cmd:"" help:"Restaurer une sauvegarde dans un dossier vide."`
	Root       node.RootCommand    `cmd:"" help:"Ce que seul le fichier de secours du territoire peut dire."`
	Status     statusCmd           `cmd:"" help:"Dire où en est cet appareil."`
	Doctor     doctorCmd           `cmd:"" help:"Vérifier les données, ou refaire les tables."`
	Kinds      kindsCmd            `cmd:"" help:"Lister les sortes et leurs champs."`
}

type windowCmd struct {
	Size  string        `name:"window" help:"Taille de la fenêtre." placeholder:"1280x800"`
	Theme string        `help:"clair, sombre ou contraste." enum:"clair,sombre,contraste," default:""`
	Text  int           `help:"Taille du texte, de 100 à 200\u00a0%." default:"0"`
	Page  string        `help:"Page à ouvrir\u00a0: parc, échanges, à décider, appareils, mis de côté, effacements, clé usb, réglages…" placeholder:"PAGE"`
	Alone bool          `help:"Ne pas chercher les voisins par mDNS."`
	Every time.Duration `help:"Temps entre deux échanges sans nouveauté." default:"1m"`
}

// env is what every command works with.
type env struct {
	Streams
	ctx     context.Context
	dir     string
	desktop Desktop
}

// errUsage marks an error of the person who typed, answered with exit status 2.
var errUsage = errors.New("usage")

// usage makes an error that exits with status 2.
func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errUsage, fmt.Errorf(format, args...))
}

// misused marks an error of the person who typed; nil stays nil.
func misused(err error) error {
	var mistyped node.Mistyped
	if errors.As(err, &mistyped) {
		return usage("%w", err)
	}
	return err
}

// Main runs one command line and returns its exit status.
func Main(args []string, s Streams, desktop Desktop) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s.Out, s.Err = say.Terminal(s.Out), say.Terminal(s.Err)
	var c cli
	exited, status := false, Done
	parser, err := kong.New(&c, kong.Name("buron"),
		kong.Description("Le carnet de terrain des collèges du Cantal\u00a0: il enregistre sans réseau et échange quand il peut."),
		kong.Writers(s.Out, s.Err), kong.Vars{"data": node.DataDir("buron")},
		kong.Exit(func(code int) { exited, status = true, code }))
	if err != nil {
		fmt.Fprintln(s.Err, "buron:", err)
		return Failed
	}
	parsed, err := parser.Parse(args)
	if exited {
		return status
	}
	if err != nil {
		fmt.Fprintf(s.Err, "buron: %s\nEssayez\u00a0: buron --help\n", say.Misuse(err))
		return Usage
	}
	e := &env{Streams: s, ctx: ctx, dir: c.Data, desktop: desktop}
	if e.dir == "" {
		e.dir = node.DataDir("buron")
	}
	session := &node.Session{Context: e.ctx, Dir: e.dir, Open: e.open, In: e.In, Out: e.Out, Err: e.Err}
	return e.finish(misused(parsed.Run(e, session)))
}

// finish says what went wrong and chooses the exit status.
func (e *env) finish(err error) int {
	var problems record.Problems
	var exit exitStatus
	switch {
	case err == nil:
		return Done
	case errors.As(err, &exit):
		return int(exit)
	case errors.Is(err, errUsage):
		fmt.Fprintln(e.Err, "buron:", say.Misuse(err))
		return Usage
	case errors.As(err, &problems):
		for _, p := range problems {
			fmt.Fprintf(e.Err, "%s\u00a0: %s\n", p.Field, p.Sentence())
		}
	case errors.Is(err, replica.ErrNone):
		fmt.Fprintf(e.Err, "Aucun territoire dans %s.\nFaites\u00a0: buron init --territory NOM, buron init --demo ou buron join INVITATION.\n", e.dir)
	case errors.Is(err, replica.ErrForbidden):
		fmt.Fprintln(e.Err, "Le rôle de cet appareil ne permet pas cela.")
		fmt.Fprintln(e.Err, "buron:", err)
	default:
		e.tell("buron", err)
	}
	return Failed
}

// tell says what went wrong, and below it the cause for whoever helps.
func (e *env) tell(who string, err error) { say.Tell(e.Err, who, err) }

// exitStatus is an error that only carries a status: everything was said already.
type exitStatus int

func (exitStatus) Error() string { return "" }

// options are those of a person's own computer: the data key goes to the key store of their session.
func (e *env) options() replica.Options { return replica.Options{Keys: seal.System{}} }

// open opens the replica of the data folder.
func (e *env) open() (*replica.Replica, error) {
	return replica.Open(e.ctx, e.dir, e.options())
}

// Run opens the desktop.
func (c *windowCmd) Run(e *env) error {
	if c.Text != 0 && (c.Text < 100 || c.Text > 200) {
		return usage("--text va de 100 à 200")
	}
	if err := node.Forward("--every", c.Every); err != nil {
		return err
	}
	status := e.desktop(DesktopOptions{Dir: e.dir, Window: c.Size, Theme: c.Theme, Text: c.Text, Page: c.Page, Alone: c.Alone, Every: c.Every})
	if status != Done {
		return exitStatus(status)
	}
	return nil
}

// Command buron-central is the département's always-on copy: it admits devices, keeps every record
// and passes on to each device what it may hold. It draws nothing and needs nothing but its data
// folder. Its invariant: it holds no authority of its own beyond the delegation that the root gave it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/say"
	"github.com/alecthomas/kong"
)

// Exit statuses of every command.
const (
	done   = 0
	failed = 1
	misuse = 2
)

// cli is the grammar of the command line.
type cli struct {
	Data string `help:"Dossier des données (sinon BURON_CENTRAL_DATA, sinon BURON_DATA, sinon ${data})." env:"BURON_CENTRAL_DATA,BURON_DATA" placeholder:"DIR" type:"path"`

	Init      initCmd             `cmd:"" help:"Créer le territoire et ses clés."`
	Join      joinCmd             `cmd:"" help:"Devenir le central d'un territoire dont l'autre est perdu."`
	Serve     serveCmd            `cmd:"" help:"Attendre les appareils."`
	Invite    inviteCmd           `cmd:"" help:"Écrire une invitation, pour un appareil."`
	Devices   devicesCmd          `cmd:"" help:"Lister les appareils admis."`
	Revoke    revokeCmd           `cmd:"" help:"Révoquer un appareil."`
	Readmit   readmitCmd          `cmd:"" help:"Réadmettre un appareil révoqué."`
	Release   releaseCmd          `cmd:"" help:"Compter ce qui était mis de côté d'un appareil révoqué."`
	Role      roleCmd             `cmd:"" help:"Donner un autre rôle à un appareil."`
	Aside     quarantineCmd       `cmd:"" name:"quarantine" help:"Lister ce qui est mis de côté."`
	Subject   subjectCmd          `cmd:"" help:"Exporter ou effacer ce qui est gardé d'une personne."`
	Erasures  erasuresCmd         `cmd:"" help:"Lister les effacements, et les appareils qui les ont confirmés."`
	Retention retentionCmd        `cmd:"" help:"Effacer ce dont la durée de conservation est atteinte."`
	Bundle    node.BundleCommand  `cmd:"" help:"Préparer une clé USB, ou en lire une."`
	Root      node.RootCommand    `cmd:"" help:"Ce que seul le fichier de secours du territoire peut dire."`
	Backup    node.BackupCommand  `cmd:"" help:"Sauvegarder tout ce que ce central contient, pendant qu'il tourne, dans un fichier chiffré."`
	Restore   node.RestoreCommand `cmd:"" help:"Restaurer une sauvegarde dans un dossier vide."`
	Status    statusCmd           `cmd:"" help:"Dire où en est le central."`
	Verify    verifyCmd           `cmd:"" help:"Vérifier chaque signature et la base."`
}

// env is what every command works with.
type env struct {
	ctx      context.Context
	dir      string
	in       io.Reader
	out, err io.Writer
}

var errUsage = errors.New("usage")

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// dataDir returns the folder used when none is named: the system's for root, else the person's.
func dataDir() string {
	if os.Geteuid() == 0 {
		return "/var/lib/buron-central"
	}
	return node.DataDir("buron-central")
}

func run(args []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out, errOut = say.Terminal(out), say.Terminal(errOut)
	var c cli
	exited, status := false, done
	parser, err := kong.New(&c, kong.Name("buron-central"), kong.Description("Le central du territoire."),
		kong.Writers(out, errOut), kong.Vars{"data": dataDir()},
		kong.Exit(func(code int) { exited, status = true, code }))
	if err != nil {
		fmt.Fprintln(errOut, "buron-central:", err)
		return failed
	}
	parsed, err := parser.Parse(args)
	if exited {
		return status
	}
	if err != nil {
		fmt.Fprintf(errOut, "buron-central: %s\nEssayez\u00a0: buron-central --help\n", say.Misuse(err))
		return misuse
	}
	e := &env{ctx: ctx, dir: c.Data, in: os.Stdin, out: out, err: errOut}
	if e.dir == "" {
		e.dir = dataDir()
	}
	switch err := misused(parsed.Run(e, &node.Session{Context: ctx, Dir: e.dir, Open: e.open, In: e.in, Out: out, Err: errOut})); {
	case err == nil:
		return done
	case errors.Is(err, errUsage):
		fmt.Fprintln(errOut, "buron-central:", say.Misuse(err))
		return misuse
	case errors.Is(err, replica.ErrNone):
		fmt.Fprintf(errOut, "Aucun territoire dans %s.\nFaites\u00a0: buron-central init --territory NOM.\n", e.dir)
	default:
		say.Tell(errOut, "buron-central", err)
	}
	return failed
}

func (e *env) open() (*replica.Replica, error) {
	return replica.Open(e.ctx, e.dir, replica.Options{})
}

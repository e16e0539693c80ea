package command

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/replica"
)

type syncCmd struct {
	Once    bool          `help:"Échanger une fois avec chacun, puis s'arrêter."`
	Central string        `help:"Adresse du central." placeholder:"URL"`
	Peer    []string      `help:"Adresse d'un voisin." placeholder:"HÔTE:PORT" sep:"none"`
	Listen  string        `help:"Adresse où attendre les voisins (off\u00a0: ne pas attendre)." default:":0"`
	Alone   bool          `help:"Ne pas chercher les voisins par mDNS."`
	Every   time.Duration `help:"Temps entre deux échanges sans nouveauté." default:"1m"`
	USB     bool          `name:"usb" help:"Lire aussi les clés USB et le dossier inbox des données."`
	Folder  []string      `help:"Dossier à lire comme une clé." placeholder:"DIR" type:"path" sep:"none"`
	Facts   bool          `name:"facts-only" help:"Sans les photos ni les documents : ils viendront par un autre réseau."`
	Verbose bool          `short:"v" help:"Dire ce qui se passe, pour l'assistance."`
}

// logger writes what support asks for, or nothing.
func logger(e *env, verbose bool) *slog.Logger {
	if !verbose {
		return nil
	}
	return slog.New(slog.NewTextHandler(e.Err, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Run exchanges with the neighbours and the central, once or until it is interrupted.
func (c *syncCmd) Run(e *env) error {
	if err := node.Forward("--every", c.Every); err != nil {
		return err
	}
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	o := node.Options{Central: c.Central, Peers: c.Peer, Listen: c.Listen, Alone: c.Alone, Interval: c.Every, USB: c.USB, Folders: c.Folder, FactsOnly: c.Facts, Log: logger(e, c.Verbose)}
	n := node.New(r, o)
	if c.Once {
		return e.tellOnce(n.Once(e.ctx))
	}
	waits := time.AfterFunc(2*time.Second, func() {
		fmt.Fprintln(e.Err, "Un autre programme échange déjà pour ce dossier, la fenêtre peut-être\u00a0: celui-ci prendra son tour.")
	})
	defer waits.Stop()
	ready := func(addr string) {
		waits.Stop()
		if addr != "" {
			fmt.Fprintf(e.Err, "À l'écoute sur %s\n", addr)
		}
	}
	stop := n.Subscribe(e.tellExchanges())
	defer stop()
	return n.RunReady(e.ctx, ready)
}

// tellExchanges returns a subscriber that writes one line each time an exchange has ended.
func (e *env) tellExchanges() func(node.Status) {
	var last time.Time
	return func(s node.Status) {
		if s.LastExchange.After(last) {
			last = s.LastExchange
			fmt.Fprintf(e.Err, "%s échange terminé\u00a0: %d enregistrements, %d en attente\n", last.Format("15:04:05"), s.Records, s.Pending)
		}
	}
}

func (e *env) tellOnce(outcomes []node.Outcome, err error) error {
	if err != nil {
		return err
	}
	if len(outcomes) == 0 {
		return errors.New("personne avec qui échanger\u00a0: donnez --central URL ou --peer HÔTE:PORT")
	}
	failed := 0
	for _, o := range outcomes {
		if o.Err != nil {
			failed++
			e.tell(o.Partner, o.Err)
			continue
		}
		fmt.Fprintf(e.Err, "%s\u00a0: saisies reçues %d, envoyées %d\n", o.Partner, o.Received, o.Sent)
		for _, refusal := range o.Refused {
			fmt.Fprintf(e.Err, "%s\u00a0: %s\n", o.Partner, refusal.Sentence)
		}
	}
	if failed == len(outcomes) {
		return exitStatus(Failed)
	}
	return nil
}

type statusCmd struct {
	JSON bool `name:"json" help:"Écrire du JSON."`
}

// centralJSON and peerJSON are the JSON forms of the partners of an exchange.
type centralJSON struct {
	URL         string `json:"url"`
	LastContact string `json:"last_contact"`
}

type peerJSON struct {
	Device       string `json:"device"`
	Role         string `json:"role"`
	Address      string `json:"address"`
	LastExchange string `json:"last_exchange"`
}

// Run says where the device stands.
func (c *statusCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	s, err := node.New(r, node.Options{Listen: "off"}).Status(e.ctx)
	if err != nil {
		return err
	}
	peers := []peerJSON{}
	for _, p := range s.Peers {
		peers = append(peers, peerJSON{p.Name, string(p.Role), p.Address, instant(p.LastExchange)})
	}
	var unverified []string
	for _, u := range s.Unverified {
		unverified = append(unverified, u.Scope)
	}
	if c.JSON {
		return e.printJSON(struct {
			Device    string      `json:"device"`
			Territory string      `json:"territory"`
			Records   int         `json:"records"`
			Pending   int         `json:"pending"`
			Conflicts int         `json:"conflicts"`
			Central   centralJSON `json:"central"`
			Peers     []peerJSON  `json:"peers"`
			KeyStore  string      `json:"key_store"`
			Sealed    string      `json:"sealed,omitempty"`
			Clock     string      `json:"clock,omitempty"`
			Copied    string      `json:"copied,omitempty"`

			Unverified []string `json:"unverified,omitempty"`
		}{s.Device, s.Territory, s.Records, s.Pending, s.Conflicts, centralJSON{s.Central.URL, instant(s.Central.LastContact)}, peers, s.KeyStore, s.Sealed, s.Clock, s.Copied, unverified})
	}
	w := tabwriter.NewWriter(e.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "Appareil\t%s\nTerritoire\t%s\nEnregistrements\t%d\nEn attente d'envoi\t%d\nÀ décider\t%d\n", s.Device, s.Territory, s.Records, s.Pending, s.Conflicts)
	fmt.Fprintf(w, "Central\t%s %s\n", s.Central.URL, instant(s.Central.LastContact))
	if s.Central.Reason != "" {
		fmt.Fprintf(w, "\t%s\n", s.Central.Reason)
	}
	fmt.Fprintf(w, "Clé des données\t%s\n", cmp.Or(s.KeyStore, "absente"))
	if s.Sealed != "" {
		fmt.Fprintf(w, "Scellé\t%s\n", s.Sealed)
	}
	if s.Clock != "" {
		fmt.Fprintf(w, "Horloge\t%s\n", s.Clock)
	}
	if s.Copied != "" {
		fmt.Fprintf(w, "Copie\t%s\n", s.Copied)
	}
	for _, u := range s.Unverified {
		fmt.Fprintf(w, "À vérifier\t%s\n", u.Sentence())
	}
	for _, p := range peers {
		fmt.Fprintf(w, "Voisin\t%s %s %s\n", p.Device, p.Address, p.LastExchange)
	}
	for _, refusal := range s.Refusals {
		fmt.Fprintf(w, "Refus\t%s\n", refusal.Sentence)
	}
	return w.Flush()
}

type doctorCmd struct {
	Rebuild    bool   `help:"Refaire toutes les tables à partir du journal."`
	Recovery   string `help:"Rendre à cet appareil la clé de ses données, avec le fichier de secours." placeholder:"FICHIER" type:"path"`
	Passphrase string `name:"passphrase-file" help:"Fichier qui contient la phrase de secours (sinon, elle est demandée)." placeholder:"FICHIER" type:"path"`
}

// Run checks the data of the device, or folds the journal again.
func (c *doctorCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	progress := func(what string) func(done, total int) {
		return func(done, total int) { fmt.Fprintf(e.Err, "\r%s\u00a0: %d sur %d", what, done, total) }
	}
	if err := c.recover(e, r); err != nil {
		return err
	}
	if c.Rebuild {
		if err := r.Rebuild(e.ctx, progress("Tables refaites")); err != nil {
			return err
		}
		fmt.Fprintln(e.Err)
	}
	if err := r.Verify(e.ctx, progress("Écrits vérifiés")); err != nil {
		return err
	}
	fmt.Fprintln(e.Err)
	if err := tellKey(e, r); err != nil {
		return err
	}
	digests, err := r.StateDigests(e.ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(e.Out, 0, 4, 2, ' ', 0)
	for _, scope := range sortedKeys(digests) {
		d := digests[scope]
		fmt.Fprintf(w, "%s\t%x\n", scope, d[:8])
	}
	return w.Flush()
}

// recover puts the data key back, where a recovery file is named.
func (c *doctorCmd) recover(e *env, r *replica.Replica) error {
	if c.Recovery == "" {
		return nil
	}
	phrase, err := node.Passphrase(c.Passphrase, "Phrase de secours\u00a0: ", e.In, e.Err)
	if err != nil {
		return err
	}
	if err := node.Recover(e.ctx, r, c.Recovery, phrase); err != nil {
		return err
	}
	fmt.Fprintln(e.Err, "Noms et signatures se lisent de nouveau. Si la fenêtre de Buron est ouverte, fermez-la et rouvrez-la.")
	return nil
}

// tellKey says where the data key is kept, or that it is missing.
func tellKey(e *env, r *replica.Replica) error {
	if sealed, err := r.SealedSentence(e.ctx); err != nil || sealed != "" {
		fmt.Fprintln(e.Err, sealed)
		return err
	}
	can := "le fichier de secours la rend"
	if ok, err := r.Recoverable(e.ctx); err != nil || !ok {
		can = "aucun fichier de secours ne la rend\u00a0: faites une sauvegarde"
	}
	fmt.Fprintf(e.Err, "Clé des données\u00a0: %s\u00a0; %s.\n", r.KeyStore(), can)
	return nil
}

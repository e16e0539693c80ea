package node

import (
	"context"
	"fmt"
	"io"

	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// RootCommand is what the territory's recovery file alone can say, as the command lines of every program have it
// (the tags are kong's).
type RootCommand struct {
	Delegate rootDelegateCmd `cmd:"" help:"Permettre à un appareil de la coordination d'admettre et de suspendre les autres."`
	End      rootEndCmd      `cmd:"" help:"Arrêter un appareil, même un de ceux-là, ou le central."`
	Readmit  rootReadmitCmd  `cmd:"" help:"Réadmettre un appareil arrêté avec le fichier de secours."`
	Release  rootReleaseCmd  `cmd:"" help:"Compter les saisies mises de côté d'un appareil arrêté avec ce fichier."`
	Renew    rootRenewCmd    `cmd:"" help:"Remplacer le fichier de secours\u00a0: l'ancien ne dit plus rien."`
}

// Session is what a command works with.
type Session struct {
	Context  context.Context
	Dir      string // data folder
	Open     func() (*replica.Replica, error)
	In       io.Reader
	Out, Err io.Writer
}

// recoveryFile is the file that speaks, and what opens it.
type recoveryFile struct {
	Recovery   string `required:"" help:"Fichier de secours du territoire." placeholder:"FICHIER" type:"existingfile"`
	Passphrase string `name:"passphrase-file" help:"Fichier qui contient la phrase de secours (sinon, elle est demandée)." placeholder:"FICHIER" type:"path"`
}

// speak opens the replica and has the recovery file say something.
func (f *recoveryFile) speak(e *Session, say func(r *replica.Replica, phrase string) error) error {
	phrase, err := Passphrase(f.Passphrase, "Phrase de secours\u00a0: ", e.In, e.Err)
	if err != nil {
		return err
	}
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return say(r, phrase)
}

// rootOnDevice is what the recovery file says of one device.
type rootOnDevice struct {
	recoveryFile
	Device string `arg:"" help:"Nom de l'appareil, ou début de sa clé."`
}

// say has the recovery file speak of the device; done is what people are told then, with its name in it.
func (c *rootOnDevice) say(e *Session, do func(r *replica.Replica, root *trust.Root, key trust.Key) error, done string) error {
	return c.speak(e, func(r *replica.Replica, phrase string) error {
		d, err := DeviceNamed(r.Roster().Devices(), c.Device)
		if err != nil {
			return err
		}
		err = AsRoot(r, c.Recovery, phrase, func(got trust.Recovery) error { return do(r, got.Root, d.Key) })
		if err != nil {
			return err
		}
		fmt.Fprintf(e.Err, done+" Rangez le fichier de secours.\n", d.Name)
		return nil
	})
}

type rootDelegateCmd struct{ rootOnDevice }

// Run names a delegate.
func (c *rootDelegateCmd) Run(e *Session) error {
	return c.say(e, func(r *replica.Replica, root *trust.Root, key trust.Key) error {
		return r.NameDelegate(e.Context, root, key)
	}, "«\u00a0%s\u00a0» peut admettre et suspendre les autres appareils.")
}

type rootEndCmd struct {
	rootOnDevice
	Reason string `help:"Pourquoi\u00a0: tout le monde pourra le lire." placeholder:"TEXTE"`
}

// Run ends a device that no other can.
func (c *rootEndCmd) Run(e *Session) error {
	return c.say(e, func(r *replica.Replica, root *trust.Root, key trust.Key) error {
		return r.EndDelegate(e.Context, root, key, c.Reason)
	}, "«\u00a0%s\u00a0» est arrêté\u00a0: ce qu'il a dit et qui est arrivé ici reste, ce qui viendra de lui ne comptera pas.")
}

type rootReadmitCmd struct{ rootOnDevice }

// Run takes every end of a device back, the recovery file's own too.
func (c *rootReadmitCmd) Run(e *Session) error {
	return c.say(e, func(r *replica.Replica, root *trust.Root, key trust.Key) error {
		return r.ReadmitByRoot(e.Context, root, key)
	}, "«\u00a0%s\u00a0» est de nouveau ce qu'il était, tout ce qu'il a écrit compte.")
}

type rootReleaseCmd struct{ rootOnDevice }

// Run merges what an ended device has recorded and is held here. It stays ended.
func (c *rootReleaseCmd) Run(e *Session) error {
	return c.say(e, func(r *replica.Replica, root *trust.Root, key trust.Key) error {
		return r.ReleaseByRoot(e.Context, root, key)
	}, "Les saisies de «\u00a0%s\u00a0» qui sont arrivées ici comptent désormais\u00a0; il reste arrêté.")
}

type rootRenewCmd struct {
	recoveryFile
	To string `arg:"" help:"Fichier de secours à écrire." type:"path"`
}

// Run replaces the recovery file; its passphrase stands alone on standard output.
func (c *rootRenewCmd) Run(e *Session) error {
	return c.speak(e, func(r *replica.Replica, phrase string) error {
		renewed, err := RenewRecovery(e.Context, r, c.Recovery, phrase, c.To)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.Err, "Nouveau fichier de secours\u00a0: %s\nL'ancien ne vaut plus rien dès que cet appareil aura échangé. Notez la nouvelle phrase sur papier.\n", c.To)
		fmt.Fprintln(e.Out, renewed)
		return nil
	})
}

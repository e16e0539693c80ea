package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// deviceJSON is the JSON form of a device that was ever admitted.
type deviceJSON struct {
	Name     string   `json:"name"`
	Key      string   `json:"key"`
	Role     string   `json:"role"`
	Places   []string `json:"places"`
	Delegate bool     `json:"delegate"`
	State    string   `json:"state"`
}

type devicesCmd struct {
	JSON bool `name:"json" help:"Écrire du JSON."`
}

// Run lists the devices of the territory.
func (c *devicesCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	list := []deviceJSON{}
	for _, d := range r.Roster().Devices() {
		list = append(list, deviceJSON{d.Name, d.Key.String(), string(d.Role), append([]string{}, d.Places...), d.Delegate, node.StateOf(d)})
	}
	if c.JSON {
		return e.printJSON(list)
	}
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	for _, d := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.Name, d.Role, strings.Join(d.Places, " "), d.Key[:8], d.State)
	}
	return w.Flush()
}

// onDevice opens the replica and does something about the one device that a text names.
func (e *env) onDevice(text string, do func(*replica.Replica, trust.Device) error) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	d, err := node.DeviceNamed(r.Roster().Devices(), text)
	if err != nil {
		return err
	}
	return do(r, d)
}

type revokeCmd struct {
	Device   string `arg:"" help:"Nom de l'appareil, ou début de sa clé."`
	Reason   string `help:"Pourquoi\u00a0: tout le monde pourra le lire." placeholder:"TEXTE"`
	Distrust bool   `help:"Mettre aussi de côté tout ce qu'il a écrit jusqu'ici."`
}

// Run ends a device.
func (c *revokeCmd) Run(e *env) error {
	return e.onDevice(c.Device, func(r *replica.Replica, d trust.Device) error {
		if d.Key == r.Identity().Public() {
			return fmt.Errorf("%w: c'est ce central lui-même", errUsage)
		}
		revoke, said := r.Revoke, "ce qu'il a écrit et qui est arrivé ici reste"
		if c.Distrust {
			revoke, said = r.Distrust, "tout ce qu'il a écrit est mis de côté"
		}
		if _, err := revoke(e.ctx, d.Key, c.Reason); err != nil {
			return err
		}
		fmt.Fprintf(e.err, "«\u00a0%s\u00a0» est révoqué\u00a0: %s, ce qui viendra de lui sera mis de côté.\n", d.Name, said)
		return nil
	})
}

type readmitCmd struct {
	Device string `arg:"" help:"Nom de l'appareil, ou début de sa clé."`
}

// Run takes the revocations of a device back.
func (c *readmitCmd) Run(e *env) error {
	return e.onDevice(c.Device, func(r *replica.Replica, d trust.Device) error {
		if err := r.Readmit(e.ctx, d.Key); err != nil {
			return err
		}
		fmt.Fprintf(e.err, "«\u00a0%s\u00a0» est de nouveau admis, tout ce qu'il a écrit compte.\n", d.Name)
		return nil
	})
}

type releaseCmd struct {
	Device string `arg:"" help:"Nom de l'appareil, ou début de sa clé."`
}

// Run merges what a device wrote after its end and that is held here.
func (c *releaseCmd) Run(e *env) error {
	return e.onDevice(c.Device, func(r *replica.Replica, d trust.Device) error {
		if err := r.Release(e.ctx, d.Key); err != nil {
			return err
		}
		fmt.Fprintf(e.err, "Ce que «\u00a0%s\u00a0» avait écrit et qui était de côté compte désormais\u00a0; ce qui viendra de lui ne compte pas.\n", d.Name)
		return nil
	})
}

type roleCmd struct {
	Device string   `arg:"" help:"Nom de l'appareil, ou début de sa clé."`
	Role   string   `required:"" help:"coordination, agent, facilitator, host ou kiosk." placeholder:"RÔLE"`
	Place  []string `help:"Lieu\u00a0: UAI d'un collège, bus, ou identifiant." placeholder:"LIEU" sep:"none"`
}

// Run gives a device another role.
func (c *roleCmd) Run(e *env) error {
	return e.onDevice(c.Device, func(r *replica.Replica, d trust.Device) error {
		if d.Key == r.Identity().Public() {
			return fmt.Errorf("%w: c'est ce central lui-même", errUsage)
		}
		role, places, err := node.ParseGrant(r.Book(e.ctx), c.Role, c.Place)
		if err != nil {
			return err
		}
		if err := r.ChangeRole(e.ctx, d.Key, role, places); err != nil {
			return err
		}
		fmt.Fprintf(e.err, "«\u00a0%s\u00a0» a maintenant le rôle\u00a0: %s %s\n", d.Name, role.Label(), strings.Join(places, " "))
		return nil
	})
}

// asideJSON is the JSON form of what was put aside of one device.
type asideJSON struct {
	Device     string         `json:"device"`
	Key        string         `json:"key"`
	Operations int            `json:"operations"`
	First      string         `json:"first"`
	Last       string         `json:"last"`
	Kinds      map[string]int `json:"kinds"`
}

type quarantineCmd struct {
	JSON bool `name:"json" help:"Écrire du JSON."`
}

// Run lists what was written after the end of its device.
func (c *quarantineCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	held, err := r.Quarantine(e.ctx)
	if err != nil {
		return err
	}
	list := []asideJSON{}
	for _, s := range held {
		kinds := map[string]int{}
		for k, n := range s.Kinds {
			kinds[string(k)] = n
		}
		list = append(list, asideJSON{s.DeviceName, s.Key.String(), s.Operations, s.First.UTC().Format(time.RFC3339), s.Last.UTC().Format(time.RFC3339), kinds})
	}
	if c.JSON {
		return e.printJSON(list)
	}
	if len(list) == 0 {
		fmt.Fprintln(e.err, "Rien n'est mis de côté.")
	}
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	for _, s := range held {
		fmt.Fprintf(w, "%s\t%s\t%d saisies\tdu %s au %s\n", s.DeviceName, s.Key.String()[:8], s.Operations, dayOf(s.First), dayOf(s.Last))
	}
	return w.Flush()
}

func dayOf(t time.Time) string { return t.In(record.Paris()).Format("02/01/2006") }

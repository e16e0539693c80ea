// Package screen draws the public terminal: one page per state of kiosk/flow, large, with an on-screen
// keyboard. It decides nothing of the conversation, and reads nobody back. Its invariant: thanks are shown
// after the disk has the act, never before.
package screen

import (
	"context"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/kiosk/flow"
	"cantal.fr/buron/sync/class"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"github.com/google/uuid"
)

// Options say how the terminal is shown.
type Options struct {
	Palette look.Palette
	Percent int
	Apply   func(fyne.Theme) // puts a theme in force
	Quit    func()           // ends the program, from the host's page
	Restart func()           // ends it and starts it again; nil where that cannot be
}

// Kiosk is the terminal in its window.
type Kiosk struct {
	ctx     context.Context
	win     fyne.Window
	r       *replica.Replica
	n       *node.Node
	live    Live
	o       Options
	state   flow.State
	drawn   flow.State // as last drawn
	pad     *look.SignaturePad
	name    *look.Entry // of a visitor
	written *look.Entry // a signature that is typed
	act     act         // that is being saved, or could not be
	worn    worn
	width   float32        // of the window, when it was last drawn
	offset  float32        // of the list of the class
	text    *look.Scroller // that is being read
	count   *widget.Label  // seconds that are left, nil where nothing is asked
	pin     *look.Entry
	hour    *canvas.Text
	done    int           // members of the class that have acted, when it was last drawn
	told    string        // a sentence under a page's title
	lent    uuid.UUID     // class that the conversation knows of
	charter record.Record // that the visitor reads
}

// Open shows the terminal of a replica in a window.
func Open(ctx context.Context, win fyne.Window, n *node.Node, live Live, o Options) *Kiosk {
	k := &Kiosk{ctx: ctx, win: win, r: n.Replica(), n: n, live: live, o: o, state: flow.State{Screen: flow.Welcome}}
	k.name, k.written, k.pin = look.NewEntry(), look.NewEntry(), look.NewSecret()
	k.pin.ActionItem = look.Gap(1) // in place of the eye that shows the code: others stand around
	k.pad = look.NewSignaturePad()
	k.pad.Changed = func() {
		drawn := ""
		if !k.pad.Blank() {
			drawn = "x"
		}
		k.send(flow.Drawn, "", drawn)
	}
	k.name.OnChanged = func(t string) { k.send(flow.Named, "", t) }
	k.written.OnChanged = func(t string) { k.send(flow.Written, "", t) }
	k.pin.OnChanged = func(string) { k.send(flow.Touch, "", "") }
	k.draw()
	return k
}

// Run ticks until ctx is done.
func (k *Kiosk) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			k.live.UI(func() {
				k.send(flow.Tick, "", "")
				k.ClassChanged()
				k.tellService()
				k.tellTime()
				k.tellCount()
			})
		}
	}
}

// tellTime changes the hour in its place: a page that somebody reads is not drawn again for it.
func (k *Kiosk) tellTime() {
	if now := look.Clock(k.r.Now()); k.hour != nil && k.hour.Text != now {
		k.hour.Text = now
		k.hour.Refresh()
	}
}

// ClassChanged shows a class that was lent, has changed or has ended.
func (k *Kiosk) ClassChanged() {
	s, lent := k.session()
	if lent && k.state.Class && s.ID != k.lent {
		k.send(flow.ClassEnded, "", "") // another took its place before the end of the first was seen
	}
	k.lent = s.ID
	switch {
	case lent && !k.state.Class:
		k.send(flow.ClassLoaded, "", "")
	case !lent && k.state.Class:
		k.send(flow.ClassEnded, "", "")
	case lent && len(s.Done) == len(s.Members):
		k.send(flow.ClassAllDone, "", "")
	case lent && k.state.Screen == flow.ClassWait && len(s.Done) != k.done, k.width != k.win.Canvas().Size().Width:
		k.draw()
	}
	k.done = len(s.Done)
}

// leastDisk is the room under which the terminal takes no act any more, in bytes.
const leastDisk = 32 << 20

// tellService closes the terminal while nothing that is signed here would count or be kept.
func (k *Kiosk) tellService() {
	why := ""
	if k.r.Roster().Revoked(k.r.Identity().Public()) {
		why = "Cette borne n’est plus admise."
	}
	if free := k.n.DiskFree(); free > 0 && free < leastDisk {
		why = "Le disque de cette borne est plein."
	}
	if why != k.state.Why || why != "" {
		k.send(flow.Stopped, "", why)
	}
}

func (k *Kiosk) session() (class.Session, bool) { return k.n.Terminal().Current() }

// tap sends a button.
func (k *Kiosk) tap(button, value string) { k.send(flow.Tap, button, value) }

// send moves the conversation on and does what it asks for.
func (k *Kiosk) send(kind flow.Kind, arg, value string) {
	var effects []flow.Effect
	before := k.state.Screen
	k.state, effects = flow.Next(k.state, flow.Event{Kind: kind, Arg: arg, Value: value, At: k.r.Now()})
	if k.state.Screen != before {
		k.told = "" // it was about the page before
	}
	for _, e := range effects {
		k.do(e)
	}
	if k.changed() {
		k.draw()
	}
}

// changed reports whether the page differs from what is drawn: a stroke or a letter does not redraw it.
func (k *Kiosk) changed() bool {
	a, b := k.state, k.drawn
	a.Since, b.Since = time.Time{}, time.Time{}
	a.CornerT, b.CornerT, a.Corner, b.Corner = time.Time{}, time.Time{}, 0, 0
	a.Person.ReadEnd, b.Person.ReadEnd = false, false // the page opens its button itself, and stays where it was scrolled
	signing := a.Screen == flow.ClassSign || a.Screen == flow.CharterSign || a.Screen == flow.CharterName
	if signing && a.Screen == b.Screen && (a.Person.Name == "") == (b.Person.Name == "") {
		a.Person.Name, b.Person.Name = "", ""
		a.Person.Written, b.Person.Written = "", ""
	}
	return a != b
}

func (k *Kiosk) do(e flow.Effect) {
	switch e.Do {
	case flow.Clear:
		k.wipe()
		k.name.SetText("")
		k.pin.SetText("")
		k.told, k.act, k.charter = "", act{}, record.Record{}
		fyne.CurrentApp().Clipboard().SetContent("") // or the next could paste it
	case flow.Wipe:
		k.wipe()
	case flow.Claim:
		member := parse(e.Value)
		k.live.Go(func() {
			ok := k.n.ClaimMember(k.ctx, member)
			k.live.UI(func() {
				if ok {
					k.send(flow.ClaimOK, e.Value, "")
					return
				}
				waits := k.state.Screen == flow.ClassMe && k.state.Person.Member == e.Value
				if k.send(flow.ClaimBad, e.Value, ""); !waits {
					return // the pupil has left: whoever is there is somebody else
				}
				k.say("C’est déjà fait, ou commencé sur une autre borne.")
			})
		})
	case flow.Release:
		member := parse(e.Value)
		k.live.Go(func() { k.n.ReleaseMember(k.ctx, member) })
	case flow.Submit:
		k.submit(e.Value)
	case flow.CheckPin:
		k.checkPin(e.Value)
	case flow.EndClass:
		k.n.Terminal().End(uuid.Nil)
	}
}

func parse(text string) uuid.UUID {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil
	}
	return id
}

// wipe empties the places to sign.
func (k *Kiosk) wipe() {
	k.pad.Clear()
	k.written.SetText("")
}

// say shows a sentence on the page.
func (k *Kiosk) say(text string) {
	k.told = text
	k.draw()
}

// place is the name of the place where the terminal stands.
func (k *Kiosk) place() (record.Record, bool) {
	sites, err := k.r.List(k.ctx, replica.Query{Kind: record.Site})
	if err != nil {
		return record.Record{}, false
	}
	for _, s := range sites {
		for _, p := range k.r.Self().Places {
			if record.PlaceKey(s) == p {
				return s, true
			}
		}
	}
	return record.Record{}, false
}

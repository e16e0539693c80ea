package sim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// action is one line of the table of what may happen. It returns what it did, "" for nothing: an action
// that finds nothing to act on is no failure.
type action struct {
	name   string
	weight int
	do     func(*life) string
}

// actions returns the table: a new action or fault is one line here and its function.
func actions() []action {
	return []action{
		{"write", 80, (*life).actWrite},
		{"exchange", 60, (*life).actExchange},
		{"resolve", 8, (*life).actResolve},
		{"undo", 3, (*life).actUndo},
		{"keep a screen open", 6, (*life).actOpenScreen},
		{"look around", 10, (*life).actLook},
		{"power cut", 4, (*life).actCut},
		{"power back", 8, (*life).actBack},
		{"disk fills", 3, (*life).actFill},
		{"disk emptied", 5, (*life).actEmpty},
		{"clock set", 4, (*life).actClock},
		{"partition", 4, (*life).actPartition},
		{"partition mended", 4, (*life).actMend},
		{"image of a disk", 3, (*life).actImage},
		{"stale restore", 2, (*life).actRestore},
		{"cloned database", 2, (*life).actClone},
		{"new key admitted", 3, (*life).actConfirm},
		{"late admission", 1, (*life).actAdmit},
		{"tables folded again", 1, (*life).actRebuild},
		{"inspection", 1, (*life).actInspect},
		{"equivocation", 4, (*life).actEquivocate},
		{"newer version writes", 4, (*life).actNewer},
		{"relay strips", 4, (*life).actStrip},
		{"relay corrupts", 4, (*life).actTamper},
		{"relay leaves a gap", 2, (*life).actGap},
		{"old copy of a chain", 4, (*life).actOldCopy},
		{"stick filled", 3, (*life).actFillStick},
		{"stick read", 4, (*life).actReadStick},
		{"write without a grant", 3, (*life).actUngranted},
		{"stranger writes", 2, (*life).actStranger},
		{"revocation", 2, (*life).actRevoke},
		{"readmission", 2, (*life).actReadmit},
		{"release", 1, (*life).actRelease},
		{"another role", 3, (*life).actRole},
		{"document attached", 2, (*life).actAttach},
		{"relay corrupts a part", 2, (*life).actCorruptPart},
		{"delivered entries dropped", 5, (*life).actDrop},
		{"second delegate", 5, (*life).actDeputy},
		{"data key lost", 1, (*life).actLoseKey},
		{"another role, then of a copy its own", 3, (*life).actHeir},
		{"erasure", 4, (*life).actErase},
		{"edit of what is erased elsewhere", 2, (*life).actLate},
	}
}

// common are the actions of every life. Of the others a life has some and not the rest: what two faults do to
// each other shows where a third does not hide it, and a bug that needs one fault often meets it often.
var common = map[string]bool{"write": true, "exchange": true, "resolve": true, "keep a screen open": true, "look around": true, "power back": true, "disk emptied": true, "partition mended": true, "inspection": true}

// drawn returns the actions that may happen in one life.
func drawn(r random) []action {
	return slices.DeleteFunc(actions(), func(a action) bool { return !common[a.name] && r.chance(2) })
}

// act lets one thing happen, and the network move on.
func (l *life) act(i int) {
	l.random = source(l.seed, uint64(i))
	pause := time.Duration(l.random.IntN(1200)) * time.Second
	if l.random.chance(25) {
		pause = time.Duration(l.random.IntN(72)) * time.Hour
	}
	l.now = l.now.Add(pause)
	total := 0
	for _, a := range l.table {
		total += a.weight
	}
	n := l.random.IntN(total)
	for _, a := range l.table {
		if n -= a.weight; n < 0 {
			l.report.Actions++
			at := len(l.report.Trace)
			l.say("")
			what := a.do(l)
			if what != "" {
				l.report.Did[a.name]++
			}
			l.report.Trace[at] = fmt.Sprintf("%3d %s: %s", i, a.name, what)
			break
		}
	}
	for range l.random.IntN(9) {
		if len(l.flights) > 0 {
			l.carry(pick(l.random, l.flights))
		}
	}
}

// one returns a device that runs, nil where none does.
func (l *life) one() *node {
	up := l.up()
	if len(up) == 0 {
		return nil
	}
	return pick(l.random, up)
}

func (l *life) actExchange() string {
	from, to := l.one(), l.one()
	if from == nil || from == to || len(l.flights) >= 6 {
		return ""
	}
	l.depart(from, to)
	return from.label + " to " + to.label
}

func (l *life) actCut() string {
	n := l.one()
	if n == nil {
		return ""
	}
	l.halt(n)
	l.fault("power cut at rest")
	if l.random.chance(2) {
		l.restart(n)
	}
	return n.label
}

func (l *life) actBack() string {
	for _, n := range l.nodes {
		if n.r == nil {
			l.restart(n)
			return n.label
		}
	}
	return ""
}

// actFill fills a disk for a while: what is written then must fail whole, or be whole.
func (l *life) actFill() string {
	n := l.one()
	if n == nil || n.full {
		return ""
	}
	n.full = true
	l.fail(n.disk.fill(l.ctx, l.random.IntN(4)))
	return n.label
}

func (l *life) actEmpty() string {
	for _, n := range l.up() {
		if n.full {
			n.full = false
			l.fail(n.disk.empty(l.ctx))
			return n.label
		}
	}
	return ""
}

func (l *life) actClock() string {
	n := l.one()
	if n == nil {
		return ""
	}
	n.drift = pick(l.random, drifts)
	if n.drift > 24*time.Hour || n.drift < -24*time.Hour {
		l.fault("clock wrong by ten years")
	}
	return fmt.Sprintf("%s by %s", n.label, n.drift)
}

func (l *life) actPartition() string {
	a, b := pick(l.random, l.nodes), pick(l.random, l.nodes)
	if a == b {
		return ""
	}
	l.blocked[[2]*node{a, b}] = true
	return "nothing goes from " + a.label + " to " + b.label
}

func (l *life) actMend() string {
	if len(l.blocked) == 0 {
		return ""
	}
	clear(l.blocked)
	return "all"
}

// forget marks as gone what only the disk of n holds and its older image does not.
func (l *life) forget(n *node) error {
	now, err := marksIn(n.disk)
	if err != nil {
		return err
	}
	elsewhere, err := marksIn(n.image)
	if err != nil {
		return err
	}
	for _, o := range l.nodes {
		if o == n {
			continue
		}
		held, err := l.marksOf(o)
		if err != nil {
			return err
		}
		maps.Copy(elsewhere, held)
	}
	for m := range now {
		if w := l.marks[m]; w != nil && !elsewhere[m] {
			w.gone = true
		}
	}
	if err := l.forgetPapers(n); err != nil {
		return err
	}
	return l.forgetSealed(n)
}

// marksOf returns the marks that are in the file of a device. The file of one that dropped what it had delivered may
// have the bytes of that for a while, which brings nothing back: there counts what it tells, if it runs.
func (l *life) marksOf(n *node) (map[mark]bool, error) {
	switch {
	case len(n.disk.dropped) == 0:
		return marksIn(n.disk)
	case n.r == nil:
		return nil, nil
	}
	return l.marksTold(n)
}

// marksTold returns the marks in what a device tells.
func (l *life) marksTold(n *node) (map[mark]bool, error) {
	held, err := l.hold(n)
	told := map[mark]bool{}
	for _, e := range held {
		for _, op := range e.ops {
			for _, c := range op.cells {
				if s, ok := c.value.(string); ok && len(s) >= markLen {
					told[mark(s[:markLen])] = true
				}
			}
		}
	}
	return told, err
}

// forgetSealed does the same for what is personal: its marks are in no bytes, and only a device that runs can
// tell them. What none does is given up.
func (l *life) forgetSealed(n *node) error {
	told := map[mark]bool{}
	for _, o := range l.up() {
		if o == n {
			continue
		}
		held, err := l.marksTold(o)
		if err != nil {
			return err
		}
		maps.Copy(told, held)
	}
	for m, w := range l.marks {
		if strings.HasPrefix(w.scope, "people/") && !told[m] {
			w.gone = true
		}
	}
	return nil
}

// actAdmit has the central admit a device that the others have not heard of.
func (l *life) actAdmit() string {
	central := l.nodes[0]
	if central.r == nil || central.full || len(l.nodes) > 9 {
		return ""
	}
	scratch := &territory{}
	kind := pick(l.random, []record.Role{record.Agent, record.Host, record.Coordination, record.Kiosk})
	m := scratch.join(l.random, fmt.Sprintf("late%d", len(l.nodes)), kind, pick(l.random, []string{uaiA, uaiB, l.land.tiers}))
	if err := admit(l.ctx, central.r, m); err != nil {
		l.fail(err)
		return ""
	}
	m.admitted, l.readers[m.id.Public()] = true, m
	d := l.newDisk()
	if d == nil {
		return ""
	}
	n := l.settle(m, d)
	r, err := replica.CreateMemory(l.ctx, d.name, d, m.id, l.land.id, control(l.ctx, central.r), l.options(n))
	if err != nil {
		l.fail(err)
		return ""
	}
	l.fail(r.Close())
	l.fail(l.boot(n))
	return fmt.Sprintf("%s as %s at %s", m.name, m.role, m.places)
}

func (l *life) actRebuild() string {
	n := l.one()
	if n == nil || n.full {
		return ""
	}
	l.fail(n.r.Rebuild(l.ctx, nil))
	return n.label
}

func (l *life) actInspect() string {
	n := l.one()
	if n == nil {
		return ""
	}
	_, err := l.inspect(n)
	l.fail(err)
	l.allVectors()
	return n.label
}

func (l *life) actOpenScreen() string {
	n := l.one()
	if n == nil {
		return ""
	}
	ref := pick(l.random, l.records)
	if l.random.chance(2) {
		ref = pick(l.random, l.land.machines) // which many edit
	}
	v, err := n.r.Get(l.ctx, ref.id)
	if errors.Is(err, replica.ErrUnknown) {
		return ""
	}
	l.fail(err)
	if n.screens == nil {
		n.screens = map[uuid.UUID]replica.Seen{}
	}
	n.screens[ref.id] = v.Seen
	return fmt.Sprintf("%s of %s %s", n.label, ref.kind, ref.id)
}

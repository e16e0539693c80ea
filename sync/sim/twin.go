package sim

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// Lives of a database: it is copied, put back, or parted from its key, and goes on under another one.

// errPower is what a disk answers once the power is gone.
var errPower = fmt.Errorf("sim: the power is gone: %w", fs.ErrInvalid)

// Read is replica.Folder.
func (d *disk) Read(name string) ([]byte, error) {
	b, ok := d.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return slices.Clone(b), nil
}

// Write is replica.Folder: a step at which the power may go, as a commit is.
func (d *disk) Write(name string, b []byte) error {
	if d.commit() != 0 {
		return errPower
	}
	d.files[name] = slices.Clone(b)
	return nil
}

// Rename is replica.Folder.
func (d *disk) Rename(from, to string) error {
	if d.commit() != 0 {
		return errPower
	}
	b, ok := d.files[from]
	if !ok {
		return fs.ErrNotExist
	}
	d.files[to] = b
	delete(d.files, from)
	return nil
}

// copyFolder copies what stands beside a database.
func (d *disk) copyFolder(from *disk) error {
	d.files = maps.Clone(from.files)
	if err := os.RemoveAll(d.dir); err != nil {
		return err
	}
	if _, err := os.Stat(from.dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return os.CopyFS(d.dir, os.DirFS(from.dir))
}

// Dir is what a replica in memory asks of the folder beside it.
func (d *disk) Dir() string { return d.dir }

// lineage returns a device and those that it goes on from, as far as each vouches for the next: whose entries
// it speaks for.
func (m *member) lineage() []*member {
	out := []*member{m}
	for ; m.from != nil && !m.orphan; m = m.from {
		out = append(out, m.from)
	}
	return out
}

// wasEver reports whether the database of m was once that of the other: what it held then it still holds.
func (m *member) wasEver(other *member) bool {
	for ; m != nil; m = m.from {
		if m == other {
			return true
		}
	}
	return false
}

// admittedAs returns the device whose admission a device acts under, nil where it has none.
func (m *member) admittedAs() *member {
	for ; m != nil; m = m.from {
		if m.admitted {
			return m
		}
		if m.orphan {
			return nil
		}
	}
	return nil
}

// follow takes up the key that a device goes on under, wherever that may have changed.
func (l *life) follow(n *node) {
	if n.r == nil {
		return
	}
	id := n.r.Identity()
	if id.Public() == n.id.Public() {
		return
	}
	if m := l.readers[id.Public()]; m != nil {
		n.member = m
		return
	}
	m := &member{name: n.name + "+", id: id, office: n.office, from: n.member}
	switch from, vouched, err := l.vouching(n, id.Public()); {
	case err != nil:
		l.fail(err)
	case vouched && l.readers[from] == nil:
		l.fail(fmt.Errorf("%s goes on from a key that nobody has had", n.label))
	case vouched:
		m.from = l.readers[from]
		m.office = m.from.office
		l.fault("goes on under a new key")
	default:
		m.orphan = true
		l.fault("goes on without its key")
	}
	l.readers[id.Public()], n.member = m, m
	l.say("  %s goes on as %s", n.label, m.name)
}

// vouching returns the old key that vouches for a new one in what the device itself says.
func (l *life) vouching(n *node, key trust.Key) (from trust.Key, ok bool, err error) {
	held, err := l.hold(n)
	if err != nil {
		return from, false, err
	}
	from, ok = l.readLaw(held).twins[key]
	return from, ok, nil
}

// actClone copies a disk. Where nothing else tells the copy, two devices take themselves for one from here on,
// until one hears what the other wrote.
func (l *life) actClone() string {
	n := pick(l.random, l.nodes)
	if len(l.nodes) > 9 {
		return ""
	}
	d := l.newDisk()
	if d == nil {
		return ""
	}
	l.fail(d.copyFrom(n.disk.name))
	l.fail(d.copyFolder(n.disk))
	copied := l.settle(n.member, d)
	copied.drift, copied.machine, copied.twin, n.twin = n.drift, n.machine, true, true
	how := "with its key"
	switch l.random.IntN(4) {
	case 0:
		copied.machine, how = "machine of "+copied.label+fmt.Sprint(len(l.nodes)), "to another machine"
		l.fault("database copied to another machine")
	case 1:
		// What an orphan wrote under a role that has ended since is nobody's to admit.
		if len(n.former) == 0 {
			delete(d.files, trust.KeyFile)
			delete(d.files, "device.start")
			how = "without its key"
			l.fault("database copied without its key")
			break
		}
		fallthrough
	default:
		l.fault("cloned database")
	}
	l.wake(copied)
	return n.label + " " + how
}

// wake boots a copy, and notes whether it takes itself for the one that it was copied from.
func (l *life) wake(n *node) {
	was := n.member
	l.fail(l.boot(n))
	if n.r != nil && n.member == was {
		l.shared[name16(n.r.Incarnation())] = true
	}
}

func (l *life) actImage() string {
	n := pick(l.random, l.nodes)
	if n.image == nil {
		n.image = l.newDisk()
	}
	l.fail(n.image.copyFrom(n.disk.name))
	l.fail(n.image.copyFolder(n.disk))
	n.pictured, n.started = n.member, n.starts
	return n.label
}

// actRestore puts an older image of a disk back, with the files beside it or without. What only that disk held
// since is gone, and nobody's fault.
func (l *life) actRestore() string {
	for _, n := range l.nodes {
		if n.image == nil || n.member.role == record.Central && !l.random.chance(3) {
			continue
		}
		l.halt(n)
		if err := l.forget(n); err != nil {
			l.fail(err)
			return n.label
		}
		l.fail(n.disk.copyFrom(n.image.name))
		how := "its database alone"
		if l.random.chance(2) {
			how = "with its files"
			l.fail(n.disk.copyFolder(n.image))
			n.member = n.pictured
		}
		n.image, n.twin, n.past, n.saved, n.screens = nil, true, nil, nil, nil
		l.fault("stale restore: " + how)
		was := n.member
		l.wake(n)
		if how == "its database alone" && n.starts > n.started+1 && n.member == was {
			l.fail(fmt.Errorf("%s was put back to before its last start, and does not notice", n.label))
		}
		return n.label + ", " + how
	}
	return ""
}

// actConfirm has the central admit a device that goes on under a new key: one that lost the old key counts
// from here on, any other stands on its own.
func (l *life) actConfirm() string {
	var waiting []*node
	for _, n := range l.nodes {
		if n.from != nil && !n.admitted {
			waiting = append(waiting, n)
		}
	}
	if len(waiting) == 0 {
		return ""
	}
	return l.confirmKey(pick(l.random, waiting))
}

func (l *life) confirmKey(n *node) string {
	central, m := l.speaker(), n.member
	if central == nil || m.role == record.Central {
		return ""
	}
	// A twin that the central has not heard of, and one that lost its key, are admitted like any other: of what was
	// written under a role that has ended, that admission knows nothing.
	_, vouched := central.r.Roster().Device(m.id.Public())
	if !vouched && len(m.former) > 0 {
		return ""
	}
	var err error
	if counted := l.counted(central); vouched {
		err = central.r.Confirm(l.ctx, m.id.Public())
		l.fail(l.stillCounts(central, counted))
	} else {
		err = admit(l.ctx, central.r, m)
	}
	if !l.said(err) {
		return ""
	}
	l.seat(m, &office{m.role, m.places, m.former})
	if m.orphan {
		l.fault("orphan admitted")
	}
	return n.label + " as " + m.name
}

// seat has a device stand on its own, and those that go on from it with it.
func (l *life) seat(m *member, o *office) {
	m.admitted = true
	for _, x := range l.readers {
		if x.admittedAs() == m {
			x.office = o
		}
	}
}

package sim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"
)

// recordRef is a record that some device was told it wrote.
type recordRef struct {
	id    uuid.UUID
	kind  record.Kind
	scope string
}

// node is one device that lives: its disk, its clock, its randomness, and its replica while it is up.
type node struct {
	*member
	label  string // name, with a mark for a copy
	disk   *disk
	r      *replica.Replica
	server *exchange.Server
	random random
	drift  time.Duration
	twin   bool   // it was copied or restored
	image  *disk  // an older state of its disk, nil for none
	full   bool   // its disk is full
	past   []mark // what was confirmed on it, the latest last

	machine  string  // the one that it runs on, "" where the system has no name for it
	pictured *member // what it was when image was made
	starts   int     // how often it has started
	started  int     // how often it had when image was made

	// screens are the versions that people had before their eyes when they opened a record, some time ago.
	screens map[uuid.UUID]replica.Seen
	saved   *replica.Saved // its last action
}

// life is one run.
type life struct {
	ctx     context.Context
	seed    uint64
	number  uint64 // of this life in the process: names of disks must not meet
	random  random
	table   []action // what may happen in it
	outages int      // one request in so many is hit by a power cut
	report  Report
	land    *territory
	now     time.Time
	nodes   []*node
	records []recordRef
	writes  []*write
	marks   map[mark]*write
	next    int // of the marks
	flights []*flight
	blocked map[[2]*node]bool
	pens    map[string]*pen
	readers map[trust.Key]*member // who is known by key, pens and strangers included
	erased  map[uuid.UUID]bool    // by somebody, and for good
	judged  *oracle
	revoked map[*member]bool // ever, by somebody: not all have heard, and it may be taken back
	shared  map[name16]bool  // incarnations that two disks ever took for their own
	copies  [][]rawPiece     // what somebody took away, to bring it one day
	disks   []*disk
	home    string            // folder of what is not in memory; "" as long as nothing asked for it
	papers  map[hash32]*paper // photos and documents, by the name of their blob
	named   []hash32          // those names, in the order in which they came
	cut     map[string]bool   // files of blobs of which a part was once there
	deputy  *member           // whom the root named a second delegate, nil for none
	voided  map[name16]bool   // records that it erased after its end
	bundles []*stick
	stuck   int // sticks that were ever filled
	packer  *zstd.Encoder
}

// lives counts the lives of this process.
var lives atomic.Uint64

func newLife(ctx context.Context, seed uint64) *life {
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		panic(err) // the options are constants
	}
	return &life{
		packer: packer, ctx: ctx, seed: seed, number: lives.Add(1), random: source(seed, 1<<41), now: founded.Add(24 * time.Hour),
		report: Report{Seed: seed, Did: map[string]int{}, Faults: map[string]int{}},
		marks:  map[mark]*write{}, blocked: map[[2]*node]bool{}, pens: map[string]*pen{}, readers: map[trust.Key]*member{}, revoked: map[*member]bool{}, erased: map[uuid.UUID]bool{},
		shared: map[name16]bool{}, papers: map[hash32]*paper{}, voided: map[name16]bool{}, cut: map[string]bool{},
	}
}

// say adds a line to the trace.
func (l *life) say(format string, args ...any) {
	l.report.Trace = append(l.report.Trace, fmt.Sprintf(format, args...))
}

// fault counts a fault that took effect.
func (l *life) fault(name string) { l.report.Faults[name]++ }

// drifts are the errors of the devices' clocks.
var drifts = []time.Duration{0, 0, 0, 3 * time.Minute, -2 * time.Hour, 87600 * time.Hour, -87600 * time.Hour}

// populate brings five to seven devices to life, as the territory left them.
func (l *life) populate() {
	var err error
	if l.land, err = cleared(); err != nil {
		l.fail(err)
		return
	}
	l.judged = newOracle(l.land.id)
	l.records = append(l.records, l.land.machines...)
	l.table, l.outages = drawn(l.random), pick(l.random, []int{100, 100, 400})
	spare := 2
	for _, founding := range l.land.members {
		own, role := *founding, *founding.office
		m := &own
		m.office, m.admitted = &role, true // its role may change in this life
		l.readers[m.id.Public()] = m
		if m.pen {
			l.pens[m.name] = newPen(l.land.id, m, source(l.seed, 1<<42+uint64(len(l.pens))))
			continue
		}
		if m.role != record.Central && m.role != record.Coordination && m.name != "agent1" && spare > 0 && l.random.chance(2) {
			spare--
			continue
		}
		d := l.newDisk()
		if d == nil {
			return
		}
		if err := d.copyFrom(l.land.disks[m.name].name); err != nil {
			l.fail(err)
			return
		}
		l.fail(d.copyFolder(l.land.disks[m.name]))
		n := l.settle(m, d)
		if m.role != record.Central || l.random.chance(4) {
			n.drift = pick(l.random, drifts)
		}
		l.fail(l.boot(n))
	}
}

// newDisk makes an empty disk of this life.
func (l *life) newDisk() *disk {
	d, err := newDisk(l.ctx, fmt.Sprintf("life%d-%d", l.number, len(l.disks)))
	if err != nil {
		l.fail(err)
		return nil
	}
	if l.home == "" {
		l.home, err = os.MkdirTemp(scratch(), "buron-sim-")
		l.fail(err)
	}
	d.dir = filepath.Join(l.home, d.name)
	l.disks = append(l.disks, d)
	return d
}

// settle adds a device to the life.
func (l *life) settle(m *member, d *disk) *node {
	n := &node{member: m, label: m.name, disk: d, random: source(l.seed, 1<<43+uint64(len(l.nodes)))}
	for _, o := range l.nodes {
		if o.member == m {
			n.label += "'"
		}
	}
	if !l.random.chance(4) {
		n.machine = "machine of " + m.name
	}
	l.nodes = append(l.nodes, n)
	return n
}

func (l *life) options(n *node) replica.Options {
	o := replica.Options{Now: func() time.Time { return l.now.Add(n.drift) }, Random: n.random, Machine: func() string { return n.machine }}
	if l.seed%2 == 0 {
		o.SnapshotLeast, o.SnapshotLack = 2, 1 // in every other life, snapshots for little
	}
	return o
}

// boot opens the replica of a device on what its disk holds.
func (l *life) boot(n *node) error {
	n.disk.left, n.disk.dead, n.full = 0, false, false
	if err := l.agePapers(n); err != nil {
		return err
	}
	r, err := replica.OpenMemory(l.ctx, n.disk.name, n.disk, l.options(n))
	if err != nil {
		return fmt.Errorf("%s does not start again: %w", n.label, err)
	}
	n.r, n.server = r, exchange.NewServer(r, nil)
	n.starts++
	l.follow(n)
	return nil
}

// halt takes the power away: what is not committed is gone, and so are the connections.
func (l *life) halt(n *node) {
	if n.r == nil {
		return
	}
	l.dropFlights(n)
	_ = n.r.Close() // what its connections had open is rolled back, as after a cut
	n.r, n.server, n.full = nil, nil, false
}

// restart boots a device after its power was cut, and looks whether what it had confirmed is there.
func (l *life) restart(n *node) {
	if l.random.chance(8) {
		// The power goes again while it starts.
		n.disk.left, n.disk.dead = 1+l.random.IntN(6), false
		if r, err := replica.OpenMemory(l.ctx, n.disk.name, n.disk, l.options(n)); err == nil {
			_ = r.Close()
		} else if !n.disk.dead {
			l.fail(err)
		}
		l.fault("crash at a start")
	}
	if err := l.boot(n); err != nil {
		l.fail(err)
		return
	}
	found, err := marksIn(n.disk)
	l.fail(err)
	for _, m := range n.past {
		if w := l.marks[m]; !found[m] && !w.gone && !l.erased[w.id] && !l.holds(n, m) {
			l.fail(fmt.Errorf("%s lost %s, which it had confirmed, at a power cut", n.label, m))
		}
	}
}

// holds looks for a mark among the entries of a device: in its bytes it may stand across two pages.
func (l *life) holds(n *node, m mark) bool {
	held, err := l.hold(n)
	l.fail(err)
	for _, e := range held {
		if e.bears(m) {
			return true
		}
	}
	return false
}

// up returns the devices that run.
func (l *life) up() []*node {
	var out []*node
	for _, n := range l.nodes {
		if n.r != nil {
			out = append(out, n)
		}
	}
	return out
}

func (l *life) close() {
	for _, n := range l.nodes {
		l.halt(n)
	}
	l.dropFlights(nil)
	for _, d := range l.disks {
		d.close()
	}
	if l.home != "" {
		l.fail(os.RemoveAll(l.home))
	}
	l.report.Virtual = l.now.Sub(founded)
}

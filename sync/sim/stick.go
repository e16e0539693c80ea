package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"cantal.fr/buron/sync/bundle"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// stick is a file of a stick as its maker left it.
type stick struct {
	path  string
	maker *member
	only  trust.Key // whom it is for, zero for everyone
	law   *law      // of its maker, and what it held then; nil where the stick does not hold everything
	held  map[hash32]*entry
}

// maxSticks is how many sticks lie about: the oldest is used for the next.
const maxSticks = 6

// actFillStick has somebody prepare a stick: for everyone or for one, with what they may lack or with everything.
func (l *life) actFillStick() string {
	n := l.one()
	if n == nil {
		return ""
	}
	s := &stick{path: filepath.Join(l.home, fmt.Sprintf("%d%s", l.stuck, bundle.Ext)), maker: n.member}
	o := bundle.WriteOptions{Now: n.r.Now, Random: n.random}
	to := ""
	switch l.random.IntN(3) {
	case 0:
		s.only = pick(l.random, l.nodes).id.Public()
		o.For, to = []trust.Key{s.only}, " for one device"
	case 1:
		held, err := l.hold(n)
		if err != nil {
			l.fail(err)
			return ""
		}
		s.held, s.law = held, l.readLaw(held)
		o.All, to = true, " with everything"
	}
	if _, err := bundle.Write(l.ctx, n.r, s.path, o); errors.Is(err, bundle.ErrNobody) {
		return ""
	} else if err != nil {
		l.fail(fmt.Errorf("%s does not fill a stick: %w", n.label, err))
		return ""
	}
	l.stuck++
	if l.bundles = append(l.bundles, s); len(l.bundles) > maxSticks {
		l.fail(os.Remove(l.bundles[0].path))
		l.bundles = l.bundles[1:]
	}
	return n.label + to
}

// actReadStick has somebody plug a stick in, sometimes an old one, or one that is not whole.
func (l *life) actReadStick() string {
	n := l.one()
	if n == nil || len(l.bundles) == 0 {
		return ""
	}
	s := l.bundles[len(l.bundles)-1]
	if l.random.chance(2) {
		s = pick(l.random, l.bundles)
	}
	what := fmt.Sprintf("%s reads %s of %s", n.label, filepath.Base(s.path), s.maker.name)
	switch l.random.IntN(8) {
	case 0:
		return what + l.readBroken(n, s.path, "truncated", func(b []byte) []byte { return b[:l.random.IntN(len(b))] })
	case 1:
		return what + l.readBroken(n, s.path, "damaged", l.damage)
	case 2:
		return what + l.readBroken(n, s.path, "of another territory", func([]byte) []byte { return l.land.foreign })
	}
	crash := l.random.chance(8)
	if crash {
		n.disk.left = 1 + l.random.IntN(5)
	}
	was := n.member
	r, err := l.plug(n, s.path)
	n.disk.left = 0
	l.follow(n)
	switch {
	case n.disk.dead:
		l.fault("power cut while a stick is read")
		l.outage(n, "as it reads a stick")
		return what + ", the power goes"
	case n.full && errors.Is(err, replica.ErrDisk):
		return what + ", the disk is full"
	}
	l.fail(l.brought(n, s, r, err))
	// One that heard of a copy of itself goes on under other keys, for which the stick was not made.
	if l.report.Err == nil && err == nil && !r.Own && n.member == was && l.random.chance(3) {
		again, err := l.plug(n, s.path)
		if (err != nil || again.Admitted > 0) && !n.full {
			l.fail(fmt.Errorf("%s takes %d entries of a stick that it has read, %w", n.label, again.Admitted, err))
		}
		l.fault("stick read twice")
	}
	return what + fmt.Sprintf(": %d new, %d held, %d refused, %v", r.Admitted, r.Held, len(r.Refused), err)
}

func (l *life) plug(n *node, path string) (bundle.Report, error) {
	return bundle.Read(l.ctx, n.r, path, bundle.ReadOptions{})
}

// readBroken has a device read a stick that cannot be what its maker left: it must say so and change nothing.
func (l *life) readBroken(n *node, path, how string, change func([]byte) []byte) string {
	whole, err := os.ReadFile(path)
	l.fail(err)
	broken := filepath.Join(l.home, "broken"+bundle.Ext)
	l.fail(os.WriteFile(broken, change(whole), 0o600))
	before, err := l.hold(n)
	l.fail(err)
	_, said := l.plug(n, broken)
	after, err := l.hold(n)
	l.fail(err)
	switch {
	case said == nil:
		l.fail(fmt.Errorf("%s reads a stick that is %s and says nothing", n.label, how))
	case len(after) != len(before) || !maps.EqualFunc(before, after, func(a, b *entry) bool { return a.hash == b.hash }):
		l.fail(fmt.Errorf("%s takes something from a stick that is %s", n.label, how))
	}
	l.fault("stick " + how)
	return ", " + how + fmt.Sprintf(": %v", said)
}

// brought judges what came of a stick that was read whole.
func (l *life) brought(n *node, s *stick, r bundle.Report, err error) error {
	held, e := l.hold(n)
	if e != nil {
		return e
	}
	now, key := l.readLaw(held), n.id.Public()
	switch maker := s.maker.id.Public(); {
	case errors.Is(err, bundle.ErrSigner) && len(now.standing(maker)) == 0:
		l.fault("stick of a device that is not known")
		return nil
	case errors.Is(err, bundle.ErrNotForUs) && (s.law == nil || s.law.revoked(key)):
		l.fault("stick that opens nowhere here")
		return nil
	case err != nil:
		return fmt.Errorf("%s does not read a stick of %s: %w", n.label, s.maker.name, err)
	case r.Own:
		return nil
	case s.only != (trust.Key{}) && s.only != key && r.Opened > 0:
		return fmt.Errorf("%s opens %d parts of a stick that is for another", n.label, r.Opened)
	case s.only != (trust.Key{}) && s.only != key:
		l.fault("stick for another device")
		return nil
	case r.Admitted == 0 && r.Held > 0:
		l.fault("stale stick")
	case r.Admitted > 0:
		l.fault("stick brings entries")
	}
	if s.law == nil || r.Revoked || now.revoked(s.maker.id.Public()) {
		return nil
	}
	for k, e := range s.held {
		given := s.law.reads(s.maker.id.Public(), e.scope) && s.law.reads(key, e.scope) && now.reads(key, e.scope)
		if given && held[k] == nil && len(now.standing(l.keyOf(e))) > 0 {
			return fmt.Errorf("%s read a stick with everything that %s held, and lacks %s/%d of %s", n.label, s.maker.name, e.scope, e.seq, l.name(e))
		}
	}
	return nil
}

// foreignStick makes a territory of its own, and returns a stick of it.
func foreignStick(ctx context.Context, r random) ([]byte, error) {
	t := &territory{disks: map[string]*disk{}}
	first, second := t.join(r, "ailleurs", record.Coordination), t.join(r, "un autre", record.Coordination)
	f, err := trust.Found("Ailleurs", first.id, record.Coordination, r, founded)
	if err != nil {
		return nil, err
	}
	t.id = f.Territory
	desk, err := t.make(ctx, r, first, f.Control)
	if err != nil {
		return nil, err
	}
	if err := admit(ctx, desk, second); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(scratch(), "buron-sim-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x"+bundle.Ext)
	_, err = bundle.Write(ctx, desk, path, bundle.WriteOptions{All: true, Now: desk.Now, Random: r})
	if err = errors.Join(err, desk.Close()); err != nil {
		return nil, err
	}
	for _, d := range slices.Collect(maps.Values(t.disks)) {
		d.close()
	}
	return os.ReadFile(path)
}

package sim

import (
	"fmt"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// What devices take each other to hold, and what is said of a device in one step.

// vectors checks that what a device takes another to hold, that one has on its disk: people are told so, and what is
// held elsewhere is left out of sticks. Of a device that was copied or put back, what it once held may be gone.
func (l *life) vectors(n *node) error {
	scopes, err := n.r.Scopes(l.ctx)
	if err != nil {
		return err
	}
	for _, p := range l.nodes {
		if p == n || p.twin {
			continue
		}
		for _, scope := range scopes {
			heads, err := n.r.Known(l.ctx, scope, p.id.Public())
			if err != nil {
				return err
			}
			for _, h := range heads {
				var held bool
				err := p.disk.keep.QueryRowContext(l.ctx, "SELECT EXISTS (SELECT 1 FROM entry WHERE hash = ?)", h.Hash[:]).Scan(&held)
				if err != nil || !held {
					return fmt.Errorf("%s takes %s to hold %s/%d, which it does not (%v)", n.label, p.label, scope, h.Seq, err)
				}
			}
		}
	}
	return nil
}

// allVectors checks what every device that runs takes the others to hold.
func (l *life) allVectors() {
	for _, n := range l.up() {
		l.fail(l.vectors(n))
	}
}

// changeRole gives a device another role, and reports whether it did. Sometimes the power goes on the way: the device
// then has the role that it had.
func (l *life) changeRole(central *node, m *member, role record.Role, places []string) bool {
	key := m.id.Public()
	before, counted := l.lawOf(central), l.counted(central)
	if l.random.chance(3) {
		central.disk.left = 1 + l.random.IntN(2)
	}
	err := central.r.ChangeRole(l.ctx, key, role, places)
	central.disk.left = 0
	if !central.disk.dead {
		l.fail(l.stillCounts(central, counted))
		return l.said(err)
	}
	l.outage(central, "as it gives another role")
	if l.report.Err == nil && l.lawOf(central).revoked(key) && !before.revoked(key) {
		l.fail(fmt.Errorf("%s took the role of %s away at a power cut, and gave it no other", central.label, m.name))
	}
	return false
}

// counted returns the entries that a device holds and that count, by its own word.
func (l *life) counted(n *node) map[hash32]bool {
	held, err := l.hold(n)
	l.fail(err)
	w, out := l.readLaw(held), map[hash32]bool{}
	for k, e := range held {
		out[k] = w.counts(held, l.keyOf(e), e)
	}
	return out
}

// stillCounts checks that who gives a device another role, or has it stand on its own, puts nothing aside that it holds.
func (l *life) stillCounts(n *node, before map[hash32]bool) error {
	after := l.counted(n)
	for k, counts := range before {
		if counts && !after[k] {
			return fmt.Errorf("%s puts aside, by what it says, what it held and what counted", n.label)
		}
	}
	return nil
}

// actHeir gives another role to a device from which a copy goes on, and has the copy stand on its own just after: what
// that wrote under the role that it had inherited counts.
func (l *life) actHeir() string {
	for _, n := range l.nodes {
		for _, elder := range l.nodes {
			if n.from == nil || n.admitted || n.from != elder.member {
				continue
			}
			if what := l.anotherRole(elder.member); what != "" {
				return what + ", then " + l.confirmKey(n)
			}
		}
	}
	return ""
}

// lawOf reads the control entries that a device holds.
func (l *life) lawOf(n *node) *law {
	held, err := l.hold(n)
	l.fail(err)
	return l.readLaw(held)
}

// foldsAgain looks for every word on a device, then drops what it has merged and has it fold its entries once more: it
// must show the same.
func (l *life) foldsAgain(n *node) error {
	if err := l.findsAll(n); err != nil {
		return err
	}
	if err := n.r.Rebuild(l.ctx, nil); err != nil {
		return fmt.Errorf("%s does not fold again: %w", n.label, err)
	}
	if _, err := l.inspect(n); err != nil {
		return fmt.Errorf("folded again, %w", err)
	}
	return nil
}

// subject draws the record of an edit: often one that somebody had opened on this device some time ago.
func (l *life) subject(n *node) recordRef {
	if len(n.screens) > 0 && l.random.chance(3) {
		var open []recordRef
		for _, ref := range l.records {
			if _, kept := n.screens[ref.id]; kept {
				open = append(open, ref)
			}
		}
		return pick(l.random, open)
	}
	return pick(l.random, l.records)
}

// findsAll looks up every word that was ever written: the records that show it now are found, and no others. Of what a
// device shows from a snapshot, and of which it may never get the history since it was put out meanwhile, its
// entries say nothing.
func (l *life) findsAll(n *node) error {
	if begun, err := l.begun(n); err != nil || begun > 0 {
		return err
	}
	held, err := l.hold(n)
	if err != nil {
		return err
	}
	w := l.readLaw(held)
	want := fold(held, func(e *entry) bool { return w.counts(held, l.keyOf(e), e) })
	shown := map[mark]map[uuid.UUID]bool{}
	for id, m := range want.records {
		if put := m.cells["archived"]; len(put) > 0 && put[len(put)-1].value == true {
			continue // what was undone is found in lists only
		}
		for _, field := range searched[m.kind] {
			versions := m.cells[field]
			if len(versions) == 0 {
				continue
			}
			s, _ := versions[len(versions)-1].value.(string)
			if at := mark(s[:min(len(s), markLen)]); l.marks[at] != nil {
				if shown[at] == nil {
					shown[at] = map[uuid.UUID]bool{}
				}
				shown[at][id] = true
			}
		}
	}
	for _, x := range l.writes {
		hits, err := n.r.Search(l.ctx, string(x.mark), nil, 50)
		if err != nil {
			return err
		}
		for _, h := range hits {
			if !shown[x.mark][h.ID] {
				return fmt.Errorf("search on %s finds %s %s by %s, which it does not show", n.label, h.Kind, h.ID, x.mark)
			}
		}
		if len(hits) != len(shown[x.mark]) {
			return fmt.Errorf("search on %s for %s finds %d records, not %d", n.label, x.mark, len(hits), len(shown[x.mark]))
		}
	}
	return nil
}

// actLook has a device look around, as each does every few seconds: search learns its words, and what a full disk kept
// from being done is done.
func (l *life) actLook() string {
	n := l.one()
	if n == nil || n.full {
		return ""
	}
	_, err := n.r.Poll(l.ctx)
	l.fail(err)
	l.follow(n)
	return n.label
}

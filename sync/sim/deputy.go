package sim

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// safe is the territory's root, read from its recovery file once in a process: the phrase is slow on purpose.
var safe = struct {
	sync.Once
	root *trust.Root
	err  error
}{}

func (t *territory) openSafe() (*trust.Root, error) {
	safe.Do(func() {
		const phrase = "un buron sous la neige"
		var file bytes.Buffer
		if safe.err = t.founding.WriteRecovery(&file, phrase, founded); safe.err != nil {
			return
		}
		var r trust.Recovery
		r, safe.err = trust.OpenRecovery(&file, phrase)
		safe.root = r.Root
	})
	return safe.root, safe.err
}

// actDeputy has the root name a second delegate, which erases, and end it, after which it erases on.
func (l *life) actDeputy() string {
	central := l.nodes[0]
	if l.deputy == nil {
		n := l.nodes[1]
		if n.role != record.Coordination || n.r == nil || n.twin || central.r == nil || central.full || !l.random.chance(10) {
			return ""
		}
		root, err := l.land.openSafe()
		if err != nil {
			l.fail(err)
			return ""
		}
		if !l.said(central.r.NameDelegate(l.ctx, root, n.id.Public())) {
			return ""
		}
		l.deputy = n.member
		l.fault("root names a second delegate")
		return n.label + " is one"
	}
	if l.revoked[l.deputy] || central.r == nil || central.full || !l.random.chance(3) {
		return l.deputyErases()
	}
	root, err := l.land.openSafe()
	if err == nil {
		err = central.r.EndDelegate(l.ctx, root, l.deputy.id.Public(), "volé")
	}
	if !l.said(err) {
		return ""
	}
	l.revoked[l.deputy] = true
	l.fault("root ends a delegate")
	return l.deputy.name + " is none any more. " + l.deputyErases()
}

// deputyErases has the second delegate, or one that goes on from it, erase a record, as long as it has not heard of its
// end.
func (l *life) deputyErases() string {
	for _, n := range l.up() {
		if !n.member.wasEver(l.deputy) || n.full || !n.r.Roster().MayAdmit(n.id.Public()) {
			continue
		}
		ref := pick(l.random, l.records[len(l.land.machines)-1:])
		err := n.r.Erase(l.ctx, []uuid.UUID{ref.id}, "demande")
		if errors.Is(err, replica.ErrForbidden) || !l.said(err) {
			return ""
		}
		l.erased[ref.id] = true
		for _, p := range l.papers {
			p.gone = p.gone || p.id == ref.id
		}
		when := "before its end"
		if l.revoked[l.deputy] {
			when = "after its end"
		}
		l.fault("second delegate erases " + when)
		return fmt.Sprintf("%s erases %s %s", n.label, ref.id, when)
	}
	return ""
}

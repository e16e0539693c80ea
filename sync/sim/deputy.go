package sim

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// safe is what the territory's recovery file holds, read once in a process: the phrase is slow on purpose.
var safe = struct {
	sync.Once
	trust.Recovery
	err error
}{}

func (t *territory) openSafe() (trust.Recovery, error) {
	safe.Do(func() {
		const phrase = "un buron sous la neige"
		var file bytes.Buffer
		if safe.err = t.founding.WriteRecovery(&file, phrase, founded); safe.err != nil {
			return
		}
		safe.Recovery, safe.err = trust.OpenRecovery(&file, phrase)
	})
	return safe.Recovery, safe.err
}

// actDeputy has the root name a second delegate, which erases, and end it, after which it erases on.
func (l *life) actDeputy() string {
	central := l.nodes[0]
	if l.deputy == nil {
		n := l.nodes[1]
		if n.role != record.Coordination || n.r == nil || n.twin || central.r == nil || central.full || !l.random.chance(8) {
			return ""
		}
		file, err := l.land.openSafe()
		if err != nil {
			l.fail(err)
			return ""
		}
		if !l.said(central.r.NameDelegate(l.ctx, file.Root, n.id.Public())) {
			return ""
		}
		l.deputy = n.member
		l.fault("root names a second delegate")
		if l.random.chance(2) {
			l.depart(n, central)
		}
		return n.label + " is one"
	}
	if l.revoked[l.deputy] && central.r != nil && !central.full && l.random.chance(6) {
		return l.rootTakesBack(central)
	}
	if l.revoked[l.deputy] || central.r == nil || central.full || !l.random.chance(2) {
		return l.deputyErases()
	}
	file, err := l.land.openSafe()
	if err == nil {
		err = central.r.EndDelegate(l.ctx, file.Root, l.deputy.id.Public(), "volé")
	}
	if !l.said(err) {
		return ""
	}
	l.revoked[l.deputy] = true
	l.fault("root ends a delegate")
	return l.deputy.name + " is none any more. " + l.deputyErases()
}

// rootTakesBack has the root take its end of the second delegate back: whole, so that what that erased in between is
// erased after all, or for records alone.
func (l *life) rootTakesBack(central *node) string {
	file, err := l.land.openSafe()
	if err != nil {
		l.fail(err)
		return ""
	}
	how, takeBack := "root readmits a delegate", central.r.ReadmitByRoot
	if l.random.chance(2) {
		how, takeBack = "root releases what a delegate wrote", central.r.ReleaseByRoot
	}
	if !l.said(takeBack(l.ctx, file.Root, l.deputy.id.Public())) {
		return ""
	}
	l.fail(l.findsAll(central))
	l.fault(how)
	return how
}

// deputyErases has the second delegate, or one that goes on from it, erase a record, as long as it has not heard of its
// end.
func (l *life) deputyErases() string {
	for _, n := range l.up() {
		if !n.member.wasEver(l.deputy) || n.full || !n.r.Roster().MayAdmit(n.id.Public()) {
			continue
		}
		ref := pick(l.random, l.records[len(l.land.machines)-1:])
		for range 8 {
			if _, err := n.r.Get(l.ctx, ref.id); err == nil && !l.erased[ref.id] {
				break
			}
			ref = pick(l.random, l.records[len(l.land.machines)-1:])
		}
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

// actLoseKey has a device start without the key of its personal data: it goes on with what is not personal, and gets
// the key back from the recovery file.
func (l *life) actLoseKey() string {
	n := l.one()
	if n == nil || n.full || !l.random.chance(3) {
		return ""
	}
	if ok, err := n.r.Recoverable(l.ctx); err != nil || !ok {
		l.fail(err)
		return ""
	}
	file, err := l.land.openSafe()
	if err != nil {
		l.fail(err)
		return ""
	}
	l.halt(n)
	delete(n.disk.files, "seal.key")
	if err := l.boot(n); err != nil || !n.r.Sealed() {
		l.fail(fmt.Errorf("%s starts without the key of its personal data: sealed %t, %w", n.label, err == nil && n.r.Sealed(), err))
		return ""
	}
	l.writeSealed(n)
	if central := l.nodes[0]; central.r != nil && central != n && !central.full {
		l.report.Exchanges++
		_, err := exchange.Run(l.ctx, n.r, central.id.Public(), nil, plain{central.server, n.id.Public()}, nil)
		if err != nil && !l.ended(n.member) && n.admittedAs() != nil {
			l.say("  %s exchanges without that key: %v", n.label, err)
		}
		l.follow(central)
	}
	if err := n.r.RestoreKey(l.ctx, file.Seal); err != nil || n.r.Sealed() {
		l.fail(fmt.Errorf("%s does not get the key of its personal data back: %w", n.label, err))
		return ""
	}
	l.follow(n)
	_, err = l.inspect(n)
	l.fail(err)
	l.fault("data key lost and given back")
	return n.label
}

// writeSealed has a device without its data key write what is personal, which it must refuse, and what is not.
func (l *life) writeSealed(n *node) {
	if _, err := n.r.Get(l.ctx, l.land.sites["workshop"]); errors.Is(err, replica.ErrUnknown) {
		return
	}
	done := map[bool]bool{}
	for _, f := range l.forms(n.member) {
		personal := strings.HasPrefix(f.scope, "people/")
		if done[personal] || f.kind == record.Operator {
			continue
		}
		done[personal] = true
		w := &write{by: n, author: n.member, mark: l.newMark(), scope: f.scope, fields: []string{f.field}, seen: map[string][]dot{}}
		f.fields[f.field] = string(w.mark)
		l.writes, l.marks[w.mark] = append(l.writes, w), w
		change := []replica.Change{{Kind: f.kind, Set: f.fields}}
		saved, err := n.r.Save(l.ctx, uuid.Nil, change...)
		switch {
		case err == nil && personal:
			l.fail(fmt.Errorf("%s writes what is personal without a key to seal it", n.label))
		case err == nil:
			l.confirm(n, change, []*write{w}, saved)
		case !personal && !(l.ended(n.member) && errors.Is(err, replica.ErrForbidden)):
			l.fail(fmt.Errorf("%s writes nothing without the key of its personal data: %w", n.label, err))
		}
	}
}

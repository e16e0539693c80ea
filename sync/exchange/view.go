package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// view is what one end may tell the other of: the filter that every message passes through. It fails
// closed: what no rule lets through is not said.
type view struct {
	s         Store
	me, peer  trust.Device
	peerKnown bool
	unsure    bool       // more bodies of the peer's own are missing here than it is told
	alone     *trust.Key // one of the ends, no longer admitted: of its own chains alone may be spoken
}

func newView(s Store, peer trust.Key) view {
	v := view{s: s}
	v.me, _ = s.Roster().Device(s.Identity().Public())
	v.me.Key = s.Identity().Public()
	v.peer, v.peerKnown = s.Roster().Device(peer)
	v.peer.Key = peer
	return v
}

// author says whose chains of a scope both ends may speak of: everybody's (all), those of one end that
// may not read the scope (what it wrote under a former key included), or nobody's.
func (v view) author(scope string) (key trust.Key, all, some bool) {
	if v.alone != nil {
		return *v.alone, false, scope != trust.Control
	}
	if scope == trust.Control {
		return key, true, true
	}
	if !v.peerKnown {
		return key, false, false
	}
	switch mine, theirs := v.me.MayRead(scope), v.peer.MayRead(scope); {
	case mine && theirs:
		return key, true, true
	case mine:
		return v.peer.Key, false, true
	case theirs:
		return v.me.Key, false, true
	}
	return key, false, false
}

// shows reports whether the chain may be spoken of between the two ends.
func (v view) shows(ctx context.Context, c journal.Chain) (bool, error) {
	key, all, some := v.author(c.Scope)
	if all || !some {
		return all, nil
	}
	owner, ok, err := v.s.AuthorOf(ctx, c.Incarnation)
	return ok && v.s.Roster().GoesOnFrom(key, owner), err
}

// written returns those of the pieces that are of chains of which may be spoken: of a chain that is not held
// yet, its first entry says whose it is.
func (v view) written(ctx context.Context, pieces []journal.Piece) ([]journal.Piece, error) {
	var out []journal.Piece
	opened := map[journal.Incarnation]bool{}
	for _, p := range pieces {
		if g := p.Entries[0].Genesis; g != nil {
			key, _ := trust.KeyOf(g.Key)
			opened[p.Chain.Incarnation] = v.s.Roster().GoesOnFrom(*v.alone, key)
		}
		ok, err := v.shows(ctx, p.Chain)
		if err != nil {
			return nil, err
		}
		if p.Chain.Scope != trust.Control && (ok || opened[p.Chain.Incarnation]) {
			out = append(out, p)
		}
	}
	return out, nil
}

// mayGive reports whether entries of the chain may be sent: a reader gets everybody's; who may only write
// gets nothing back, not even its own.
func (v view) mayGive(scope string) bool {
	return scope == trust.Control || (v.peerKnown && v.peer.MayRead(scope))
}

// heads returns the heads of a scope that both ends may speak of.
func (v view) heads(ctx context.Context, scope string) ([]Head, error) {
	if _, _, some := v.author(scope); !some {
		return nil, nil
	}
	all, err := v.s.Heads(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := all[:0:0]
	for _, h := range all {
		ok, err := v.shows(ctx, h.Chain)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, h)
		}
	}
	return out, nil
}

// shown is one scope with the heads of it that may be spoken of.
type shown struct {
	scope string
	heads []Head
}

// scopes returns the scopes of which the other end may be told, with their heads: those that both read, and
// those of which it or this end, who only writes there, has a chain. A scope's name alone says something: one
// that holds nothing of the other end's is not named, unless that end has named it first.
func (v view) scopes(ctx context.Context, named ...string) ([]shown, error) {
	held, err := v.s.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range named {
		if !slices.Contains(held, s) {
			held = append(held, s)
		}
	}
	var out []shown
	for _, s := range held {
		_, all, some := v.author(s)
		if !some {
			continue
		}
		heads, err := v.heads(ctx, s)
		if err != nil {
			return nil, err
		}
		if all || len(heads) > 0 || slices.Contains(named, s) {
			out = append(out, shown{s, heads})
		}
	}
	return out, nil
}

// sumOf is the digest of a list of heads: equal lists, in the order of Store.Heads, have equal sums.
func sumOf(heads []Head) []byte {
	h := sha256.New()
	writeHeads(h, heads)
	return h.Sum(nil)[:16]
}

func writeHeads(h hash.Hash, heads []Head) {
	for _, x := range heads {
		h.Write(x.Chain.Incarnation[:])
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], x.Seq)
		h.Write(n[:])
		h.Write(x.Hash[:])
	}
}

package sim

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// oracle has read every piece that it has seen on any device, by its own reading of the format.
type oracle struct {
	territory hash32
	keys      map[name16]ed25519.PublicKey // incarnation → the key that opened it
	pieces    map[hash32][]*entry          // pieces that were read already
}

func newOracle(t journal.Territory) *oracle {
	return &oracle{hash32(t), map[name16]ed25519.PublicKey{}, map[hash32][]*entry{}}
}

// bears reports whether an operation of the entry sets a value with the mark.
func (e *entry) bears(m mark) bool {
	for _, op := range e.ops {
		for _, w := range op.cells {
			if s, ok := w.value.(string); ok && strings.HasPrefix(s, string(m)) {
				return true
			}
		}
	}
	return false
}

// hold returns what a device holds, as it would send it to somebody who has nothing, but for what it dropped. What
// that is, it is told.
func (o *oracle) hold(ctx context.Context, r *replica.Replica, dropped map[journal.Chain][]journal.Hash) (map[hash32]*entry, error) {
	out := map[hash32]*entry{}
	scopes, err := r.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	for _, scope := range scopes {
		heads, err := r.Heads(ctx, scope)
		if err != nil {
			return nil, err
		}
		done := map[journal.Chain]bool{}
		for _, h := range heads {
			if done[h.Chain] {
				continue
			}
			done[h.Chain] = true
			err := o.chain(ctx, r, h.Chain, nil, out)
			if gone := dropped[h.Chain]; len(gone) > 0 && err == nil {
				err = o.chain(ctx, r, h.Chain, gone, out) // a copy may have gone on from any of them
			}
			if err != nil {
				return nil, fmt.Errorf("chain %x of %s: %w", h.Chain.Incarnation[:4], scope, err)
			}
		}
		for _, h := range heads {
			if out[hash32(h.Hash)] == nil && !slices.Contains(dropped[h.Chain], h.Hash) {
				return nil, fmt.Errorf("it names %s/%d as an end and does not send it", scope, h.Seq)
			}
		}
	}
	return out, nil
}

func (o *oracle) chain(ctx context.Context, r *replica.Replica, c journal.Chain, have []journal.Hash, out map[hash32]*entry) error {
	sent, err := o.sent(ctx, r, c, have)
	if err != nil {
		return err
	}
	for _, e := range sent {
		if e.seq > 1 && out[e.prev] == nil && !slices.Contains(have, journal.Hash(e.prev)) {
			return fmt.Errorf("entry %d does not follow what was sent before it", e.seq)
		}
		out[e.hash] = e
	}
	return nil
}

// sent returns the entries of a chain that a device sends to one who has some.
func (o *oracle) sent(ctx context.Context, r *replica.Replica, c journal.Chain, have []journal.Hash) ([]*entry, error) {
	pieces, more, err := r.Missing(ctx, c, have, 1<<20, 1<<30)
	if err != nil {
		return nil, err
	}
	if more {
		return nil, fmt.Errorf("the answer was cut short")
	}
	var out []*entry
	for _, p := range pieces {
		b, err := p.AppendWire(nil)
		if err != nil {
			return nil, err
		}
		entries, err := o.read(b)
		if err != nil {
			return nil, err
		}
		out = append(out, entries...)
	}
	return out, nil
}

// read verifies a piece from its bytes.
func (o *oracle) read(b []byte) ([]*entry, error) {
	name := sha256.Sum256(b)
	if known, ok := o.pieces[name]; ok {
		return known, nil
	}
	p, rest, err := readPiece(b)
	if err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("%w, %d bytes over", errWire, len(rest))
	}
	key := o.keys[p.incarnation]
	if opened := p.opener(); opened != nil {
		if !p.opens(o.territory, opened) {
			return nil, fmt.Errorf("a chain under a name that is not its author's")
		}
		key = opened
		o.keys[p.incarnation] = key
	}
	entries, err := p.verify(o.territory, key)
	if err != nil {
		return nil, err
	}
	o.pieces[name] = entries
	return entries, nil
}

// opener returns the key in the first entry of a chain, nil in a piece from further on.
func (p rawPiece) opener() ed25519.PublicKey {
	g := p.genesis()
	key, _ := at(g, int64(0)).([]byte)
	if len(key) != ed25519.PublicKeySize {
		return nil
	}
	return key
}

func (p rawPiece) genesis() []pair {
	v, _, err := decode(p.entries[0].head)
	m, ok := v.([]pair)
	if err != nil || !ok {
		return nil
	}
	g, _ := at(m, int64(8)).([]pair)
	return g
}

// opens reports whether the incarnation is made of this key and the nonce beside it.
func (p rawPiece) opens(territory hash32, key ed25519.PublicKey) bool {
	nonce, _ := at(p.genesis(), int64(1)).([]byte)
	full := sum("buron incarnation v1\n", territory[:], key, nonce)
	return bytes.Equal(full[:16], p.incarnation[:])
}

// mayRead says what a device may have on its disk: what it was given under an earlier role stays there.
func mayRead(m *member, scope string) bool {
	return reads(m.office, scope) || slices.ContainsFunc(m.former, func(f office) bool { return reads(&f, scope) }) ||
		m.from != nil && mayRead(m.from, scope)
}

// reads is the oracle's own table of who is given what.
func reads(m *office, scope string) bool {
	if scope == "control" {
		return true
	}
	place := func(prefix string) bool {
		for _, p := range m.places {
			if scope == prefix+"/"+p {
				return true
			}
		}
		return false
	}
	open := scope == "agenda" || scope == "staff"
	switch m.role {
	case record.Central, record.Coordination:
		return true
	case record.Agent:
		return open || scope == "parc" || place("people")
	case record.Facilitator:
		return open || scope == "parc" || scope == "parc/bus" || scope == "people/bus"
	case record.Host:
		return open || place("parc") || place("people")
	case record.Kiosk:
		return scope == "agenda"
	}
	return false
}

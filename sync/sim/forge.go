package sim

import (
	"crypto/ed25519"
	"fmt"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// pen writes entries in the name of a device, byte by byte: so that the product's encoder can neither hide
// its own mistakes nor refuse what an attacker would write.
type pen struct {
	*member
	territory hash32
	random    random
	in        name16
	nonce     [16]byte
	chains    map[string][]rawEntry // by scope: what honest devices may take
	ends      map[string]hash32
}

func newPen(t journal.Territory, m *member, r random) *pen {
	p := &pen{member: m, territory: hash32(t), random: r, chains: map[string][]rawEntry{}, ends: map[string]hash32{}}
	_, _ = r.Read(p.nonce[:])
	key := m.id.Public()
	full := sum("buron incarnation v1\n", p.territory[:], key[:], p.nonce[:])
	p.in = name16(full[:16])
	return p
}

// draft is one operation to be forged.
type draft struct {
	scope, kind string
	id          name16 // zero for a new record
	boundTo     string // scope that the id is bound to; "" for scope
	field       string
	value       any
	extra       []pair // more keys of the head
	more        []pair // more keys of the body
	parents     []dot
}

// newID mints an id that is bound to scope and kind.
func (p *pen) newID(scope, kind string) name16 {
	var id name16
	_, _ = p.random.Read(id[:12])
	id[6], id[8] = 0x80|id[6]&0x0f, 0x80|id[8]&0x3f
	bound := sum("buron record v1\n", []byte(scope), []byte{'\n'}, []byte(kind), []byte{'\n'}, id[:12])
	copy(id[12:], bound[:4])
	return id
}

// entry forges an entry that would follow prev at seq.
func (p *pen) entry(d draft, seq uint64, prev hash32, ms int64) (rawEntry, hash32) {
	if d.id == (name16{}) {
		bound := d.scope
		if d.boundTo != "" {
			bound = d.boundTo
		}
		d.id = p.newID(bound, d.kind)
	}
	h := []pair{{0, 1}, {1, p.in[:]}, {2, d.scope}, {3, seq}, {4, uint64(ms) << 16}, {7, []any{[]any{d.kind, d.id[:], 0}}}}
	if seq == 1 {
		key := p.id.Public()
		h = append(h, pair{8, []pair{{0, key[:]}, {1, p.nonce[:]}, {2, make([]byte, 32)}, {3, "pen"}}})
	}
	h = append(h, d.extra...)
	cell := []any{d.value}
	var body []pair
	if len(d.parents) > 0 {
		var refs, named []any
		for i, r := range d.parents {
			refs, named = append(refs, []any{r.incarnation[:], r.seq, r.tag[:]}), append(named, i)
		}
		body, cell = append(body, pair{0, refs}), append(cell, named)
	}
	body = append(append(body, pair{1, []pair{{d.field, cell}}}), d.more...)
	salt := make([]byte, 16)
	_, _ = p.random.Read(salt)
	b := encode(body)
	e := rawEntry{head: encode(h), salts: [][]byte{salt}, bodies: [][]byte{b}, commitments: []hash32{commit(salt, b)}}
	return e, e.hash(prev)
}

// genesis is what the first entry of a chain of the pen follows.
func (p *pen) genesis(scope string) hash32 {
	return sum("buron chain v1\n", p.territory[:], p.in[:], []byte(scope))
}

// sign makes a piece of a whole chain.
func (p *pen) sign(scope string, entries []rawEntry, last hash32) rawPiece {
	message := append([]byte("buron sign v1\n"), append(p.territory[:], last[:]...)...)
	return rawPiece{incarnation: p.in, scope: scope, prev: p.genesis(scope), entries: entries, signature: ed25519.Sign(p.id.Key, message)}
}

// write adds an entry to the pen's own chain and returns the whole of it.
func (p *pen) write(d draft, ms int64) rawPiece {
	prev, ok := p.ends[d.scope]
	if !ok {
		prev = p.genesis(d.scope)
	}
	e, h := p.entry(d, uint64(len(p.chains[d.scope])+1), prev, ms)
	p.chains[d.scope], p.ends[d.scope] = append(p.chains[d.scope], e), h
	return p.sign(d.scope, p.chains[d.scope], h)
}

// bring hands pieces to a device as its peer key would, in a request made by hand.
func (l *life) bring(to *node, peer trust.Key, pieces ...[]byte) {
	var all []byte
	for _, p := range pieces {
		all = append(all, p...)
	}
	l.report.Requests++
	request := encode([]pair{{0, 4}, {4, l.packer.EncodeAll(all, nil)}})
	if _, err := to.server.Serve(l.ctx, peer, nil, request); err != nil && !to.full {
		l.say("  %s answers %v", to.label, err)
	}
	l.follow(to)
}

// forged registers a value that a pen writes.
func (l *life) forged(p *pen, scope string, forbidden bool) *write {
	w := &write{author: p.member, mark: l.newMark(), scope: scope, forbidden: forbidden}
	l.writes, l.marks[w.mark] = append(l.writes, w), w
	return w
}

// genuine returns a chain that a device holds, as bytes on the wire.
func (l *life) genuine(n *node) []rawPiece {
	scopes, err := n.r.Scopes(l.ctx)
	if err != nil || len(scopes) == 0 {
		return nil
	}
	heads, err := n.r.Heads(l.ctx, pick(l.random, scopes))
	if err != nil || len(heads) == 0 {
		return nil
	}
	pieces, _, err := n.r.Missing(l.ctx, pick(l.random, heads).Chain, nil, 1<<20, 1<<30)
	if err != nil {
		return nil
	}
	var out []rawPiece
	for _, p := range pieces {
		b, err := p.AppendWire(nil)
		if err != nil {
			l.fail(err)
			return nil
		}
		raw, _, err := readPiece(b)
		if err != nil {
			l.fail(fmt.Errorf("%s sends a piece that cannot be read: %w", n.label, err))
			return nil
		}
		out = append(out, raw)
	}
	return out
}

package bundle

import (
	"context"
	"slices"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
	"filippo.io/age"
)

// reader is a device for which a part is encrypted.
type reader struct {
	trust.Device
	recipient age.Recipient
}

// parcel is what one part holds: what the readers of a scope may lack of it, and what the maker holds of it.
// A parcel without a scope is a note to one device: the maker's receipt for chains that it writes and may
// not read back.
type parcel struct {
	scope   string
	readers []reader
	heads   receipt
	lacks   []lack
	short   []trust.Key // readers that may lack something of it
	named   []exchange.NamedBlob
	missing []byte // encoded: which of these the maker lacks; nil where it cannot tell
}

// lack is a chain of which somebody may lack what comes after have.
type lack struct {
	chain   journal.Chain
	have    []journal.Hash
	entries int  // about how many
	forked  bool // several branches: each must be remembered apart
}

// planner decides what goes to whom. It is the filter of §6: what no rule lets through is not written.
type planner struct {
	s       Store
	me      trust.Device
	targets []reader // for whom the bundle is
	weighed []reader // whose known ends decide what is left out
	authors map[journal.Incarnation]trust.Key
	all     bool
}

func newPlanner(ctx context.Context, s Store, o WriteOptions) (*planner, error) {
	p := &planner{s: s, authors: map[journal.Incarnation]trust.Key{}, all: o.All}
	key := s.Identity().Public()
	p.me, _ = s.Roster().Device(key)
	p.me.Key = key
	for _, d := range readers(s.Roster().Devices()) {
		if d.Key != key && (len(o.For) == 0 || slices.Contains(o.For, d.Key)) {
			p.targets = append(p.targets, d)
		}
	}
	if len(p.targets) == 0 {
		return nil, ErrNobody
	}
	p.weighed = p.targets
	if len(o.For) > 0 {
		return p, nil
	}
	seen, err := s.LastSeen(ctx)
	if err != nil {
		return nil, err
	}
	// A device that was never heard from would ask for the whole history on every stick: it is written for with
	// For or All. The central counts even unheard, since what it lacks is what people are waiting to send.
	p.weighed = slices.DeleteFunc(slices.Clone(p.targets), func(d reader) bool {
		_, heard := seen[d.Key]
		return !heard && d.Role != "central"
	})
	return p, nil
}

// readers returns the devices to whom something can be encrypted: one without a usable recipient, or whose
// admission has ended, gets nothing, not even control.
func readers(devices []trust.Device) []reader {
	var out []reader
	for _, d := range devices {
		if r, err := age.ParseX25519Recipient(d.Age); err == nil && !d.Revoked {
			out = append(out, reader{d, r})
		}
	}
	return out
}

// parcels lists what the bundle will hold besides control.
func (p *planner) parcels(ctx context.Context) ([]parcel, error) {
	scopes, err := p.s.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	var out []parcel
	notes := map[trust.Key]*receipt{}
	for _, scope := range scopes {
		if scope == trust.Control {
			continue
		}
		heads, err := p.mine(ctx, scope)
		if err != nil {
			return nil, err
		}
		one := parcel{scope: scope}
		for _, d := range p.targets {
			if d.MayRead(scope) {
				one.readers = append(one.readers, d)
			} else if err := p.note(ctx, notes, d, scope, heads); err != nil {
				return nil, err
			}
		}
		if len(one.readers) == 0 || len(heads) == 0 {
			continue
		}
		one.heads.add(scope, heads)
		if err := p.weigh(ctx, &one, heads); err != nil {
			return nil, err
		}
		if err := p.name(ctx, &one); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	for _, d := range p.targets {
		if r := notes[d.Key]; r != nil {
			out = append(out, parcel{readers: []reader{d}, heads: *r})
		}
	}
	return out, nil
}

// mine returns the ends of the chains of a scope that this device may pass on: all of them where it may read
// the scope, else those that it wrote.
func (p *planner) mine(ctx context.Context, scope string) ([]exchange.Head, error) {
	heads, err := p.s.Heads(ctx, scope)
	if err != nil || p.me.MayRead(scope) {
		return heads, err
	}
	return p.by(ctx, heads, p.me.Key)
}

// by keeps the ends of chains that one device wrote, under its key or those before.
func (p *planner) by(ctx context.Context, heads []exchange.Head, author trust.Key) ([]exchange.Head, error) {
	var out []exchange.Head
	for _, h := range heads {
		key, known := p.authors[h.Chain.Incarnation]
		if !known {
			var err error
			if key, known, err = p.s.AuthorOf(ctx, h.Chain.Incarnation); err != nil {
				return nil, err
			}
			if known {
				p.authors[h.Chain.Incarnation] = key
			}
		}
		if known && p.s.Roster().GoesOnFrom(author, key) {
			out = append(out, h)
		}
	}
	return out, nil
}

// note adds to the receipt of a device that writes a scope without reading it.
func (p *planner) note(ctx context.Context, notes map[trust.Key]*receipt, d reader, scope string, heads []exchange.Head) error {
	own, err := p.by(ctx, heads, d.Key)
	if err != nil || len(own) == 0 {
		return err
	}
	if notes[d.Key] == nil {
		notes[d.Key] = &receipt{}
	}
	notes[d.Key].add(scope, own)
	return nil
}

// weigh says from where on each chain goes into the parcel: from the lowest end that a weighed reader is known
// to hold, so that what it finds on the stick follows what it has.
func (p *planner) weigh(ctx context.Context, one *parcel, heads []exchange.Head) error {
	var low map[journal.Chain]exchange.Head
	for _, d := range one.readers {
		weighed := !p.all && slices.ContainsFunc(p.weighed, func(w reader) bool { return w.Key == d.Key })
		if !weighed {
			one.short = append(one.short, d.Key)
			continue
		}
		known, err := p.s.Known(ctx, one.scope, d.Key)
		if err != nil {
			return err
		}
		its := make(map[journal.Chain]exchange.Head, len(known))
		for _, h := range known {
			its[h.Chain] = h
		}
		if slices.ContainsFunc(heads, func(h exchange.Head) bool { return its[h.Chain].Seq < h.Seq }) {
			one.short = append(one.short, d.Key)
		}
		low = lower(low, its)
	}
	one.lacks = lacks(heads, low)
	return nil
}

// lower returns the lower end of each chain that both hold something of; nil is the first of two that was not
// looked at yet.
func lower(low, its map[journal.Chain]exchange.Head) map[journal.Chain]exchange.Head {
	if low == nil {
		return its
	}
	for c, h := range low {
		if k, ok := its[c]; !ok {
			delete(low, c)
		} else if k.Seq < h.Seq {
			low[c] = k
		}
	}
	return low
}

// lacks lists what comes after the lowest ends.
func lacks(heads []exchange.Head, lowest map[journal.Chain]exchange.Head) []lack {
	branches := map[journal.Chain]int{}
	for _, h := range heads {
		branches[h.Chain]++
	}
	var out []lack
	for i, h := range heads {
		if i > 0 && heads[i-1].Chain == h.Chain {
			continue // the branches of a fork go together
		}
		l := lack{chain: h.Chain, entries: int(h.Seq), forked: branches[h.Chain] > 1}
		if low, ok := lowest[h.Chain]; ok && !l.forked {
			if low.Seq >= h.Seq {
				continue
			}
			l.have, l.entries = []journal.Hash{low.Hash}, int(h.Seq-low.Seq)
		}
		out = append(out, l)
	}
	return out
}

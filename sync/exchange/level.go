package exchange

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// level pulls then pushes the scopes that differ; moved is false where nothing could be.
func (r *run) level(ctx context.Context, differ []scopeHeads) (moved bool, err error) {
	before := r.res.Received + r.res.Sent
	theirs, err := headsOf(differ)
	if err != nil {
		return false, err
	}
	if err := r.pull(ctx, theirs); err != nil {
		return false, err
	}
	if err := r.push(ctx, differ, theirs); err != nil {
		return false, err
	}
	return r.res.Received+r.res.Sent > before, nil
}

// headsOf returns the peer's heads by chain.
func headsOf(differ []scopeHeads) (map[journal.Chain][]Head, error) {
	theirs := map[journal.Chain][]Head{}
	for _, d := range differ {
		for _, w := range d.Heads {
			h, err := w.head(d.Scope)
			if err != nil {
				return nil, err
			}
			theirs[h.Chain] = append(theirs[h.Chain], h)
		}
	}
	return theirs, nil
}

// pull asks for what is lacking here until nothing is, batch by batch, each committed before the next.
func (r *run) pull(ctx context.Context, theirs map[journal.Chain][]Head) error {
	for {
		wants, err := r.lacking(ctx, theirs)
		if err != nil || len(wants) == 0 {
			return err
		}
		a, err := r.ask(ctx, request{Ask: askGet, Wants: wants, Reads: readsColumns, Room: r.room})
		if err != nil {
			return err
		}
		r.arrived()
		n, refused, came, err := r.takeIn(ctx, packed{a.Pieces, a.Columns})
		if err != nil {
			return err
		}
		r.res.Received += n
		r.res.Refused = append(r.res.Refused, refused...)
		r.progress(Progress{r.res.Received, r.res.Sent})
		if !r.passOver(wants, a.More, n, refused, came) {
			return nil
		}
	}
}

// arrived lets the next batch be twice as large. A line that falls every so often would never bring a batch that takes
// longer: of one that begins small, what has arrived stays.
func (r *run) arrived() { r.room = min(2*r.room, BatchBytes) }

// missing is Store.Missing with less room than a whole batch: where nothing else is in the message, the first run
// between two signatures comes, however long.
func missing(ctx context.Context, s Store, c journal.Chain, have []journal.Hash, entries, room int, empty bool) (pieces []journal.Piece, more bool, err error) {
	pieces, more, err = s.Missing(ctx, c, have, entries, room)
	if err != nil || len(pieces) > 0 || !more || !empty {
		return pieces, more, err
	}
	if pieces, more, err = s.Missing(ctx, c, have, entries, BatchBytes); err != nil || len(pieces) == 0 {
		return pieces, more, err
	}
	first := pieces[0]
	i := slices.IndexFunc(first.Entries, func(e *journal.Entry) bool { return e.Signature != nil })
	first.Entries = first.Entries[:i+1]
	return []journal.Piece{first}, true, nil
}

// passOver marks the chains that are not asked for again in this exchange: those that were refused, and those
// of which nothing came though nothing kept it from coming, or nothing new. The first of the wants has a whole
// batch for itself, the others may only have found no room. It returns false where asking again is in vain.
func (r *run) passOver(wants []want, more bool, admitted int, refused []Refusal, came map[journal.Chain]bool) bool {
	before := len(r.bad)
	for _, f := range refused {
		r.bad[journal.Chain{Incarnation: f.Incarnation, Scope: f.Scope}] = true
	}
	for i, w := range wants {
		c := chainOf(w)
		if absent := !came[c] && (!more || i == 0); absent || (came[c] && admitted == 0) {
			r.bad[c] = true
		}
	}
	return admitted > 0 || len(r.bad) > before
}

func (r *run) takeIn(ctx context.Context, m packed) (int, []Refusal, map[journal.Chain]bool, error) {
	return takeIn(m,
		func(pieces []journal.Piece) (int, []Refusal, error) { return r.s.Admit(ctx, r.peer, pieces) },
		func(chains []journal.Chain) ([]Refusal, error) { return r.s.Unreadable(ctx, r.peer, chains) })
}

func chainOf(w want) journal.Chain {
	c := journal.Chain{Scope: w.Scope}
	copy(c.Incarnation[:], w.Incarnation)
	return c
}

func compareChains(a, b journal.Chain) int {
	return cmp.Or(strings.Compare(a.Scope, b.Scope), bytes.Compare(a.Incarnation[:], b.Incarnation[:]))
}

// lacking lists the chains of which the peer has an end that is not held here.
func (r *run) lacking(ctx context.Context, theirs map[journal.Chain][]Head) ([]want, error) {
	var out []want
	hashes := 0
	// In a fixed order, so that an exchange depends on nothing but what the two ends hold.
	for _, c := range slices.SortedFunc(maps.Keys(theirs), compareChains) {
		heads := theirs[c]
		if r.bad[c] || !r.mayTake(c.Scope) {
			continue
		}
		var shared []journal.Hash
		lacks := false
		for _, h := range heads {
			held, err := r.s.Holds(ctx, c, h.Hash)
			if err != nil {
				return nil, err
			}
			if held {
				shared = append(shared, h.Hash)
			}
			lacks = lacks || !held
		}
		if !lacks {
			continue
		}
		w := want{Scope: c.Scope, Incarnation: append([]byte(nil), c.Incarnation[:]...)}
		var err error
		if w.Have, err = r.have(ctx, c, heads, shared); err != nil {
			return nil, err
		}
		out = append(out, w)
		if hashes += len(w.Have); len(out) == maxWants || hashes >= maxHashes {
			break
		}
	}
	return out, nil
}

// mayTake reports whether entries of the scope are for this device.
func (r *run) mayTake(scope string) bool {
	me, ok := r.s.Roster().Device(r.s.Identity().Public())
	return scope == trust.Control || (ok && me.MayRead(scope))
}

// have returns the hashes that say how far a chain is held here: the ends that both have, then the ends that
// are only here, then points on the way back from these for a peer that does not know them. Where there are
// more branches than may be told of, what both have counts most: it is what must not be sent again.
func (r *run) have(ctx context.Context, c journal.Chain, theirs []Head, shared []journal.Hash) ([][]byte, error) {
	heads, err := r.s.Heads(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	told := map[journal.Hash]bool{}
	var out [][]byte
	tell := func(h journal.Hash) {
		if len(out) < maxHave && !told[h] {
			told[h] = true
			out = append(out, append([]byte(nil), h[:]...))
		}
	}
	for _, h := range shared {
		tell(h)
	}
	heads = slices.DeleteFunc(heads, func(h Head) bool { return h.Chain != c || told[h.Hash] })
	for _, h := range heads {
		tell(h.Hash)
	}
	goesOn, err := r.goesOn(ctx, heads, theirs)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		if len(out) == maxHave || goesOn {
			break
		}
		points, err := r.s.Locate(ctx, h)
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			tell(p)
		}
	}
	return out, nil
}

// goesOn reports whether the peer's one end of a chain comes after the one held here, which the peer is known to
// hold: it needs no points to find it by.
func (r *run) goesOn(ctx context.Context, mine, theirs []Head) (bool, error) {
	if len(mine) != 1 || len(theirs) != 1 || theirs[0].Seq <= mine[0].Seq {
		return false, nil
	}
	known, err := r.s.Known(ctx, mine[0].Chain.Scope, r.peer)
	return slices.Contains(known, mine[0]), err
}

// push brings what the peer lacks, in batches that it commits before it answers.
func (r *run) push(ctx context.Context, differ []scopeHeads, theirs map[journal.Chain][]Head) error {
	w := r.view()
	b := &parcel{run: r}
	for _, d := range differ {
		heads, err := w.heads(ctx, d.Scope)
		if err != nil {
			return err
		}
		done := map[journal.Chain]bool{}
		for _, h := range heads {
			// Its own entries are not brought back to one who may not read them; what we may not read we wrote.
			if done[h.Chain] || !w.mayGive(d.Scope) {
				continue
			}
			done[h.Chain] = true
			if err := b.add(ctx, h.Chain, theirs[h.Chain]); err != nil {
				return err
			}
		}
	}
	return b.send(ctx)
}

// parcel gathers what is pushed into batches.
type parcel struct {
	*run
	pieces         []journal.Piece
	entries, bytes int
}

// add packs what one who has these heads lacks of a chain, and sends every batch that is full. A chain that
// the peer has refused is not brought again in this exchange.
func (b *parcel) add(ctx context.Context, c journal.Chain, heads []Head) error {
	have := make([]journal.Hash, 0, 4)
	for _, t := range heads {
		have = append(have, t.Hash)
	}
	for more := true; more && !b.rejected[c]; {
		pieces, rest, err := missing(ctx, b.s, c, have, BatchEntries-b.entries, b.room-b.bytes, len(b.pieces) == 0)
		if err != nil {
			return err
		}
		for _, p := range pieces {
			b.entries, b.bytes = b.entries+len(p.Entries), b.bytes+sizeOf(p)
			have = append(have, p.Entries[len(p.Entries)-1].Hash)
		}
		// Where there was no room for a run, there is in the next batch.
		more = rest && (len(pieces) > 0 || len(b.pieces) > 0)
		b.pieces = append(b.pieces, pieces...)
		if more || b.entries >= BatchEntries || b.bytes >= b.room {
			if err := b.send(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *parcel) send(ctx context.Context) error {
	if len(b.pieces) == 0 {
		return nil
	}
	err := b.put(ctx, b.pieces)
	b.pieces, b.entries, b.bytes = nil, 0, 0
	return err
}

func (r *run) put(ctx context.Context, batch []journal.Piece) error {
	m, err := packFor(r.columns, batch)
	if err != nil {
		return err
	}
	a, err := r.ask(ctx, request{Ask: askPut, Pieces: m.pieces, Columns: m.columns})
	if err != nil {
		return err
	}
	r.arrived()
	r.res.Sent += a.Admitted
	for _, f := range a.Refused {
		c := chainOf(want{Scope: f.Scope, Incarnation: f.Incarnation})
		r.rejected[c] = true
		r.res.Rejected = append(r.res.Rejected, Refusal{Sender: r.s.Identity().Public(), Incarnation: c.Incarnation, Scope: f.Scope, Seq: f.Seq, Reason: f.Reason, Sentence: f.Sentence})
	}
	r.progress(Progress{r.res.Received, r.res.Sent})
	return nil
}

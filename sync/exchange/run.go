package exchange

import (
	"context"
	"crypto/hmac"
	"fmt"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Conn carries one request and its answer.
type Conn interface {
	Call(ctx context.Context, request []byte) (answer []byte, err error)
}

// Progress says how far an exchange is: entries moved so far, both ways.
type Progress struct{ Received, Sent int }

// Result is what an exchange did.
type Result struct {
	Received, Sent int
	Refused        []Refusal // by us: what the other end brought that did not hold
	Rejected       []Refusal // by the other end: what we brought
	RoundTrips     int
}

// run is one exchange, from the side that began it.
type run struct {
	s        Store
	peer     trust.Key
	exporter []byte
	c        Conn
	progress func(Progress)
	res      Result
	prove    bool                   // the peer is not known yet: requests carry the proof of the territory
	bad      map[journal.Chain]bool // refused in this exchange: not tried again
}

// Run exchanges with the device whose key the connection proved: control first, then what it lacks here,
// then what it lacks there. With a known peer and nothing to exchange it is one round trip. Progress may be
// nil. What was exchanged before an error stays.
func Run(ctx context.Context, s Store, peer trust.Key, exporter []byte, c Conn, progress func(Progress)) (Result, error) {
	r := &run{s: s, peer: peer, exporter: exporter, c: c, progress: progress, bad: map[journal.Chain]bool{}}
	if progress == nil {
		r.progress = func(Progress) {}
	}
	err := r.all(ctx)
	if err != nil {
		err = fmt.Errorf("exchange with %s: %w", s.Roster().Name(peer), err)
	}
	return r.res, err
}

// maxRounds bounds how often the ends compare again: once for control, once for the rest, once to confirm,
// and some more for what was written meanwhile.
const maxRounds = 8

func (r *run) all(ctx context.Context) error {
	if _, known := r.s.Roster().Device(r.peer); !known {
		if err := r.hello(ctx); err != nil {
			return err
		}
	}
	for range maxRounds {
		differ, err := r.offer(ctx)
		if err != nil {
			return err
		}
		if len(differ) == 0 {
			return nil
		}
		if control := only(differ, trust.Control); len(control) > 0 {
			// Who may hold what is settled before anything else is said.
			differ = control
		}
		moved, err := r.level(ctx, differ)
		if err != nil {
			return err
		}
		if !moved {
			return nil
		}
	}
	return nil
}

func only(list []scopeHeads, scope string) []scopeHeads {
	for i, s := range list {
		if s.Scope == scope {
			return list[i : i+1]
		}
	}
	return nil
}

// hello proves the territory both ways, then levels control, after which the peer must be known.
func (r *run) hello(ctx context.Context) error {
	r.prove = true
	if _, err := r.ask(ctx, request{Ask: askHello}); err != nil {
		return err
	}
	for range 2 {
		heads, err := r.s.Heads(ctx, trust.Control)
		if err != nil {
			return err
		}
		a, err := r.ask(ctx, request{Ask: askOffer, Control: true, Digests: []scopeSum{{Scope: trust.Control, Sum: sumOf(heads)}}})
		if err != nil {
			return err
		}
		if len(a.Differ) == 0 {
			break
		}
		if _, err := r.level(ctx, a.Differ); err != nil {
			return err
		}
	}
	if _, known := r.s.Roster().Device(r.peer); !known {
		return ErrUnknown
	}
	return nil
}

// ask sends a request and checks the answer's code and proof.
func (r *run) ask(ctx context.Context, q request) (answer, error) {
	if r.prove {
		q.Proof = proof(r.s.Territory(), r.exporter, sideAsk)
	}
	b, err := encode(q)
	if err != nil {
		return answer{}, err
	}
	r.res.RoundTrips++
	raw, err := r.c.Call(ctx, b)
	if err != nil {
		return answer{}, err
	}
	var a answer
	if err := decode(raw, &a); err != nil {
		return a, err
	}
	if r.prove && !hmac.Equal(a.Proof, proof(r.s.Territory(), r.exporter, sideAnswer)) {
		return a, ErrStranger
	}
	switch a.Code {
	case codeOK:
		return a, nil
	case codeUnknown:
		// It has not heard of us yet: control, which comes next, will tell it.
		return a, nil
	case codeStranger:
		if !r.prove {
			// We know it and it does not know us: prove the territory, so that control can tell it who we are.
			r.prove = true
			return r.ask(ctx, q)
		}
		return a, ErrStranger
	case codeFailed:
		return a, ErrFailed
	}
	return a, ErrMessage
}

// offer compares the digests of all shared scopes and returns the peer's heads where they differ.
func (r *run) offer(ctx context.Context) ([]scopeHeads, error) {
	w := newView(r.s, r.peer)
	scopes, err := w.scopes(ctx)
	if err != nil {
		return nil, err
	}
	q := request{Ask: askOffer}
	mine := map[string][]Head{}
	for _, s := range scopes {
		if mine[s], err = w.heads(ctx, s); err != nil {
			return nil, err
		}
		q.Digests = append(q.Digests, scopeSum{Scope: s, Sum: sumOf(mine[s])})
	}
	a, err := r.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	out := a.Differ[:0:0]
	for _, d := range a.Differ {
		delete(mine, d.Scope)
		if _, _, some := w.author(d.Scope); some {
			out = append(out, d)
		}
	}
	var equal []Head
	for _, heads := range mine {
		equal = append(equal, heads...)
	}
	return out, r.s.Acknowledge(ctx, r.peer, equal)
}

// level pulls then pushes the scopes that differ; moved is false where nothing could be.
func (r *run) level(ctx context.Context, differ []scopeHeads) (moved bool, err error) {
	before := r.res.Received + r.res.Sent
	theirs := map[journal.Chain][]Head{}
	for _, d := range differ {
		for _, w := range d.Heads {
			h, err := w.head(d.Scope)
			if err != nil {
				return false, err
			}
			theirs[h.Chain] = append(theirs[h.Chain], h)
		}
	}
	if err := r.pull(ctx, theirs); err != nil {
		return false, err
	}
	if err := r.push(ctx, differ, theirs); err != nil {
		return false, err
	}
	return r.res.Received+r.res.Sent > before, nil
}

// pull asks for what is lacking here until nothing is, batch by batch, each committed before the next.
func (r *run) pull(ctx context.Context, theirs map[journal.Chain][]Head) error {
	for {
		wants, err := r.lacking(ctx, theirs)
		if err != nil || len(wants) == 0 {
			return err
		}
		a, err := r.ask(ctx, request{Ask: askGet, Wants: wants})
		if err != nil {
			return err
		}
		pieces, err := unpack(a.Pieces)
		if err != nil {
			return err
		}
		n, refused, err := r.s.Admit(ctx, r.peer, pieces)
		if err != nil {
			return err
		}
		r.res.Received += n
		r.res.Refused = append(r.res.Refused, refused...)
		r.progress(Progress{r.res.Received, r.res.Sent})
		if n == 0 {
			// What was asked for did not come or did not hold: it is not asked again in this exchange.
			for _, w := range wants {
				r.bad[chainOf(w)] = true
			}
			return nil
		}
	}
}

func chainOf(w want) journal.Chain {
	c := journal.Chain{Scope: w.Scope}
	copy(c.Incarnation[:], w.Incarnation)
	return c
}

// lacking lists the chains of which the peer has an end that is not held here.
func (r *run) lacking(ctx context.Context, theirs map[journal.Chain][]Head) ([]want, error) {
	var out []want
	for c, heads := range theirs {
		if r.bad[c] || !r.mayTake(c.Scope) {
			continue
		}
		for _, h := range heads {
			held, err := r.s.Holds(ctx, c, h.Hash)
			if err != nil {
				return nil, err
			}
			if held {
				continue
			}
			w := want{Scope: c.Scope, Incarnation: append([]byte(nil), c.Incarnation[:]...)}
			if w.Have, err = r.have(ctx, c); err != nil {
				return nil, err
			}
			out = append(out, w)
			break
		}
		if len(out) == maxWants {
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

// have returns the hashes that say how far a chain is held here: the ends, and points on the way back for
// a peer that does not know these ends.
func (r *run) have(ctx context.Context, c journal.Chain) ([][]byte, error) {
	heads, err := r.s.Heads(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, h := range heads {
		if h.Chain != c {
			continue
		}
		points, err := r.s.Locate(ctx, h)
		if err != nil {
			return nil, err
		}
		for _, p := range append([]journal.Hash{h.Hash}, points...) {
			if len(out) < maxHave {
				out = append(out, append([]byte(nil), p[:]...))
			}
		}
	}
	return out, nil
}

// push brings what the peer lacks, in batches that it commits before it answers.
func (r *run) push(ctx context.Context, differ []scopeHeads, theirs map[journal.Chain][]Head) error {
	w := newView(r.s, r.peer)
	var batch []journal.Piece
	entries, bytes := 0, 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := r.put(ctx, batch, entries)
		batch, entries, bytes = nil, 0, 0
		return err
	}
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
			have := make([]journal.Hash, 0, 4)
			for _, t := range theirs[h.Chain] {
				have = append(have, t.Hash)
			}
			for more := true; more; {
				var pieces []journal.Piece
				if pieces, more, err = r.s.Missing(ctx, h.Chain, have, BatchEntries-entries, BatchBytes-bytes); err != nil {
					return err
				}
				for _, p := range pieces {
					entries, bytes = entries+len(p.Entries), bytes+sizeOf(p)
					have = append(have, p.Entries[len(p.Entries)-1].Hash)
				}
				batch = append(batch, pieces...)
				more = more && len(pieces) > 0
				if more || entries >= BatchEntries || bytes >= BatchBytes {
					if err := flush(); err != nil {
						return err
					}
				}
			}
		}
	}
	return flush()
}

func (r *run) put(ctx context.Context, batch []journal.Piece, entries int) error {
	packed, err := pack(batch)
	if err != nil {
		return err
	}
	a, err := r.ask(ctx, request{Ask: askPut, Pieces: packed})
	if err != nil {
		return err
	}
	r.res.Sent += a.Admitted
	for _, f := range a.Refused {
		r.res.Rejected = append(r.res.Rejected, Refusal{Sender: r.s.Identity().Public(), Scope: f.Scope, Seq: f.Seq, Reason: f.Reason, Sentence: f.Sentence})
	}
	r.progress(Progress{r.res.Received, r.res.Sent})
	return nil
}

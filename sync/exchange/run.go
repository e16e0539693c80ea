package exchange

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
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
	BlobsReceived  int // photos and documents that are whole now
	BlobsSent      int
	Snapshots      int       // scopes that were begun with a snapshot
	Refused        []Refusal // by us: what the other end brought that did not hold
	Rejected       []Refusal // by the other end: what we brought
	RoundTrips     int
	parts          int // of blobs, whole or not
}

// Moved reports whether an exchange brought anything, either way.
func (r Result) Moved() bool {
	return r.Received+r.Sent+r.BlobsReceived+r.BlobsSent+r.Snapshots > 0 || r.parts > 0
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
	bad      map[journal.Chain]bool // refused here in this exchange: not asked for again
	rejected map[journal.Chain]bool // refused by the peer in this exchange: not brought again
	lacks    []wireBlob             // blobs that the peer was lacking when it was last asked
	bare     []scopeHeads           // places where the peer was lacking bodies when it was asked
	columns  bool                   // the peer reads columns
	room     int                    // bytes of entries in the next batch
	copied   []string               // scopes of which a snapshot was asked for in this exchange
	noCopies bool                   // the peer knows no snapshots
	heard    Heard                  // for what is shown from snapshots
	outcast  bool                   // this device is no longer admitted: it hands over what it wrote, and no more
}

// Run exchanges with the device whose key the connection proved: control first, then what it lacks here,
// then what it lacks there. With a known peer and nothing to exchange it is one round trip. Progress may be
// nil. What was exchanged before an error stays.
func Run(ctx context.Context, s Store, peer trust.Key, exporter []byte, c Conn, progress func(Progress)) (Result, error) {
	r := &run{s: s, peer: peer, exporter: exporter, c: c, progress: progress, room: firstBatch, bad: map[journal.Chain]bool{}, rejected: map[journal.Chain]bool{}}
	if progress == nil {
		r.progress = func(Progress) {}
	}
	err := r.standing()
	if err == nil {
		r.heard.Peer = peer
		r.heard.Shown, err = s.ShownSnapshots(ctx)
	}
	if err == nil {
		err = r.all(ctx)
	}
	if err == nil {
		err = r.refill(ctx)
	}
	if err == nil {
		err = s.SettleSnapshots(ctx, r.heard)
	}
	if err == nil {
		if err = r.blobs(ctx); err == nil {
			err = r.confirm(ctx)
		}
		if errors.Is(err, errUnversed) {
			err = nil
		}
	}
	if errors.Is(err, ErrRevoked) {
		err = r.handOver(ctx)
	}
	if err != nil {
		err = fmt.Errorf("exchange with %s: %w", s.Roster().Name(peer), err)
	}
	return r.res, err
}

// standing reports whether both ends are still admitted, as far as is known here.
func (r *run) standing() error {
	switch roster := r.s.Roster(); {
	case roster.Revoked(r.s.Identity().Public()):
		return ErrRevoked
	case roster.Revoked(r.peer):
		return ErrPeerRevoked
	}
	return nil
}

// handOver brings the central what this device wrote, which is no longer admitted. The error is ErrRevoked
// even where all went well.
func (r *run) handOver(ctx context.Context) error {
	// Who is unknown may be the central under a new key, of which only itself can tell.
	if d, known := r.s.Roster().Device(r.peer); known && d.Role != record.Central {
		return ErrRevoked
	}
	r.outcast = true
	if back, err := r.readmitted(ctx); err != nil {
		return err
	} else if back {
		r.outcast = false
		return r.all(ctx)
	}
	if d, _ := r.s.Roster().Device(r.peer); d.Role != record.Central {
		return ErrRevoked
	}
	for range 2 { // to bring, and to hear that all has arrived
		differ, err := r.offer(ctx)
		if err != nil {
			return err
		}
		theirs, err := headsOf(differ)
		if err != nil {
			return err
		}
		if err := r.push(ctx, differ, theirs); err != nil {
			return err
		}
	}
	return ErrRevoked
}

// readmitted asks the central whether a delegate has taken this device's end back since it heard of it: nobody
// else might ever tell.
func (r *run) readmitted(ctx context.Context) (bool, error) {
	heads, err := r.s.Heads(ctx, trust.Control)
	if err != nil {
		return false, err
	}
	a, err := r.ask(ctx, request{Ask: askOffer, Control: true, Digests: []scopeSum{{Scope: trust.Control, Sum: sumOf(heads)}}})
	if err != nil || a.Code != codeOK {
		return false, err
	}
	theirs, err := headsOf(a.Differ)
	if err == nil {
		err = r.pull(ctx, theirs)
	}
	return err == nil && r.standing() == nil, err
}

// view is what may be said to the peer, as the roster stands.
func (r *run) view() view {
	w := newView(r.s, r.peer)
	if r.outcast {
		w.alone = &w.me.Key
	}
	return w
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
	settled := false
	for range maxRounds {
		// What was just levelled may have said so.
		if err := r.standing(); err != nil {
			return err
		}
		differ, err := r.offer(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(differ, func(d scopeHeads) bool { return d.Scope == trust.Control })
		if i >= 0 && !settled {
			// Who may hold what is settled before anything else is said. What one end refuses of it, however often
			// it is asked, must not keep the rest away: where nothing moved, control is as level as it gets.
			moved, err := r.level(ctx, differ[i:i+1])
			if err != nil {
				return err
			}
			settled = !moved
			continue
		}
		if i >= 0 {
			differ = slices.Delete(differ, i, i+1)
		}
		if len(differ) == 0 {
			return nil
		}
		if err := r.byCopy(ctx, differ); err != nil {
			return err
		}
		moved, err := r.level(ctx, differ)
		if err != nil || !moved {
			return err
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
	if err := r.standing(); err != nil {
		return err
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
	r.columns = r.columns || a.Reads >= readsColumns
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
	case codeRevoked:
		if r.outcast {
			return a, nil
		}
		return a, ErrRevoked
	}
	if a.Code == codeBad && q.Ask >= askBlobs {
		return a, errUnversed
	}
	return a, ErrMessage
}

// offer compares the digests of all shared scopes and returns the peer's heads where they differ.
func (r *run) offer(ctx context.Context) ([]scopeHeads, error) {
	w := r.view()
	scopes, err := w.scopes(ctx)
	if err != nil {
		return nil, err
	}
	q := request{Ask: askOffer}
	mine := map[string][]Head{}
	for _, s := range scopes {
		mine[s.scope] = s.heads
		q.Digests = append(q.Digests, scopeSum{Scope: s.scope, Sum: sumOf(s.heads)})
	}
	q.Later = r.s.FactsOnly(ctx)
	asked := r.s.Now()
	a, err := r.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := r.hearClock(ctx, a.Clock, asked); err != nil {
		return nil, err
	}
	if !r.outcast {
		if err := r.s.NoteLater(ctx, r.peer, q.Later || a.Later); err != nil {
			return nil, err
		}
	}
	r.lacks, r.bare = a.Lacks, append(r.bare, a.Bare...)
	out := a.Differ[:0:0]
	held, said := []Head(nil), map[string][]Head{}
	for _, s := range a.Equal {
		if said[s] == nil { // named twice, it counts once
			said[s] = mine[s]
			held = append(held, mine[s]...)
		}
	}
	for _, d := range a.Differ {
		if _, _, some := w.author(d.Scope); !some {
			continue
		}
		out = append(out, d)
		if !w.me.MayRead(d.Scope) {
			if said[d.Scope], err = r.ends(ctx, d, &held); err != nil {
				return nil, err
			}
		}
	}
	if err := r.keepReceipts(ctx, w, a.Receipts, said, a.Bare); err != nil {
		return nil, err
	}
	if err := r.hear(said, out); err != nil {
		return nil, err
	}
	return out, r.s.Acknowledge(ctx, r.peer, held)
}

// hear notes what the peer holds now of the scopes that were compared: of those found equal, said, or else what it told.
func (r *run) hear(said map[string][]Head, differ []scopeHeads) error {
	if len(r.heard.Shown) == 0 {
		return nil
	}
	r.heard.Heads = maps.Clone(said)
	for _, d := range differ {
		theirs, err := headsOf([]scopeHeads{d})
		if err != nil {
			return err
		}
		r.heard.Heads[d.Scope] = slices.Concat(slices.Collect(maps.Values(theirs))...)
	}
	return nil
}

// ends returns what the peer has of this device's chains in a scope that this one may not read, and adds to held
// what is known here of it: where the peer has a branch that will never come here, such as that of a copy of
// this device, the scope never becomes equal, and yet the rest is delivered.
func (r *run) ends(ctx context.Context, d scopeHeads, held *[]Head) ([]Head, error) {
	var out []Head
	for _, x := range d.Heads {
		h, err := x.head(d.Scope)
		if err != nil {
			return nil, err
		}
		known, err := r.s.Holds(ctx, h.Chain, h.Hash)
		if err != nil {
			return nil, err
		}
		if known {
			*held = append(*held, h)
		}
		out = append(out, h)
	}
	return out, nil
}

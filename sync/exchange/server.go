package exchange

import (
	"context"
	"crypto/hmac"
	"errors"
	"log/slog"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// Server answers the requests of an exchange. It keeps nothing between two requests.
type Server struct {
	s   Store
	log *slog.Logger
}

// NewServer returns a server on a store. The logger may be nil.
func NewServer(s Store, log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{s, log}
}

// Serve answers one request of the device whose key the connection proved; exporter is the
// connection's trust.Exporter. An error is the transport's to log: the answer, where there is one, says
// no more than a code.
func (v *Server) Serve(ctx context.Context, peer trust.Key, exporter, raw []byte) ([]byte, error) {
	var q request
	if err := decode(raw, &q); err != nil {
		b, _ := encode(answer{Code: codeBad})
		return b, err
	}
	a, err := v.answer(ctx, peer, exporter, &q)
	if err != nil {
		v.log.Warn("exchange failed", "peer", peer.Tag(), "err", err)
		a = answer{Code: codeFailed}
		if errors.Is(err, ErrMessage) {
			a.Code = codeBad
		}
	}
	b, encodeErr := encode(a)
	return b, errors.Join(err, encodeErr)
}

func (v *Server) answer(ctx context.Context, peer trust.Key, exporter []byte, q *request) (answer, error) {
	w := newView(v.s, peer)
	if v.s.Roster().Revoked(peer) {
		return v.outcast(ctx, w, q)
	}
	t := v.s.Territory()
	proved := hmac.Equal(q.Proof, proof(t, exporter, sideAsk))
	if !w.peerKnown && !proved {
		return answer{Code: codeStranger}, nil
	}
	a := answer{}
	if proved {
		a.Proof = proof(t, exporter, sideAnswer)
	}
	var err error
	switch q.Ask {
	case askHello:
		// A neighbour that was admitted lately may not be known here yet: it is given control, and nothing else.
		if !w.peerKnown {
			a.Code = codeUnknown
		}
	case askOffer:
		if !q.Control {
			if a.Bare, w.unsure, err = w.bareHeads(ctx); err == nil {
				err = v.lackedBlobs(ctx, w, nil, &a)
			}
			if err == nil {
				err = v.leftForLater(ctx, w, q, &a)
			}
		}
		if err == nil {
			err = v.offered(ctx, w, q, &a)
		}
		a.Clock = v.clock(w, exporter)
	case askGet:
		var m packed
		m, a.More, err = v.wanted(ctx, w, q)
		a.Pieces, a.Columns = m.pieces, m.columns
	case askPut:
		err = v.brought(ctx, w, packed{q.Pieces, q.Columns}, &a)
	case askBlobs:
		err = v.givenBlobs(ctx, w, q, &a)
	case askPutBlobs:
		err = v.takenBlobs(ctx, w, q, &a)
	case askLacks:
		err = v.lackedBlobs(ctx, w, q.Blobs, &a)
	case askSnapshot:
		err = v.gaveSnapshot(ctx, w, q, &a)
	default:
		err = ErrMessage
	}
	return a, err
}

// outcast answers a device that is no longer admitted. The central takes in what it wrote before it heard, so
// that a fortnight's work is not lost: it is put aside for the coordination. Nobody gives it anything.
func (v *Server) outcast(ctx context.Context, w view, q *request) (answer, error) {
	a := answer{Code: codeRevoked}
	if w.me.Role != record.Central {
		return a, nil
	}
	w.alone = &w.peer.Key
	var err error
	switch q.Ask {
	case askOffer:
		err = v.offered(ctx, w, q, &a)
	case askPut:
		err = v.brought(ctx, w, packed{q.Pieces, q.Columns}, &a)
	}
	return a, err
}

// offered answers with the heads of the scopes whose digests differ and with the names of those that are
// equal, of which it notes that the peer holds them. A scope that is in neither list was not compared.
func (v *Server) offered(ctx context.Context, w view, q *request, a *answer) error {
	theirs := map[string][]byte{}
	var named []string
	for _, d := range q.Digests[:min(len(q.Digests), maxScopes)] {
		theirs[d.Scope] = d.Sum
		named = append(named, d.Scope)
	}
	scopes, err := w.scopes(ctx, named...)
	if err != nil {
		return err
	}
	var equal []Head
	for _, s := range scopes {
		if q.Control && s.scope != trust.Control {
			continue
		}
		a.Receipts = append(a.Receipts, v.receipt(w, s)...)
		if hmac.Equal(theirs[s.scope], sumOf(s.heads)) {
			equal = append(equal, s.heads...)
			a.Equal = append(a.Equal, s.scope)
			continue
		}
		a.Differ, a.Reads = append(a.Differ, scopeHeads{Scope: s.scope, Heads: wireHeads(s.heads)}), readsColumns
	}
	return v.s.Acknowledge(ctx, w.peer.Key, equal)
}

// wanted gathers what the peer lacks, within the limits of a batch.
func (v *Server) wanted(ctx context.Context, w view, q *request) (packed, bool, error) {
	entries, bytes := BatchEntries, BatchBytes
	if q.Room > 0 {
		bytes = min(q.Room, bytes)
	}
	var out []journal.Piece
	more := false
	for _, x := range q.Wants[:min(len(q.Wants), maxWants)] {
		c := journal.Chain{Scope: x.Scope}
		if len(x.Incarnation) != len(c.Incarnation) || len(x.Have) > maxHave {
			return packed{}, false, ErrMessage
		}
		copy(c.Incarnation[:], x.Incarnation)
		if !w.mayGive(x.Scope) {
			continue
		}
		if entries <= 0 || bytes <= 0 {
			more = true
			break
		}
		var pieces []journal.Piece
		var rest bool
		var err error
		if have := hashes(x.Have); q.One && len(have) == 1 {
			pieces, err = v.s.Following(ctx, c, have[0])
		} else {
			pieces, rest, err = missing(ctx, v.s, c, have, entries, bytes, len(out) == 0)
		}
		if err != nil {
			return packed{}, false, err
		}
		more = more || rest
		for _, p := range pieces {
			entries -= len(p.Entries)
			bytes -= sizeOf(p)
		}
		out = append(out, pieces...)
	}
	m, err := packFor(q.Reads >= readsColumns, out)
	return m, more, err
}

func hashes(list [][]byte) []journal.Hash {
	var out []journal.Hash
	for _, b := range list {
		if len(b) == len(journal.Hash{}) {
			out = append(out, journal.Hash(b))
		}
	}
	return out
}

func sizeOf(p journal.Piece) int {
	n := 0
	for _, e := range p.Entries {
		n += len(e.RawHead)
		for _, b := range e.Bodies {
			n += len(b)
		}
	}
	return n
}

func (v *Server) brought(ctx context.Context, w view, m packed, a *answer) error {
	admit := func(pieces []journal.Piece) (int, []Refusal, error) {
		if w.alone != nil {
			own, err := w.written(ctx, pieces)
			if err != nil {
				return 0, nil, err
			}
			pieces = own
		} else if !w.peerKnown {
			// Before it is known who brings them, only control entries may come in: they carry their own authority.
			pieces = slices.DeleteFunc(pieces, func(p journal.Piece) bool { return p.Chain.Scope != trust.Control })
		}
		return v.s.Admit(ctx, w.peer.Key, pieces)
	}
	unreadable := func(chains []journal.Chain) ([]Refusal, error) {
		if !w.peerKnown {
			return nil, nil // it could fill the list of refusals
		}
		return v.s.Unreadable(ctx, w.peer.Key, chains)
	}
	n, refused, _, err := takeIn(m, admit, unreadable)
	if err != nil {
		return err
	}
	a.Admitted = n
	for _, f := range refused {
		a.Refused = append(a.Refused, wireRefusal{Scope: f.Scope, Seq: f.Seq, Reason: f.Reason, Sentence: f.Sentence, Incarnation: f.Incarnation[:]})
	}
	return nil
}

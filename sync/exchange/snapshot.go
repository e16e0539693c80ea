package exchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// Snapshots is what an exchange needs of a store to begin a scope with what a central has merged of it, rather than
// with its whole history. The history follows by the ordinary exchange, and is what counts.
type Snapshots interface {
	// Snapshot returns the header and the signature of this device's own snapshot of a scope; nil where it makes
	// none: it is no central, or the history itself is short.
	Snapshot(ctx context.Context, scope string) (header, signature []byte, err error)
	// SnapshotFrames returns frames of the snapshot whose header has this hash, from one on, at most most bytes of
	// them, and one however long; none where it is there no longer.
	SnapshotFrames(ctx context.Context, scope string, id []byte, from, most int) ([][]byte, error)
	// WantsSnapshot reports whether so much of a scope is lacking here that a snapshot is the shorter way.
	WantsSnapshot(ctx context.Context, scope string, theirs []Head) (bool, error)
	// BeginSnapshot checks a header and notes that its frames are to come. It returns how many are held already
	// and how many there are, none where it is not for now, or why it was refused.
	BeginSnapshot(ctx context.Context, sender trust.Key, scope string, header, signature []byte) (have, all int, refused *Refusal, err error)
	// TakeFrames checks frames and keeps them.
	TakeFrames(ctx context.Context, sender trust.Key, scope string, from int, frames [][]byte) (refused *Refusal, err error)
	// LoadSnapshot shows the records of a snapshot of which every frame is held, marked as to be checked.
	LoadSnapshot(ctx context.Context, sender trust.Key, scope string) (loaded bool, refused *Refusal, err error)
	// ShownSnapshots names the snapshots, by the hashes of their headers, whose records are shown and to be checked.
	ShownSnapshots(ctx context.Context) ([][]byte, error)
	// SettleSnapshots compares those whose whole history is held with it, and lets go of what is not needed any more:
	// also of one that its own signer, as it was heard, cannot give the history of.
	SettleSnapshots(ctx context.Context, heard Heard) error
}

// Heard is what the end of an exchange knows of the peer, as far as it says what the peer does not hold.
type Heard struct {
	Peer  trust.Key
	Shown [][]byte          // the snapshots that were shown before the peer was asked for Heads
	Heads map[string][]Head // of the scopes that were compared, as the peer told them last
}

// wireSnapshot asks for a snapshot: for its header, or for frames of the one whose header has this hash.
type wireSnapshot struct {
	_     struct{} `cbor:",toarray"`
	Scope string
	ID    []byte // nil for the header
	From  int
}

// wireHeader answers the question for a header; without one, there is no snapshot.
type wireHeader struct {
	_         struct{} `cbor:",toarray"`
	Header    []byte
	Signature []byte
}

// maySnapshot reports whether the peer may have a snapshot of the scope from here: as with entries, it reads the
// scope whole or gets nothing of it.
func (v view) maySnapshot(scope string) bool {
	return v.alone == nil && v.peerKnown && scope != trust.Control && v.me.Role == record.Central && v.me.MayRead(scope) && v.peer.MayRead(scope)
}

// gaveSnapshot answers askSnapshot.
func (v *Server) gaveSnapshot(ctx context.Context, w view, q *request, a *answer) error {
	s := q.Snapshot
	if s == nil || s.From < 0 {
		return ErrMessage
	}
	if !w.maySnapshot(s.Scope) {
		return nil
	}
	var err error
	if s.ID != nil {
		most := BatchBytes
		if q.Room > 0 {
			most = min(q.Room, most)
		}
		a.Frames, err = v.s.SnapshotFrames(ctx, s.Scope, s.ID, s.From, most)
	} else {
		var h wireHeader
		if h.Header, h.Signature, err = v.s.Snapshot(ctx, s.Scope); h.Header != nil {
			a.Header = &h
		}
	}
	if err != nil {
		a.Frames, a.Header = nil, nil
		v.log.Warn("no snapshot", "scope", s.Scope, "err", err) // the history is there all the same
	}
	return nil
}

// byCopy begins scopes of which much is lacking here with the central's snapshot. Whatever comes of it, the history
// is pulled afterwards; what was refused is among the refusals, and is not asked for again in this exchange.
func (r *run) byCopy(ctx context.Context, differ []scopeHeads) error {
	if r.outcast || r.noCopies {
		return nil
	}
	if d, _ := r.s.Roster().Device(r.peer); d.Role != record.Central {
		return nil
	}
	for _, d := range differ {
		if d.Scope == trust.Control || slices.Contains(r.copied, d.Scope) || !r.mayTake(d.Scope) {
			continue
		}
		theirs, err := headsOf([]scopeHeads{d})
		if err != nil {
			return err
		}
		var all []Head
		for _, list := range theirs {
			all = append(all, list...)
		}
		if wanted, err := r.s.WantsSnapshot(ctx, d.Scope, all); err != nil {
			return err
		} else if !wanted {
			continue
		}
		r.copied = append(r.copied, d.Scope)
		switch refused, err := r.copyOf(ctx, d.Scope); {
		case errors.Is(err, errUnversed):
			r.noCopies = true // of a version that knows none
			return nil
		case err != nil:
			return err
		case refused != nil:
			r.res.Refused = append(r.res.Refused, *refused)
		}
	}
	return nil
}

// copyOf takes one scope's snapshot. Each message is on the disk before the next is asked for: where the line
// is cut, the next exchange goes on from there.
func (r *run) copyOf(ctx context.Context, scope string) (*Refusal, error) {
	a, err := r.ask(ctx, request{Ask: askSnapshot, Snapshot: &wireSnapshot{Scope: scope}})
	if err != nil || a.Header == nil {
		return nil, err
	}
	have, all, refused, err := r.s.BeginSnapshot(ctx, r.peer, scope, a.Header.Header, a.Header.Signature)
	if err != nil || refused != nil || all == 0 {
		return refused, err
	}
	id := sha256.Sum256(a.Header.Header)
	for have < all {
		a, err := r.ask(ctx, request{Ask: askSnapshot, Room: r.room, Snapshot: &wireSnapshot{Scope: scope, ID: id[:], From: have}})
		if err != nil {
			return nil, err
		}
		r.arrived()
		if len(a.Frames) == 0 {
			return nil, nil // it has another by now: the next exchange asks for that one
		}
		if refused, err := r.s.TakeFrames(ctx, r.peer, scope, have, a.Frames); err != nil || refused != nil {
			return refused, err
		}
		have += len(a.Frames)
	}
	loaded, refused, err := r.s.LoadSnapshot(ctx, r.peer, scope)
	if loaded {
		r.res.Snapshots++
	}
	return refused, err
}

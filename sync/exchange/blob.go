package exchange

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"cantal.fr/buron/sync/journal"
)

// Blob is one blob that is lacking, whole or in part.
type Blob struct {
	Hash       journal.Hash
	Size, Have int64           // bytes of ciphertext, and how many of the first of them are held
	Chains     []journal.Chain // those with a merged operation that names it
}

// NamedBlob is a blob as one weighs it who cannot ask the other end.
type NamedBlob struct {
	Blob
	Thumb bool   // the small picture of another
	By    []Head // the entries with a merged operation that names it
}

// Lacking is what is known of the blobs of a scope that a device lacks.
type Lacking struct {
	Said map[journal.Hash]bool    // it has said of these that it lacks them
	Ends map[journal.Chain]uint64 // of the others, it has said that it holds what these entries, and those before, name
	Only bool                     // of later entries nothing is known: it left photos and documents for later
}

// SmallFirst orders blobs as they travel where not all may: thumbnails, then the smallest.
func SmallFirst(a, b NamedBlob) int {
	if a.Thumb != b.Thumb {
		if a.Thumb {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Size, b.Size), bytes.Compare(a.Hash[:], b.Hash[:]))
}

// Chunk is a part of a blob.
type Chunk struct {
	Hash   journal.Hash
	Offset int64
	Bytes  []byte
}

// wireBlob is a blob that is lacking: with its size where it is listed, for the next page to begin after it.
type wireBlob struct {
	_    struct{} `cbor:",toarray"`
	Hash []byte
	Have int64
	Size int64
}

// wireChunk is a part of a blob; without bytes where it cannot be had here.
type wireChunk struct {
	_      struct{} `cbor:",toarray"`
	Hash   []byte
	Offset int64
	Bytes  []byte
}

func (w wireBlob) blob() (Blob, error) {
	b := Blob{Have: w.Have, Size: w.Size}
	if len(w.Hash) != len(b.Hash) || w.Have < 0 || w.Have > w.Size || w.Size > journal.MaxBlob {
		return b, ErrMessage
	}
	copy(b.Hash[:], w.Hash)
	return b, nil
}

func wireBlobs(list []Blob) []wireBlob {
	out := make([]wireBlob, len(list))
	for i, b := range list {
		out[i] = wireBlob{Hash: slices.Clone(b.Hash[:]), Have: b.Have, Size: b.Size}
	}
	return out
}

// names reports whether the peer may hear that a blob exists: it holds, or may hold, an operation that names it.
func (v view) names(ctx context.Context, chains []journal.Chain) (bool, error) {
	for _, c := range chains {
		if ok, err := v.shows(ctx, c); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// mayGiveBlob reports whether the peer may have a blob: it may read the scope of an operation that names it.
func (v view) mayGiveBlob(chains []journal.Chain) bool {
	return v.alone == nil && slices.ContainsFunc(chains, func(c journal.Chain) bool { return v.mayGive(c.Scope) })
}

// lacking returns a page of the blobs that this end lacks, may have, and may ask the peer for; last is where the next
// page begins, and more whether there may be one.
func (v view) lacking(ctx context.Context, after Blob) (out []Blob, last Blob, more bool, err error) {
	if v.alone != nil || !v.peerKnown || v.s.FactsOnly(ctx) {
		return nil, after, false, nil
	}
	page, err := v.s.MissingBlobs(ctx, after, maxBlobs)
	if err != nil || len(page) == 0 {
		return nil, after, false, err
	}
	for _, b := range page {
		mine := slices.ContainsFunc(b.Chains, func(c journal.Chain) bool { return v.me.MayRead(c.Scope) })
		if ok, err := v.names(ctx, b.Chains); err != nil {
			return nil, after, false, err
		} else if ok && mine {
			out = append(out, b)
		}
	}
	return out, page[len(page)-1], len(page) == maxBlobs, nil
}

// errUnversed says that the peer is of a version that does not know the question, of blobs or of snapshots: what an
// exchange is about goes on without.
var errUnversed = errors.New("exchange: the other end does not know the question")

// blobs brings photos and documents, after the facts: those lacking here, then those lacking there, the smallest first.
func (r *run) blobs(ctx context.Context) error {
	if r.outcast || r.s.FactsOnly(ctx) {
		return nil
	}
	var from Blob
	for more := true; more; {
		var page []Blob
		var err error
		if page, from, more, err = r.view().lacking(ctx, from); err != nil {
			return err
		}
		if err := r.pullBlobs(ctx, page); err != nil {
			return err
		}
	}
	lacks := r.lacks
	for range maxPages {
		last, err := r.pushBlobs(ctx, lacks)
		if err != nil {
			return err
		}
		if len(lacks) < maxBlobs {
			break
		}
		// Of a whole page, the rest may be what this end has.
		a, err := r.ask(ctx, request{Ask: askLacks, Blobs: wireBlobs([]Blob{last})})
		if err != nil {
			return err
		}
		lacks = a.Lacks
	}
	return nil
}

// pullBlobs asks for blobs, part by part; one that the peer does not give is passed over.
func (r *run) pullBlobs(ctx context.Context, pending []Blob) error {
	for len(pending) > 0 {
		asked := pending[:min(len(pending), maxBlobsAsked)]
		a, err := r.ask(ctx, request{Ask: askBlobs, Blobs: wireBlobs(asked)})
		if err != nil {
			return err
		}
		if len(a.Chunks) == 0 || len(a.Chunks) > len(asked) {
			return ErrMessage
		}
		came := make([]Chunk, 0, len(a.Chunks))
		for i, c := range a.Chunks {
			if asked[i].Hash != hashOrZero(c.Hash) || c.Offset != asked[i].Have {
				return ErrMessage
			}
			if len(c.Bytes) > 0 {
				came = append(came, Chunk{asked[i].Hash, c.Offset, c.Bytes})
			}
		}
		have, refused, err := r.s.StoreBlobs(ctx, r.peer, came)
		if err != nil {
			return err
		}
		r.res.Refused = append(r.res.Refused, refused...)
		held := map[journal.Hash]int64{}
		r.res.parts += len(came)
		for i, c := range came {
			held[c.Hash] = have[i]
		}
		rest := slices.Clone(pending[len(a.Chunks):])
		for i := len(a.Chunks) - 1; i >= 0; i-- {
			b := pending[i]
			n := held[b.Hash]
			if n >= b.Size {
				r.res.BlobsReceived++
			} else if n > b.Have {
				b.Have = n
				rest = append([]Blob{b}, rest...)
			}
		}
		pending = rest
	}
	return nil
}

// pushBlobs brings the peer what it lacks and may have, part by part, and returns the last of the list.
func (r *run) pushBlobs(ctx context.Context, lacks []wireBlob) (last Blob, err error) {
	w := r.view()
	var pending []Blob
	for _, x := range lacks {
		b, err := x.blob()
		if err != nil {
			return last, err
		}
		pending, last = append(pending, b), b
	}
	for len(pending) > 0 {
		var parts []wireChunk
		var sent []Blob
		room := BlobBytes
		for len(pending) > 0 && room > 0 && len(parts) < maxBlobsAsked {
			b := pending[0]
			pending = pending[1:]
			part, chains, err := r.s.ReadBlob(ctx, b.Hash, b.Have, room)
			if err != nil {
				return last, err
			}
			if len(part) == 0 || !w.mayGiveBlob(chains) {
				continue
			}
			room -= len(part)
			parts = append(parts, wireChunk{Hash: slices.Clone(b.Hash[:]), Offset: b.Have, Bytes: part})
			sent = append(sent, b)
		}
		if len(parts) == 0 {
			return last, nil
		}
		a, err := r.ask(ctx, request{Ask: askPutBlobs, Chunks: parts})
		if err != nil {
			return last, err
		}
		if len(a.Held) != len(sent) {
			return last, ErrMessage
		}
		r.res.parts += len(sent)
		for i := len(sent) - 1; i >= 0; i-- {
			b := sent[i]
			switch n := a.Held[i]; {
			case n >= b.Size:
				r.res.BlobsSent++
			case n > b.Have:
				// What another partner brought meanwhile counts too.
				b.Have = n
				pending = append([]Blob{b}, pending...)
			}
		}
	}
	return last, nil
}

// confirm asks the peer of the blobs that this end waits to drop: only what it says that it holds whole counts. A part
// without bytes is such a question.
func (r *run) confirm(ctx context.Context) error {
	due, err := r.s.UndeliveredBlobs(ctx, r.peer, maxBlobsAsked)
	if err != nil || len(due) == 0 || r.outcast {
		return err
	}
	q := request{Ask: askPutBlobs}
	for _, b := range due {
		q.Chunks = append(q.Chunks, wireChunk{Hash: slices.Clone(b.Hash[:]), Offset: b.Size})
	}
	a, err := r.ask(ctx, q)
	if err != nil {
		return err
	}
	var held []journal.Hash
	for i, b := range due {
		if i < len(a.Held) && a.Held[i] == b.Size {
			held = append(held, b.Hash)
		}
	}
	return r.s.BlobsDelivered(ctx, held)
}

func hashOrZero(b []byte) (h journal.Hash) {
	if len(b) == len(h) {
		copy(h[:], b)
	}
	return h
}

// givenBlobs answers what the peer asks for, in its order, as far as one message goes: that of a blob that it may not
// have, or that is not held here, has no bytes. Which of the two it is, it is not told.
func (v *Server) givenBlobs(ctx context.Context, w view, q *request, a *answer) error {
	room := BlobBytes
	for _, x := range q.Blobs[:min(len(q.Blobs), maxBlobsAsked)] {
		b, err := x.blob()
		if err != nil {
			return err
		}
		if room <= 0 {
			return nil
		}
		part, chains, err := v.s.ReadBlob(ctx, b.Hash, b.Have, room)
		if err != nil {
			return err
		}
		if !w.mayGiveBlob(chains) {
			part = nil
		}
		room -= len(part)
		a.Chunks = append(a.Chunks, wireChunk{Hash: slices.Clone(b.Hash[:]), Offset: b.Have, Bytes: part})
	}
	return nil
}

// takenBlobs takes in what the peer brings of what is lacking here.
func (v *Server) takenBlobs(ctx context.Context, w view, q *request, a *answer) error {
	if !w.peerKnown || len(q.Chunks) > maxBlobsAsked {
		return ErrMessage
	}
	chunks := make([]Chunk, len(q.Chunks))
	for i, c := range q.Chunks {
		chunks[i] = Chunk{hashOrZero(c.Hash), c.Offset, c.Bytes}
	}
	var err error
	a.Held, _, err = v.s.StoreBlobs(ctx, w.peer.Key, chunks)
	return err
}

// leftForLater says whether photos and documents are left for later here: then the peer, which asks for what it lacks
// all the same, is not told what is lacking. Where the peer leaves them, it asks for none.
func (v *Server) leftForLater(ctx context.Context, w view, q *request, a *answer) error {
	if a.Later = v.s.FactsOnly(ctx); !w.peerKnown {
		return nil
	}
	return v.s.NoteLater(ctx, w.peer.Key, q.Later)
}

// lackedBlobs lists what is lacking here.
func (v *Server) lackedBlobs(ctx context.Context, w view, after []wireBlob, a *answer) error {
	var from Blob
	if len(after) > 0 {
		var err error
		if from, err = after[0].blob(); err != nil {
			return err
		}
	}
	for more := true; more && len(a.Lacks) < maxBlobs; {
		var page []Blob
		var err error
		if page, from, more, err = w.lacking(ctx, from); err != nil {
			return err
		}
		a.Lacks = append(a.Lacks, wireBlobs(page[:min(len(page), maxBlobs-len(a.Lacks))])...)
	}
	return nil
}

package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// ReadBlob returns at most most bytes of a blob from offset on, with the chains whose merged operations name it:
// who may have it is for the caller to judge. There are none where it is not held whole, or named by nothing.
func (r *Replica) ReadBlob(ctx context.Context, h journal.Hash, offset int64, most int) (part []byte, chains []journal.Chain, err error) {
	var size int64
	err = r.read.QueryRowContext(ctx, "SELECT size FROM blob WHERE hash = ? AND have = size", h[:]).Scan(&size)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && (offset < 0 || offset >= size)) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, translate(err)
	}
	if chains, err = r.namedBy(ctx, h); err != nil || len(chains) == 0 {
		return nil, nil, err
	}
	part = make([]byte, min(int64(most), size-offset))
	if err := readAt(r.blobFiles().path(h), part, offset); err != nil {
		// Gone, cut short, or on a sick disk: what else there is travels all the same.
		r.o.Log.Warn("a blob that was held cannot be read: if it is gone, it is asked for again after the next start", "blob", h, "err", err)
		return nil, nil, nil
	}
	return part, chains, nil
}

// readAt fills b from a place in a file.
func readAt(path string, b []byte, at int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.ReadFull(io.NewSectionReader(f, at, int64(len(b))), b)
	return err
}

// taken is a chunk that was written, and what is to be noted of it.
type taken struct {
	hash     journal.Hash
	have     int64
	complete bool
	refused  *exchange.Refusal
}

// StoreBlobs writes parts of blobs that sender brought, on the disk when it returns, and returns for each blob how many
// bytes of it are held now, -1 for one that nothing here lacks or has room for. A part that does not follow what is
// held changes nothing. A blob that is complete and does not bear its name is dropped, and its sender named.
func (r *Replica) StoreBlobs(ctx context.Context, sender trust.Key, chunks []exchange.Chunk) (have []int64, refused []exchange.Refusal, err error) {
	daily, err := r.number(ctx, settingDaily, defaultDaily)
	if err != nil {
		return nil, nil, err
	}
	return r.storeBlobs(ctx, sender, chunks, daily)
}

// StoreCarried is StoreBlobs for what a person brought on a stick: the quota of a day, which keeps a device on the
// network from filling the disk, does not count it.
func (r *Replica) StoreCarried(ctx context.Context, maker trust.Key, chunks []exchange.Chunk) (have []int64, refused []exchange.Refusal, err error) {
	return r.storeBlobs(ctx, maker, chunks, math.MaxInt64)
}

func (r *Replica) storeBlobs(ctx context.Context, sender trust.Key, chunks []exchange.Chunk, daily int64) (have []int64, refused []exchange.Refusal, err error) {
	r.taking.Lock()
	defer r.taking.Unlock()
	room, err := r.blobRoom(ctx)
	if err != nil {
		return nil, nil, err
	}
	var written []taken
	for _, c := range chunks {
		t, wrote, err := r.takeChunk(ctx, sender, c, &room, daily)
		if err != nil {
			return nil, nil, err
		}
		have = append(have, t.have)
		if wrote {
			written = append(written, t)
		}
		if t.refused != nil {
			refused = append(refused, *t.refused)
		}
	}
	if len(written) == 0 {
		return have, refused, nil
	}
	return have, refused, r.inBatch(ctx, func(b *batch) error {
		for _, t := range written {
			if err := b.noteTaken(t); err != nil {
				return err
			}
		}
		if len(refused) > 0 {
			return b.pruneRefusals(sender)
		}
		return nil
	})
}

// takeChunk writes one part.
func (r *Replica) takeChunk(ctx context.Context, sender trust.Key, c exchange.Chunk, room *int64, daily int64) (t taken, wrote bool, err error) {
	t.hash = c.Hash
	var size int64
	err = r.read.QueryRowContext(ctx, "SELECT size, have FROM blob WHERE hash = ?", c.Hash[:]).Scan(&size, &t.have)
	if errors.Is(err, sql.ErrNoRows) {
		t.have = -1
		return t, false, nil
	}
	if err != nil {
		return t, false, translate(err)
	}
	n := int64(len(c.Bytes))
	if t.have == size || c.Offset != t.have || n == 0 || c.Offset+n > size {
		return t, false, nil
	}
	if n > *room || daily < math.MaxInt64 && !r.intake.take(r.o.Now(), sender, n, daily) {
		t.have = -1
		return t, false, nil
	}
	sizes, err := r.sizesOf(ctx, c.Hash, t.have, size)
	if err != nil {
		return t, false, translate(err)
	}
	have, state, err := r.blobFiles().add(c.Hash, c.Offset, sizes, c.Bytes)
	if err != nil {
		return t, false, translate(fmt.Errorf("replica: write a blob: %w", err))
	}
	*room -= have - t.have
	t.have = have
	t.complete = state == partWhole
	if state == partMisnamed {
		f := r.blobRefusal(ctx, sender, c.Hash)
		t.refused = &f
	}
	return t, true, nil
}

// sizesOf returns the sizes above have that operations name for a blob, in order; the last is the largest, the one
// that is noted. Who names it may be wrong about its size, and who comes first need not be right.
func (r *Replica) sizesOf(ctx context.Context, h journal.Hash, have, noted int64) ([]int64, error) {
	entries, err := r.storedEntries(ctx, r.read, "SELECT stored FROM entry WHERE id IN (SELECT entry FROM blob_use WHERE hash = ?)", h[:])
	if err != nil {
		return nil, err
	}
	out := []int64{noted}
	for _, op := range blobOps(entries) {
		for _, ref := range op.Blobs {
			if ref.Hash == h && ref.Size > have && ref.Size < noted {
				out = append(out, ref.Size)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (b *batch) noteTaken(t taken) error {
	res, err := b.write.ExecContext(b.ctx, "UPDATE blob SET have = ?1, size = CASE WHEN ?2 THEN ?1 ELSE size END WHERE hash = ?3", t.have, t.complete, t.hash[:])
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		b.blobs.gone = append(b.blobs.gone, t.hash) // erased while it came
		return nil
	}
	if t.refused != nil {
		return b.keepRefusal(*t.refused)
	}
	if t.complete {
		return b.noticeBlob(t.hash)
	}
	return nil
}

func (r *Replica) blobRefusal(ctx context.Context, sender trust.Key, h journal.Hash) exchange.Refusal {
	from := r.Roster().Name(sender)
	f := exchange.Refusal{
		At: r.o.Now(), Sender: sender, SenderName: from, Reason: reasonBlob,
		Sentence: fmt.Sprintf("Une photo ou un document apporté par «\u00a0%s\u00a0» est abîmé\u00a0: il sera redemandé. Si cela se répète, prévenez la coordination. Le reste de l'échange continue.", from),
	}
	if chains, err := r.namedBy(ctx, h); err == nil && len(chains) > 0 {
		f.Scope = chains[0].Scope
	}
	return f
}

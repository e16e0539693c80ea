package replica

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// settingLacks begins the names of settings that say which blobs a device has said that it lacks, as one row of
// hexadecimal hashes; its key and the scope follow.
const settingLacks = "blobs.lacks."

// NamedBlobs returns the blobs that merged operations of a scope name, held or not: thumbnails first, then the
// smallest. Those of operations that cannot be read here are left out.
func (r *Replica) NamedBlobs(ctx context.Context, scope string) ([]exchange.NamedBlob, error) {
	entries, err := r.storedEntries(ctx, r.read, `SELECT stored FROM entry JOIN chain ON chain.id = entry.chain
		WHERE entry.id IN (SELECT entry FROM blob_use) AND scope = ? AND standing = 0`, scope)
	if err != nil {
		return nil, translate(err)
	}
	found := map[journal.Hash]*exchange.NamedBlob{}
	thumbs := map[string]bool{}
	for _, e := range entries {
		for i := range e.Ops {
			if e.Ops[i].Flags&journal.Blobs == 0 {
				continue
			}
			op, err := e.Op(i)
			if err != nil {
				continue // erased, or sealed under a key that is not here
			}
			for _, c := range op.Cells {
				if about, ok := c.Value.(map[string]any); ok && strings.HasPrefix(c.Field, photoField) {
					thumbs[record.Fields(about).Text("thumb")] = true
				}
			}
			for _, ref := range op.Blobs {
				b := found[ref.Hash]
				if b == nil {
					b = &exchange.NamedBlob{Blob: exchange.Blob{Hash: ref.Hash, Size: ref.Size}}
					found[ref.Hash] = b
				}
				b.By = append(b.By, exchange.Head{Chain: e.Chain(), Seq: e.Seq, Hash: e.Hash})
			}
		}
	}
	out := make([]exchange.NamedBlob, 0, len(found))
	for h, b := range found {
		if b.Have, err = r.blobHave(ctx, h); err != nil {
			return nil, err
		}
		b.Thumb = thumbs[h.String()]
		out = append(out, *b)
	}
	slices.SortFunc(out, exchange.SmallFirst)
	return out, nil
}

// BlobHeld returns how many bytes of a blob are held, and its size: 0 where nothing that is held names it.
func (r *Replica) BlobHeld(ctx context.Context, h journal.Hash) (have, size int64, err error) {
	err = r.read.QueryRowContext(ctx, "SELECT have, size FROM blob WHERE hash = ?", h[:]).Scan(&have, &size)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return have, size, translate(err)
}

// NoteLacked notes which blobs of a scope a device has said that it lacks, in place of what it said before. Those
// of which nothing is known here are not noted: nor is it known of them that the device holds what names them.
func (r *Replica) NoteLacked(ctx context.Context, peer trust.Key, scope string, lacked []journal.Hash) error {
	var kept []string
	for _, h := range lacked {
		if _, size, err := r.BlobHeld(ctx, h); err != nil {
			return err
		} else if size > 0 {
			kept = append(kept, h.String())
		}
	}
	name, text := settingLacks+peer.String()+"."+scope, strings.Join(kept, "")
	if before, err := r.Setting(ctx, name); err != nil || before == text {
		return err
	}
	return r.SetSetting(ctx, name, text)
}

// LackedBy returns the blobs of a scope that a device has said that it lacks.
func (r *Replica) LackedBy(ctx context.Context, peer trust.Key, scope string) (map[journal.Hash]bool, error) {
	text, err := r.Setting(ctx, settingLacks+peer.String()+"."+scope)
	if err != nil || text == "" {
		return nil, err
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil, nil // what is not known to be lacking is not brought twice: no more is lost
	}
	out := map[journal.Hash]bool{}
	for h := range slices.Chunk(b, len(journal.Hash{})) {
		var one journal.Hash
		if copy(one[:], h) == len(one) {
			out[one] = true
		}
	}
	return out, nil
}

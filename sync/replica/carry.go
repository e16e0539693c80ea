package replica

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// Beginnings of the names of settings about the blobs of other devices. Its key follows.
const (
	settingLacks = "blobs.lacks." // and the scope: what it has said that it lacks, lackedJSON
	settingLater = "blobs.later." // "1": photos and documents were left for later in the last exchange
)

// blobOps goes through the operations of entries that name blobs, but for those that are erased, or sealed under a key
// that is not here.
func blobOps(entries []*journal.Entry) iter.Seq2[*journal.Entry, journal.Op] {
	return func(yield func(*journal.Entry, journal.Op) bool) {
		for _, e := range entries {
			for i := range e.Ops {
				if e.Ops[i].Flags&journal.Blobs == 0 {
					continue
				}
				if op, err := e.Op(i); err == nil && !yield(e, op) {
					return
				}
			}
		}
	}
}

// NamedBlobs returns the blobs that merged operations of a scope name, held or not: thumbnails first, then the
// smallest. Those of operations that cannot be read here are left out.
func (r *Replica) NamedBlobs(ctx context.Context, scope string) ([]exchange.NamedBlob, error) {
	entries, err := r.storedEntries(ctx, r.read, `SELECT stored FROM entry JOIN chain ON chain.id = entry.chain
		WHERE entry.id IN (SELECT entry FROM blob_use) AND scope = ? AND standing IN (0, 3)`, scope)
	if err != nil {
		return nil, translate(err)
	}
	found := map[journal.Hash]*exchange.NamedBlob{}
	thumbs := map[string]bool{}
	for e, op := range blobOps(entries) {
		for _, c := range op.Cells {
			if about, ok := c.Value.(map[string]any); ok && strings.HasPrefix(c.Field, photoField) {
				thumbs[record.Fields(about).Text("thumb")] = true
			}
		}
		for _, ref := range op.Blobs {
			b := found[ref.Hash]
			if b == nil {
				b = &exchange.NamedBlob{Blob: exchange.Blob{Hash: ref.Hash}}
				found[ref.Hash] = b
			}
			b.By = append(b.By, exchange.Head{Chain: e.Chain(), Seq: e.Seq, Hash: e.Hash})
		}
	}
	out := make([]exchange.NamedBlob, 0, len(found))
	for h, b := range found {
		if b.Have, b.Size, err = r.BlobHeld(ctx, h); err != nil {
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

// lackedJSON is what is kept of exchange.Lacking: hashes one after the other, and ends by incarnation.
type lackedJSON struct {
	Said []byte            `json:"said,omitempty"`
	Ends map[string]uint64 `json:"ends"`
}

func lacksSetting(peer trust.Key, scope string) string {
	return settingLacks + peer.String() + "." + scope
}

// NoteLacked notes which blobs of a scope a device has said that it lacks, in place of what it said before, of those
// that the chains up to these heads name. Those of which nothing is known here are not noted: nor is it known of them
// that the device holds what names them.
func (r *Replica) NoteLacked(ctx context.Context, peer trust.Key, scope string, heads []exchange.Head, lacked []journal.Hash) error {
	note := lackedJSON{Ends: map[string]uint64{}}
	for _, h := range heads {
		note.Ends[h.Chain.Incarnation.String()] = h.Seq
	}
	for _, h := range lacked {
		if _, size, err := r.BlobHeld(ctx, h); err != nil {
			return err
		} else if size > 0 {
			note.Said = append(note.Said, h[:]...)
		}
	}
	b, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("replica: note what is lacking: %w", err)
	}
	return r.changeSetting(ctx, lacksSetting(peer, scope), string(b))
}

// changeSetting writes a setting where it is another one.
func (r *Replica) changeSetting(ctx context.Context, name, text string) error {
	if before, err := r.Setting(ctx, name); err != nil || before == text {
		return err
	}
	return r.SetSetting(ctx, name, text)
}

// NoteLater notes whether photos and documents were left for later with a device.
func (r *Replica) NoteLater(ctx context.Context, peer trust.Key, later bool) error {
	text := ""
	if later {
		text = "1"
	}
	return r.changeSetting(ctx, settingLater+peer.String(), text)
}

// LackedBy returns what is known of the blobs of a scope that a device lacks.
func (r *Replica) LackedBy(ctx context.Context, peer trust.Key, scope string) (out exchange.Lacking, err error) {
	later, err := r.Setting(ctx, settingLater+peer.String())
	if err != nil {
		return out, err
	}
	out.Only, out.Said, out.Ends = later != "", map[journal.Hash]bool{}, map[journal.Chain]uint64{}
	text, err := r.Setting(ctx, lacksSetting(peer, scope))
	var note lackedJSON
	if err != nil || text == "" || json.Unmarshal([]byte(text), &note) != nil {
		return out, err // one that cannot be read is as none: it is said again on the next stick
	}
	for h := range slices.Chunk(note.Said, len(journal.Hash{})) {
		var one journal.Hash
		if copy(one[:], h) == len(one) {
			out.Said[one] = true
		}
	}
	for text, seq := range note.Ends {
		c := journal.Chain{Scope: scope}
		if b, err := hex.DecodeString(text); err == nil && copy(c.Incarnation[:], b) == len(c.Incarnation) {
			out.Ends[c] = seq
		}
	}
	return out, nil
}

package replica

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// Settings that bear on blobs.
const (
	SettingFactsOnly = "blobs.later" // "1": photos and documents wait for a network that costs nothing
	settingQuota     = "blobs.quota" // bytes of ciphertext on this device
	settingDaily     = "blobs.daily" // bytes taken from one device in a day
)

// Quotas where no setting says otherwise.
const (
	defaultQuota = 2 << 30
	defaultDaily = 1 << 30
)

// reasonBlob is the reason of a refusal: a blob that does not bear its name.
const reasonBlob = "blob"

// blobWork is what a batch has to do with files.
type blobWork struct {
	fresh map[journal.Hash]bool // written here, in this action
	gone  []journal.Hash        // that nothing names any more: their files go once this is written
}

// noteBlobs notes which blobs an operation names, whether it is merged or not.
func (b *batch) noteBlobs(e *journal.Entry, number int64, i int) error {
	if e.Ops[i].Flags&journal.Blobs == 0 {
		return nil
	}
	op, err := e.Op(i)
	if err != nil {
		return nil // erased, or of a version that cannot be read yet
	}
	for _, ref := range op.Blobs {
		have := int64(0)
		if b.blobs.fresh[ref.Hash] {
			have = ref.Size
		}
		// The largest size that is named, until the blob is whole: then its own.
		if _, err := b.write.ExecContext(b.ctx, `INSERT INTO blob (hash, size, have, at) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET size = excluded.size WHERE have < size AND size < excluded.size`, ref.Hash[:], ref.Size, have, b.o.Now().UnixMilli()); err != nil {
			return err
		}
		if _, err := b.write.ExecContext(b.ctx, "INSERT OR IGNORE INTO blob_use (hash, entry, op) VALUES (?, ?, ?)", ref.Hash[:], number, i); err != nil {
			return err
		}
	}
	return nil
}

// eraseOp drops the body of an operation, and the blobs that no other one names.
func (b *batch) eraseOp(e heldEntry, i int) error {
	e.Erase(i)
	if e.Ops[i].Flags&journal.Blobs == 0 {
		return nil
	}
	named, err := column1[[]byte](b.ctx, b.write, "SELECT hash FROM blob_use WHERE entry = ? AND op = ?", e.number, i)
	if err != nil {
		return err
	}
	if _, err := b.write.ExecContext(b.ctx, "DELETE FROM blob_use WHERE entry = ? AND op = ?", e.number, i); err != nil {
		return err
	}
	for _, h := range named {
		res, err := b.write.ExecContext(b.ctx, "DELETE FROM blob WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM blob_use WHERE hash = ?1)", h)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err == nil && n > 0 {
			b.blobs.gone = append(b.blobs.gone, journal.Hash(h))
		}
	}
	return nil
}

// removeBlobs takes the files of blobs away that nothing names. What is left by a failure goes at the next start.
func (r *Replica) removeBlobs(list []journal.Hash) {
	for _, h := range list {
		if err := r.blobFiles().remove(h); err != nil {
			r.o.Log.Warn("a blob that nothing names stays until the next start", "blob", h, "err", err)
		}
	}
}

// sweepBlobs brings the files and the table together again: what no action has confirmed goes, what is no longer
// there, as after a restore, is lacking. It holds the lock of writers, under which files are given their names.
func (r *Replica) sweepBlobs(ctx context.Context) error {
	var rows int
	if err := r.read.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM blob WHERE have > 0 LIMIT 1)").Scan(&rows); err != nil {
		return err
	}
	found := false
	if err := r.blobFiles().stored(func(journal.Hash, string, fs.FileInfo) error { found = true; return fs.SkipAll }); err != nil {
		return err
	}
	if rows == 0 && !found {
		return nil
	}
	return r.inBatch(ctx, func(b *batch) error { return b.sweepBlobs() })
}

func (b *batch) sweepBlobs() error {
	type row struct{ size, have int64 }
	noted, there := map[journal.Hash]row{}, map[journal.Hash]int64{}
	rows, err := b.write.QueryContext(b.ctx, "SELECT hash, size, have FROM blob")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var h []byte
		var w row
		if err := rows.Scan(&h, &w.size, &w.have); err != nil {
			return err
		}
		noted[journal.Hash(h)] = w
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	err = b.blobFiles().stored(func(h journal.Hash, suffix string, about fs.FileInfo) error {
		w, known := noted[h]
		switch {
		case known && suffix == "" && about.Size() == w.size:
			there[h] = w.size // it was verified before it got this name
		case known && suffix == partSuffix && w.have < w.size:
			there[h] = max(there[h], min(about.Size(), w.have))
		case b.o.Now().Sub(about.ModTime()) < staleFile:
			// Another process may be about to write what makes it count.
		default:
			return b.blobFiles().removeOne(h, suffix)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for h, w := range noted {
		if there[h] != w.have {
			if _, err := b.write.ExecContext(b.ctx, "UPDATE blob SET have = ? WHERE hash = ?", there[h], h[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// MissingBlobs returns the blobs that are not held whole and that operations name which are merged, or covered by what a
// snapshot shows: the smallest first, after the one given (zero for the first), as far as the quota allows.
func (r *Replica) MissingBlobs(ctx context.Context, after exchange.Blob, limit int) ([]exchange.Blob, error) {
	out, err := r.blobsIn(ctx, `SELECT hash, size, have FROM blob WHERE have < size AND (size, hash) > (?, ?)
		AND EXISTS (SELECT 1 FROM blob_use JOIN entry ON entry.id = blob_use.entry WHERE blob_use.hash = blob.hash AND standing IN (0, 3))
		ORDER BY size, hash LIMIT ?`, after.Size, after.Hash[:], limit)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	room, err := r.blobRoom(ctx)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if room -= out[i].Size - out[i].Have; room < 0 {
			return out[:i], nil
		}
		if out[i].Chains, err = r.namedBy(ctx, out[i].Hash); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// blobRoom returns how many bytes of blobs may still come.
func (r *Replica) blobRoom(ctx context.Context) (int64, error) {
	quota, err := r.number(ctx, settingQuota, defaultQuota)
	if err != nil {
		return 0, err
	}
	var held int64
	err = r.read.QueryRowContext(ctx, "SELECT coalesce(sum(have), 0) FROM blob").Scan(&held)
	return quota - held, translate(err)
}

func (r *Replica) number(ctx context.Context, setting string, otherwise int64) (int64, error) {
	text, err := r.Setting(ctx, setting)
	if err != nil || text == "" {
		return otherwise, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("replica: setting %s: %w", setting, err)
	}
	return n, nil
}

// namedBy returns the chains with an operation that names a blob and is merged, or covered by what is shown.
func (r *Replica) namedBy(ctx context.Context, h journal.Hash) ([]journal.Chain, error) {
	return chainsIn(ctx, r.read, `SELECT DISTINCT incarnation, scope FROM blob_use JOIN entry ON entry.id = blob_use.entry JOIN chain ON chain.id = entry.chain
		WHERE blob_use.hash = ? AND standing IN (0, 3)`, h[:])
}

// SetFactsOnly makes this process leave photos and documents for later, whatever the setting says.
func (r *Replica) SetFactsOnly(on bool) { r.factsOnly.Store(on) }

// FactsOnly reports whether photos and documents wait for another network.
func (r *Replica) FactsOnly(ctx context.Context) bool {
	if r.factsOnly.Load() {
		return true
	}
	text, err := r.Setting(ctx, SettingFactsOnly)
	return err == nil && text == "1"
}

// intake counts what came of blobs from each device in a day.
type intake struct {
	day   string
	bytes map[trust.Key]int64
}

// take returns whether n more bytes may come from a device today, and counts them.
func (t *intake) take(now time.Time, from trust.Key, n, most int64) bool {
	if day := now.UTC().Format(time.DateOnly); t.day != day || t.bytes == nil {
		t.day, t.bytes = day, map[trust.Key]int64{}
	}
	if t.bytes[from]+n > most {
		return false
	}
	t.bytes[from] += n
	return true
}

// noticeBlob tells that what a record shows has come.
func (b *batch) noticeBlob(h journal.Hash) error {
	held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE id IN (SELECT entry FROM blob_use WHERE hash = ?)", h[:])
	if err != nil {
		return err
	}
	for _, e := range held {
		for _, op := range e.Ops {
			if op.Flags&journal.Blobs != 0 && known(op.Kind) {
				b.noticeKind(op.Kind)
			}
		}
	}
	b.notice.Remote = true
	return nil
}

// ungiven returns the sequence number of the first entry of a chain with a blob that no central is known to hold, 0
// for none: what a terminal drops before would be lost.
func (r *Replica) ungiven(ctx context.Context, q querier, k *chain) (seq uint64, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce(min(seq), 0) FROM entry JOIN blob_use ON blob_use.entry = entry.id JOIN blob ON blob.hash = blob_use.hash
		WHERE chain = ? AND given = 0`, k.id).Scan(&seq)
	return seq, translate(err)
}

// UndeliveredBlobs returns blobs of a public terminal of which it is not known that the central, with which it speaks,
// holds them: what it wrote, it drops only then. Other devices drop nothing.
func (r *Replica) UndeliveredBlobs(ctx context.Context, peer trust.Key, limit int) ([]exchange.Blob, error) {
	if d, _ := r.Roster().Device(peer); d.Role != record.Central || r.Self().Role != record.Kiosk {
		return nil, nil
	}
	return r.blobsIn(ctx, "SELECT hash, size, have FROM blob WHERE given = 0 AND have = size LIMIT ?", limit)
}

// blobsIn returns the blobs of a query for hash, size and how much is held.
func (r *Replica) blobsIn(ctx context.Context, query string, args ...any) ([]exchange.Blob, error) {
	rows, err := r.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []exchange.Blob
	for rows.Next() {
		var h []byte
		var b exchange.Blob
		if err := rows.Scan(&h, &b.Size, &b.Have); err != nil {
			return nil, translate(err)
		}
		b.Hash = journal.Hash(h)
		out = append(out, b)
	}
	return out, translate(rows.Err())
}

// BlobsDelivered notes that a central has said that it holds blobs whole.
func (r *Replica) BlobsDelivered(ctx context.Context, held []journal.Hash) error {
	if len(held) == 0 {
		return nil
	}
	return r.inBatch(ctx, func(b *batch) error {
		for _, h := range held {
			if _, err := b.write.ExecContext(ctx, "UPDATE blob SET given = 1 WHERE hash = ?", h[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

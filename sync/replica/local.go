package replica

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"cantal.fr/buron/sync/exchange"
	"github.com/google/uuid"
)

// Setting returns a choice of this device, "" where it was never made.
func (r *Replica) Setting(ctx context.Context, key string) (string, error) {
	var v string
	err := r.read.QueryRowContext(ctx, "SELECT value FROM setting WHERE key = ?", key).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return r.openSetting(key, v), translate(err)
}

// SettingOperator is the setting of who writes on this device: the id of a person, "" for nobody.
const SettingOperator = "operator"

// Operator returns the person who was last chosen on this device, uuid.Nil before anybody has said.
func (r *Replica) Operator(ctx context.Context) uuid.UUID {
	text, err := r.Setting(ctx, SettingOperator)
	if err != nil {
		return uuid.Nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil
	}
	return id
}

// SetSetting keeps a choice of this device; "" forgets it. It never leaves the device.
func (r *Replica) SetSetting(ctx context.Context, key, value string) error {
	return r.ChangeSetting(ctx, key, func(string) (string, error) { return value, nil })
}

// ChangeSetting keeps what change makes of a choice, in one transaction: no other process changes it in between. An
// error of change leaves it as it was.
func (r *Replica) ChangeSetting(ctx context.Context, key string, change func(value string) (string, error)) error {
	return r.inBatch(ctx, func(b *batch) error {
		var was string
		err := b.write.QueryRowContext(ctx, "SELECT value FROM setting WHERE key = ?", key).Scan(&was)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		value, err := change(b.openSetting(key, was))
		if err != nil {
			return err
		}
		if value == "" {
			_, err := b.write.ExecContext(ctx, "DELETE FROM setting WHERE key = ?", key)
			return err
		}
		kept, err := b.sealSetting(key, value)
		if err != nil {
			return err
		}
		_, err = b.write.ExecContext(ctx, "INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)", key, kept)
		return err
	})
}

// Refusals returns what was not taken in, the latest first.
func (r *Replica) Refusals(ctx context.Context) ([]exchange.Refusal, error) {
	rows, err := r.read.QueryContext(ctx, "SELECT at, sender, author, scope, seq, reason, sentence FROM refusal ORDER BY at DESC, id DESC LIMIT 200")
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []exchange.Refusal
	for rows.Next() {
		var f exchange.Refusal
		var at int64
		var sender, author []byte
		if err := rows.Scan(&at, &sender, &author, &f.Scope, &f.Seq, &f.Reason, &f.Sentence); err != nil {
			return nil, translate(err)
		}
		f.At = time.UnixMilli(at)
		copy(f.Sender[:], sender)
		copy(f.Author[:], author)
		f.SenderName = r.Roster().Name(f.Sender)
		out = append(out, f)
	}
	return out, translate(rows.Err())
}

// ClearRefusals forgets the refusals that someone has read.
func (r *Replica) ClearRefusals(ctx context.Context) error {
	return r.inBatch(ctx, func(b *batch) error {
		_, err := b.write.ExecContext(ctx, "DELETE FROM refusal")
		return err
	})
}

// ownAlone reports whether every entry that wrote on a record is this device's own. Of what a snapshot shows, the
// versions tell whose they are.
func (b *batch) ownAlone(s *state) (bool, error) {
	var others int
	own := b.Identity().Public()
	err := b.write.QueryRowContext(b.ctx, `SELECT count(*) FROM touch JOIN entry ON entry.id = touch.entry JOIN chain ON chain.id = entry.chain
		JOIN author USING (incarnation) WHERE touch.record = ? AND author.key <> ?`, s.number, own[:]).Scan(&others)
	if err != nil || others > 0 {
		return false, err
	}
	for i := range s.cells {
		for _, v := range s.cells[i].versions {
			if k, err := b.opened(v.dot.Incarnation); err != nil || k != own {
				return false, err
			}
		}
	}
	return true, nil
}

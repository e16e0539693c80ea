package replica

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// Setting returns a choice of this device, "" where it was never made.
func (r *Replica) Setting(ctx context.Context, key string) (string, error) {
	var v string
	err := r.read.QueryRowContext(ctx, "SELECT value FROM setting WHERE key = ?", key).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return v, translate(err)
}

// SetSetting keeps a choice of this device; "" forgets it. It never leaves the device.
func (r *Replica) SetSetting(ctx context.Context, key, value string) error {
	return r.inBatch(ctx, func(b *batch) error {
		if value == "" {
			_, err := b.write.ExecContext(ctx, "DELETE FROM setting WHERE key = ?", key)
			return err
		}
		_, err := b.write.ExecContext(ctx, "INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)", key, value)
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

// Invite is an invitation that this device gave out and that nobody has used.
type Invite struct {
	Code    string
	Role    record.Role
	Places  []string
	Expires time.Time // by this device's clock
}

// ErrInvitation is returned where no invitation matches, or only one that has expired.
var ErrInvitation = errors.New("replica: no such invitation, or it was used or has expired")

// AddInvitation keeps an invitation until it is used or expires.
func (r *Replica) AddInvitation(ctx context.Context, i Invite) error {
	places, err := json.Marshal(i.Places)
	if err != nil {
		return fmt.Errorf("replica: invitation: %w", err)
	}
	return r.inBatch(ctx, func(b *batch) error {
		_, err := b.write.ExecContext(ctx, "INSERT INTO invitation (code, role, places, expires) VALUES (?, ?, ?, ?)",
			i.Code, string(i.Role), string(places), i.Expires.UnixMilli())
		return err
	})
}

// Invitations returns the invitations that can still be used.
func (r *Replica) Invitations(ctx context.Context) ([]Invite, error) {
	return invitations(ctx, r.read, r.o.Now())
}

func invitations(ctx context.Context, q querier, now time.Time) ([]Invite, error) {
	rows, err := q.QueryContext(ctx, "SELECT code, role, places, expires FROM invitation WHERE expires > ? ORDER BY expires", now.UnixMilli())
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []Invite
	for rows.Next() {
		var i Invite
		var places string
		var expires int64
		if err := rows.Scan(&i.Code, &i.Role, &places, &expires); err != nil {
			return nil, translate(err)
		}
		if err := json.Unmarshal([]byte(places), &i.Places); err != nil {
			return nil, ErrDamaged
		}
		i.Expires = time.UnixMilli(expires)
		out = append(out, i)
	}
	return out, translate(rows.Err())
}

// AdmitDevice finds the invitation whose code matches, and in one transaction spends it and writes the
// admission of the device. The match is the caller's: it proves the code without ever sending it.
func (r *Replica) AdmitDevice(ctx context.Context, match func(code string) bool, device func(Invite) trust.Device) (Invite, error) {
	var used Invite
	err := r.inBatch(ctx, func(b *batch) error {
		open, err := invitations(ctx, b.write, b.o.Now())
		if err != nil {
			return err
		}
		for _, i := range open {
			if !match(i.Code) {
				continue
			}
			used = i
			if _, err := b.write.ExecContext(ctx, "DELETE FROM invitation WHERE code = ?", i.Code); err != nil {
				return err
			}
			return b.admission(device(i))
		}
		return ErrInvitation
	})
	return used, err
}

// ownAlone reports whether every entry that wrote on a record is this device's own.
func (b *batch) ownAlone(s *state) (bool, error) {
	var others int
	own := b.Identity().Public()
	err := b.write.QueryRowContext(b.ctx, `SELECT count(*) FROM touch JOIN entry ON entry.id = touch.entry JOIN chain ON chain.id = entry.chain
		JOIN author USING (incarnation) WHERE touch.record = ? AND author.key <> ?`, s.number, own[:]).Scan(&others)
	return others == 0, err
}

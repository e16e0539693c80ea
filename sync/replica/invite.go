package replica

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// Invite is an invitation that this device gave out and that nobody has used.
type Invite struct {
	Code    string
	Role    record.Role
	Places  []string
	Expires time.Time // by this device's clock
	spent   []byte    // key of the device that used it, nil before
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
		// What has expired is of no use to anyone, and a code is a secret.
		if _, err := b.write.ExecContext(ctx, "DELETE FROM invitation WHERE expires <= ?", b.o.Now().UnixMilli()); err != nil {
			return err
		}
		_, err := b.write.ExecContext(ctx, "INSERT INTO invitation (code, role, places, expires) VALUES (?, ?, ?, ?)",
			i.Code, string(i.Role), string(places), i.Expires.UnixMilli())
		return err
	})
}

// Invitations returns the invitations that can still be used.
func (r *Replica) Invitations(ctx context.Context) ([]Invite, error) {
	all, err := invitations(ctx, r.read, r.o.Now())
	return slices.DeleteFunc(all, func(i Invite) bool { return i.spent != nil }), err
}

func invitations(ctx context.Context, q querier, now time.Time) ([]Invite, error) {
	rows, err := q.QueryContext(ctx, "SELECT code, role, places, expires, spent FROM invitation WHERE expires > ? ORDER BY expires", now.UnixMilli())
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []Invite
	for rows.Next() {
		var i Invite
		var places string
		var expires int64
		if err := rows.Scan(&i.Code, &i.Role, &places, &expires, &i.spent); err != nil {
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
// admission of the device. The match is the caller's: it proves the code without ever sending it. The device
// that has spent it may ask again until it expires, in case the answer was lost: nothing is written then. One
// whose key was ended spends none.
func (r *Replica) AdmitDevice(ctx context.Context, match func(code string) bool, device func(Invite) trust.Device) (Invite, error) {
	var used Invite
	// Looked at first without a turn to write: anyone may try codes.
	given, err := invitations(ctx, r.read, r.o.Now())
	if err != nil {
		return used, err
	}
	if !slices.ContainsFunc(given, func(i Invite) bool { return match(i.Code) }) {
		return used, ErrInvitation
	}
	err = r.inBatch(ctx, func(b *batch) error {
		open, err := invitations(ctx, b.write, b.o.Now())
		if err != nil {
			return err
		}
		for _, i := range open {
			if !match(i.Code) {
				continue
			}
			used = i
			d := device(i)
			if b.roster.Revoked(d.Key) {
				return ErrInvitation // an admission would not lift its end, and the invitation is for another
			}
			if i.spent != nil {
				if _, stands := b.roster.Device(d.Key); !stands || !bytes.Equal(i.spent, d.Key[:]) {
					return ErrInvitation
				}
				return nil
			}
			if _, err := b.write.ExecContext(ctx, "UPDATE invitation SET spent = ? WHERE code = ?", d.Key[:], i.Code); err != nil {
				return err
			}
			return b.admission(d)
		}
		return ErrInvitation
	})
	return used, err
}

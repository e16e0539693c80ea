package exchange

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Limits of a joining.
const (
	maxName    = 64      // bytes of a device's name
	maxControl = 5 << 20 // bytes of the control entries of an answer, which JSON makes a third longer
)

// Admitter spends an invitation. It is an interface because the arrow to the replica must not be drawn.
type Admitter interface {
	// Admit finds the invitation whose code matches, spends it and writes the admission of the device. The
	// error is ErrNoInvitation where none matches.
	Admit(ctx context.Context, match func(code string) bool, key trust.Key, age, name string) (code string, err error)
}

// Errors of a joining.
var (
	ErrNoInvitation = errors.New("exchange: no such invitation, or it was used or has expired")
	ErrJoin         = errors.New("exchange: a request to join that cannot be read")
)

// joinRequest is what a device that joins says of itself. The code itself is never sent.
type joinRequest struct {
	Name  string `json:"name"`
	Age   string `json:"age"`
	Proof []byte `json:"proof"`
}

// joinAnswer is what the admitter answers: the territory's keys, under a proof that it knows the code too.
type joinAnswer struct {
	Territory []byte `json:"territory"`
	Control   []byte `json:"control"` // pieces of control
	Proof     []byte `json:"proof"`
}

// Joined is what a device has learnt by joining.
type Joined struct {
	Territory journal.Territory
	Control   []journal.Piece
}

// AskJoin returns the request by which a device asks to be admitted with the code of an invitation, on the
// connection of this exporter alone.
func AskJoin(id *trust.Identity, code, name string, exporter []byte) ([]byte, error) {
	age := id.Age.Recipient().String()
	b, err := json.Marshal(joinRequest{Name: name, Age: age, Proof: trust.Proof(code, exporter, trust.SideJoin, []byte(name), []byte(age))})
	if err != nil {
		return nil, fmt.Errorf("exchange: join: %w", err)
	}
	return b, nil
}

// AnswerJoin serves a request to join of the device whose key the connection proved. The error is ErrJoin or
// ErrNoInvitation where the device is to blame.
func AnswerJoin(ctx context.Context, s Store, a Admitter, peer trust.Key, exporter, raw []byte) ([]byte, error) {
	var q joinRequest
	if err := json.Unmarshal(raw, &q); err != nil || q.Name == "" || len(q.Name) > maxName || !utf8.ValidString(q.Name) {
		return nil, ErrJoin
	}
	if _, err := trust.RecipientBytes(q.Age); err != nil {
		return nil, ErrJoin
	}
	code, err := a.Admit(ctx, func(code string) bool {
		return hmac.Equal(q.Proof, trust.Proof(code, exporter, trust.SideJoin, []byte(q.Name), []byte(q.Age)))
	}, peer, q.Age, q.Name)
	if err != nil {
		return nil, err
	}
	control, err := wholeControl(ctx, s)
	if err != nil {
		return nil, err
	}
	t := s.Territory()
	b, err := json.Marshal(joinAnswer{Territory: t[:], Control: control, Proof: trust.Proof(code, exporter, trust.SideAdmit, t[:], control)})
	if err != nil {
		return nil, fmt.Errorf("exchange: join: %w", err)
	}
	return b, nil
}

// ReadJoin reads the answer to AskJoin. Both ends have proved that they know the code, on this very connection:
// so the territory's keys are authentic. The error is ErrNoInvitation where the other end does not know it.
func ReadJoin(code string, exporter, raw []byte) (Joined, error) {
	var out Joined
	var a joinAnswer
	err := json.Unmarshal(raw, &a)
	if err == nil && len(a.Proof) == 0 {
		return out, ErrNoInvitation
	}
	if err != nil || len(a.Territory) != len(out.Territory) {
		return out, fmt.Errorf("exchange: join: %w", ErrMessage)
	}
	if !hmac.Equal(a.Proof, trust.Proof(code, exporter, trust.SideAdmit, a.Territory, a.Control)) {
		return out, ErrNoInvitation
	}
	copy(out.Territory[:], a.Territory)
	for rest := a.Control; len(rest) > 0; {
		p, more, err := journal.ParsePiece(rest)
		if err != nil {
			return out, fmt.Errorf("exchange: join: %w", err)
		}
		out.Control, rest = append(out.Control, p), more
	}
	return out, nil
}

// NoJoin is the answer to a joining device whose invitation is not known, where a transport has no code for it.
func NoJoin() []byte { return []byte("{}") }

// wholeControl returns the whole of the control scope, as pieces.
func wholeControl(ctx context.Context, s Store) ([]byte, error) {
	heads, err := s.Heads(ctx, trust.Control)
	if err != nil {
		return nil, err
	}
	var out []byte
	done := map[journal.Chain]bool{}
	for _, head := range heads {
		if done[head.Chain] {
			continue
		}
		done[head.Chain] = true
		pieces, _, err := s.Missing(ctx, head.Chain, nil, 1<<20, maxControl)
		if err != nil {
			return nil, err
		}
		for _, p := range pieces {
			if out, err = p.AppendWire(out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

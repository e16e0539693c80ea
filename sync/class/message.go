package class

import (
	"encoding/json"
	"fmt"

	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// What a message asks.
const (
	AskLend    = "lend"    // host to terminal: a Loan
	AskSync    = "sync"    // host to terminal: who is done, both ways
	AskEnd     = "end"     // host to terminal
	AskClaim   = "claim"   // terminal to host, or to the terminals near where it is out of reach: may this member begin here
	AskRelease = "release" // terminal to host: the member did not go on
	AskDone    = "done"    // terminal to host and to the terminals near: the member has acted
)

// Message is one request about a class, and its answer.
type Message struct {
	Ask     string      `json:"ask"`
	Session uuid.UUID   `json:"session"`
	Member  uuid.UUID   `json:"member,omitempty"`
	Done    []uuid.UUID `json:"done,omitempty"`
	Loan    *Loan       `json:"loan,omitempty"`
	OK      bool        `json:"ok,omitempty"`
	Ended   bool        `json:"ended,omitempty"` // the terminal has ended this class: no name is left on it
}

// Encode returns the message as it travels.
func (m Message) Encode() ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("class: message: %w", err)
	}
	return b, nil
}

// Parse reads a message.
func Parse(b []byte) (Message, error) {
	var m Message
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("class: message: %w", err)
	}
	return m, nil
}

// Serve answers a message from another device: a terminal answers its host, a desk answers the terminals.
// Either may be nil.
func Serve(d *Desk, t *Terminal, from trust.Device, raw []byte) ([]byte, error) {
	m, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	a := Message{Ask: m.Ask, Session: m.Session, OK: true}
	switch {
	case t != nil && (m.Ask == AskLend || m.Ask == AskSync) && m.Session != uuid.Nil && m.Session == t.Ended():
		a.Ended = true
	case t != nil && m.Ask == AskLend && m.Loan != nil:
		if err := t.Accept(*m.Loan, from); err != nil {
			return nil, err
		}
		a.Done, err = t.Sync(m.Session, nil)
	case t != nil && m.Ask == AskSync && from.Key == t.Host():
		a.Done, err = t.Sync(m.Session, m.Done)
	case t != nil && m.Ask == AskEnd && from.Key == t.Host():
		t.End(m.Session)
	case t != nil && m.Ask == AskClaim && t.Fellow(from):
		a.OK = t.Free(m.Session, m.Member)
	case t != nil && m.Ask == AskDone && t.Fellow(from):
		a.Done, err = t.Sync(m.Session, []uuid.UUID{m.Member})
	case d == nil:
		a.OK = false
	case !d.At(from):
		err = ErrTerminal
	case m.Ask == AskClaim:
		a.OK, err = d.Claim(m.Session, m.Member, from.Key)
	case m.Ask == AskRelease:
		d.Release(m.Member, from.Key)
	case m.Ask == AskDone:
		a.Done, err = d.Mark(m.Session, []uuid.UUID{m.Member})
	default:
		a.OK = false
	}
	if err != nil {
		a.OK = false
	}
	return a.Encode()
}

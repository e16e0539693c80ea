package class

import (
	"bytes"
	"testing"

	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// FuzzMessage reads any bytes as a message about a class: nobody's is answered with a loan or a yes, and what is read is
// written in one form.
func FuzzMessage(f *testing.F) {
	for _, m := range []Message{
		{Ask: AskLend, Session: uuid.UUID{1}, Loan: &Loan{}},
		{Ask: AskSync, Session: uuid.UUID{1}, Done: []uuid.UUID{{2}, {3}}},
		{Ask: AskClaim, Session: uuid.UUID{1}, Member: uuid.UUID{2}, OK: true},
	} {
		b, err := m.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		one, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(one)
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if two, err := again.Encode(); err != nil || !bytes.Equal(one, two) {
			t.Errorf("written again it differs: %s, %s", one, two)
		}
		raw, err := Serve(nil, nil, trust.Device{}, b)
		if err != nil {
			t.Fatal(err)
		}
		if a, err := Parse(raw); err != nil || a.OK || a.Loan != nil || len(a.Done) > 0 {
			t.Errorf("a stranger was answered %s, %v", raw, err)
		}
	})
}

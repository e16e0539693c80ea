package node

import (
	"net"
	"testing"

	"cantal.fr/buron/sync/class"
	"cantal.fr/buron/sync/lan"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// A class is lent to the terminals of its place: another place's terminal must not show its pupils.
func TestATerminalShowsNoClassOfAnotherPlace(t *testing.T) {
	f := newField(t)
	kiosk, host := f.join("borne", record.Kiosk, "0150001V"), f.join("ailleurs", record.Agent, "0150646X")
	f.exchange(kiosk)
	n := New(kiosk, Options{Listen: "off"})
	s := class.Session{ID: uuid.New(), Place: "0150646X", Label: "5e B", Members: []class.Member{{ID: uuid.New(), First: "Exemple", Last: "Élève 07"}}}
	loan, err := class.Lend(s, host.Identity())
	if err != nil {
		t.Fatal(err)
	}
	b, err := class.Message{Ask: class.AskLend, Session: s.ID, Loan: &loan}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = n.serveClass(t.Context(), lan.Peer{Key: host.Identity().Public(), Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}}, b)
	if got, ok := n.Terminal().Current(); ok {
		t.Errorf("the terminal of one place shows %d pupils of another", len(got.Members))
	}
}

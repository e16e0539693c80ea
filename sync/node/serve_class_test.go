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

// The address of the host is that of who lent the class, not of whoever sends a message about one.
func TestOnlyTheHostSaysWhereTheHostIs(t *testing.T) {
	f := newField(t)
	office, kiosk, other := f.join("accueil", record.Coordination), f.join("borne", record.Kiosk, "0150001V"), f.join("autre", record.Agent)
	f.exchange(kiosk)
	session := uuid.New()
	n := New(kiosk, Options{Listen: "off"})
	ask := func(from lan.Peer, m class.Message) {
		b, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = n.serveClass(t.Context(), from, b)
	}
	loan, err := class.Lend(class.Session{ID: session, Place: "0150001V", Port: 4242}, office.Identity())
	if err != nil {
		t.Fatal(err)
	}
	at := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }
	ask(lan.Peer{Key: office.Identity().Public(), Addr: at("192.0.2.1")}, class.Message{Ask: class.AskLend, Session: session, Loan: &loan})
	if n.hostIP != "192.0.2.1" {
		t.Fatalf("host at %q", n.hostIP)
	}
	ask(lan.Peer{Key: other.Identity().Public(), Addr: at("192.0.2.66")}, class.Message{Ask: class.AskSync, Session: session})
	if n.hostIP != "192.0.2.1" {
		t.Errorf("another device moved the host to %s: every claim is now answered yes", n.hostIP)
	}
}

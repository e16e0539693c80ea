package node

import (
	"context"
	"testing"

	"cantal.fr/buron/sync/class"
	"cantal.fr/buron/sync/lan"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// A class that is ended while a terminal is taking it is ended there too: nobody would tell it later.
func TestAClassEndedWhileItIsLentLeavesNoNames(t *testing.T) {
	f := newField(t)
	office, kiosk := f.join("accueil", record.Coordination), f.join("borne", record.Kiosk, "0150001V")
	f.exchange(office)
	host, terminal := New(office, Options{Listen: "off"}), New(kiosk, Options{Listen: "off"})
	ending := true
	l, err := lan.Listen("127.0.0.1:0", kiosk.Identity, func(trust.Key) bool { return true }, map[byte]lan.Handler{
		lan.Class: func(ctx context.Context, p lan.Peer, b []byte) ([]byte, error) {
			answer, err := terminal.serveClass(ctx, p, b)
			if ending {
				ending = false
				host.EndClass(ctx)
			}
			return answer, err
		},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	defer func() { cancel(); <-done }()
	f.exchange(kiosk)
	host.LendClass(class.Session{ID: uuid.New(), Place: "0150001V", Label: "5e B", Members: []class.Member{{ID: uuid.New(), First: "Exemple", Last: "Élève 07"}}})
	s, _ := host.desk.Session()
	host.lendTo(t.Context(), s, l.Addr().String(), kiosk.Identity().Public())
	if ending {
		t.Fatal("the terminal was never reached")
	}
	if _, ok := terminal.Terminal().Current(); ok {
		t.Error("the names stand on the terminal after the end")
	}
	if _, terminals, _ := host.Lent(); len(terminals) > 0 {
		t.Errorf("connections are kept: %v", terminals)
	}
}

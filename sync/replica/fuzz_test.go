package replica

import (
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// FuzzServe asks a real device anything, as one that it knows and as a stranger: it answers, and holds what it held.
func FuzzServe(f *testing.F) {
	field := newField(f)
	a := field.admit("a", record.Agent, 0)
	attach(f, a, noise(f, 900))
	s := exchange.NewServer(a, nil)
	central := field.central.Identity().Public()
	before, err := a.StateDigests(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	// {0: ask}, and an offer, blobs wanted and brought, pieces that are none.
	for _, seed := range [][]byte{{0xa1, 0, 1}, {0xa1, 0, 2}, {0xa1, 0, 3}, {0xa2, 0, 4, 4, 0x41, 1}, {0xa1, 0, 5}, {0xa1, 0, 6}, {0xa1, 0, 7},
		{0xa2, 0, 2, 2, 0x81, 0x82, 0x64, 'p', 'a', 'r', 'c', 0x41, 1}, {0xa2, 0, 7, 6, 0x81, 0x83, 0x41, 1, 0, 0}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, peer := range []trust.Key{central, {1, 2, 3}} {
			answer, err := s.Serve(t.Context(), peer, []byte("exporter"), raw)
			if len(answer) == 0 {
				t.Fatalf("no answer, %v", err)
			}
			if peer != central && len(answer) > 64 {
				t.Errorf("a stranger was told %d bytes", len(answer))
			}
		}
		after, err := a.StateDigests(t.Context())
		if err != nil || len(after) != len(before) {
			t.Fatalf("%d scopes, %v", len(after), err)
		}
		for scope, d := range before {
			if after[scope] != d {
				t.Errorf("%s has changed", scope)
			}
		}
	})
}

package node

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/lan"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// revoke ends a device's admission at the central.
func (f *field) revoke(r *replica.Replica) {
	f.t.Helper()
	if _, err := f.central.Revoke(f.t.Context(), r.Identity().Public(), "perdu"); err != nil {
		f.t.Fatal(err)
	}
}

// overheard is a connection that keeps what was answered.
type overheard struct {
	*lan.Conn
	heard []byte
}

func (o *overheard) Call(ctx context.Context, request []byte) ([]byte, error) {
	b, err := o.Conn.Call(ctx, request)
	o.heard = append(o.heard, b...)
	return b, err
}

func TestALostLaptopIsShutOutAndItsFortnightIsNotLost(t *testing.T) {
	f := newField(t)
	lost, neighbour := f.join("portable perdu", record.Coordination), f.join("voisin", record.Coordination)
	save(t, lost, record.Equipment, machine("PC-1"))
	f.exchange(lost)
	f.revoke(lost)
	f.exchange(neighbour) // hears of it, and never meets the laptop before
	fortnight := machines(t, lost, 14)
	secret := save(t, neighbour, record.Equipment, machine("PC-SECRET"))
	n, addr := listen(t, neighbour)
	before := count(t, neighbour)
	if o := meet(t, lost, addr); !errors.Is(o.Err, exchange.ErrRevoked) || o.Sent+o.Received != 0 {
		t.Errorf("the neighbour answered %+v", o)
	}
	c, err := lan.Dial(t.Context(), addr, lost.Identity(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	o := &overheard{Conn: c}
	if _, err := exchange.Run(t.Context(), lost, neighbour.Identity().Public(), c.Peer().Exporter, o, nil); !errors.Is(err, exchange.ErrRevoked) {
		t.Error(err)
	}
	if len(o.heard) > 8 || bytes.Contains(o.heard, []byte("control")) {
		t.Errorf("the neighbour said %q", o.heard)
	}
	if count(t, neighbour) != before || holds(t, lost, secret) {
		t.Error("something flowed between them")
	}
	_, at := listen(t, lost)
	if o := meet(t, neighbour, at); !errors.Is(o.Err, exchange.ErrPeerRevoked) {
		t.Errorf("the neighbour called the laptop: %+v", o)
	}
	if s, err := n.Status(t.Context()); err != nil || s.Central.State == "revoked" {
		t.Errorf("the neighbour takes itself for the one that was revoked: %+v, %v", s.Central, err)
	}
	if o := f.exchange(lost); !errors.Is(o.Err, exchange.ErrRevoked) || o.Sent != len(fortnight) || o.Received != 0 {
		t.Errorf("the central took %+v", o)
	}
	if n, err := lost.Pending(t.Context()); err != nil || n != 0 {
		t.Errorf("%d entries wait, %v: the central has them", n, err)
	}
	if o := f.exchange(lost); !errors.Is(o.Err, exchange.ErrRevoked) || o.Sent != 0 {
		t.Errorf("once more: %+v", o)
	}
	if holds(t, lost, secret) || holds(t, f.central, fortnight[0]) {
		t.Error("the laptop was given something, or counts without the coordination's word")
	}
	q, err := f.central.Quarantine(t.Context())
	if err != nil || len(q) != 1 || q[0].Operations != len(fortnight) || q[0].DeviceName != "portable perdu" {
		t.Fatalf("put aside: %+v, %v", q, err)
	}
	if err := f.central.Release(t.Context(), lost.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	f.exchange(neighbour)
	for _, r := range []*replica.Replica{f.central, neighbour} {
		for _, id := range fortnight {
			if !holds(t, r, id) {
				t.Fatalf("%s has not merged what was released", r.Self().Name)
			}
		}
	}
}

func TestARevokedDeviceSaysSo(t *testing.T) {
	f := newField(t)
	lost := f.join("portable", record.Agent)
	f.revoke(lost)
	n := New(lost, Options{Listen: "off"})
	if _, err := n.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := n.Status(t.Context())
	want := "Cet appareil n'est plus admis dans ce territoire. Ses saisies sont gardées ici. Prévenez la coordination."
	if err != nil || s.Central.State != "revoked" || s.Central.Reason != want {
		t.Errorf("%+v, %v", s.Central, err)
	}
}

func TestADeviceThatHearsOfItsOwnEndMeetsNoNeighbour(t *testing.T) {
	f := newField(t)
	lost, neighbour := f.join("portable", record.Coordination), f.join("voisin", record.Coordination)
	f.exchange(lost)
	f.exchange(neighbour)
	f.revoke(lost)
	id := save(t, lost, record.Equipment, machine("PC-1"))
	control, err := f.central.Heads(t.Context(), "control")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range control {
		pieces, _, err := f.central.Missing(t.Context(), h.Chain, nil, exchange.BatchEntries, exchange.BatchBytes)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := lost.Admit(t.Context(), f.central.Identity().Public(), pieces); err != nil {
			t.Fatal(err)
		}
	}
	_, addr := listen(t, neighbour)
	if o := meet(t, lost, addr); !errors.Is(o.Err, exchange.ErrRevoked) || o.RoundTrips != 0 || holds(t, neighbour, id) {
		t.Errorf("%+v", o)
	}
	if o := f.exchange(lost); !errors.Is(o.Err, exchange.ErrRevoked) || o.Sent != 1 {
		t.Errorf("its own entries did not reach the central: %+v", o)
	}
}

package node

import (
	"crypto/rand"
	"testing"

	"cantal.fr/buron/sync/central"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// The answer to a joining device may be lost: the same device asks again with the same invitation.
func TestAJoinWhoseAnswerWasLostCanBeAskedAgain(t *testing.T) {
	f := newField(t)
	code := f.invite(record.Agent)
	id, err := trust.NewIdentity("a", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		c, err := central.NewClient(f.url, id, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = c.Join(t.Context(), code, "a")
		c.Close()
		if err != nil {
			t.Errorf("time %d: %v: the invitation is spent, and the device is of no territory", i+1, err)
		}
	}
	if _, err := Join(t.Context(), t.TempDir(), code, f.url, "b", replica.Options{}); err == nil {
		t.Error("another device has joined with it")
	}
	if n := len(f.central.Roster().Devices()); n != 2 {
		t.Errorf("%d devices are admitted", n)
	}
}

// A device that went dark while it joined goes on with the key that it may have been admitted under.
func TestAnInterruptedJoinGoesOnWithItsKey(t *testing.T) {
	f := newField(t)
	code, dir := f.invite(record.Agent), t.TempDir()
	id, err := home(t.Context(), dir, "a", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, err := central.NewClient(f.url, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, _, err := c.Join(t.Context(), code, "a"); err != nil { // … and the light goes out
		t.Fatal(err)
	}
	r, err := Join(t.Context(), dir, code, f.url, "a", replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Identity().Public() != id.Public() || r.Self().Role != record.Agent {
		t.Errorf("joined as %+v", r.Self())
	}
}

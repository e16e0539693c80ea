package replica

import (
	"errors"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// invite has a replica write an invitation for a coordinator.
func invite(t *testing.T, r *Replica) Invite {
	t.Helper()
	i := Invite{Code: "ABCD-EFGH-JKMN-PQRS", Role: record.Coordination, Expires: time.Now().Add(time.Hour)}
	if err := r.AddInvitation(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	return i
}

// spend uses an invitation at a replica, as a device.
func spend(t *testing.T, r *Replica, i Invite, as *trust.Identity) error {
	t.Helper()
	_, err := r.AdmitDevice(t.Context(), func(code string) bool { return code == i.Code }, func(i Invite) trust.Device {
		return trust.Device{Key: as.Public(), Age: as.Age.Recipient().String(), Role: i.Role, Name: as.Name}
	})
	return err
}

// An invitation is for one device: it was written by a life that goes on elsewhere, or in a backup that does not know
// that it was used.
func TestACopyAnswersNoInvitationOfTheFirst(t *testing.T) {
	f := newField(t)
	i := invite(t, f.central)
	copied := heirOf(t, f.central)
	if err := spend(t, f.central, i, newIdentity(t, "tablette")); err != nil {
		t.Fatal(err)
	}
	if err := spend(t, copied, i, newIdentity(t, "tablette")); !errors.Is(err, ErrInvitation) {
		t.Errorf("a used invitation admits another device at the copy: %v", err)
	}
}

// A key that was ended stays so, whatever admission is written after: it must not use up what is meant for another.
func TestAnEndedKeySpendsNoInvitation(t *testing.T) {
	f := newField(t)
	i := invite(t, f.central)
	ended := f.admit("Agent", record.Agent, 0).Identity()
	if _, err := f.central.Revoke(t.Context(), ended.Public(), "volé"); err != nil {
		t.Fatal(err)
	}
	if err := spend(t, f.central, i, ended); !errors.Is(err, ErrInvitation) {
		t.Errorf("an ended key spends an invitation: %v", err)
	}
	if err := spend(t, f.central, i, newIdentity(t, "tablette")); err != nil {
		t.Errorf("the device that was invited no longer can: %v", err)
	}
}

// Anyone who reaches a device may try codes: that must not keep those who write waiting, nor wait for them.
func TestAWrongCodeTakesNoTurnOfThoseWhoWrite(t *testing.T) {
	f := newField(t)
	invite(t, f.central)
	done := make(chan error, 1)
	err := f.central.inBatch(t.Context(), func(*batch) error {
		go func() { done <- spend(t, f.central, Invite{Code: "AAAA-AAAA-AAAA-AAAA"}, newIdentity(t, "inconnu")) }()
		select {
		case err := <-done:
			done <- err
			return nil
		case <-time.After(5 * time.Second):
			return errors.New("it waits for its turn to write")
		}
	})
	if err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, ErrInvitation) {
		t.Error(err)
	}
}

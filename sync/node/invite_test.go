package node

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// A territory that was made on a desktop has no central: its founder admits over the local network.
func TestADeviceJoinsThroughTheNeighbourThatInvites(t *testing.T) {
	made, err := Found(t.Context(), t.TempDir(), FoundOptions{Territory: "Cantal", Device: "poste", Role: record.Coordination, WithoutRecovery: true})
	if err != nil {
		t.Fatal(err)
	}
	desk := made.Replica
	defer desk.Close()
	_, addr := listen(t, desk)
	id := save(t, desk, record.Equipment, machine("PC-1"))
	invite, err := Invite(t.Context(), desk, record.Agent, nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "agent"+InvitationFile)
	if err := WriteInvitation(file, "Cantal", trust.Invitation{Code: invite.Code, Peer: addr}, invite.Expires); err != nil {
		t.Fatal(err)
	}
	a, err := Join(t.Context(), t.TempDir(), file, "", "agent", replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if a.Self().Role != record.Agent || !holds(t, a, id) {
		t.Errorf("joined as %+v, with the neighbour's records: %t", a.Self(), holds(t, a, id))
	}
	if _, err := Join(t.Context(), t.TempDir(), invite.Code, addr, "autre", replica.Options{}); !errors.Is(err, exchange.ErrNoInvitation) {
		t.Errorf("an invitation served twice: %v", err)
	}
	if _, err := Invite(t.Context(), a, record.Agent, nil, time.Hour); !errors.Is(err, ErrDelegate) {
		t.Errorf("one that is no delegate invites: %v", err)
	}
}

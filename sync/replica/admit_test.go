package replica

import (
	"testing"

	"cantal.fr/buron/sync/record"
)

func TestWhatIsNotForThisDeviceIsRefused(t *testing.T) {
	f := newField(t)
	agent, kiosk := f.admit("agent", record.Agent, 0), f.admit("borne", record.Kiosk, 0)
	admit(t, kiosk, f.central, all(t, f.central, "control"))
	save(t, agent, machine("PC-1"))
	n, refused, err := kiosk.Admit(t.Context(), agent.Identity().Public(), all(t, agent, "parc"))
	if err != nil || n != 0 || len(refused) != 1 || refused[0].Reason != reasonScope {
		t.Errorf("%d entries of the parc went to a kiosk, refused %v, %v", n, refused, err)
	}
}

package screen

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"

	"github.com/google/uuid"
)

func TestTheHomeSaysWhatOthersRecorded(t *testing.T) {
	s := open(t)
	r := tablet(t, s, "tablette du nord")
	s.OpenNamed("")
	if strings.Contains(words(s), "tablette du nord") {
		t.Fatal("a device that has written nothing is listed")
	}
	for _, tag := range []string{"PC-N1", "PC-N2"} {
		if _, err := r.Save(t.Context(), uuid.Nil, replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": tag, "level": "socle"}}); err != nil {
			t.Fatal(err)
		}
	}
	carry(t, r, s.r, "parc")
	says(t, s, "Reçu depuis hier", "tablette du nord", "2 appareils")
}

func TestTheHomeSaysWhoIsAroundAndHowTerminalsStand(t *testing.T) {
	s := open(t)
	id, err := trust.NewIdentity("borne du hall", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := trust.Device{Key: id.Public(), Age: id.Age.Recipient().String(), Role: record.Kiosk, Name: "borne du hall", Places: []string{"0150001V"}}
	if _, err := s.r.SaveControl(s.ctx, trust.DeviceKind, d.Fields()); err != nil {
		t.Fatal(err)
	}
	says(t, s, "Bornes", "borne du hall", "jamais vue d'ici")
	agent := tablet(t, s, "tablette du sud")
	now := s.r.Now()
	s.status.Peers = []node.PeerStatus{{Key: d.Key, Name: d.Name, Role: d.Role, LastExchange: now.Add(-20 * 24 * time.Hour)},
		{Key: agent.Identity().Public(), Name: "tablette du sud", Role: record.Agent, LastExchange: now, Near: true}}
	s.draw()
	says(t, s, "Autour", "tablette du sud", "ici", "vue il y a 20 jours")
	s.status.Peers[1].Near, s.status.Peers[1].LastExchange = false, now.Add(-20*24*time.Hour)
	s.draw()
	says(t, s, "Ce qui bloque · 1 appareil silencieux", "tablette du sud", "il y a 20 jours")
	if strings.Contains(words(s), "Autour") {
		t.Error("who has not been seen for two weeks is around")
	}
}

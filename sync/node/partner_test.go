package node

import (
	"fmt"
	"testing"
	"time"

	"cantal.fr/buron/sync/lan"
	"cantal.fr/buron/sync/record"
)

// mDNS is a hint that anyone on the network may give: 200 neighbours at most.
func TestAnnouncedNeighboursAreBounded(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Agent)
	f.stop()
	n, _ := listen(t, a)
	for i := range 1000 {
		n.heard(lan.Neighbour{Tag: fmt.Sprint(i), Addresses: []string{fmt.Sprintf("127.0.0.1:%d", 1+i)}, Seen: time.Now()})
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.partners) > 200 {
		t.Errorf("%d partners, each with a goroutine that dials", len(n.partners))
	}
}

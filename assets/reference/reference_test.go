package reference

import (
	"testing"

	"cantal.fr/buron/sync/record"
)

func TestTheCantalIsWhole(t *testing.T) {
	if n := len(Colleges()); n != 22 {
		t.Errorf("%d collèges, want 22", n)
	}
	if n := len(Communes()); n != 250 {
		t.Errorf("%d communes, want 250", n)
	}
	names := map[string]int{}
	for _, c := range Colleges() {
		if !record.ValidUAI(c.UAI) {
			t.Errorf("%s: the key of its UAI is wrong", c.UAI)
		}
		if CommuneName(c.INSEE) == "" {
			t.Errorf("%s: commune %s is unknown", c.UAI, c.INSEE)
		}
		names[c.Name]++
	}
	if names["Collège Georges Pompidou"] != 2 {
		t.Errorf("two collèges of one name are expected, got %v", names)
	}
}

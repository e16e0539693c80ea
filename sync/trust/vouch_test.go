package trust

import (
	"bytes"
	"crypto/ed25519"
	"maps"
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
)

// What was proved of one signature is not believed of another, however like it.
func TestEachVouchingIsProvedOnItsOwn(t *testing.T) {
	w := agentHasWritten(t)
	twin := identity(t, "copie")
	p := newPen(t, w.f.Territory, twin)
	good := TwinFields(w.f.Territory, w.agent, twin)
	r := w.roster(p.write(Control, TwinKind, Cells(good)...))
	signature := good["signature"].([]byte)
	for name, change := range map[string]record.Fields{
		"cut short":       {"signature": signature[:63]},
		"longer":          {"signature": append(bytes.Clone(signature), 0)},
		"of another":      {"signature": ed25519.Sign(twin.Key, twinSigned(w.f.Territory, twin.Public()))},
		"for another key": {"from": bytesOf(w.central.Public())},
	} {
		bad := maps.Clone(good)
		maps.Copy(bad, change)
		said := []*journal.Entry{p.write(Control, TwinKind, Cells(bad)...)}
		if list := r.With(said).Vouchers(twin.Public()); len(list) != 1 || !bytes.Equal(list[0].Signature, signature) {
			t.Errorf("%s: it is believed", name)
		}
	}
	again := []*journal.Entry{p.write(Control, TwinKind, Cells(good)...)}
	if list := r.With(again).Vouchers(twin.Public()); len(list) != 1 || !bytes.Equal(list[0].Signature, signature) {
		t.Error("said again, it is not believed")
	}
}

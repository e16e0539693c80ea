package exchange

import (
	"crypto/hmac"

	"cantal.fr/buron/sync/journal"
)

// Proves reports whether a request carries the proof of the territory for its connection: a transport may then
// trust the sender with more than a stranger, before its key is known here.
func Proves(t journal.Territory, exporter, raw []byte) bool {
	var q request
	return decode(raw, &q) == nil && hmac.Equal(q.Proof, proof(t, exporter, sideAsk))
}

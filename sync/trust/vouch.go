package trust

import (
	"bytes"

	"cantal.fr/buron/sync/journal"
)

// Voucher is what an old key has signed for the one that its device goes on under.
type Voucher struct {
	Key       []byte `json:"key"`
	From      []byte `json:"from"`
	Signature []byte `json:"signature"`
}

// Vouchers returns what vouches for a key, from it back to the first of its device.
func (r *Roster) Vouchers(k Key) []Voucher {
	var out []Voucher
	for _, k := range r.ancestry(k) {
		s, ok := r.twins[k]
		if !ok {
			break
		}
		from, _ := keyCell(s.op, "from")
		signature, _ := cell(s.op, "signature").([]byte)
		out = append(out, Voucher{bytes.Clone(k[:]), bytes.Clone(from[:]), signature})
	}
	return out
}

// VouchedBy reports whether signatures lead from a key that is trusted to another one. Who holds them need not be
// believed.
func VouchedBy(t journal.Territory, trusted, key Key, list []Voucher) bool {
	for range min(len(list), maxTwins) {
		if key == trusted {
			return true
		}
		next := key
		for _, v := range list {
			from, ok := KeyOf(v.From)
			if ok && bytes.Equal(v.Key, key[:]) && vouches(t, from, key, v.Signature) {
				next = from
				break
			}
		}
		if next == key {
			return false
		}
		key = next
	}
	return key == trusted
}

package trust

import (
	"bytes"
	"crypto/ed25519"

	"cantal.fr/buron/sync/journal"
)

// Voucher is what an old key has signed for the one that its device goes on under.
type Voucher struct {
	Key       []byte `json:"key"`
	From      []byte `json:"from"`
	Signature []byte `json:"signature"`
}

// vouching is a signature by which an old key vouches for a new one, with both.
type vouching struct {
	from, to  Key
	signature [ed25519.SignatureSize]byte
}

// provedTwin is twinOf, which proves each signature once, however often a roster is made of the same entries: any device
// may write thousands.
func (r *Roster) provedTwin(s statement) (Key, error) {
	v := vouching{to: s.author}
	v.from, _ = keyCell(s.op, "from")
	signature, _ := cell(s.op, "signature").([]byte)
	if copy(v.signature[:], signature) == len(signature) && r.proved[v] {
		return v.from, nil
	}
	from, err := twinOf(r.territory, s.author, s.op)
	if err == nil {
		if r.proved == nil {
			r.proved = map[vouching]bool{}
		}
		r.proved[v] = true
	}
	return from, err
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

package exchange

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Receipt is what a device has signed: that it holds the chains of another, in a scope that this one writes and
// may not read, up to these heads. On the word of enough of them the author may drop its own copy.
type Receipt struct {
	Signer    trust.Key
	Scope     string
	Heads     []Head
	Signature []byte
	At        time.Time // when it was received
}

const domainReceipt = "buron receipt v1\n"

// receiptSigned returns the bytes under the signature of a receipt to a device. The hash of the heads has a
// fixed length, so that no scope can be taken for another with part of the heads.
func receiptSigned(t journal.Territory, to trust.Key, scope string, heads []Head) []byte {
	b := append([]byte(domainReceipt), t[:]...)
	b = append(b, to[:]...)
	b = append(b, scope...)
	h := sha256.New()
	writeHeads(h, heads)
	return h.Sum(b)
}

// Valid reports whether the signature is the signer's, over these heads of the chains of the device to.
func (r Receipt) Valid(t journal.Territory, to trust.Key) bool {
	return len(r.Heads) > 0 && ed25519.Verify(r.Signer[:], receiptSigned(t, to, r.Scope, r.Heads), r.Signature)
}

// receipt signs that the peer's chains of a scope are held here: what was compared was read from the disk. It
// is for a peer that may not read what it writes, and so cannot be asked for it again: not before it was told of all
// bodies of its own that are missing here.
func (v *Server) receipt(w view, s shown) []wireReceipt {
	if w.alone != nil || w.unsure || !w.peerKnown || !w.me.MayRead(s.scope) || w.peer.MayRead(s.scope) || len(s.heads) == 0 {
		return nil
	}
	signature := ed25519.Sign(v.s.Identity().Key, receiptSigned(v.s.Territory(), w.peer.Key, s.scope, s.heads))
	return []wireReceipt{{Scope: s.scope, Signature: signature}}
}

// keepReceipts keeps the receipts of an answer, over what the peer has said that it holds. One whose signature is
// not over that proves nothing, and is passed over.
func (r *run) keepReceipts(ctx context.Context, w view, list []wireReceipt, said map[string][]Head, bare []scopeHeads) error {
	if len(list) == 0 {
		return nil
	}
	owes, err := r.owes(ctx, bare)
	if err != nil {
		return err
	}
	for _, x := range list {
		f := Receipt{Signer: r.peer, Scope: x.Scope, Heads: said[x.Scope], Signature: x.Signature}
		if w.me.MayRead(x.Scope) || owes[x.Scope] || !f.Valid(r.s.Territory(), r.s.Identity().Public()) {
			continue
		}
		if err := r.s.KeepReceipt(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

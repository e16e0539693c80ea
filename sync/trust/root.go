package trust

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Root is the territory's root key, as a recovery file holds it: it alone names delegates and ends them. It is
// read for the one thing that it is to say, and forgotten.
type Root struct {
	territory journal.Territory
	key, next ed25519.PrivateKey
}

// ErrRootReplaced is returned where a recovery file speaks that another has replaced.
var ErrRootReplaced = errors.New("trust: this recovery file has been replaced by another")

// Public returns the root's key.
func (r *Root) Public() Key { return publicOf(r.key) }

func publicOf(k ed25519.PrivateKey) Key { return Key(k.Public().(ed25519.PublicKey)) }

// Forget overwrites the keys in memory.
func (r *Root) Forget() {
	clear(r.key)
	clear(r.next)
}

// Delegate makes a device one that admits and suspends others.
func (r *Root) Delegate(key Key, random io.Reader, now time.Time) (journal.Piece, error) {
	return r.speak(r.key, DelegateKind, record.Fields{"key": append([]byte(nil), key[:]...)}, random, now)
}

// Revoke ends a device, a delegate included: what stands at its cuts and before counts.
func (r *Root) Revoke(v Revocation, random io.Reader, now time.Time) (journal.Piece, error) {
	return r.speak(r.key, RevocationKind, v.Fields(), random, now)
}

// Release takes a revocation back, whoever said it: whole where cuts is nil, else up to these entries.
func (r *Root) Release(of uuid.UUID, cuts []Cut, random io.Reader, now time.Time) (journal.Piece, error) {
	return r.speak(r.key, ReleaseKind, ReleaseFields(of, cuts), random, now)
}

// Succeed hands over to two new keys, and returns the root that has them with what makes it so: the key that
// was to follow speaks once, to name the one after it, so that nothing of the old file speaks any more. Cuts are
// the ends of what the root has said so far, recovery the recipient to which devices wrap their data keys from now on.
func (r *Root) Succeed(cuts []Cut, recovery string, random io.Reader, now time.Time) (*Root, []journal.Piece, error) {
	key, next, err := rootKeys(random)
	if err != nil {
		return nil, nil, err
	}
	over := func(cuts []Cut, following ed25519.PrivateKey) record.Fields {
		hash := keyHash(publicOf(following))
		return record.Fields{"cuts": cutList(cuts), "next": append([]byte(nil), hash[:]...)}
	}
	first, err := r.speak(r.next, SuccessionKind, over(cuts, key), random, now)
	if err != nil {
		return nil, nil, err
	}
	said := Cut{Incarnation: first.Chain.Incarnation, Scope: Control, Seq: 1, Hash: first.Entries[0].Hash}
	last := over([]Cut{said}, next)
	last["recovery"] = recovery
	second, err := r.speak(key, SuccessionKind, last, random, now)
	if err != nil {
		return nil, nil, err
	}
	return &Root{r.territory, key, next}, []journal.Piece{first, second}, nil
}

// speak says one thing, in a chain of its own: no device has to remember where the root's last chain ended.
func (r *Root) speak(key ed25519.PrivateKey, kind string, fields record.Fields, random io.Reader, now time.Time) (journal.Piece, error) {
	at := journalTime{now, random}
	op, err := controlOp(kind, fields, at)
	if err != nil {
		return journal.Piece{}, err
	}
	return signRoot(r.territory, key, []journal.Op{op}, at)
}

// rootKeys makes a root key and the one that follows it.
func rootKeys(random io.Reader) (key, next ed25519.PrivateKey, err error) {
	if _, key, err = ed25519.GenerateKey(random); err != nil {
		return nil, nil, fmt.Errorf("trust: make the root key: %w", err)
	}
	if _, next, err = ed25519.GenerateKey(random); err != nil {
		return nil, nil, fmt.Errorf("trust: make the next root key: %w", err)
	}
	return key, next, nil
}

// signRoot writes the first entry of a chain of the root's.
func signRoot(t journal.Territory, key ed25519.PrivateKey, ops []journal.Op, at journalTime) (journal.Piece, error) {
	sealing, err := newSealingKey(at.random)
	if err != nil {
		return journal.Piece{}, err
	}
	var nonce [16]byte
	if _, err := io.ReadFull(at.random, nonce[:]); err != nil {
		return journal.Piece{}, fmt.Errorf("trust: draw a nonce: %w", err)
	}
	pub := key.Public().(ed25519.PublicKey)
	chain := journal.Chain{Incarnation: journal.IncarnationOf(t, pub, nonce), Scope: Control}
	recipient, err := RecipientBytes(sealing.Recipient().String())
	if err != nil {
		return journal.Piece{}, err
	}
	prev := journal.GenesisHash(t, chain)
	entry, err := journal.Sign(t, key, journal.Draft{
		Incarnation: chain.Incarnation, Scope: Control, Seq: 1, Prev: prev, HLC: journal.Tick(0, at.now), Ops: ops,
		Genesis: &journal.Genesis{Key: pub, Nonce: nonce, Age: recipient, App: AppVersion},
	}, at.random)
	if err != nil {
		return journal.Piece{}, fmt.Errorf("trust: sign the root's record: %w", err)
	}
	return journal.Piece{Chain: chain, Prev: prev, Entries: []*journal.Entry{entry}}, nil
}

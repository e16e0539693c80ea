// Package trust says who may: the keys of devices, the authority of the territory, the grants that
// follow from roles, and the invitations by which a device joins. It stores nothing but the device's
// own key file and opens no connection. Its invariant: the roster is a pure function of the control
// entries that it was given, whatever their order.
package trust

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Control is the scope that says who may do what; every device holds it whole.
const Control = "control"

// Kinds of the control scope. They belong to this package, not to record: people never edit them.
const (
	TerritoryKind  = "territory"  // the root's own record: name, hash of the next root key
	SuccessionKind = "succession" // the next root key takes over; written by that key alone
	DelegateKind   = "delegate"   // a key that may admit and suspend devices; written by the root alone
	DeviceKind     = "device"     // an admitted device, or another role of it; written by a delegate
	RevocationKind = "revocation" // where a device's chains end; by a delegate, of a delegate by the root
	ReleaseKind    = "release"    // takes a revocation back, whole or up to some entries
	TwinKind       = "twin"       // a device goes on under a new key, vouched for by the old one
	ErasureKind    = "erasure"    // records whose bodies are dropped everywhere, for good; by a delegate
)

// Errors of the checks of authority.
var (
	ErrUnknownKey = errors.New("key that nobody of this territory has admitted")
	ErrNotGranted = errors.New("not granted to the device that wrote it")
	ErrTwin       = errors.New("not vouched for by the key that it names")
)

// Key is an Ed25519 public key: the name of a device.
type Key [ed25519.PublicKeySize]byte

// String returns the key in hexadecimal.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Tag returns the first eight hexadecimal digits, enough to tell devices apart on a screen.
func (k Key) Tag() string { return hex.EncodeToString(k[:4]) }

// ParseKey reads the hexadecimal form that String writes.
func ParseKey(text string) (Key, error) {
	var k Key
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(k) {
		return k, fmt.Errorf("trust: %q is not a device key", text)
	}
	copy(k[:], b)
	return k, nil
}

// KeyOf converts a standard library key, and returns false when its length is wrong.
func KeyOf(pub ed25519.PublicKey) (Key, bool) {
	var k Key
	if len(pub) != len(k) {
		return k, false
	}
	copy(k[:], pub)
	return k, true
}

// Device is one admitted device as the roster knows it.
type Device struct {
	Key      Key
	Age      string // X25519 recipient, "age1…"
	Role     record.Role
	Places   []string // record.PlaceKey of the places it works at
	Name     string
	Delegate bool // may admit other devices
	Revoked  bool // nothing it writes from its cut-off on counts; it has no grants
	Twin     bool // goes on under a new key that nobody has confirmed yet
	RecordID uuid.UUID
	Inherits []uuid.UUID // admissions of keys that it goes on from, under which it wrote before this one
	Grants   []record.Grant
}

// MayRead reports whether the device may hold the records of scope. Every device holds control.
func (d Device) MayRead(scope string) bool {
	return scope == Control || record.MayRead(d.Grants, scope)
}

// MayWrite reports whether the device may create, or edit, records of kind k in scope.
func (d Device) MayWrite(scope string, k record.Kind, edit bool) bool {
	if edit {
		return record.MayEdit(d.Grants, scope, k)
	}
	return record.MayCreate(d.Grants, scope, k)
}

// Fields returns the fields of the device's control record.
func (d Device) Fields() record.Fields {
	places := make([]any, len(d.Places))
	for i, p := range d.Places {
		places[i] = p
	}
	f := record.Fields{
		"key": append([]byte(nil), d.Key[:]...), "age": d.Age, "role": string(d.Role), "places": places, "name": d.Name,
	}
	if len(d.Inherits) > 0 {
		inherits := make([]any, len(d.Inherits))
		for i, id := range d.Inherits {
			inherits[i] = append([]byte(nil), id[:]...)
		}
		f["inherits"] = inherits
	}
	return f
}

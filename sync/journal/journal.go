// Package journal defines the signed, hash-linked entries that devices write and pass on to each
// other: their bytes, their checks and their clock. It is not a store, and knows neither what
// people record nor who may write. Its invariant: an entry that Verify has accepted has exactly the
// bytes that its author signed, in the place of the chain where the author put it.
//
// FORMAT.md beside this file is the reference of the bytes.
package journal

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// Territory names one département's installation: a hash of its root keys.
type Territory [32]byte

// Incarnation names one life of one device's database: a hash of territory, device key and nonce.
type Incarnation [16]byte

// Hash is a SHA-256, of an entry unless said otherwise.
type Hash [32]byte

// Dot names one entry as the writer of versions of fields. Its scope is implied.
type Dot struct {
	Incarnation Incarnation
	Seq         uint64
	Tag         [8]byte // first bytes of the entry's hash: tells the branches of a fork apart
}

// Chain is the sequence of one incarnation's entries in one scope.
type Chain struct {
	Incarnation Incarnation
	Scope       string
}

// HLC is a hybrid logical clock's instant: Unix milliseconds << 16 | counter.
type HLC uint64

func (t Territory) String() string   { return hex.EncodeToString(t[:]) }
func (i Incarnation) String() string { return hex.EncodeToString(i[:]) }
func (h Hash) String() string        { return hex.EncodeToString(h[:]) }
func (d Dot) String() string         { return fmt.Sprintf("%x/%d/%x", d.Incarnation, d.Seq, d.Tag) }

// Errors of the checks; each is wrapped with the place where it was found.
var (
	ErrForm      = errors.New("bytes that are not of the format")
	ErrLimit     = errors.New("over a limit of the format")
	ErrLink      = errors.New("does not follow the entry before it")
	ErrSignature = errors.New("signature does not match")
	ErrHollow    = errors.New("operation without its body")
	ErrSealed    = errors.New("operation whose body is sealed")
	ErrBound     = errors.New("record of another scope or kind")
)

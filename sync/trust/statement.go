package trust

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"strings"
	"unicode"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Cut is the last entry of a chain that counts: what follows it is put aside.
type Cut struct {
	Incarnation journal.Incarnation
	Scope       string
	Seq         uint64
	Hash        journal.Hash
}

// Revocation ends what a device was granted, at a place in each of its chains. A chain that it does not
// name ends before its first entry.
type Revocation struct {
	ID     uuid.UUID
	Key    Key
	Grant  uuid.UUID // the admission that ends; nil for all of them
	Cuts   []Cut
	Reason string // in French, for people
	By     Key
	At     journal.HLC

	void     bool  // released whole
	released []Cut // entries after the cuts that were found good
	root     bool  // written by the root
}

// ByRoot reports whether the root has said it: no delegate takes it back.
func (v Revocation) ByRoot() bool { return v.root }

// Fields returns the fields of the control record of a revocation.
func (v Revocation) Fields() record.Fields {
	f := record.Fields{"key": bytes.Clone(v.Key[:]), "cuts": cutList(v.Cuts)}
	if v.Grant != uuid.Nil {
		f["grant"] = bytes.Clone(v.Grant[:])
	}
	if v.Reason != "" {
		f["reason"] = v.Reason
	}
	return f
}

// ReleaseFields returns the fields of the control record that takes a revocation back: whole where cuts is
// nil, else up to these entries.
func ReleaseFields(of uuid.UUID, cuts []Cut) record.Fields {
	f := record.Fields{"of": bytes.Clone(of[:])}
	if cuts != nil {
		f["cuts"] = cutList(cuts)
	}
	return f
}

func cutList(cuts []Cut) []any {
	out := make([]any, len(cuts))
	for i, c := range cuts {
		out[i] = []any{bytes.Clone(c.Incarnation[:]), c.Scope, int64(c.Seq), bytes.Clone(c.Hash[:])}
	}
	return out
}

// cutsCell reads a list of cuts; one that is not of the form is left out, which cuts its chain off whole.
func cutsCell(op journal.Op) (cuts []Cut, given bool) {
	list, given := cell(op, "cuts").([]any)
	for _, e := range list {
		part, _ := e.([]any)
		if len(part) != 4 {
			continue
		}
		in, _ := part[0].([]byte)
		scope, _ := part[1].(string)
		seq, _ := part[2].(int64)
		hash, _ := part[3].([]byte)
		var c Cut
		if len(in) != len(c.Incarnation) || len(hash) != len(c.Hash) || seq < 1 {
			continue
		}
		c.Scope, c.Seq = scope, uint64(seq)
		copy(c.Incarnation[:], in)
		copy(c.Hash[:], hash)
		cuts = append(cuts, c)
	}
	return cuts, given
}

// allows reports whether the entry that within tells about stands at or before a cut or a release.
func (v *Revocation) allows(within func(Cut) bool) bool {
	if v.void {
		return true
	}
	for _, list := range [][]Cut{v.Cuts, v.released} {
		for _, c := range list {
			if within(c) {
				return true
			}
		}
	}
	return false
}

// statement is one operation of the control scope with its author.
type statement struct {
	author Key
	entry  *journal.Entry
	op     journal.Op
}

// later orders statements so that the one that is shown of several comes last and overwrites the others.
func later(a, b statement) int {
	return cmp.Or(cmp.Compare(a.entry.HLC, b.entry.HLC),
		bytes.Compare(a.entry.Incarnation[:], b.entry.Incarnation[:]),
		bytes.Compare(a.entry.Hash[:], b.entry.Hash[:]),
		bytes.Compare(a.op.ID[:], b.op.ID[:]))
}

func cell(op journal.Op, field string) any {
	for _, c := range op.Cells {
		if c.Field == field {
			return c.Value
		}
	}
	return nil
}

func keyCell(op journal.Op, field string) (Key, bool) {
	b, _ := cell(op, field).([]byte)
	return KeyOf(b)
}

// maxName is the length of the longest name of a device, in characters.
const maxName = 80

// nameCell returns the name of a device, which it gave itself: one line of characters that show, for names stand
// in sentences on which people decide.
func nameCell(op journal.Op) string {
	name, _ := cell(op, "name").(string)
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, name))
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName-1]) + "…"
	}
	return name
}

func idCell(op journal.Op, field string) (id uuid.UUID) {
	if b, _ := cell(op, field).([]byte); len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// rootOf reports whether op is the record by which author shows itself to be the root of t: the
// territory's id commits to the root key and to the hash of the next one.
func rootOf(t journal.Territory, author Key, op journal.Op) bool {
	next, ok := cell(op, "next").([]byte)
	if !ok || len(next) != len(journal.Hash{}) {
		return false
	}
	return journal.TerritoryOf(ed25519.PublicKey(author[:]), journal.Hash(next)) == t
}

// keyHash is what a root commits to of the key that will follow it.
func keyHash(k Key) journal.Hash { return sha256.Sum256(k[:]) }

const domainTwin = "buron twin v1\n"

// twinSigned returns the bytes by which an old key vouches for a new one.
func twinSigned(t journal.Territory, to Key) []byte {
	b := append([]byte(domainTwin), t[:]...)
	return append(b, to[:]...)
}

// TwinFields returns the fields of the control record by which the device whose old keys are from goes on
// under the keys of to.
func TwinFields(t journal.Territory, from, to *Identity) record.Fields {
	old, age := from.Public(), to.Age.Recipient().String()
	return record.Fields{
		"from": bytes.Clone(old[:]), "signature": ed25519.Sign(from.Key, twinSigned(t, to.Public())), "age": age, "name": to.Name,
	}
}

// twinOf returns the old key that vouches for author. The error is ErrTwin where it does not.
func twinOf(t journal.Territory, author Key, op journal.Op) (Key, error) {
	from, ok := keyCell(op, "from")
	signature, _ := cell(op, "signature").([]byte)
	if !ok || from == author || !vouches(t, from, author, signature) {
		return from, ErrTwin
	}
	return from, nil
}

// vouches reports whether a signature is the one by which an old key vouches for a new one.
func vouches(t journal.Territory, from, to Key, signature []byte) bool {
	return ed25519.Verify(ed25519.PublicKey(from[:]), twinSigned(t, to), signature)
}

// MaxErased is the number of records that one erasure may name.
const MaxErased = 1000

// Erasure names records of one scope whose bodies are dropped.
type Erasure struct {
	ID      uuid.UUID
	Scope   string
	Records []uuid.UUID
	Reason  string // in French, for people; never who it was about
	By      Key
	At      journal.HLC
}

// ErrErasure is returned for an erasure of nothing, of too much, or of the control scope.
var ErrErasure = errors.New("trust: an erasure names one to a thousand records of a scope that people write in")

// Fields returns the fields of the control record of an erasure.
func (e Erasure) Fields() (record.Fields, error) {
	if len(e.Records) == 0 || len(e.Records) > MaxErased || e.Scope == Control || e.Scope == "" {
		return nil, ErrErasure
	}
	list := make([]any, len(e.Records))
	for i, id := range e.Records {
		list[i] = bytes.Clone(id[:])
	}
	f := record.Fields{"scope": e.Scope, "records": list}
	if e.Reason != "" {
		f["reason"] = e.Reason
	}
	return f, nil
}

func erasureOf(s statement) Erasure {
	e := Erasure{ID: s.op.ID, By: s.author, At: s.entry.HLC}
	e.Scope, _ = cell(s.op, "scope").(string)
	e.Reason, _ = cell(s.op, "reason").(string)
	list, _ := cell(s.op, "records").([]any)
	for _, v := range list {
		var id uuid.UUID
		if b, _ := v.([]byte); len(b) == len(id) {
			copy(id[:], b)
			e.Records = append(e.Records, id)
		}
	}
	return e
}

package replica

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
)

// What is personal stands sealed in the database under a data key that is kept elsewhere: salts and bodies of
// entries, cells of records, their personal fields, drafts. Without the key the rest works, and what is
// personal is neither read, nor written, nor passed on.

// ErrSealed is returned where something personal is asked for and the data key is not on this device.
var ErrSealed = errors.New("les champs personnels sont scellés et leur clé n'est pas sur cet appareil")

// privateOp reports whether an operation says what is to be sealed.
func privateOp(scope string, op journal.OpHead) bool {
	return op.Flags&journal.Personal != 0 || record.Private(record.Kind(op.Kind), scope)
}

func privateEntry(e *journal.Entry) bool {
	for i := range e.Ops {
		if privateOp(e.Scope, e.Ops[i]) {
			return true
		}
	}
	return false
}

// stored returns an entry as the database keeps it. The error is ErrSealed where it is private and the key is
// not here.
func (r *Replica) stored(e *journal.Entry) ([]byte, error) {
	if e.Sealed == nil && privateEntry(e) {
		box := r.box.Load()
		if box == nil {
			return nil, ErrSealed
		}
		var err error
		if e, err = e.Seal(func(plain []byte) ([]byte, error) { return box.Seal(plain, "entry", string(e.Hash[:])), nil }); err != nil {
			return nil, err
		}
	}
	return journal.AppendStored(nil, e), nil
}

// parse reads an entry as the database keeps it. Without the key, a private one has its head alone.
func (r *Replica) parse(b []byte) (*journal.Entry, error) {
	e, err := journal.ParseStored(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if box := r.box.Load(); e.Sealed != nil && box != nil {
		if err := e.Unseal(func(sealed []byte) ([]byte, error) { return box.Open(sealed, "entry", string(e.Hash[:])) }); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return e, nil
}

// sealedCells stands before cells that are sealed: no CBOR of cells begins so.
const sealedCells = 0x01

// sealedField is the member of a record's JSON under which its personal fields stand sealed: no field can be
// called so.
const sealedField = "~"

// encode returns the JSON and the cells of a record as the database keeps them.
func (r *Replica) encode(s *state, f record.Fields) (text string, cells []byte, err error) {
	if cells, err = s.encode(); err != nil {
		return "", nil, err
	}
	s.private = s.private || record.Private(record.Kind(s.kind), s.scope)
	if !s.private {
		text, err = s.json(f)
		return text, cells, err
	}
	box := r.box.Load()
	if box == nil {
		return "", nil, ErrSealed
	}
	open, hidden := record.Fields{}, record.Fields{}
	for name, v := range f {
		if record.Clear(record.Kind(s.kind), name) {
			open[name] = v
		} else {
			hidden[name] = v
		}
	}
	if text, err = s.json(open); err != nil {
		return "", nil, err
	}
	if len(hidden) > 0 {
		plain, err := s.json(hidden)
		if err != nil {
			return "", nil, err
		}
		text = withMember(text, sealedField, base64.RawStdEncoding.EncodeToString(box.Seal([]byte(plain), "fields", s.scope, s.kind, string(s.id[:]))))
	}
	return text, append([]byte{sealedCells}, box.Seal(cells, "cells", s.scope, s.kind, string(s.id[:]))...), err
}

// withMember adds a member to a JSON object; neither name nor value holds anything to escape.
func withMember(object, name, value string) string {
	open := strings.TrimSuffix(object, "}")
	if open != "{" {
		open += ","
	}
	return open + `"` + name + `":"` + value + `"}`
}

// decode reads the cells of a record. The error is ErrSealed where the key is not here.
func (r *Replica) decode(s *state, cells []byte) error {
	if len(cells) == 0 || cells[0] != sealedCells {
		return s.decode(cells)
	}
	s.private = true
	box := r.box.Load()
	if box == nil {
		return ErrSealed
	}
	plain, err := box.Open(cells[1:], "cells", s.scope, s.kind, string(s.id[:]))
	if err != nil {
		return fmt.Errorf("%w: cells of %s: %w", ErrDamaged, s.id, err)
	}
	return s.decode(plain)
}

// fields reads the JSON of a record into it. Where the key is not here, the personal ones are absent.
func (r *Replica) fields(rec *record.Record, b []byte) error {
	var err error
	if rec.Fields, err = parseFields(b); err != nil {
		return err
	}
	sealed, ok := rec.Fields[sealedField].(string)
	if !ok {
		return nil
	}
	delete(rec.Fields, sealedField)
	box := r.box.Load()
	if box == nil {
		return nil
	}
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err == nil {
		raw, err = box.Open(raw, "fields", rec.Scope, string(rec.Kind), string(rec.ID[:]))
	}
	if err != nil {
		return fmt.Errorf("%w: fields of %s: %w", ErrDamaged, rec.ID, err)
	}
	hidden, err := parseFields(raw)
	for name, v := range hidden {
		rec.Fields[name] = v
	}
	return err
}

// privateSetting reports whether a setting is a draft that may quote someone. Of the drafts, only one that
// names a kind without personal fields cannot.
func privateSetting(key string) bool {
	rest, draft := strings.CutPrefix(key, "draft")
	if !draft {
		return false
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(rest, "."), ".")
	return !known(kind) || record.Private(record.Kind(kind), "")
}

// sealedSetting stands before a setting that is sealed.
const sealedSetting = "~"

func (r *Replica) sealSetting(key, value string) (string, error) {
	if !privateSetting(key) {
		return value, nil
	}
	box := r.box.Load()
	if box == nil {
		return "", ErrSealed
	}
	return sealedSetting + base64.RawStdEncoding.EncodeToString(box.Seal([]byte(value), "setting", key)), nil
}

// openSetting reads a setting; a draft that cannot be read is none.
func (r *Replica) openSetting(key, value string) string {
	text, sealed := strings.CutPrefix(value, sealedSetting)
	if !sealed || !privateSetting(key) {
		return value
	}
	box := r.box.Load()
	if box == nil {
		return ""
	}
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err == nil {
		raw, err = box.Open(raw, "setting", key)
	}
	if err != nil {
		return ""
	}
	return string(raw)
}

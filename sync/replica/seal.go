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

// sealedCells stands before cells that are sealed: no others begin so.
const sealedCells = 0x01

// sealedField is the member of the values shown under which its personal fields stand sealed: no field can be
// called so.
const sealedField = "~"

// packed is what the row of a record says of its merged state: the values shown, and the cells (packed.go),
// sealed where they are personal.
type packed struct{ fields, cells []byte }

// encode returns the row of a record whose shown values are f.
func (r *Replica) encode(s *state, f record.Fields, number numbering) (p packed, err error) {
	if p.cells, err = s.packCells(number); err != nil {
		return p, err
	}
	s.private = s.private || record.Private(record.Kind(s.kind), s.scope)
	if !s.private {
		p.fields, err = packFields(f, "")
		return p, err
	}
	box := r.box.Load()
	if box == nil {
		return p, ErrSealed
	}
	open, hidden := record.Fields{}, record.Fields{}
	for name, v := range f {
		if record.Clear(record.Kind(s.kind), name) {
			open[name] = v
		} else {
			hidden[name] = v
		}
	}
	var sealed string
	if len(hidden) > 0 {
		plain, err := packFields(hidden, "")
		if err != nil {
			return p, err
		}
		sealed = base64.RawStdEncoding.EncodeToString(box.Seal(plain, "fields", s.scope, s.kind, string(s.id[:])))
	}
	if p.fields, err = packFields(open, sealed); err != nil {
		return p, err
	}
	p.cells = append([]byte{sealedCells}, box.Seal(p.cells, "cells", s.scope, s.kind, string(s.id[:]))...)
	return p, nil
}

// decode reads the cells of a record. The error is ErrSealed where the key is not here.
func (r *Replica) decode(s *state, p packed, name naming) error {
	cells := p.cells
	if len(cells) > 0 && cells[0] == sealedCells {
		s.private = true
		box := r.box.Load()
		if box == nil {
			return ErrSealed
		}
		var err error
		if cells, err = box.Open(cells[1:], "cells", s.scope, s.kind, string(s.id[:])); err != nil {
			return fmt.Errorf("%w: cells of %s: %w", ErrDamaged, s.id, err)
		}
	}
	if len(cells) == 0 || cells[0] != packedCells {
		return s.decodeOlder(cells)
	}
	rec := record.Record{ID: s.id, Kind: record.Kind(s.kind), Scope: s.scope}
	if err := r.fields(&rec, p.fields); err != nil {
		return err
	}
	return s.unpackCells(cells, rec.Fields, name)
}

// fields reads the values shown of a record into it. Where the key is not here, the personal ones are absent.
func (r *Replica) fields(rec *record.Record, b []byte) error {
	var err error
	if rec.Fields, err = unpackFields(b); err != nil {
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
	parse := unpackFields
	if len(raw) > 0 && raw[0] == '{' {
		parse = parseOlderFields
	}
	hidden, err := parse(raw)
	for name, v := range hidden {
		rec.Fields[name] = v
	}
	return err
}

// privateSetting reports whether a setting names people, or is a draft that may quote someone. Of the drafts, only one
// that names a kind without personal fields cannot.
func privateSetting(key string) bool {
	if strings.HasPrefix(key, "subject.") {
		return true
	}
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

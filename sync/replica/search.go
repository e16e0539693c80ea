package replica

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Hit is one answer of a search.
type Hit struct {
	record.Record
	Title, Subtitle string
}

// words splits what was typed into what search compares: letters and digits.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// matchOf turns what was typed into an FTS5 expression: every word, each from its beginning.
func matchOf(text string) string {
	var b strings.Builder
	for _, w := range words(text) {
		fmt.Fprintf(&b, `"%s"* `, w)
	}
	return strings.TrimSpace(b.String())
}

// Search finds records by the beginnings of their words, accents and case ignored. Kinds may be nil for
// every kind that search covers. Equipment is also found by the names of its place, room and model: « alla
// 12 eni ». Personal records are never found.
func (r *Replica) Search(ctx context.Context, text string, kinds []record.Kind, limit int) ([]Hit, error) {
	match := matchOf(text)
	if match == "" {
		return nil, nil
	}
	if err := r.indexWords(ctx); err != nil {
		return nil, err
	}
	only, args := "", []any{match}
	if len(kinds) > 0 {
		only = " AND kind IN (?" + strings.Repeat(", ?", len(kinds)-1) + ")"
		for _, k := range kinds {
			args = append(args, string(k))
		}
	}
	found, err := r.records(ctx, r.read, recordColumns+" FROM search JOIN record ON record.number = search.rowid WHERE search MATCH ? AND archived = 0"+
		only+" LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, err
	}
	if len(found) < limit && (len(kinds) == 0 || contains(kinds, record.Equipment)) && len(words(text)) > 1 {
		more, err := r.searchAround(ctx, text, limit-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	b := r.Book(ctx)
	hits := make([]Hit, 0, len(found))
	seen := map[uuid.UUID]bool{}
	for _, rec := range found {
		if !seen[rec.ID] {
			seen[rec.ID] = true
			hits = append(hits, Hit{rec, record.Title(rec, b), record.Subtitle(rec, b)})
		}
	}
	return hits, nil
}

func contains(kinds []record.Kind, k record.Kind) bool {
	for _, o := range kinds {
		if o == k {
			return true
		}
	}
	return false
}

// aroundKinds are the records whose names also lead to the equipment that refers to them.
var aroundKinds = []struct {
	kind  record.Kind
	field string
}{{record.Site, "site"}, {record.Room, "room"}, {record.EquipmentType, "type"}}

// searchAround finds equipment for which every word begins a word of its own, of its place, of its room or
// of its model.
func (r *Replica) searchAround(ctx context.Context, text string, limit int) ([]record.Record, error) {
	where, args := "", []any{}
	for _, w := range words(text) {
		match := fmt.Sprintf(`"%s"*`, w)
		where += " AND (number IN (SELECT rowid FROM search WHERE search MATCH ?)"
		args = append(args, match)
		for _, a := range aroundKinds {
			ids, err := column1[[]byte](ctx, r.read, fmt.Sprintf(
				"SELECT id FROM search JOIN record ON record.number = search.rowid WHERE search MATCH ? AND kind = '%s' AND archived = 0 LIMIT 200", a.kind), match)
			if err != nil {
				return nil, err
			}
			if len(ids) == 0 {
				continue
			}
			where += " OR " + column(a.field) + " IN (?" + strings.Repeat(", ?", len(ids)-1) + ")"
			for _, id := range ids {
				args = append(args, uuid.UUID(id).String())
			}
		}
		where += ")"
	}
	return r.records(ctx, r.read, recordColumns+" FROM record WHERE kind = 'equipment' AND archived = 0"+where+" LIMIT ?", append(args, limit)...)
}

// codes are the fields that a label or a plate carries.
var codes = []struct {
	kind   record.Kind
	fields []string
}{
	{record.Equipment, []string{"tag", "serial"}},
	{record.Room, []string{"label"}},
	{record.Site, []string{"uai"}},
	{record.Acknowledgement, []string{"receipt"}},
}

// Scan returns the records that carry a code: a tag or a serial, a room's label, a UAI, a receipt, or an
// id. Upper and lower case are not told apart where the code as read is found nowhere.
func (r *Replica) Scan(ctx context.Context, code string) ([]record.Record, error) {
	code = strings.TrimSpace(code)
	if code == "" {
		return nil, nil
	}
	if id, err := uuid.Parse(code); err == nil {
		rec, ok, err := r.Book(ctx).Get(id)
		if err != nil || !ok {
			return nil, err
		}
		return []record.Record{rec}, nil
	}
	for _, form := range []string{code, strings.ToUpper(code), strings.ToLower(code)} {
		var out []record.Record
		for _, c := range codes {
			for _, f := range c.fields {
				found, err := r.find(ctx, r.read, c.kind, f, form)
				if err != nil {
					return nil, err
				}
				out = append(out, found...)
			}
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return r.mergedUnder(ctx, code)
}

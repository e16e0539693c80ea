package replica

import (
	"context"
	"fmt"
	"strconv"
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
	found, err := records(ctx, r.read, recordColumns+" FROM search JOIN record ON record.number = search.rowid WHERE search MATCH ? AND archived = 0"+
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
	return records(ctx, r.read, recordColumns+" FROM record WHERE kind = 'equipment' AND archived = 0"+where+" LIMIT ?", append(args, limit)...)
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
				found, err := find(ctx, r.read, c.kind, f, form)
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
	return nil, nil
}

// metaSearched is the number of the last entry whose words search knows.
const metaSearched = "searched"

// indexWords brings the search up to what was saved since: a confirmed save does not wait for it, and if the
// program ends before, the next one that searches finds where it stopped.
func (r *Replica) indexWords(ctx context.Context) error {
	if !r.unsearched.Swap(false) {
		return nil
	}
	err := r.inBatch(ctx, (*batch).indexWords)
	if err != nil {
		r.unsearched.Store(true)
	}
	return err
}

func (b *batch) indexWords() error {
	var from, last int64
	if err := b.write.QueryRowContext(b.ctx, `SELECT coalesce((SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM meta WHERE key = ?), 0),
		(SELECT coalesce(max(id), 0) FROM entry)`, metaSearched).Scan(&from, &last); err != nil {
		return err
	}
	for from < last {
		entries, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE id > ? ORDER BY id LIMIT ?", from, rebuildPart)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := b.indexEntry(e); err != nil {
				return err
			}
			from = e.number
		}
		if err := b.flush(); err != nil {
			return err
		}
	}
	b.notice = Notice{} // nothing that is shown has changed
	return b.searchedTo(last)
}

func (b *batch) indexEntry(e heldEntry) error {
	for _, op := range e.Ops {
		if len(record.Searchable(record.Kind(op.Kind))) == 0 || e.stands != merged {
			continue
		}
		s, err := b.state(recordKey{e.Scope, op.Kind, op.ID})
		if err != nil {
			return err
		}
		if s.number != 0 {
			s.words, s.dirty = true, true
		}
	}
	return nil
}

// searchedTo notes up to which entry search knows the words.
func (b *batch) searchedTo(entry int64) error {
	_, err := b.st.setMeta.ExecContext(b.ctx, metaSearched, []byte(strconv.FormatInt(entry, 10)))
	return err
}

// searchedToEnd notes that search knows every word, unless some of before are pending.
func (b *batch) searchedToEnd(pending bool) error {
	if pending {
		return nil
	}
	var last int64
	if err := b.write.QueryRowContext(b.ctx, "SELECT coalesce(max(id), 0) FROM entry").Scan(&last); err != nil {
		return err
	}
	return b.searchedTo(last)
}

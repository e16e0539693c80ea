package replica

import (
	"context"
	"fmt"
	"strings"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// metaSearched says up to where search knows the words: the numbers of the last entry and of the last record.
const metaSearched = "searched"

// wordsPart is the number of records whose words are indexed in one transaction.
const wordsPart = 4000

// indexWords brings the search up to what was saved or received since: neither waits for it, and if the program
// ends before, the next one that searches finds where it stopped. It goes part by part, so that whoever saves
// meanwhile waits for one part only.
func (r *Replica) indexWords(ctx context.Context) error {
	r.indexing.Lock()
	defer r.indexing.Unlock()
	if !r.unsearched.Swap(false) {
		return nil
	}
	for more := true; more; {
		err := r.inBatch(ctx, func(b *batch) (err error) {
			more, err = b.indexPart()
			return err
		})
		if err != nil {
			r.unsearched.Store(true)
			return err
		}
	}
	return nil
}

// searched is how far search knows the words: those of every record up to a number, as of an entry.
type searched struct{ entry, record int64 }

func (b *batch) searched() (at searched, err error) {
	var text string
	if err := b.write.QueryRowContext(b.ctx, "SELECT coalesce((SELECT CAST(value AS TEXT) FROM meta WHERE key = ?), '')", metaSearched).Scan(&text); err != nil {
		return at, err
	}
	if _, err := fmt.Sscanf(text, "%d %d", &at.entry, &at.record); err == nil {
		return at, nil
	}
	// Nothing yet, or the note of a version that counted otherwise.
	return searched{}, b.forgetWords()
}

// forgetWords empties the search, to be filled again.
func (b *batch) forgetWords() error {
	if _, err := b.write.ExecContext(b.ctx, "INSERT INTO search (search) VALUES ('delete-all')"); err != nil {
		return err
	}
	return b.searchedTo(searched{})
}

func (b *batch) searchedTo(at searched) error {
	_, err := b.st.setMeta.ExecContext(b.ctx, metaSearched, fmt.Appendf(nil, "%d %d", at.entry, at.record))
	return err
}

// indexPart indexes words that search lacks. First those of records that it knew and that entries have changed
// since, then those of the records that have come since.
func (b *batch) indexPart() (more bool, err error) {
	at, err := b.searched()
	if err != nil {
		return false, err
	}
	var last searched
	if err := b.write.QueryRowContext(b.ctx, "SELECT (SELECT coalesce(max(id), 0) FROM entry), (SELECT coalesce(max(number), 0) FROM record)").Scan(&last.entry, &last.record); err != nil {
		return false, err
	}
	before := at
	for room := wordsPart; at.entry < last.entry && room > 0; {
		n, err := b.wordsOfEntries(&at, room)
		if err != nil {
			return false, err
		}
		room -= n
	}
	if to := min(at.record+wordsPart, last.record); at.entry == last.entry && at.record < to {
		if _, err := b.st.addWords.ExecContext(b.ctx, at.record, to); err != nil {
			return false, err
		}
		at.record = to
	}
	if at != before {
		err = b.searchedTo(at)
	}
	return at.entry < last.entry || at.record < last.record, err
}

// wordsOfEntries goes through entries that arrived after at, until about room operations were looked at.
func (b *batch) wordsOfEntries(at *searched, room int) (n int, err error) {
	entries, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE id > ? ORDER BY id LIMIT ?", at.entry, 100)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		if n > 0 && n+len(e.Ops) > room {
			break
		}
		if err := b.wordsOfEntry(e, at.record); err != nil {
			return n, err
		}
		n, at.entry = n+len(e.Ops), e.number
	}
	return max(n, 1), nil
}

func (b *batch) wordsOfEntry(e heldEntry, known int64) error {
	if known == 0 || e.stands != merged {
		return nil
	}
	if err := b.lookAhead([]*journal.Entry{e.Entry}); err != nil {
		return err
	}
	for _, op := range e.Ops {
		if len(record.Searchable(record.Kind(op.Kind))) == 0 || b.ahead.absent(op.ID) || b.ahead.after(op.ID, known) {
			continue
		}
		if err := b.wordsOfRecord(recordKey{e.Scope, op.Kind, op.ID}, known); err != nil {
			return err
		}
	}
	return nil
}

// wordsOfRecord indexes the words of a record again, if search knew it.
func (b *batch) wordsOfRecord(k recordKey, known int64) error {
	numbers, err := column1[int64](b.ctx, b.write, "SELECT number FROM record WHERE id = ? AND +kind = ? AND scope = ? AND number <= ?", k.id[:], k.kind, k.scope, known)
	for _, n := range numbers {
		err = b.wordsAgain(n)
	}
	return err
}

func (b *batch) wordsAgain(number int64) error {
	if _, err := b.st.dropWords.ExecContext(b.ctx, number); err != nil {
		return err
	}
	_, err := b.st.addWords.ExecContext(b.ctx, number-1, number)
	return err
}

// addWords is the statement that indexes the records after a number, up to another: in the database, since
// bringing the fields here and the words back would cost more than the index itself.
func addWords() string {
	var which strings.Builder
	var kinds []string
	for _, k := range record.Kinds() {
		fields := record.Searchable(k)
		if len(fields) == 0 {
			continue
		}
		kinds = append(kinds, "'"+string(k)+"'")
		fmt.Fprintf(&which, " WHEN '%s' THEN concat_ws(' '", k)
		for _, f := range fields {
			which.WriteString(", " + column(f))
		}
		which.WriteString(")")
	}
	return "INSERT INTO search (rowid, words) SELECT number, CASE kind" + which.String() + " END FROM record WHERE number > ? AND number <= ? AND kind IN (" +
		strings.Join(kinds, ", ") + ")"
}

// after reports whether the record of this id is known to have a greater number.
func (s span) after(id uuid.UUID, number int64) bool {
	n, ok := s.held[id]
	return ok && n > number
}

// refoldedWords indexes the words of a record that search knew and that changed without an entry.
func (b *batch) refoldedWords(s *state) error {
	at, err := b.searched()
	if err == nil && s.number <= at.record && len(record.Searchable(record.Kind(s.kind))) > 0 {
		err = b.wordsAgain(s.number)
	}
	return err
}

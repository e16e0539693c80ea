package replica

import (
	"fmt"
	"strings"
)

// together is the number of new records that one statement writes. Each statement opens every index of the
// table, which costs as much as writing a record.
const together = 25

// addRecords is the statement that writes n records.
func addRecords(n int) string {
	return "INSERT INTO record (number, id, kind, scope, archived, conflicts, fields, cells) VALUES (?, ?, ?, ?, ?, ?, ?, ?)" +
		strings.Repeat(", (?, ?, ?, ?, ?, ?, ?, ?)", n-1)
}

// addTouches is the statement that notes n operations.
func addTouches(n int) string {
	return "INSERT OR IGNORE INTO touch (record, entry, op) VALUES (?, ?, ?)" + strings.Repeat(", (?, ?, ?)", n-1)
}

// storeNew writes the records that are not on the disk yet, as far as they fill whole statements.
func (b *batch) storeNew() error {
	var fresh []*state
	for _, s := range b.order {
		if s.dirty && s.number == 0 && !s.again {
			fresh = append(fresh, s)
		}
	}
	if len(fresh) < together {
		return nil
	}
	var last int64
	if err := b.st.lastRecord.QueryRowContext(b.ctx).Scan(&last); err != nil {
		return err
	}
	args, touches := make([]any, 0, 8*together), make([]any, 0, 3*together)
	for ; len(fresh) >= together; fresh = fresh[together:] {
		args, touches = args[:0], touches[:0]
		for _, s := range fresh[:together] {
			last++
			row, err := b.row(s)
			if err != nil {
				return err
			}
			s.number, s.dirty = last, false
			args = append(append(args, last, s.id[:], s.kind, s.scope), row...)
			if len(s.touches) == 1 {
				touches = append(touches, s.number, s.touches[0].entry, s.touches[0].op)
			} else if err := b.addTouches(s); err != nil {
				return err
			}
			b.noticeKind(s.kind)
		}
		if _, err := b.st.addRecords.ExecContext(b.ctx, args...); err != nil {
			return fmt.Errorf("store %d records: %w", together, err)
		}
		if len(touches) == 3*together {
			if _, err := b.st.addTouches.ExecContext(b.ctx, touches...); err != nil {
				return err
			}
			continue
		}
		for i := 0; i < len(touches); i += 3 {
			if _, err := b.st.addTouch.ExecContext(b.ctx, touches[i:i+3]...); err != nil {
				return err
			}
		}
	}
	return nil
}

// row returns what a record's row says beside its name: archived, conflicts, fields, cells.
func (b *batch) row(s *state) ([]any, error) {
	fields := s.fields()
	p, err := b.encode(s, fields, b.writerNumber)
	if err != nil {
		return nil, err
	}
	return []any{shelfOf(fields), s.conflicts(), p.fields, p.cells}, nil
}

// store writes one record.
func (b *batch) store(s *state) error {
	if s.unchanged() {
		return b.addTouches(s)
	}
	b.renewal.replaces(s)
	row, err := b.row(s)
	if err != nil {
		return err
	}
	known := s.number != 0
	if known {
		_, err = b.st.setRecord.ExecContext(b.ctx, append(row, s.number)...)
	} else if res, e := b.st.addRecord.ExecContext(b.ctx, append([]any{nil, s.id[:], s.kind, s.scope}, row...)...); e != nil {
		err = e
	} else {
		s.number, err = res.LastInsertId()
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", s.id, err)
	}
	if err := b.addTouches(s); err != nil {
		return err
	}
	if s.again {
		if err := b.refoldedWords(s); err != nil {
			return err
		}
	}
	b.noticeKind(s.kind)
	return nil
}

func (b *batch) addTouches(s *state) error {
	for _, t := range s.touches {
		if _, err := b.st.addTouch.ExecContext(b.ctx, s.number, t.entry, t.op); err != nil {
			return err
		}
	}
	return nil
}

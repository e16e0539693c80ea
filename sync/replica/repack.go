package replica

import (
	"context"
	"fmt"
)

// metaRepack is noted by the step to version 8 of the schema: rows may still stand as earlier versions wrote them.
const metaRepack = "repack"

// moveRecords moves the rows of records into the table of version 8, their values shown written as they are from
// there on. What is sealed stays as it is.
func moveRecords(ctx context.Context, db *writer) error {
	for from, more := int64(0), true; more; {
		last, err := movePart(ctx, db, from)
		if err != nil {
			return err
		}
		from, more = last, last > from
	}
	return nil
}

func movePart(ctx context.Context, db *writer, from int64) (last int64, err error) {
	rows, err := db.QueryContext(ctx, "SELECT number, fields FROM record WHERE number > ? ORDER BY number LIMIT ?", from, rebuildPart)
	if err != nil {
		return from, err
	}
	defer rows.Close()
	type row struct {
		number int64
		fields []byte
	}
	var list []row
	for last = from; rows.Next(); {
		var text []byte
		if err := rows.Scan(&last, &text); err != nil {
			return from, err
		}
		f, err := parseOlderFields(text)
		if err != nil {
			return from, err
		}
		sealed, _ := f[sealedField].(string)
		packed, err := packFields(f, sealed)
		if err != nil {
			return from, err
		}
		list = append(list, row{last, packed})
	}
	if err := rows.Err(); err != nil {
		return from, err
	}
	for _, x := range list {
		if _, err := db.ExecContext(ctx, "INSERT INTO record_new SELECT number, id, kind, scope, archived, conflicts, ?, cells FROM record WHERE number = ?", x.fields, x.number); err != nil {
			return from, err
		}
	}
	return last, nil
}

// repack writes anew what an earlier version of the schema wrote, so that it takes the room that it takes from
// now on. It goes part by part and can be interrupted: both forms are read. What is sealed and cannot be opened
// waits for the key.
func (r *Replica) repack(ctx context.Context) error {
	var due bool
	if err := r.write.QueryRowContext(ctx, "SELECT count(*) FROM meta WHERE key = ?", metaRepack).Scan(&due); err != nil || !due {
		return err
	}
	for _, part := range []func(*batch, int64) (int64, error){(*batch).repackRecords, (*batch).repackEntries} {
		for from, more := int64(0), true; more; {
			err := r.inBatch(ctx, func(b *batch) error {
				last, err := part(b, from)
				from, more = last, last > from
				return err
			})
			if err != nil {
				return fmt.Errorf("repack: %w", err)
			}
		}
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	if _, err := r.write.ExecContext(ctx, "DELETE FROM meta WHERE key = ?", metaRepack); err != nil {
		return err
	}
	return r.shredFiles(ctx) // gives the room back
}

// repackRecords writes some rows of records after number from, and returns the last one.
func (b *batch) repackRecords(from int64) (last int64, err error) {
	rows, err := b.write.QueryContext(b.ctx, "SELECT number, id, kind, scope, fields, cells FROM record WHERE number > ? ORDER BY number LIMIT ?", from, rebuildPart)
	if err != nil {
		return from, err
	}
	defer rows.Close()
	type row struct {
		s state
		p packed
	}
	var list []row
	for last = from; rows.Next(); {
		var x row
		var id []byte
		if err := rows.Scan(&x.s.number, &id, &x.s.kind, &x.s.scope, &x.p.fields, &x.p.cells); err != nil {
			return from, err
		}
		copy(x.s.id[:], id)
		last = x.s.number
		list = append(list, x)
	}
	if err := rows.Err(); err != nil {
		return from, err
	}
	for i := range list {
		s := &list[i].s
		if err := b.decode(s, list[i].p, b.writerName); err != nil {
			return from, err
		}
		p, err := b.encode(s, s.fields(), b.writerNumber)
		if err != nil {
			return from, err
		}
		if _, err := b.write.ExecContext(b.ctx, "UPDATE record SET fields = ?, cells = ? WHERE number = ?", p.fields, p.cells, s.number); err != nil {
			return from, err
		}
	}
	return last, nil
}

// repackEntries writes some entries after number from that get shorter, and returns the last one.
func (b *batch) repackEntries(from int64) (last int64, err error) {
	held, err := b.heldEntries("SELECT id, stored, standing FROM entry WHERE id > ? ORDER BY id LIMIT 100", from)
	if err != nil {
		return from, err
	}
	last = from
	for _, e := range held {
		last = e.number
		if storedLen(e.Entry) < shrinkFrom {
			continue
		}
		if err := b.restore(e.number, e.Entry); err != nil {
			return from, err
		}
	}
	return last, nil
}

package replica

import (
	"context"
	"database/sql"
	"errors"

	"cantal.fr/buron/sync/journal"
)

// Writers have a number of this replica, so that rows of records need not name them in sixteen bytes. A number
// is never given to another.

const seekWriter = "SELECT incarnation FROM writer WHERE number = ?"

// writers is what a batch knows of them.
type writers struct {
	numbers map[journal.Incarnation]uint64
	names   map[uint64]journal.Incarnation
}

func newWriters() writers {
	return writers{map[journal.Incarnation]uint64{}, map[uint64]journal.Incarnation{}}
}

func (w *writers) know(n uint64, i journal.Incarnation) { w.numbers[i], w.names[n] = n, i }

// writerNumber returns the number of a writer, which gets one if need be.
func (b *batch) writerNumber(i journal.Incarnation) (uint64, error) {
	if n, ok := b.numbered.numbers[i]; ok {
		return n, nil
	}
	var n int64
	err := b.st.writerNumber.QueryRowContext(b.ctx, i[:]).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		var res sql.Result
		if res, err = b.st.addWriter.ExecContext(b.ctx, i[:]); err == nil {
			n, err = res.LastInsertId()
		}
	}
	if err == nil {
		b.numbered.know(uint64(n), i)
	}
	return uint64(n), err
}

// writerName returns the writer that has a number.
func (b *batch) writerName(n uint64) (journal.Incarnation, error) {
	if i, ok := b.numbered.names[n]; ok {
		return i, nil
	}
	i, err := scanWriter(b.st.writerName.QueryRowContext(b.ctx, int64(n)))
	if err == nil {
		b.numbered.know(n, i)
	}
	return i, err
}

// writerName is that of a batch for who reads only. What is committed stays, and is asked once.
func (r *Replica) writerName(ctx context.Context) naming {
	return func(n uint64) (journal.Incarnation, error) {
		if i, ok := r.writers.Load(n); ok {
			return i.(journal.Incarnation), nil
		}
		i, err := scanWriter(r.read.QueryRowContext(ctx, seekWriter, int64(n)))
		if err == nil {
			r.writers.Store(n, i)
		}
		return i, err
	}
}

func scanWriter(row *sql.Row) (i journal.Incarnation, err error) {
	var b []byte
	err = row.Scan(&b)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(b) != len(i) {
		return i, ErrDamaged
	}
	copy(i[:], b)
	return i, err
}

package replica

import (
	"bytes"
	"slices"

	"cantal.fr/buron/sync/journal"
	"github.com/google/uuid"
)

// span is a range of record ids of which it is known which are on the disk.
type span struct {
	from, to uuid.UUID           // inclusive; empty where to is nil
	held     map[uuid.UUID]int64 // numbers of the records; the least of several of one id
}

// absent reports whether it is known that no record of this id was on the disk.
func (s span) absent(id uuid.UUID) bool {
	return s.to != uuid.Nil && bytes.Compare(id[:], s.from[:]) >= 0 && bytes.Compare(id[:], s.to[:]) <= 0 && s.held[id] == 0
}

// fewOps is the number of operations from which looking ahead is worth a query.
const fewOps = 8

// lookAhead finds out with one query which records of a run of entries are held. Ids begin with the time, so
// that new records stand together, with few others between them: most lookups would find nothing.
func (b *batch) lookAhead(entries []*journal.Entry) error {
	var ids []uuid.UUID
	for _, e := range entries {
		for i := range e.Ops {
			ids = append(ids, e.Ops[i].ID)
		}
	}
	b.ahead = span{}
	if len(ids) < fewOps {
		return nil
	}
	order := func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) }
	s := span{from: slices.MinFunc(ids, order), to: slices.MaxFunc(ids, order), held: map[uuid.UUID]int64{}}
	// Where the range holds many others, only its beginning is known.
	most := 2 * len(ids)
	rows, err := b.st.between.QueryContext(b.ctx, s.from[:], s.to[:], most)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	var last uuid.UUID
	for rows.Next() {
		var id []byte
		var number int64
		if err := rows.Scan(&id, &number); err != nil {
			return err
		}
		copy(last[:], id)
		if least, ok := s.held[last]; !ok || number < least {
			s.held[last] = number
		}
		n++
	}
	if n == most {
		s.to = last
	}
	b.ahead = s
	return rows.Err()
}

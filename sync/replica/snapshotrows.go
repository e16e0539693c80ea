package replica

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/snapshot"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// loadAhead is how many statements' worth of records are made ready while one is written.
const loadAhead = 8

// insertRecords writes the records of a snapshot, but for those that were erased, whose cells are taken out of the
// expected digest. It takes them out of had. One goroutine decodes while this one writes; it has ended when insertRecords returns.
func (b *batch) insertRecords(k *keptSnapshot, sealed [][]byte, had map[recordKey]bool, expected *journal.Digest) error {
	at, err := b.searched()
	if err != nil {
		return err
	}
	var last int64
	if err := b.st.lastRecord.QueryRowContext(b.ctx).Scan(&last); err != nil {
		return err
	}
	// Search goes on after the last record whose words it knows: what has no entry must stand after it.
	last = max(last, at.record)
	p := &loader{Replica: b.Replica, roster: b.roster, of: k, had: had, out: make(chan loaded, loadAhead), stop: make(chan struct{}), numbered: map[journal.Incarnation]uint64{}, number: make(chan uint64)}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(p.stop)
	wg.Go(func() { p.run(sealed) })
	for l := range p.out {
		if err := b.cancelled(); err != nil {
			return err
		}
		if l.writer != nil {
			n, err := b.writerNumber(*l.writer)
			if err != nil {
				return err
			}
			p.number <- n
			continue
		}
		args := l.rows
		for i := 0; i < len(args); i += 8 {
			last++
			args[i] = last
		}
		if len(args) == 8*together {
			_, err = b.st.addRecords.ExecContext(b.ctx, args...)
		}
		for i := 0; len(args) < 8*together && i < len(args) && err == nil; i += 8 {
			_, err = b.st.addRecord.ExecContext(b.ctx, args[i:i+8]...)
		}
		if err != nil {
			return fmt.Errorf("store records of a snapshot: %w", err)
		}
	}
	for kind := range p.kinds {
		b.noticeKind(kind)
	}
	for _, d := range p.erased {
		expected.Sub(d)
	}
	if len(p.erased) == 0 || p.err != nil {
		return p.err
	}
	// The frames held what was erased: sealed, but the key is here.
	return b.toShred()
}

// loader turns the frames of a snapshot into rows. What it found is to be read once out is closed.
type loader struct {
	*Replica
	roster *trust.Roster
	of     *keptSnapshot
	had    map[recordKey]bool
	out    chan loaded
	stop   chan struct{}

	numbered map[journal.Incarnation]uint64
	number   chan uint64 // answers to a question for the number of a writer

	args   []any
	before uuid.UUID
	kind   string // of the record before
	kinds  map[string]bool
	erased []journal.Digest // of cells that must not come back
	n      int
	err    error
}

// loaded is rows of as many records as one statement writes, their numbers left open; or a question for the number of
// a writer, which only the one who writes can give.
type loaded struct {
	rows   []any
	writer *journal.Incarnation
}

// writerNumber returns the number of a writer on this replica.
func (p *loader) writerNumber(i journal.Incarnation) (uint64, error) {
	if n, ok := p.numbered[i]; ok {
		return n, nil
	}
	if err := p.send(loaded{writer: &i}); err != nil {
		return 0, err
	}
	select {
	case n := <-p.number:
		p.numbered[i] = n
		return n, nil
	case <-p.stop:
		return 0, errStopped
	}
}

var errStopped = errors.New("stopped")

func (p *loader) run(sealed [][]byte) {
	defer close(p.out)
	id := p.of.id()
	p.kinds = map[string]bool{}
	for n, s := range sealed {
		frame, err := p.openFrame(p.of.Scope, id, n, s)
		if err != nil {
			err = snapshot.ErrFrame // of a data key that is no longer here
		}
		if err == nil {
			err = p.of.Check(n, frame)
		}
		if err == nil {
			err = snapshot.Frame(frame, p.take)
		}
		if err != nil {
			p.err = err
			return
		}
	}
	if p.n != p.of.Records {
		p.err = snapshot.ErrForm
		return
	}
	if len(p.args) > 0 {
		p.err = p.send(loaded{rows: p.args})
	}
}

func (p *loader) send(l loaded) error {
	select {
	case p.out <- l:
		return nil
	case <-p.stop:
		return errStopped
	}
}

func (p *loader) take(rec *snapshot.Record) error {
	order := bytes.Compare(p.before[:], rec.ID[:])
	if p.n++; order > 0 || (order == 0 && p.kind >= rec.Kind) || !journal.Bound(p.of.Scope, rec.Kind, rec.ID) {
		return snapshot.ErrForm
	}
	p.before, p.kind = rec.ID, rec.Kind
	s := stateFrom(p.of.Scope, rec)
	delete(p.had, s.key())
	if p.roster.Erased(s.scope, s.id) {
		var d journal.Digest
		var whole journal.Digest
		s.takeFrom(&d) // zero less what it holds
		whole.Sub(d)
		p.erased = append(p.erased, whole)
		return nil
	}
	fields := s.fields()
	row, err := p.encode(s, fields, p.writerNumber)
	if err != nil {
		return err
	}
	if p.args == nil {
		p.args = make([]any, 0, 8*together)
	}
	p.args = append(p.args, nil, s.id[:], s.kind, s.scope, shelfOf(fields), s.conflicts(), row.fields, row.cells)
	p.kinds[s.kind] = true
	if len(p.args) == 8*together {
		full := p.args
		p.args = nil
		return p.send(loaded{rows: full})
	}
	return nil
}

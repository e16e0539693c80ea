package replica

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"sort"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
)

// Received is what came in from one device: how many records of each kind it has written on.
type Received struct {
	Key   trust.Key
	Name  string
	Kinds map[record.Kind]int
	Last  time.Time // when the latest of it arrived, by this device's clock
}

// ReceivedSince returns what other devices wrote that was merged here since an instant of this device's clock, the
// latest arrival first. What counts is arrival, not when it was written.
func (r *Replica) ReceivedSince(ctx context.Context, since time.Time) ([]Received, error) {
	from, err := r.firstSince(ctx, since)
	if err != nil || from == 0 {
		return nil, err
	}
	self := r.Identity().Public()
	rows, err := r.read.QueryContext(ctx, `SELECT author.key, record.kind, count(DISTINCT record.number), max(entry.received)
		FROM touch CROSS JOIN entry ON entry.id = touch.entry JOIN chain ON chain.id = entry.chain JOIN author USING (incarnation)
		JOIN record ON record.number = touch.record WHERE touch.entry >= ? AND entry.standing = 0 AND author.key <> ? AND record.scope <> ?
		GROUP BY author.key, record.kind`, from, self[:], trust.Control)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	byKey := map[trust.Key]*Received{}
	for rows.Next() {
		var key []byte
		var kind string
		var n int
		var last int64
		if err := rows.Scan(&key, &kind, &n, &last); err != nil {
			return nil, translate(err)
		}
		k, ok := trust.KeyOf(key)
		if !ok {
			continue
		}
		if byKey[k] == nil {
			byKey[k] = &Received{Key: k, Name: r.Roster().Name(k), Kinds: map[record.Kind]int{}}
		}
		byKey[k].Kinds[record.Kind(kind)] = n
		if at := time.UnixMilli(last); at.After(byKey[k].Last) {
			byKey[k].Last = at
		}
	}
	out := make([]Received, 0, len(byKey))
	for _, g := range byKey {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Received) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Key.String(), b.Key.String()))
	})
	return out, translate(rows.Err())
}

// firstSince returns the number of the first entry that arrived since an instant, 0 where none has. Entries are
// numbered as they arrive, so that a few of them tell; a clock that went back in between makes it a day's guess.
func (r *Replica) firstSince(ctx context.Context, since time.Time) (int64, error) {
	last, err := r.Arrivals(ctx)
	if err != nil {
		return 0, err
	}
	i := sort.Search(int(last), func(i int) bool {
		var at int64
		e := r.read.QueryRowContext(ctx, "SELECT received FROM entry WHERE id > ? ORDER BY id LIMIT 1", i).Scan(&at)
		if e != nil && !errors.Is(e, sql.ErrNoRows) {
			err = e
		}
		return e != nil || at >= since.UnixMilli()
	})
	if err != nil || i == int(last) {
		return 0, translate(err)
	}
	return int64(i) + 1, nil
}

// LastHeard returns when something that each device wrote last arrived here, over whatever way, by this device's clock;
// this device's own entries count too. Who has written nothing that is held here is left out.
func (r *Replica) LastHeard(ctx context.Context) (map[trust.Key]time.Time, error) {
	rows, err := r.read.QueryContext(ctx, `SELECT author.key, entry.received FROM author JOIN chain USING (incarnation)
		JOIN tip ON tip.chain = chain.id CROSS JOIN entry INDEXED BY entry_hash ON entry.chain = chain.id AND entry.hash = tip.hash`)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	out := map[trust.Key]time.Time{}
	for rows.Next() {
		var key []byte
		var received int64
		if err := rows.Scan(&key, &received); err != nil {
			return nil, translate(err)
		}
		if k, ok := trust.KeyOf(key); ok && time.UnixMilli(received).After(out[k]) {
			out[k] = time.UnixMilli(received)
		}
	}
	return out, translate(rows.Err())
}

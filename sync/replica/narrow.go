package replica

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// fewMatches is the number of matches up to which the database is told them one by one. A word that nearly every
// record has is quicker narrowed here: what the list holds without it stands in an index, in order.
const fewMatches = 500

// numbers is a set of local numbers.
type numbers []uint64

func numbersOf(list []int64) numbers {
	if len(list) == 0 {
		return nil
	}
	n := make(numbers, slices.Max(list)/64+1)
	for _, x := range list {
		n[x/64] |= 1 << (x % 64)
	}
	return n
}

func (n numbers) has(x int64) bool { return x/64 < int64(len(n)) && n[x/64]&(1<<(x%64)) != 0 }

// keep returns those of a list that are in the set, in their order.
func (n numbers) keep(list []int64) []int64 {
	return slices.DeleteFunc(list, func(x int64) bool { return !n.has(x) })
}

// narrowed replaces the text of a query by the numbers of the records that it matches: few as a condition, many as
// a set that the caller narrows by, nil where there is nothing to narrow.
func (r *Replica) narrowed(ctx context.Context, q Query) (Query, numbers, error) {
	match := matchOf(q.Text)
	if match == "" {
		return q, nil, nil
	}
	if err := r.indexWords(ctx); err != nil {
		return q, nil, err
	}
	list, err := r.matching(ctx, match)
	if err != nil {
		return q, nil, err
	}
	q.Text = ""
	if len(list) > fewMatches {
		return q, numbersOf(list), nil
	}
	b, err := json.Marshal(list)
	q.among = string(b)
	return q, nil, err
}

// lastMatch is what an expression matched when it was last asked. A list and its counts ask one after the other.
type lastMatch struct {
	match   string
	commits int64
	list    []int64
}

// matching returns the numbers of the records whose words match. The list must not be changed.
func (r *Replica) matching(ctx context.Context, match string) ([]int64, error) {
	commits := r.commits.Load()
	r.mu.Lock()
	last := r.matched
	r.mu.Unlock()
	if last.match == match && last.commits == commits {
		return last.list, nil
	}
	list, err := r.numberList(ctx, " FROM (SELECT rowid AS number FROM search WHERE search MATCH ?)", match)
	if err == nil {
		r.mu.Lock()
		r.matched = lastMatch{match, commits, list}
		r.mu.Unlock()
	}
	return list, err
}

// numberList returns the numbers of a query as one row: fifty thousand rows would cost a call each.
func (r *Replica) numberList(ctx context.Context, from string, args ...any) ([]int64, error) {
	var list []byte
	if err := r.read.QueryRowContext(ctx, "SELECT json_group_array(number)"+from, args...).Scan(&list); err != nil {
		return nil, translate(err)
	}
	return parseNumbers(list), nil
}

// Count returns how many records a query chooses.
func (r *Replica) Count(ctx context.Context, q Query) (int, error) {
	if q.sifted() {
		list, err := r.sift(ctx, r.read, q.unordered())
		return len(list), err
	}
	q, only, err := r.narrowed(ctx, q)
	if err != nil {
		return 0, err
	}
	text, args, err := q.sql(false)
	if err != nil {
		return 0, err
	}
	if only != nil {
		list, err := r.numberList(ctx, text, args...)
		return len(only.keep(list)), err
	}
	var n int
	err = r.read.QueryRowContext(ctx, "SELECT count(*)"+text, args...).Scan(&n)
	return n, translate(err)
}

// Index returns the local numbers of the records that a query chooses, in order: what a virtual list
// holds, to ask Rows for those it shows.
func (r *Replica) Index(ctx context.Context, q Query) ([]int64, error) {
	if q.sifted() {
		list, err := r.sift(ctx, r.read, q)
		out := make([]int64, len(list))
		for i, n := range list {
			out[i] = n.number
		}
		return out, err
	}
	q, only, err := r.narrowed(ctx, q)
	if err != nil {
		return nil, err
	}
	limit, offset := q.Limit, q.Offset
	if only != nil {
		q.Limit, q.Offset = 0, 0
	}
	text, args, err := q.sql(true)
	if err != nil {
		return nil, err
	}
	list, err := r.numberList(ctx, " FROM (SELECT number"+text+")", args...)
	if err != nil || only == nil {
		return list, err
	}
	list = only.keep(list)
	list = list[min(offset, len(list)):]
	if limit > 0 {
		list = list[:min(limit, len(list))]
	}
	return list, nil
}

// Tally counts the records of a query by the value of a field: what filter chips show. Records without a
// value count under "".
func (r *Replica) Tally(ctx context.Context, q Query, field string) (map[string]int, error) {
	if !nameForm.MatchString(field) {
		return nil, fmt.Errorf("%w: %q", ErrQuery, field)
	}
	if q.hidden(field) || q.sifted() {
		list, err := r.sift(ctx, r.read, q.unordered())
		return tallyOf(list, field), err
	}
	q, only, err := r.narrowed(ctx, q)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	if !q.all() || !slices.Contains(indexed[string(q.Kind)], field) {
		_, err := r.tally(ctx, q, only, field, out)
		return out, err
	}
	// Of a whole kind, the index of the field tells the values; what it leaves out has none.
	byIndex := q
	byIndex.index = field
	some, err := r.tally(ctx, byIndex, only, field, out)
	if err != nil {
		return nil, err
	}
	text, args, err := q.sql(false)
	if err != nil {
		return nil, err
	}
	var total int
	if only == nil {
		err = r.read.QueryRowContext(ctx, "SELECT count(*)"+text, args...).Scan(&total)
	} else {
		var list []int64
		list, err = r.numberList(ctx, text, args...)
		total = len(only.keep(list))
	}
	if total > some {
		out[""] += total - some
	}
	return out, translate(err)
}

// tally counts by value into out, and returns how many it has counted.
func (r *Replica) tally(ctx context.Context, q Query, only numbers, field string, out map[string]int) (int, error) {
	text, args, err := q.sql(false)
	if err != nil {
		return 0, err
	}
	count := "count(*)"
	if only != nil {
		count = "json_group_array(number)"
	}
	rows, err := r.read.QueryContext(ctx, "SELECT coalesce("+column(field)+", ''), "+count+text+" GROUP BY "+column(field), args...)
	if err != nil {
		return 0, translate(err)
	}
	defer rows.Close()
	total := 0
	for rows.Next() {
		var v any
		var n int
		var list []byte
		to := any(&n)
		if only != nil {
			to = &list
		}
		if err := rows.Scan(&v, to); err != nil {
			return 0, translate(err)
		}
		if only != nil {
			n = len(only.keep(parseNumbers(list)))
		}
		if n > 0 {
			out[fmt.Sprint(v)] += n
			total += n
		}
	}
	return total, translate(rows.Err())
}

// all reports whether the query is of a whole kind, in any order.
func (q Query) all() bool {
	return len(q.Where) == 0 && q.Text == "" && q.Scope == "" && !q.Archived && q.among == "" && nameForm.MatchString(string(q.Kind))
}

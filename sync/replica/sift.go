package replica

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cantal.fr/buron/sync/record"
)

// The database cannot look into what is sealed: what a query asks of it is done here, on the records that
// the rest of the query leaves.

// numbered is a record with its local number.
type numbered struct {
	number int64
	record.Record
}

// hidden reports whether a field of the query's kind stands sealed.
func (q Query) hidden(field string) bool {
	return record.Private(q.Kind, "") && !record.Clear(q.Kind, strings.TrimPrefix(field, "-"))
}

// sifted reports whether the query asks about a field that stands sealed.
func (q Query) sifted() bool {
	return slices.ContainsFunc(q.Order, q.hidden) || slices.ContainsFunc(q.Where, func(c Cond) bool { return q.hidden(c.Field) })
}

// unordered is the query without what does not change how many it chooses.
func (q Query) unordered() Query {
	q.Order, q.Limit, q.Offset = nil, 0, 0
	return q
}

func recordsOf(list []numbered) []record.Record {
	var out []record.Record
	for _, n := range list {
		out = append(out, n.Record)
	}
	return out
}

// sift returns what a query chooses, in order.
func (r *Replica) sift(ctx context.Context, from querier, q Query) ([]numbered, error) {
	open := q
	open.Where, open.Order, open.Limit, open.Offset = nil, nil, 0, 0
	var conds []Cond
	for _, c := range q.Where {
		if !nameForm.MatchString(c.Field) {
			return nil, fmt.Errorf("%w: %q", ErrQuery, c.Field)
		}
		if q.hidden(c.Field) {
			conds = append(conds, c)
		} else {
			open.Where = append(open.Where, c)
		}
	}
	text, args, err := r.sql(ctx, open, false)
	if err != nil {
		return nil, err
	}
	rows, err := from.QueryContext(ctx, "SELECT number, id, kind, scope, fields"+text+" ORDER BY number", args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []numbered
	for rows.Next() {
		var n numbered
		var id, fields []byte
		if err := rows.Scan(&n.number, &id, &n.Kind, &n.Scope, &fields); err != nil {
			return nil, translate(err)
		}
		copy(n.ID[:], id)
		if err := r.fields(&n.Record, fields); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(conds, func(c Cond) bool { return !c.holds(n.Fields[c.Field]) }) {
			out = append(out, n)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, translate(err)
	}
	sortNumbered(out, q.Order)
	out = out[min(q.Offset, len(out)):]
	if q.Limit > 0 {
		out = out[:min(q.Limit, len(out))]
	}
	return out, nil
}

// holds reports whether a value meets the condition, as the database would.
func (c Cond) holds(v any) bool {
	if v != nil {
		v = plain(v)
	}
	switch {
	case c.From != nil || c.To != nil:
		return v != nil && (c.From == nil || compareValues(v, plain(c.From)) >= 0) && (c.To == nil || compareValues(v, plain(c.To)) <= 0)
	case c.Value == nil:
		return v == nil
	}
	if list, ok := c.Value.([]any); ok {
		return v != nil && slices.ContainsFunc(list, func(e any) bool { return plain(e) == v })
	}
	return plain(c.Value) == v
}

// compareValues orders values as the database does: what is absent, numbers, texts.
func compareValues(a, b any) int {
	rank := func(v any) int {
		switch v.(type) {
		case nil:
			return 0
		case int64:
			return 1
		}
		return 2
	}
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(fmt.Sprint(a), fmt.Sprint(b)))
}

// sortNumbered orders records by fields. Texts are compared as people sort names: case and accents aside.
func sortNumbered(list []numbered, order []string) {
	if len(order) == 0 {
		return
	}
	type keyed struct {
		n    numbered
		keys []any
	}
	all := make([]keyed, len(list))
	for i, n := range list {
		all[i] = keyed{n, make([]any, len(order))}
		for j, f := range order {
			switch v := n.Fields[strings.TrimPrefix(f, "-")].(type) {
			case nil:
			case string:
				all[i].keys[j] = record.Plain(v)
			default:
				all[i].keys[j] = plain(v)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		for j, f := range order {
			c := compareValues(a.keys[j], b.keys[j])
			if strings.HasPrefix(f, "-") {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	for i := range all {
		list[i] = all[i].n
	}
}

// tallyOf counts records by the value of a field, as the database prints it.
func tallyOf(list []numbered, field string) map[string]int {
	out := map[string]int{}
	for _, n := range list {
		switch v := n.Fields[field].(type) {
		case nil:
			out[""]++
		case []any, map[string]any:
			b, _ := json.Marshal(v)
			out[string(b)]++
		default:
			out[fmt.Sprint(plain(v))]++
		}
	}
	return out
}

package replica

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Cond is a condition on a field: equal to Value, one of a []any Value, absent where Value is nil, or
// between From and To where one of these is set.
type Cond struct {
	Field    string
	Value    any
	From, To any // inclusive bounds, nil for none
}

// Query chooses records of a kind.
type Query struct {
	Kind          record.Kind
	Scope         string // "" for every scope
	Where         []Cond
	Text          string   // words that search finds, each from its beginning
	Order         []string // fields; "-" before a field for descending
	Archived      bool     // the archived ones too
	Limit, Offset int      // 0 for no limit

	among string // local numbers that it chooses from, as JSON; "" for all
	index string // the field whose index alone is read, records without a value left out
}

// ErrQuery is returned for a kind or a field that is not a name.
var ErrQuery = errors.New("replica: not the name of a kind or field")

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// sql returns the clauses of a query after SELECT …, with their arguments. Kinds and fields stand in the
// text, so that the planner recognises the partial indexes.
func (q Query) sql(order bool) (string, []any, error) {
	if !nameForm.MatchString(string(q.Kind)) {
		return "", nil, fmt.Errorf("%w: %q", ErrQuery, q.Kind)
	}
	var b strings.Builder
	var args []any
	b.WriteString(" FROM record")
	if order && q.whole() {
		// The planner would rather find the kind and sort: the index is in order already.
		fmt.Fprintf(&b, " INDEXED BY %s_%s", q.Kind, ordering)
	}
	if q.index != "" {
		fmt.Fprintf(&b, " INDEXED BY %s_%s", q.Kind, q.index)
	}
	fmt.Fprintf(&b, " WHERE kind = '%s'", q.Kind)
	if q.Kind != record.Equipment {
		b.WriteString(" AND kind <> 'equipment'") // so that record_kind is recognised, which leaves out what has an index in its place
	}
	if q.index != "" {
		b.WriteString(" AND " + column(q.index) + " IS NOT NULL")
	}
	if q.among != "" {
		b.WriteString(" AND number IN (SELECT value FROM json_each(?))")
		args = append(args, q.among)
	}
	if !q.Archived {
		b.WriteString(" AND archived = 0")
	}
	if q.Scope != "" {
		b.WriteString(" AND scope = ?")
		args = append(args, q.Scope)
	}
	for _, c := range q.Where {
		text, more, err := c.sql()
		if err != nil {
			return "", nil, err
		}
		b.WriteString(" AND " + text)
		args = append(args, more...)
	}
	if match := matchOf(q.Text); match != "" {
		b.WriteString(" AND number IN (SELECT rowid FROM search WHERE search MATCH ?)")
		args = append(args, match)
	}
	if order {
		text, err := q.orderBy()
		if err != nil {
			return "", nil, err
		}
		b.WriteString(text)
	}
	return b.String(), args, nil
}

// sql is Query.sql, once search knows every word where the query asks for some.
func (r *Replica) sql(ctx context.Context, q Query, order bool) (string, []any, error) {
	if q.Text != "" {
		if err := r.indexWords(ctx); err != nil {
			return "", nil, err
		}
	}
	var err error
	if q.Where, err = r.expand(ctx, r.read, q.Where); err != nil {
		return "", nil, err
	}
	return q.sql(order)
}

// whole reports whether the query is a whole list in the order of its index.
func (q Query) whole() bool {
	return q.Kind == record.Equipment && len(q.Order) == 1 && q.Order[0] == ordering && q.all()
}

func (q Query) orderBy() (string, error) {
	var keys []string
	for _, f := range q.Order {
		name, descending := strings.CutPrefix(f, "-")
		if !nameForm.MatchString(name) {
			return "", fmt.Errorf("%w: %q", ErrQuery, f)
		}
		key := column(name)
		if descending {
			key += " DESC"
		}
		keys = append(keys, key)
	}
	text := " ORDER BY " + strings.Join(append(keys, "number"), ", ")
	switch {
	case q.Limit > 0:
		text += fmt.Sprintf(" LIMIT %d OFFSET %d", q.Limit, q.Offset)
	case q.Offset > 0:
		text += fmt.Sprintf(" LIMIT -1 OFFSET %d", q.Offset)
	}
	return text, nil
}

func (c Cond) sql() (string, []any, error) {
	if !nameForm.MatchString(c.Field) {
		return "", nil, fmt.Errorf("%w: %q", ErrQuery, c.Field)
	}
	col := column(c.Field)
	switch {
	case c.From != nil && c.To != nil:
		return col + " BETWEEN ? AND ?", []any{plain(c.From), plain(c.To)}, nil
	case c.From != nil:
		return col + " >= ?", []any{plain(c.From)}, nil
	case c.To != nil:
		return col + " <= ?", []any{plain(c.To)}, nil
	case c.Value == nil:
		return col + " IS NULL", nil, nil
	}
	if list, ok := c.Value.([]any); ok {
		args := make([]any, len(list))
		for i, v := range list {
			args[i] = plain(v)
		}
		return col + " IN (?" + strings.Repeat(", ?", max(len(list)-1, 0)) + ")", append(args, make([]any, max(1-len(list), 0))...), nil
	}
	return col + " = ?", []any{plain(c.Value)}, nil
}

// plain turns a value into what json_extract gives for it.
func plain(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case uuid.UUID:
		return v.String()
	case []any, map[string]any:
		b, err := json.Marshal(v)
		if err != nil {
			return nil
		}
		return string(b)
	}
	return v
}

const recordColumns = "SELECT id, kind, scope, fields"

// List returns the records that a query chooses, images left out.
func (r *Replica) List(ctx context.Context, q Query) ([]record.Record, error) {
	if q.sifted() {
		list, err := r.sift(ctx, r.read, q)
		return recordsOf(list), err
	}
	text, args, err := r.sql(ctx, q, true)
	if err != nil {
		return nil, err
	}
	return r.resolved(ctx, r.read, recordColumns+text, args...)
}

func (r *Replica) records(ctx context.Context, q querier, query string, args ...any) ([]record.Record, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []record.Record
	for rows.Next() {
		var id, fields []byte
		var rec record.Record
		if err := rows.Scan(&id, &rec.Kind, &rec.Scope, &fields); err != nil {
			return nil, translate(err)
		}
		copy(rec.ID[:], id)
		if err := r.fields(&rec, fields); err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
	return out, translate(rows.Err())
}

// parseNumbers reads a JSON array of whole numbers.
func parseNumbers(list []byte) []int64 {
	out := make([]int64, 0, bytes.Count(list, []byte{','})+1)
	n, digits := int64(0), false
	for _, c := range list {
		if c >= '0' && c <= '9' {
			n, digits = n*10+int64(c-'0'), true
			continue
		}
		if digits {
			out = append(out, n)
		}
		n, digits = 0, false
	}
	return out
}

// Rows returns the records of local numbers, in the order asked for; one that is gone is left out.
func (r *Replica) Rows(ctx context.Context, numbers []int64) ([]record.Record, error) {
	out := make([]record.Record, 0, len(numbers))
	for _, n := range numbers {
		found, err := r.resolved(ctx, r.read, recordColumns+" FROM record WHERE number = ?", n)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// Records returns how many records this replica holds, archived ones included.
func (r *Replica) Records(ctx context.Context) (int, error) {
	var n int
	err := r.read.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM record) - (SELECT count(*) FROM record WHERE +scope = 'control')").Scan(&n)
	return n, translate(err)
}

// Book returns a view of the replica by which rules and titles look records up.
func (r *Replica) Book(ctx context.Context) record.Book { return &book{ctx, r} }

type book struct {
	ctx context.Context
	r   *Replica
}

// Get returns the record of an id: of one that was merged, the one that it was merged into.
func (b *book) Get(id uuid.UUID) (record.Record, bool, error) {
	rec, ok, err := b.held(id)
	for err == nil && ok && rec.Fields.Has(MergedInto) {
		into, held, err := b.held(rec.Fields.ID(MergedInto))
		if err != nil {
			return rec, true, err
		}
		if !held || into.Kind != rec.Kind || into.Scope != rec.Scope || !smaller(into.ID, rec.ID) {
			break
		}
		rec = into
	}
	if err != nil || !ok {
		return rec, ok, err
	}
	// Only of what is shown: merges may be many, and a way through them long.
	edges, err := b.r.edges(b.ctx, b.r.read)
	if len(edges) > 0 {
		resolve(edges, rec.Kind, rec.Fields)
	}
	return rec, true, err
}

func (b *book) held(id uuid.UUID) (record.Record, bool, error) {
	found, err := b.r.records(b.ctx, b.r.read, recordColumns+" FROM record WHERE id = ?", id[:])
	if err != nil || len(found) == 0 {
		return record.Record{}, false, err
	}
	for _, rec := range found {
		if known(string(rec.Kind)) {
			return rec, true, nil
		}
	}
	return found[0], true, nil
}

func (b *book) Find(k record.Kind, field string, value any) ([]record.Record, error) {
	return b.r.find(b.ctx, b.r.read, k, field, value)
}

func (r *Replica) find(ctx context.Context, q querier, k record.Kind, field string, value any) ([]record.Record, error) {
	where, err := r.expand(ctx, q, []Cond{{Field: field, Value: value}})
	if err != nil {
		return nil, err
	}
	query := Query{Kind: k, Where: where}
	if query.sifted() {
		list, err := r.sift(ctx, q, query)
		return recordsOf(list), err
	}
	text, args, err := query.sql(true)
	if err != nil {
		return nil, err
	}
	return r.resolved(ctx, q, recordColumns+text, args...)
}

// known reports whether this version knows the kind.
func known(kind string) bool {
	_, ok := record.Of(record.Kind(kind))
	return ok
}

// nameOf returns the whole name of the record that people know by its id. Of several, which only one who
// searched for it can have made, it is the one of a kind that this version knows. The error is ErrUnknown
// where there is none.
func nameOf(ctx context.Context, q querier, id uuid.UUID) (recordKey, error) {
	rows, err := q.QueryContext(ctx, "SELECT kind, scope FROM record WHERE id = ? ORDER BY kind, scope", id[:])
	if err != nil {
		return recordKey{}, translate(err)
	}
	defer rows.Close()
	var best recordKey
	for rows.Next() {
		k := recordKey{id: id}
		if err := rows.Scan(&k.kind, &k.scope); err != nil {
			return best, translate(err)
		}
		if best.kind == "" || known(k.kind) && !known(best.kind) {
			best = k
		}
	}
	if err := rows.Err(); err != nil {
		return best, translate(err)
	}
	if best.kind == "" {
		return best, fmt.Errorf("%w: %s", ErrUnknown, id)
	}
	return best, nil
}

// stateOf reads a record with all its versions.
func (r *Replica) stateOf(ctx context.Context, id uuid.UUID) (*state, error) {
	k, err := nameOf(ctx, r.read, id)
	if err != nil {
		return nil, err
	}
	s := &state{id: id, kind: k.kind, scope: k.scope}
	var p packed
	err = r.read.QueryRowContext(ctx, "SELECT number, fields, cells FROM record WHERE id = ? AND +kind = ? AND scope = ?", id[:], k.kind, k.scope).Scan(&s.number, &p.fields, &p.cells)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, translate(err)
	}
	return s, r.decode(s, p, r.writerName(ctx))
}

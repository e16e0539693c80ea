package replica

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// statements are those of every batch, on the one connection that writes. Each is prepared when it is first
// used, and stays so. A sign before a column keeps the planner from comparing what is bound with the conditions of
// partial indexes: it would plan anew for each value.
type statements struct {
	chainOf, addChain, fork                *once
	tips, addTip, moveTip                  *once
	begin, commit, dataVersion             *once
	holds, addEntry, prevOf                *once
	findRecord, addRecord, setRecord       *once
	addTouch, addWords, dropWords          *once
	lastRecord, addRecords, addTouches     *once
	getDigest, setDigest, getMeta, setMeta *once
	addAuthor, author                      *once
	shelve, unshelve, setStored, between   *once
	addWriter, writerNumber, writerName    *once
}

func newStatements(w *writer) statements {
	at := func(query string) *once { return &once{on: w, query: query} }
	return statements{
		chainOf:      at("SELECT id, forked FROM chain WHERE incarnation = ? AND scope = ?"),
		addChain:     at("INSERT INTO chain (incarnation, scope) VALUES (?, ?)"),
		fork:         at("UPDATE chain SET forked = 1 WHERE id = ?"),
		tips:         at("SELECT seq, hash FROM tip WHERE chain = ?"),
		addTip:       at("INSERT INTO tip (chain, seq, hash) VALUES (?, ?, ?)"),
		moveTip:      at("UPDATE tip SET seq = ?, hash = ? WHERE chain = ? AND hash = ?"),
		begin:        at("BEGIN IMMEDIATE"),
		commit:       at("COMMIT"),
		dataVersion:  at("PRAGMA data_version"),
		holds:        at("SELECT id FROM entry WHERE chain = ? AND seq = ? AND hash = ?"),
		addEntry:     at("INSERT INTO entry (chain, seq, hash, signed, received, stored, standing) VALUES (?, ?, ?, ?, ?, ?, ?)"),
		prevOf:       at("SELECT substr(stored, 1, 32) FROM entry WHERE chain = ? AND seq = ? AND hash = ?"),
		findRecord:   at("SELECT number, fields, cells FROM record WHERE id = ? AND +kind = ? AND scope = ?"),
		between:      at("SELECT id, number FROM record WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?"),
		addRecord:    at(addRecords(1)),
		addRecords:   at(addRecords(together)),
		lastRecord:   at("SELECT coalesce(max(number), 0) FROM record"),
		setRecord:    at("UPDATE record SET archived = ?, conflicts = ?, fields = ?, cells = ? WHERE number = ?"),
		addTouch:     at(addTouches(1)),
		addTouches:   at(addTouches(together)),
		addWords:     at(addWords()),
		dropWords:    at("DELETE FROM search WHERE rowid = ?"),
		getDigest:    at("SELECT digest FROM scope_digest WHERE scope = ?"),
		setDigest:    at("INSERT OR REPLACE INTO scope_digest (scope, digest) VALUES (?, ?)"),
		getMeta:      at("SELECT value FROM meta WHERE key = ?"),
		setMeta:      at("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"),
		addAuthor:    at("INSERT OR IGNORE INTO author (incarnation, key) VALUES (?, ?)"),
		author:       at("SELECT key FROM author WHERE incarnation = ?"),
		shelve:       at("INSERT OR IGNORE INTO shelf (record, entry, op) VALUES (?, ?, ?)"),
		unshelve:     at("DELETE FROM shelf WHERE entry = ?"),
		addWriter:    at("INSERT INTO writer (incarnation) VALUES (?)"),
		writerNumber: at("SELECT number FROM writer WHERE incarnation = ?"),
		writerName:   at(seekWriter),
		setStored:    at("UPDATE entry SET stored = ? WHERE id = ?"),
	}
}

// once is a statement of the writer's that is looked up by its text at its first use only: without a lock, so that only
// who holds the connection may use it.
type once struct {
	on    *writer
	query string
	stmt  *sql.Stmt
}

func (o *once) prepare(ctx context.Context) (err error) {
	if o.stmt == nil {
		o.stmt, err = o.on.last(ctx, o.query)
	}
	return err
}

func (o *once) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	if err := o.prepare(ctx); err != nil {
		return nil, err
	}
	return o.stmt.ExecContext(ctx, args...)
}

func (o *once) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	if err := o.prepare(ctx); err != nil {
		return nil, err
	}
	return o.stmt.QueryContext(ctx, args...)
}

func (o *once) QueryRowContext(ctx context.Context, args ...any) *sql.Row {
	if err := o.prepare(ctx); err != nil {
		return o.on.Conn.QueryRowContext(ctx, o.query, args...) // which says why
	}
	return o.stmt.QueryRowContext(ctx, args...)
}

// indexed lists, by kind, the fields by which screens look records up.
var indexed = map[string][]string{
	"site":             {"uai", "name", "type"},
	"room":             {"site", "name", "label"},
	"equipment_type":   {"family", "name"},
	"equipment":        {"site", "room", "serial", "tag", "uuid", "mac", "status", "type"},
	"visit":            {"site", "arrival"},
	"room_audit":       {"room", "visit", "site"},
	"scan":             {"audit", "equipment"},
	"intervention":     {"equipment", "site", "room", "status", "visit"},
	"workshop":         {"place", "begin"},
	"charter_adoption": {"site", "charter"},
	"class_member":     {"site", "class"},
	"acknowledgement":  {"site", "member", "charter", "of"},
	"attendance":       {"workshop", "event"},
}

// ordering is the field of equipment by which its whole list is sorted.
const ordering = "tag"

// indexes returns the expression indexes of the records' JSON, one per looked-up field. They cover what is
// not archived. Records without a value are left out, which spares a page at each write; but for the one
// field by which whole lists are sorted, whose index alone is then read.
func indexes() string {
	var b strings.Builder
	for kind, fields := range indexed {
		for _, f := range fields {
			some := " AND " + column(f) + " IS NOT NULL"
			if f == ordering {
				some = ""
			}
			fmt.Fprintf(&b, "CREATE INDEX %s_%s ON record (%s) WHERE kind = '%s' AND archived = 0%s;\n", kind, f, column(f), kind, some)
		}
	}
	return b.String()
}

// column is the expression of a field; the same text must stand in indexes and in queries.
func column(field string) string { return fmt.Sprintf("json_extract(fields, '$.%s')", codeOf(field)) }

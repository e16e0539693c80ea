package replica

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// statements are prepared once, on the one connection that writes.
type statements struct {
	chainOf, addChain, fork                *sql.Stmt
	tips, addTip, moveTip                  *sql.Stmt
	begin, commit, dataVersion             *sql.Stmt
	holds, addEntry, prevOf                *sql.Stmt
	findRecord, addRecord, setRecord       *sql.Stmt
	addTouch, addWords, dropWords          *sql.Stmt
	lastRecord, addRecords, addTouches     *sql.Stmt
	getDigest, setDigest, getMeta, setMeta *sql.Stmt
	addAuthor, author                      *sql.Stmt
	shelve, unshelve, setStored, between   *sql.Stmt
}

func (s *statements) prepare(ctx context.Context, db *sql.Conn) error {
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&s.chainOf, "SELECT id, forked FROM chain WHERE incarnation = ? AND scope = ?"},
		{&s.addChain, "INSERT INTO chain (incarnation, scope) VALUES (?, ?)"},
		{&s.fork, "UPDATE chain SET forked = 1 WHERE id = ?"},
		{&s.tips, "SELECT seq, hash FROM tip WHERE chain = ?"},
		{&s.addTip, "INSERT INTO tip (chain, seq, hash) VALUES (?, ?, ?)"},
		{&s.moveTip, "UPDATE tip SET seq = ?, hash = ? WHERE chain = ? AND hash = ?"},
		{&s.begin, "BEGIN IMMEDIATE"},
		{&s.commit, "COMMIT"},
		{&s.dataVersion, "PRAGMA data_version"},
		{&s.holds, "SELECT id FROM entry WHERE chain = ? AND seq = ? AND hash = ?"},
		{&s.addEntry, "INSERT INTO entry (chain, seq, hash, signed, received, stored, standing) VALUES (?, ?, ?, ?, ?, ?, ?)"},
		{&s.prevOf, "SELECT substr(stored, 1, 32) FROM entry WHERE chain = ? AND seq = ? AND hash = ?"},
		{&s.findRecord, "SELECT number, cells FROM record WHERE id = ? AND kind = ? AND scope = ?"},
		{&s.between, "SELECT id, number FROM record WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?"},
		{&s.addRecord, addRecords(1)},
		{&s.addRecords, addRecords(together)},
		{&s.lastRecord, "SELECT coalesce(max(number), 0) FROM record"},
		{&s.setRecord, "UPDATE record SET archived = ?, conflicts = ?, fields = ?, cells = ? WHERE number = ?"},
		{&s.addTouch, addTouches(1)},
		{&s.addTouches, addTouches(together)},
		{&s.addWords, addWords()},
		{&s.dropWords, "DELETE FROM search WHERE rowid = ?"},
		{&s.getDigest, "SELECT digest FROM scope_digest WHERE scope = ?"},
		{&s.setDigest, "INSERT OR REPLACE INTO scope_digest (scope, digest) VALUES (?, ?)"},
		{&s.getMeta, "SELECT value FROM meta WHERE key = ?"},
		{&s.setMeta, "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"},
		{&s.addAuthor, "INSERT OR IGNORE INTO author (incarnation, key) VALUES (?, ?)"},
		{&s.author, "SELECT key FROM author WHERE incarnation = ?"},
		{&s.shelve, "INSERT OR IGNORE INTO shelf (record, entry, op) VALUES (?, ?, ?)"},
		{&s.unshelve, "DELETE FROM shelf WHERE entry = ?"},
		{&s.setStored, "UPDATE entry SET stored = ? WHERE id = ?"},
	} {
		stmt, err := db.PrepareContext(ctx, p.sql)
		if err != nil {
			return fmt.Errorf("prepare %s: %w", p.sql, err)
		}
		*p.to = stmt
	}
	return nil
}

func (s *statements) close() {
	for _, st := range []*sql.Stmt{s.chainOf, s.addChain, s.fork, s.tips, s.addTip, s.moveTip, s.begin, s.commit, s.dataVersion, s.holds, s.addEntry, s.prevOf,
		s.findRecord, s.addRecord, s.setRecord, s.addTouch, s.addWords, s.dropWords, s.getDigest, s.setDigest, s.getMeta, s.setMeta, s.addAuthor, s.author,
		s.shelve, s.unshelve, s.setStored, s.between, s.lastRecord, s.addRecords, s.addTouches} {
		if st != nil {
			_ = st.Close()
		}
	}
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
func column(field string) string { return fmt.Sprintf("json_extract(fields, '$.%s')", field) }

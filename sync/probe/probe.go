// Package probe is for tests only: what the data folder of a device tells to one who has only its files, and
// to one who has its keys too. It reads the files by itself and shares no reader with the replica, so that a
// mistake there does not hide here. Its invariant: it changes nothing in the folder.
package probe

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/seal"
	"github.com/klauspost/compress/zstd"

	_ "modernc.org/sqlite" // reads a copy of the database
)

// Open reports whether text, case aside, stands in any file of the folder as it is.
func Open(dir, text string) (bool, error) {
	all, err := files(dir)
	return contains(all, text), err
}

// Unsealed reports whether text, case aside, is found by one who unpacks and unseals everything in the folder
// with the keys that stand in it.
func Unsealed(dir, text string) (bool, error) {
	all, err := files(dir)
	if err != nil {
		return false, err
	}
	// The database is read in a copy: opening the files of one that is open would drop its locks.
	aside, err := os.MkdirTemp("", "probe-")
	if err != nil {
		return false, fmt.Errorf("probe: %w", err)
	}
	defer os.RemoveAll(aside)
	for name, b := range all {
		if filepath.Dir(name) == "." {
			if err := os.WriteFile(filepath.Join(aside, name), b, 0o600); err != nil {
				return false, fmt.Errorf("probe: %w", err)
			}
		}
	}
	inside, err := database(aside)
	if err != nil {
		return false, fmt.Errorf("probe %s: %w", dir, err)
	}
	return contains(all, text) || contains(map[string][]byte{"database": inside}, text), nil
}

func contains(all map[string][]byte, text string) bool {
	for _, b := range all {
		if bytes.Contains(bytes.ToLower(b), bytes.ToLower([]byte(text))) {
			return true
		}
	}
	return false
}

// files returns the bytes of every file, by its path in the folder.
func files(dir string) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil // a temporary file that has gone since
		}
		rel, _ := filepath.Rel(dir, path)
		out[rel] = b
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	return out, nil
}

// disk is the folder of a key file.
type disk string

func (d disk) Read(name string) ([]byte, error) { return os.ReadFile(filepath.Join(string(d), name)) }

func (d disk) Write(string, []byte) error { return os.ErrPermission }

// reader gathers what the database says.
type reader struct {
	out bytes.Buffer
	box *seal.Box
	err error
}

// database returns every value of every table, the words of the search, and what was sealed of them.
func database(dir string) ([]byte, error) {
	db, err := sql.Open("sqlite", filepath.Join(dir, "buron.db"))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	r := &reader{}
	var id []byte
	if err := db.QueryRow("SELECT value FROM meta WHERE key = 'seal'").Scan(&id); err == nil {
		if k, _, err := (seal.Files{}).Load(disk(dir), string(id)); err == nil {
			if r.box, err = k.Box(); err != nil {
				return nil, err
			}
		}
	}
	tables := r.rows(db, "SELECT name FROM sqlite_schema WHERE type = 'table'")
	for _, t := range tables {
		name := string(t[0])
		for _, row := range r.rows(db, fmt.Sprintf("SELECT * FROM %q", name)) {
			for _, v := range row {
				r.value(v)
			}
		}
	}
	if _, err := db.Exec("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search, 'row')"); err != nil {
		return nil, err
	}
	for _, row := range r.rows(db, "SELECT term FROM temp.words") {
		r.value(row[0])
	}
	for _, row := range r.rows(db, "SELECT stored FROM entry") {
		r.entry(row[0])
	}
	for _, row := range r.rows(db, "SELECT scope, kind, id, json(fields), cells FROM record") {
		r.record(row)
	}
	if slices.ContainsFunc(tables, func(t []sql.RawBytes) bool { return string(t[0]) == "snapshot_frame" }) {
		for _, row := range r.rows(db, "SELECT scope, header, number, bytes FROM snapshot_frame JOIN snapshot USING (scope)") {
			id := sha256.Sum256(row[1])
			r.unseal(row[3], "snapshot", string(row[0]), string(id[:]), string(row[2]))
		}
	}
	for _, row := range r.rows(db, "SELECT key, value FROM setting") {
		if text, ok := strings.CutPrefix(string(row[1]), "~"); ok {
			r.open(text, "setting", string(row[0]))
		}
	}
	return r.out.Bytes(), r.err
}

// rows reads all of a query.
func (r *reader) rows(db *sql.DB, query string) [][]sql.RawBytes {
	rows, err := db.Query(query)
	if err != nil {
		r.err = errors.Join(r.err, err)
		return nil
	}
	defer rows.Close()
	columns, err := rows.Columns()
	var out [][]sql.RawBytes
	for err == nil && rows.Next() {
		row, to := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		err = rows.Scan(to...)
		for i := range row {
			row[i] = bytes.Clone(row[i])
		}
		out = append(out, row)
	}
	r.err = errors.Join(r.err, err, rows.Err())
	return out
}

// value notes a value, unpacked where it is packed.
func (r *reader) value(v []byte) {
	r.out.Write(v)
	r.out.WriteByte('\n')
	r.out.Write(r.unpack(v))
}

// unpack returns what a zstd frame holds, nil of anything else.
func (r *reader) unpack(v []byte) []byte {
	if !bytes.HasPrefix(v, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		return nil
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		r.err = errors.Join(r.err, err)
		return nil
	}
	defer d.Close()
	plain, err := d.DecodeAll(v, nil)
	r.err = errors.Join(r.err, err)
	return plain
}

// entry notes an entry, which may be packed after its two hashes, and unsealed.
func (r *reader) entry(stored []byte) {
	const hashes = 64
	if len(stored) > hashes {
		if plain := r.unpack(stored[hashes:]); plain != nil {
			r.out.Write(plain)
			stored = append(stored[:hashes:hashes], plain...)
		}
	}
	e, err := journal.ParseStored(stored)
	if err != nil {
		r.err = errors.Join(r.err, err)
		return
	}
	if e.Sealed != nil {
		r.unseal(e.Sealed, "entry", string(e.Hash[:]))
	}
}

func (r *reader) record(row []sql.RawBytes) {
	scope, kind, id := string(row[0]), string(row[1]), string(row[2])
	var fields map[string]any
	if err := json.Unmarshal(row[3], &fields); err != nil {
		r.err = errors.Join(r.err, err)
		return
	}
	if text, ok := fields["~"].(string); ok {
		r.open(text, "fields", scope, kind, id)
	}
	if cells := row[4]; len(cells) > 0 && cells[0] == 1 {
		r.unseal(cells[1:], "cells", scope, kind, id)
	}
}

func (r *reader) open(text string, place ...string) {
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		r.err = errors.Join(r.err, err)
		return
	}
	r.unseal(b, place...)
}

// unseal notes what was sealed; without the key there is nothing to note.
func (r *reader) unseal(b []byte, place ...string) {
	if r.box == nil {
		return
	}
	plain, err := r.box.Open(b, place...)
	r.err = errors.Join(r.err, err)
	r.value(plain)
}

package replica

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// many is the number of records of the benchmarks.
const many = 50_000

// benchFields is one machine of about 300 bytes of JSON.
func benchFields(i int) record.Fields {
	return record.Fields{"tag": fmt.Sprintf("PC-15001-%05d", i), "serial": fmt.Sprintf("EX%07d", i), "level": "socle", "status": "en_service", "network": "pedagogique",
		"brand": "Puy Mary", "model": "Tour 3", "name": fmt.Sprintf("poste-%05d", i), "bought": int64(20000 + i%900), "price": int64(45000), "note": "Salle du fond, près de la fenêtre"}
}

// raw inserts the same records into a row and a journal table with four indexes: R, the floor of the figures.
func raw(b *testing.B, n int) time.Duration {
	b.Helper()
	db, err := sql.Open("sqlite", dsn(filepath.Join(b.TempDir(), "raw.db"), false))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE row (id BLOB PRIMARY KEY, fields TEXT) WITHOUT ROWID; CREATE TABLE journal (id INTEGER PRIMARY KEY, row BLOB, body BLOB);
		CREATE INDEX a ON row (json_extract(fields, '$.tag')); CREATE INDEX b ON row (json_extract(fields, '$.serial'));
		CREATE INDEX c ON row (json_extract(fields, '$.status')); CREATE INDEX d ON row (json_extract(fields, '$.level'))`); err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	for from := 0; from < n; from += 1000 {
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		row, err1 := tx.Prepare("INSERT INTO row (id, fields) VALUES (?, ?)")
		log, err2 := tx.Prepare("INSERT INTO journal (row, body) VALUES (?, ?)")
		if err1 != nil || err2 != nil {
			b.Fatal(err1, err2)
		}
		for i := from; i < min(from+1000, n); i++ {
			body, _ := json.Marshal(benchFields(i))
			id := uuid.New()
			if _, err := row.Exec(id[:], string(body)); err != nil {
				b.Fatal(err)
			}
			if _, err := log.Exec(id[:], body); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(begun)
}

// fill writes n machines in bulk.
func fill(b *testing.B, r *Replica, n int) time.Duration {
	b.Helper()
	changes := make([]Change, n)
	for i := range changes {
		changes[i] = Change{Kind: record.Equipment, Set: benchFields(i)}
	}
	begun := time.Now()
	if _, err := r.SaveBulk(b.Context(), uuid.Nil, changes, nil); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}

// BenchmarkR50k prints bulk import and verified admission, search included, as multiples of R.
func BenchmarkR50k(b *testing.B) {
	for b.Loop() {
		f := newField(b)
		from, to := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0)
		give(b, f.central, from)
		floor := raw(b, many)
		bulk := fill(b, from, many)
		pieces := all(b, from, "parc")
		begun := time.Now()
		for part := range slices.Chunk(pieces, 4) {
			if _, refused, err := to.Admit(b.Context(), from.Identity().Public(), part); err != nil || len(refused) > 0 {
				b.Fatal(err, refused)
			}
		}
		admitted := time.Since(begun)
		b.ReportMetric(floor.Seconds(), "R-s")
		b.ReportMetric(bulk.Seconds()/floor.Seconds(), "import/R")
		b.ReportMetric(admitted.Seconds()/floor.Seconds(), "admit/R")
	}
}

// BenchmarkDurable prints the median of a durable signed write as a multiple of a raw durable insert of the
// same record with its indexes.
func BenchmarkDurable(b *testing.B) {
	const writes = 400
	r := newField(b).admit("a", record.Agent, 0)
	db, err := sql.Open("sqlite", dsn(filepath.Join(b.TempDir(), "raw.db"), false))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE row (id BLOB PRIMARY KEY, fields TEXT) WITHOUT ROWID; CREATE TABLE journal (id INTEGER PRIMARY KEY, row BLOB, body BLOB);
		CREATE INDEX a ON row (json_extract(fields, '$.tag')); CREATE INDEX b ON row (json_extract(fields, '$.serial'));
		CREATE INDEX c ON row (json_extract(fields, '$.status')); CREATE INDEX d ON row (json_extract(fields, '$.level'))`); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var floor, ours []time.Duration
		for i := range writes {
			body, _ := json.Marshal(benchFields(i))
			id := uuid.New()
			begun := time.Now()
			tx, err := db.Begin()
			if err != nil {
				b.Fatal(err)
			}
			if _, err := tx.Exec("INSERT INTO row (id, fields) VALUES (?, ?)", id[:], string(body)); err != nil {
				b.Fatal(err)
			}
			if _, err := tx.Exec("INSERT INTO journal (row, body) VALUES (?, ?)", id[:], body); err != nil {
				b.Fatal(err)
			}
			if err := tx.Commit(); err != nil {
				b.Fatal(err)
			}
			floor = append(floor, time.Since(begun))
			begun = time.Now()
			if _, err := r.Save(b.Context(), uuid.Nil, Change{Kind: record.Equipment, Set: benchFields(i)}); err != nil {
				b.Fatal(err)
			}
			ours = append(ours, time.Since(begun))
		}
		slices.Sort(floor)
		slices.Sort(ours)
		b.ReportMetric(float64(floor[writes/2].Microseconds()), "raw-us")
		b.ReportMetric(float64(ours[writes/2].Microseconds()), "save-us")
		b.ReportMetric(ours[writes/2].Seconds()/floor[writes/2].Seconds(), "save/raw")
	}
}

// BenchmarkSearch prints the 95th percentile of a keystroke over 50,000 machines, and of a list's opening.
func BenchmarkSearch(b *testing.B) {
	r := newField(b).admit("a", record.Agent, 0)
	fill(b, r, many)
	ms := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)*95/100].Microseconds()) / 1000
	}
	for b.Loop() {
		var keys, lists, scans []time.Duration
		for _, typed := range []string{"p", "pc", "pc-1", "pc-150", "pc-15001-04", "fenetre", "fenêtre puy", "ex0049", "poste-4", "zzz"} {
			for range 10 {
				begun := time.Now()
				if _, err := r.Search(b.Context(), typed, nil, 60); err != nil {
					b.Fatal(err)
				}
				keys = append(keys, time.Since(begun))
			}
		}
		for range 10 {
			begun := time.Now()
			if n, err := r.Index(b.Context(), Query{Kind: record.Equipment, Order: []string{"tag"}}); err != nil || len(n) != many {
				b.Fatal(len(n), err)
			}
			lists = append(lists, time.Since(begun))
			begun = time.Now()
			if found, err := r.Scan(b.Context(), "PC-15001-04242"); err != nil || len(found) != 1 {
				b.Fatal(found, err)
			}
			scans = append(scans, time.Since(begun))
		}
		b.ReportMetric(ms(keys), "keystroke-p95-ms")
		b.ReportMetric(ms(lists), "list-p95-ms")
		b.ReportMetric(ms(scans), "scan-p95-ms")
	}
}

package node

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
	_ "modernc.org/sqlite"
)

// machineFields is one machine of about 300 bytes of JSON.
func machineFields(i int) record.Fields {
	return record.Fields{"tag": fmt.Sprintf("PC-15001-%05d", i), "serial": fmt.Sprintf("EX%07d", i), "level": "socle", "status": "en_service", "network": "pedagogique",
		"brand": "Puy Mary", "model": "Tour 3", "name": fmt.Sprintf("poste-%05d", i), "bought": int64(20000 + i%900), "price": int64(45000), "note": "Salle du fond, près de la fenêtre"}
}

// rawInserts is R: the same records into a row and a journal table with four indexes, with the pragmas of a replica.
func rawInserts(b *testing.B, n int) time.Duration {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=secure_delete(1)&_pragma=cache_size(-16000)&_pragma=wal_autocheckpoint(4000)")
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
			body, _ := json.Marshal(machineFields(i))
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

// BenchmarkBootstrap prints a first exchange over loopback TLS as a multiple of R: 50,000 machines written in bulk, and
// 20,000 written one by one.
func BenchmarkBootstrap(b *testing.B) {
	b.Run("bulk", func(b *testing.B) { bootstrap(b, 50_000, 50_000) })
	b.Run("one-by-one-20k", func(b *testing.B) { bootstrap(b, 20_000, 1) })
}

// bootstrap writes n machines, part at a time, on one device, and brings them to another through the central.
func bootstrap(b *testing.B, n, part int) {
	f := newField(b)
	a, c := f.join("a", record.Agent), f.join("c", record.Agent)
	var changes []replica.Change
	for i := range n {
		changes = append(changes, replica.Change{Kind: record.Equipment, Set: machineFields(i)})
	}
	for p := range slices.Chunk(changes, part) {
		if _, err := a.SaveBulk(b.Context(), uuid.Nil, p, nil); err != nil {
			b.Fatal(err)
		}
	}
	timed := func(r *replica.Replica, wrong func(Outcome) bool) float64 {
		begun := time.Now()
		if o := f.exchange(r); o.Err != nil || wrong(o) {
			b.Fatal(o)
		}
		return time.Since(begun).Seconds()
	}
	push := timed(a, func(o Outcome) bool { return o.Sent < n/1000 })
	floor := rawInserts(b, n).Seconds()
	pull := timed(c, func(o Outcome) bool { return o.Received < n/1000 })
	if m, err := c.Count(b.Context(), replica.Query{Kind: record.Equipment}); err != nil || m != n {
		b.Fatal(m, err)
	}
	b.ReportMetric(floor, "R-s")
	b.ReportMetric(pull/floor, "bootstrap/R")
	b.ReportMetric(push/floor, "push/R")
	b.ReportMetric(1000*timed(c, func(o Outcome) bool { return o.RoundTrips != 1 }), "noop-ms")
	save(b, a, record.Equipment, record.Fields{"tag": "NEW", "level": "socle", "status": "en_service"})
	f.exchange(a)
	b.ReportMetric(1000*timed(c, func(o Outcome) bool { return o.Received != 1 }), "pull-one-ms")
}

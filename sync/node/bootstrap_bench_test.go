package node

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
	_ "modernc.org/sqlite"
)

// BenchmarkBootstrap prints a first exchange of 50,000 machines over loopback TLS as a multiple of R, written in bulk
// and written one by one.
func BenchmarkBootstrap(b *testing.B) {
	fields := func(i int) record.Fields {
		return record.Fields{"tag": fmt.Sprintf("PC-15001-%05d", i), "serial": fmt.Sprintf("EX%07d", i), "level": "socle", "status": "en_service", "network": "pedagogique",
			"brand": "Puy Mary", "model": "Tour 3", "name": fmt.Sprintf("poste-%05d", i), "bought": int64(20000 + i%900), "price": int64(45000), "note": "Salle du fond, près de la fenêtre"}
	}
	raw := func(n int) time.Duration {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-16000)&_pragma=wal_autocheckpoint(4000)")
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
			tx, _ := db.Begin()
			row, _ := tx.Prepare("INSERT INTO row (id, fields) VALUES (?, ?)")
			log, _ := tx.Prepare("INSERT INTO journal (row, body) VALUES (?, ?)")
			for i := from; i < min(from+1000, n); i++ {
				body, _ := json.Marshal(fields(i))
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
	for _, one := range []bool{false, true} {
		n := 50_000
		name := "bulk"
		if one {
			n, name = 20_000, "one-by-one-20k"
		}
		b.Run(name, func(b *testing.B) {
			f := newField(b)
			a, c := f.join("a", record.Agent), f.join("c", record.Agent)
			changes := make([]replica.Change, n)
			for i := range changes {
				changes[i] = replica.Change{Kind: record.Equipment, Set: fields(i)}
			}
			if one {
				for _, x := range changes {
					if _, err := a.Save(b.Context(), uuid.Nil, x); err != nil {
						b.Fatal(err)
					}
				}
			} else if _, err := a.SaveBulk(b.Context(), uuid.Nil, changes, nil); err != nil {
				b.Fatal(err)
			}
			begun := time.Now()
			if o := f.exchange(a); o.Err != nil {
				b.Fatal(o.Err)
			}
			push := time.Since(begun)
			floor := raw(n)
			begun = time.Now()
			if o := f.exchange(c); o.Err != nil {
				b.Fatal(o.Err)
			}
			pull := time.Since(begun)
			if m, _ := c.Count(b.Context(), replica.Query{Kind: record.Equipment}); m != n {
				b.Fatal(m)
			}
			b.ReportMetric(floor.Seconds(), "R-s")
			b.ReportMetric(pull.Seconds()/floor.Seconds(), "bootstrap/R")
			b.ReportMetric(push.Seconds()/floor.Seconds(), "push/R")
			begun = time.Now()
			if o := f.exchange(c); o.Err != nil || o.RoundTrips != 1 {
				b.Fatal(o)
			}
			b.ReportMetric(float64(time.Since(begun).Microseconds())/1000, "noop-ms")
			save(b, a, record.Equipment, record.Fields{"tag": "NEW", "level": "socle", "status": "en_service"})
			f.exchange(a)
			begun = time.Now()
			if o := f.exchange(c); o.Err != nil || o.Received != 1 {
				b.Fatal(o)
			}
			b.ReportMetric(float64(time.Since(begun).Microseconds())/1000, "pull-one-ms")
		})
	}
}

package bundle

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// BenchmarkStick10k writes and reads ten thousand records: in bulk, as an import makes them, and in an action
// each, as people do. It is for -benchtime 1x: a second reading finds everything held.
func BenchmarkStick10k(b *testing.B) {
	const n = 10_000
	for name, at := range map[string]int{"bulk": 500, "actions": 1} {
		b.Run(name, func(b *testing.B) {
			f, a, _ := pair(b)
			for i := 0; i < n; i += at {
				var list []replica.Change
				for j := i; j < i+at; j++ {
					list = append(list, replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": fmt.Sprintf("PC-%05d", j), "serial": fmt.Sprintf("SN%07d", j*7919%9999991),
						"level": "socle", "status": "en_service", "note": fmt.Sprintf("Salle %d", j%40)}})
				}
				if _, err := a.Save(b.Context(), uuid.Nil, list...); err != nil {
					b.Fatal(err)
				}
			}
			path := filepath.Join(b.TempDir(), "x.buron")
			b.ResetTimer()
			began := time.Now()
			write(b, a, path, WriteOptions{})
			wrote := time.Since(began)
			began = time.Now()
			if r := read(b, f.central, path); r.Admitted != n/at {
				b.Fatalf("%+v", r)
			}
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size())/n, "B/record")
			b.ReportMetric(float64(wrote.Milliseconds()), "write-ms")
			b.ReportMetric(float64(time.Since(began).Milliseconds()), "read-ms")
		})
	}
}

// BenchmarkStickPhotos writes and reads two hundred documents of 300 KiB, some 60 MB.
func BenchmarkStickPhotos(b *testing.B) {
	const n, size = 200, 300 << 10
	f, a, _ := pair(b)
	for i := 0; i < n; i += 20 {
		c := replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": fmt.Sprintf("PC-%05d", i), "level": "socle"}}
		for range 20 {
			c.Attach = append(c.Attach, replica.Attachment{Content: noise(b, size), Name: "facture.pdf"})
		}
		if _, err := a.Save(b.Context(), uuid.Nil, c); err != nil {
			b.Fatal(err)
		}
	}
	dir := b.TempDir()
	b.ResetTimer()
	began := time.Now()
	w := write(b, a, dir, WriteOptions{})
	wrote := time.Since(began)
	began = time.Now()
	if r := readAll(b, f.central, w); r.Photos != n {
		b.Fatalf("%+v", r)
	}
	took := time.Since(began)
	b.ReportMetric(float64(wrote.Milliseconds()), "write-ms")
	b.ReportMetric(float64(took.Milliseconds()), "read-ms")
	b.ReportMetric(float64(w.Bytes)/(n*size), "bytes/byte")
	began = time.Now()
	readAll(b, f.central, w)
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "again-ms")
}

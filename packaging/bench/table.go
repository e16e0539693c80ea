package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// figure is one row of the table at one number of records.
type figure struct {
	N     int     `json:"n"`
	Row   string  `json:"row"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Must  float64 `json:"must,omitempty"` // 0 where nothing was promised
	Aim   float64 `json:"aim,omitempty"`
	OK    bool    `json:"ok"`                  // always, where nothing was promised for N
	R     float64 `json:"r_seconds,omitempty"` // of the floor that a ratio was taken to
	Load  float64 `json:"load"`                // of the machine, the last minute
}

// promised is the number of records of which the table says what must be: of fewer, the plain database holds its
// indexes in memory, and R is less for each.
const promised = 50_000

// rows are the rows of the table, in order, with what each must and should be.
var rows = []struct {
	name, unit string
	must, aim  float64
}{
	{"bootstrap by the journal, verified, TLS, no FTS", "R", 1.5, 1.0},
	{"bootstrap with FTS", "R", 2.0, 1.5},
	{"bootstrap of entries written one by one", "R", 2.5, 0},
	{"bootstrap by snapshot + zstd", "R", 0.45, 0.30},
	{"the same, until its history is checked", "R", 0, 0},
	{"wire, bootstrap by snapshot", "B/record", 0, 0},
	{"100 changed of N", "ms", 40, 25},
	{"merge 1,000 + 1,000 edits, in bulk", "s", 0.30, 0.22},
	{"merge 1,000 + 1,000 edits, one action each", "s", 0, 0},
	{"durable signed write, p50", "× raw", 1.4, 1.2},
	{"bulk import", "R", 1.3, 1.1},
	{"filter while typing, p95", "ms", 50, 0},
	{"wire, bootstrap in bulk", "B/record", 85, 70},
	{"wire, bootstrap one action each", "B/record", 150, 70},
	{"wire, 100 changed", "KB", 10, 6},
	{"disk, no FTS", "B/record", 650, 450},
	{"peak memory, device", "MB", 110, 90},
	{"peak memory, service", "MB", 90, 60},
	{"nothing to exchange, 600 lives of 200 devices", "round trips", 1, 1},
	{"nothing to exchange, bytes both ways", "B", 2048, 0},
}

// add notes a figure of a row.
func (m *measures) add(row string, value, r float64) {
	for _, x := range rows {
		if x.name == row {
			m.figures = append(m.figures, figure{m.n, row, value, x.unit, x.must, x.aim, x.must == 0 || m.n != promised || value <= x.must, r, load()})
			return
		}
	}
	panic("bench: no such row: " + row)
}

func (m *measures) print() {
	fmt.Printf("\n%d records · load %.1f · R %.2f s\n\n", m.n, load(), median(m.floors).Seconds())
	fmt.Printf("%-50s %10s %-11s %8s %8s\n", "", "measured", "", "must", "aim")
	for _, x := range rows {
		i := slices.IndexFunc(m.figures, func(f figure) bool { return f.Row == x.name })
		if i < 0 {
			continue
		}
		f := m.figures[i]
		mark := "ok"
		switch {
		case f.Must == 0 || m.n != promised:
			mark = ""
		case !f.OK:
			mark = "OVER"
		}
		fmt.Printf("%-50s %10s %-11s %8s %8s  %s\n", f.Row, short(f.Value), f.Unit, bound(f.Must), bound(f.Aim), mark)
	}
}

func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func bound(v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf("≤ %g", v)
}

func load() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	var l float64
	_, _ = fmt.Sscan(string(b), &l) // 0 where the system tells it otherwise
	return l
}

func median(list []time.Duration) time.Duration {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// highWater returns the most megabytes that a process has held in memory; 0 where the system does not tell.
func highWater(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	var kb float64
	_, _ = fmt.Sscan(after, &kb)
	return kb / 1000
}

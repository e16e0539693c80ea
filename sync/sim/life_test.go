package sim

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// How many lives, from which seed on: `make sim N=… SEED=…`.
var (
	count    = flag.Int("lives", usualLives, "lives to live")
	workers  = flag.Int("workers", 1, "processes that share the lives")
	share    = flag.Int("share", 0, "which share of the lives this process lives")
	shares   = flag.Int("shares", 1, "into how many shares the lives are divided")
	first    = flag.Uint64("seed", 1, "seed of the first life; the others follow")
	printed  = flag.Bool("trace", false, "print what happened in each life")
	shrunken = flag.Bool("shrink", true, "make the life of a failure shorter")
)

func TestLives(t *testing.T) {
	began := time.Now()
	total := sumUp()
	if *workers > 1 {
		total.inProcesses(t)
	} else {
		total.here(t)
	}
	t.Log("\n" + total.table(time.Since(began)))
	if total.Failure == "" {
		return
	}
	if *shrunken {
		short := Shrink(context.Background(), Run(context.Background(), total.Seed, Options{}), 60)
		t.Fatalf("%s\n(shortened to the %d lines that still fail)", short.Failure(), len(short.Trace))
	}
	t.Fatal(total.Failure)
}

// totals is what many lives did.
type totals struct {
	Report
	Lives   int
	Failure string // of the life with Seed, "" where none failed
}

func sumUp() *totals { return &totals{Report: Report{Did: map[string]int{}, Faults: map[string]int{}}} }

// here lives the lives of this process, one after the other, until one fails.
func (t *totals) here(tb testing.TB) {
	for i := uint64(*share); i < uint64(*count) && t.Failure == ""; i += uint64(*shares) {
		r := Run(context.Background(), *first+i, Options{})
		t.Lives++
		t.add(r)
		if *printed {
			tb.Log(strings.Join(r.Trace, "\n"))
		}
		if r.Err != nil {
			t.Seed, t.Failure = r.Seed, r.Failure()
		}
	}
	if *shares > 1 {
		b, err := json.Marshal(t)
		if err != nil {
			tb.Fatal(err)
		}
		fmt.Printf("%s%s\n", resultMark, b)
	}
}

// resultMark begins the line by which a worker hands its totals back.
const resultMark = "totals of a part: "

// inProcesses shares the lives out among processes of one core each: in one process they would wait for each
// other at SQLite's own locks.
func (t *totals) inProcesses(tb testing.TB) {
	var all sync.WaitGroup
	var mu sync.Mutex
	for i := range *workers {
		all.Go(func() {
			c := exec.CommandContext(tb.Context(), os.Args[0], "-test.run=^TestLives$", "-test.timeout=0", "-shrink=false",
				fmt.Sprintf("-lives=%d", *count), fmt.Sprintf("-seed=%d", *first), fmt.Sprintf("-share=%d", i), fmt.Sprintf("-shares=%d", *workers))
			c.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=400")
			out, _ := c.CombinedOutput() // a failure is in the totals
			mu.Lock()
			defer mu.Unlock()
			_, line, ok := strings.Cut(string(out), resultMark)
			var o totals
			if err := json.Unmarshal([]byte(strings.SplitN(line, "\n", 2)[0]), &o); !ok || err != nil {
				tb.Errorf("a part came to no end: %v\n%s", err, out)
				return
			}
			t.add(o.Report)
			t.Lives += o.Lives
			if o.Failure != "" && (t.Failure == "" || o.Seed < t.Seed) {
				t.Seed, t.Failure = o.Seed, o.Failure
			}
		})
	}
	all.Wait()
}

func (r *Report) add(o Report) {
	r.Actions += o.Actions
	r.Exchanges += o.Exchanges
	r.Requests += o.Requests
	r.Virtual += o.Virtual
	for k, n := range o.Did {
		r.Did[k] += n
	}
	for k, n := range o.Faults {
		r.Faults[k] += n
	}
}

// table prints what lives did.
func (r *totals) table(wall time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%10d lives\n%10d actions\n%10d exchanges\n%10d requests\n", r.Lives, r.Actions, r.Exchanges, r.Requests)
	fmt.Fprintf(&b, "%10.0f days of virtual time\n%10.1f s of wall time, %.1f ms a life\n", r.Virtual.Hours()/24, wall.Seconds(), wall.Seconds()*1000/float64(max(r.Lives, 1)))
	for _, part := range []struct {
		title string
		of    map[string]int
	}{{"actions", r.Did}, {"faults", r.Faults}} {
		fmt.Fprintf(&b, "\n%s\n", part.title)
		for _, k := range slices.Sorted(maps.Keys(part.of)) {
			fmt.Fprintf(&b, "%10d %s\n", part.of[k], k)
		}
	}
	return b.String()
}

// TestOneSeedIsOneLife lives the same life twice.
func TestOneSeedIsOneLife(t *testing.T) {
	o := Options{Actions: 40}
	if usualLives > 1 {
		o.Actions = usualActions
	}
	a, b := Run(t.Context(), 7, o), Run(t.Context(), 7, o)
	if got, want := strings.Join(a.Trace, "\n"), strings.Join(b.Trace, "\n"); got != want || a.Requests != b.Requests {
		t.Errorf("two lives of one seed differ:\n%s\n\n%s", got, want)
	}
}

// Package sim lives the lives of many devices in one process: the real journal, replica, exchange and trust
// code on real SQLite in memory, with a clock, a network, disks and randomness of its own, all of it drawn
// from one seed. It is no part of any program. Its oracle shares no code with what it judges: it reads the
// entries that a device holds with its own decoder, folds them by the plain definition, and compares. Its
// invariant: one seed is one life, to the byte.
package sim

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// Options of a run; the zero value lives a whole life.
type Options struct {
	Actions int          // how many actions a life has; 0 for the usual number
	Skip    map[int]bool // actions that are left out: how a failure is made shorter
}

// Report is what a life did.
type Report struct {
	Seed      uint64
	Actions   int
	Exchanges int
	Requests  int
	Virtual   time.Duration
	Did       map[string]int // actions of each name
	Faults    map[string]int // faults of each name that took effect
	Trace     []string       `json:"-"`
	Err       error          `json:"-"` // nil where every invariant held
}

// usualActions is the number of actions of a life.
const usualActions = 210

// Run lives one life and judges it.
func Run(ctx context.Context, seed uint64, o Options) (rep Report) {
	if o.Actions == 0 {
		o.Actions = usualActions
	}
	l := newLife(ctx, seed)
	defer func() {
		if p := recover(); p != nil {
			l.fail(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
		l.close()
		rep = l.report
	}()
	l.populate()
	for i := range o.Actions {
		if l.report.Err != nil {
			return
		}
		if !o.Skip[i] {
			l.act(i)
		}
	}
	if l.report.Err == nil {
		l.random = source(seed, 1<<40)
		l.fail(l.heal())
	}
	return
}

// Shrink leaves out what a failing life can do without and fail all the same, within budget runs.
func Shrink(ctx context.Context, rep Report, budget int) Report {
	skip, actions := map[int]bool{}, rep.Actions
	for size := actions / 2; size > 0; size /= 2 {
		for from := 0; from < actions && budget > 0; from += size {
			trial, some := map[int]bool{}, false
			for i := range actions {
				out := i >= from && i < from+size
				trial[i] = skip[i] || out
				some = some || out && !skip[i]
			}
			if !some {
				continue
			}
			budget--
			if r := Run(ctx, rep.Seed, Options{Actions: actions, Skip: trial}); r.Err != nil {
				skip, rep = trial, r
			}
		}
	}
	return rep
}

// Failure words a life that broke an invariant: its seed, what it did, how to live it again.
func (r Report) Failure() string {
	return fmt.Sprintf("seed %d: %v\n\n%s\n\nlive it again: make sim N=1 SEED=%d\n", r.Seed, r.Err, strings.Join(r.Trace, "\n"), r.Seed)
}

func (l *life) fail(err error) {
	if err != nil {
		l.report.Err = errors.Join(l.report.Err, err)
	}
}

package replica

import (
	"context"
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
)

// stamped returns the instant of the latest entry on a new machine, and what the device's clock showed then.
func stamped(t testing.TB, r *Replica) (at, clock time.Time) {
	t.Helper()
	clock = r.Now()
	v, err := r.Get(t.Context(), save(t, r, machine("PC-1")))
	if err != nil {
		t.Fatal(err)
	}
	return v.Changed.At, clock
}

func TestTheCentralTellsADeviceThatItsClockIsWrong(t *testing.T) {
	for name, x := range map[string]struct {
		drift     time.Duration
		told, set bool // of it; new entries bear the central's time
	}{
		"right": {0, false, false}, "a little": {9 * time.Minute, false, false}, "behind": {-3 * time.Hour, true, true},
		"days behind": {-50 * time.Hour, true, false}, "years ahead": {10 * 365 * 24 * time.Hour, true, false}, "ahead": {3 * time.Hour, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newField(t)
			a := f.admit("a", record.Agent, x.drift)
			exchangeAll(t, a, f.central)
			c, told := a.ClockWrong()
			if told != x.told || told && (c.Ahead+x.drift).Abs() > time.Minute {
				t.Fatalf("told %t: %+v", told, c)
			}
			at, clock := stamped(t, a)
			if d := at.Sub(clock.Add(-x.drift)).Abs(); (d < time.Minute) != (x.set || x.drift == 0) {
				t.Errorf("the entry bears %v, the clock %v", at, clock)
			}
			// It is known after a restart, and forgotten once the clocks agree.
			dir := a.Dir()
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			b, err := Open(t.Context(), dir, Options{Now: a.o.Now})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			if again, still := b.ClockWrong(); still != told || again.Ahead != c.Ahead {
				t.Errorf("after a restart: %+v, %t", again, still)
			}
			b.o.Now = time.Now
			exchangeAll(t, b, f.central)
			if c, told := b.ClockWrong(); told {
				t.Errorf("the clock was set, and still: %+v", c)
			}
			if err := b.Verify(t.Context(), func(int, int) {}); err != nil {
				t.Error(err)
			}
		})
	}
}

// The clock of an entry never goes back, whatever the central says of it.
func TestACorrectionNeverTurnsAClockBack(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Agent, 3*time.Hour)
	before, _ := stamped(t, a)
	exchangeAll(t, a, f.central)
	after, _ := stamped(t, a)
	if after.Before(before) {
		t.Errorf("%v, then %v", before, after)
	}
}

// What a difference says ends with its time, and when somebody has set the clock back.
func TestACorrectionEnds(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Agent, 3*time.Hour)
	exchangeAll(t, a, f.central)
	for _, later := range []time.Duration{-time.Minute, correctionLife + 3*time.Hour} {
		a.o.Now = func() time.Time { return time.Now().Add(3*time.Hour + later) }
		if c, told := a.ClockWrong(); told || !a.corrected(a.Now()).After(a.Now().Add(-time.Second)) {
			t.Errorf("after %v: %+v", later, c)
		}
	}
}

// A time that a neighbour tells, one of another connection, and one that took too long, say nothing.
func TestOnlyTheCentralsOwnWordCounts(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, 3*time.Hour)
	exchangeAll(t, f.central, a)
	exchangeAll(t, f.central, b) // who is asked tells: here the central asks
	exchangeAll(t, a, b)
	exchangeAll(t, b, a)
	if c, told := b.ClockWrong(); told {
		t.Errorf("a neighbour was believed: %+v", c)
	}
	s := exchange.NewServer(f.central, nil)
	serve := func(ctx context.Context, raw []byte) ([]byte, error) {
		return s.Serve(ctx, b.Identity().Public(), []byte("another connection"), raw)
	}
	if _, err := exchange.Run(t.Context(), b, f.central.Identity().Public(), []byte("this connection"), call(serve), nil); err != nil {
		t.Fatal(err)
	}
	if c, told := b.ClockWrong(); told {
		t.Errorf("what was said on another connection was believed: %+v", c)
	}
	slow := func(ctx context.Context, raw []byte) ([]byte, error) {
		b.o.Now = func() time.Time { return time.Now().Add(3*time.Hour + 4*time.Minute) }
		return s.Serve(ctx, b.Identity().Public(), []byte("this connection"), raw)
	}
	if res, err := exchange.Run(t.Context(), b, f.central.Identity().Public(), []byte("this connection"), call(slow), nil); err != nil || res.RoundTrips != 1 {
		t.Fatal(res, err)
	}
	if c, told := b.ClockWrong(); told {
		t.Errorf("an answer that took minutes was believed: %+v", c)
	}
	exchangeAll(t, b, f.central)
	if c, told := b.ClockWrong(); !told || c.From != f.central.Identity().Public().String() {
		t.Errorf("the central is not believed: %+v, %t", c, told)
	}
}

// call is a line to a device.
type call func(ctx context.Context, raw []byte) ([]byte, error)

func (c call) Call(ctx context.Context, raw []byte) ([]byte, error) { return c(ctx, raw) }

// Who is told to set the clock, and does, is not corrected once more until the next exchange, which may be days away.
func TestAClockThatIsSetIsNotCorrectedAgain(t *testing.T) {
	for _, drift := range []time.Duration{-5 * time.Hour, 5 * time.Hour} {
		f := newField(t)
		a := f.admit("a", record.Agent, drift)
		exchangeAll(t, a, f.central)
		if err := a.ClockMoved(t.Context(), time.Hour); err != nil { // it slept
			t.Fatal(err)
		}
		if _, told := a.ClockWrong(); !told {
			t.Fatal("an hour's sleep has set the clock")
		}
		a.o.Now = time.Now
		if err := a.ClockMoved(t.Context(), -drift+3*time.Second); err != nil {
			t.Fatal(err)
		}
		if c, told := a.ClockWrong(); told {
			t.Errorf("the clock is right, and is said to be wrong: %+v", c)
		}
		if at, clock := stamped(t, a); at.Sub(clock) > time.Minute {
			t.Errorf("set by %v, the clock shows %v and the entry bears %v", -drift, clock, at)
		}
	}
}

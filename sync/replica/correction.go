package replica

import (
	"context"
	"encoding/json"
	"time"

	"cantal.fr/buron/sync/trust"
)

// settingClock holds the Correction, where there is one.
const settingClock = "clock.central"

// Bounds of what a central may make of this device's clock.
const (
	// maxCorrection is the difference beyond which new entries keep the device's own time: the one that is wrong by
	// more than a day may be the central.
	maxCorrection = 24 * time.Hour
	// correctionLife is how long a difference counts after it was learnt: meanwhile somebody may set the clock.
	correctionLife = 14 * 24 * time.Hour
	// sameCorrection is the change of a difference that is not worth a writing.
	sameCorrection = time.Minute
)

// Correction is what a central has said of this device's clock.
type Correction struct {
	Ahead  time.Duration `json:"ahead"`  // of the central's clock; less than 0 where this device's is ahead
	Learnt time.Time     `json:"learnt"` // by this device's clock
	From   string        `json:"from"`   // key of the central
	Of     string        `json:"of"`     // key of this device: a copy on another machine has another clock
}

// Corrects reports whether new entries bear the central's time rather than the device's.
func (c *Correction) Corrects() bool { return c.Ahead.Abs() <= maxCorrection }

// wrong reports whether the difference is one that people are told of.
func (c *Correction) wrong() bool { return c != nil && WrongClock(c.Ahead.Abs()) }

// NoteClock notes by how much the clock of a central is ahead of this device's. It is kept where people are to be told
// of it, and forgotten once the clocks agree again.
func (r *Replica) NoteClock(ctx context.Context, central trust.Key, ahead time.Duration) error {
	now, before := r.o.Now(), r.correction.Load()
	c := &Correction{Ahead: ahead, Learnt: now, From: central.String(), Of: r.Identity().Public().String()}
	fresh := before != nil && now.Sub(before.Learnt).Abs() < maxCorrection && (before.Ahead-ahead).Abs() < sameCorrection
	switch {
	case !c.wrong() && before == nil, c.wrong() && fresh:
		return nil
	case !c.wrong():
		c = nil
	}
	text := ""
	if c != nil {
		b, err := json.Marshal(c)
		if err != nil {
			return err
		}
		text = string(b)
	}
	if err := r.SetSetting(ctx, settingClock, text); err != nil {
		return err
	}
	r.correction.Store(c)
	return nil
}

// ClockMoved hears that the clock on the wall has moved by more than the time that went by. Where that is what the
// central had found it to be wrong by, somebody has set it: nothing is corrected any more. Anything else may as well be
// a machine that slept.
func (r *Replica) ClockMoved(ctx context.Context, by time.Duration) error {
	c := r.correction.Load()
	if !c.wrong() || WrongClock((c.Ahead - by).Abs()) || by.Abs() < sameCorrection {
		return nil
	}
	if err := r.SetSetting(ctx, settingClock, ""); err != nil {
		return err
	}
	r.correction.Store(nil)
	return nil
}

// readCorrection takes up what an earlier run has noted. One that cannot be read is as none.
func (r *Replica) readCorrection(ctx context.Context) error {
	text, err := r.Setting(ctx, settingClock)
	if err != nil || text == "" {
		return err
	}
	var c Correction
	if json.Unmarshal([]byte(text), &c) == nil && c.wrong() && c.Of == r.Identity().Public().String() {
		r.correction.Store(&c)
	}
	return nil
}

// ClockWrong returns what the central has said of this device's clock, false where they agree to ten minutes, as far
// as is known, or where too much may have happened since.
func (r *Replica) ClockWrong() (Correction, bool) {
	c := r.correction.Load()
	if !c.wrong() || !c.counts(r.o.Now()) {
		return Correction{}, false
	}
	return *c, true
}

// counts reports whether a correction still says something at an instant of this device's clock. A clock that shows an
// earlier time than when it was learnt was set since.
func (c *Correction) counts(now time.Time) bool {
	age := now.Sub(c.Learnt)
	return age >= 0 && age < correctionLife
}

// corrected returns what the clock would show if it were the central's: for the instants of new entries alone, which
// never go back (journal.Tick), and never by more than a received one could move them.
func (r *Replica) corrected(now time.Time) time.Time {
	c := r.correction.Load()
	if !c.wrong() || !c.counts(now) || !c.Corrects() {
		return now
	}
	return now.Add(c.Ahead)
}

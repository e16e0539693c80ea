package journal

import "time"

// maxLead is how far a received instant may move this device's clock ahead of its own time.
const maxLead = 24 * time.Hour

// Tick returns the instant of a new entry: now, or just after last where the clock stands behind it.
func Tick(last HLC, now time.Time) HLC {
	if n := hlcOf(now); n > last {
		return n
	}
	return last + 1
}

// Observe returns the clock after an entry stamped seen was received. A clock that is wrong by years
// moves it by 24 h at most.
func Observe(last, seen HLC, now time.Time) HLC {
	if most := hlcOf(now.Add(maxLead)); seen > most {
		seen = most
	}
	return max(last, seen)
}

func hlcOf(t time.Time) HLC {
	ms := t.UnixMilli()
	if ms < 0 {
		ms = 0
	}
	return HLC(ms) << 16
}

// Millis returns the Unix milliseconds that the author's clock showed, or just after them.
func (h HLC) Millis() int64 { return int64(h >> 16) }

// Time returns the instant that the author's clock showed.
func (h HLC) Time() time.Time { return time.UnixMilli(h.Millis()) }

// Read reports whether the author's clock showed the instant itself. Else it only follows another entry, of a
// device whose clock was ahead perhaps, and says nothing of the author's own.
func (h HLC) Read() bool { return h&0xffff == 0 }

package class

import (
	"testing"
	"time"
	"unsafe"
)

// asleep returns what a machine shows that wakes up at an instant after so many seconds of sleep: the clock on the wall has
// gone on, the one that measures has not.
func asleep(at time.Time, seconds uint64) time.Time {
	const bitsOfNanoseconds = 30 // of the first word of a time.Time that has both
	*(*uint64)(unsafe.Pointer(&at)) += seconds << bitsOfNanoseconds
	return at
}

// A terminal that slept through the night shows nobody the class of the day before.
func TestAClassGoesWhileTheTerminalSleeps(t *testing.T) {
	r := newRoom(t)
	r.at = time.Now()
	r.lend(3)
	woken := asleep(r.at, 10*3600)
	if measured, shown := woken.Sub(r.at), woken.Round(0).Sub(r.at.Round(0)); measured != 0 || shown != 10*time.Hour {
		t.Fatalf("measured %s, shown %s: the test proves nothing", measured, shown)
	}
	r.at = woken
	if _, lent := r.desk.Session(); lent || r.shown() {
		t.Errorf("ten hours later: at the host %t, on the terminal %t", lent, r.shown())
	}
}

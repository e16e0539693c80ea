package record

import (
	"testing"
	"time"
)

func TestPersonalKindsAreKeptForATime(t *testing.T) {
	for _, k := range Kinds() {
		s, _ := Of(k)
		_, limited := keeps(k, Fields{"population": "eleve"})
		if limited != s.Personal || s.Personal != (s.Retention != "") {
			t.Errorf("%s: personal %t, kept %q, limited %t", k, s.Personal, s.Retention, limited)
		}
	}
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, Paris()) }
	for _, c := range []struct {
		kind  Kind
		f     Fields
		from  time.Time
		until time.Time // zero: no limit
	}{
		{ClassMember, Fields{"school_year": "2026-2027"}, day(2026, 11, 24), day(2027, 9, 1)},
		{ClassMember, Fields{"school_year": "2027-2028"}, day(2027, 6, 30), day(2028, 9, 1)},
		{ClassMember, Fields{"school_year": "2090-2091"}, day(2027, 6, 30), day(2027, 9, 1)},
		{ClassMember, Fields{"school_year": "2020-2021"}, day(2026, 11, 24), day(2027, 9, 1)},
		{Attendance, nil, day(2026, 11, 24), day(2027, 11, 24)},
		{Acknowledgement, Fields{"population": "eleve"}, day(2026, 11, 24), day(2027, 12, 1)},
		{Acknowledgement, Fields{"population": "enseignant"}, day(2026, 11, 24), time.Time{}},
		{Acknowledgement, Fields{"population": "enseignant", "archived": true}, day(2026, 11, 24), day(2027, 11, 24)},
		{Equipment, nil, day(2026, 11, 24), time.Time{}},
	} {
		until, limited := KeptUntil(c.kind, c.f, c.from)
		if limited == c.until.IsZero() || limited && !until.Equal(c.until) {
			t.Errorf("%s %v from %s: %s, %t", c.kind, c.f, c.from, until, limited)
		}
	}
}

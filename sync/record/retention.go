package record

import "time"

// Keep is how long a kind of record about people is kept, from the day that it is counted from.
type Keep struct {
	Years, Months int
	SchoolYear    bool // to the end of the school year first
}

// keeps says how long records about people are kept: the defaults of the design, one line per kind. False is
// without limit.
func keeps(k Kind, f Fields) (Keep, bool) {
	switch k {
	case ClassMember:
		return Keep{SchoolYear: true}, true
	case Attendance:
		return Keep{Years: 1}, true
	case Acknowledgement:
		if f.Text("population") == "eleve" {
			return Keep{SchoolYear: true, Months: 3}, true
		}
		return Keep{Years: 1}, f.Bool("archived") // as long as the person is there, and a year more
	}
	return Keep{}, false
}

// KeptUntil returns the last instant for which a record with these fields is kept, counted from an instant;
// false where there is no limit.
func KeptUntil(k Kind, f Fields, from time.Time) (time.Time, bool) {
	keep, limited := keeps(k, f)
	if !limited {
		return time.Time{}, false
	}
	until := from
	if keep.SchoolYear {
		until = schoolYearEnd(from)
		// A list is typed in before its year begins; further ahead than that nothing is claimed.
		var first, last int
		if n, err := sscanYear(f.Text("school_year"), &first, &last); err == nil && n == 2 && last == first+1 {
			if end := schoolYearEnd(time.Date(last, time.January, 1, 0, 0, 0, 0, Paris())); end.After(until) && !end.After(until.AddDate(1, 0, 0)) {
				until = end
			}
		}
	}
	return until.AddDate(keep.Years, keep.Months, 0), true
}

// schoolYearEnd returns the first instant after the school year of an instant.
func schoolYearEnd(at time.Time) time.Time {
	at = at.In(Paris())
	year := at.Year()
	if at.Month() >= time.September {
		year++
	}
	return time.Date(year, time.September, 1, 0, 0, 0, 0, Paris())
}

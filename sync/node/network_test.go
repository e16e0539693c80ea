package node

import (
	"testing"
	"time"
)

func TestTheNetworkOpens(t *testing.T) {
	noon := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	at := func(wall, awake time.Duration, addresses ...string) surroundings {
		return surroundings{noon.Add(wall), awake, addresses}
	}
	was := at(0, 0, "10.0.0.2")
	for _, c := range []struct {
		name string
		was  surroundings
		is   surroundings
		want bool
	}{
		{"nothing changed", was, at(lookEvery, lookEvery, "10.0.0.2"), false},
		{"a cable was plugged in", at(0, 0), at(lookEvery, lookEvery, "10.0.0.2"), true},
		{"another network", was, at(lookEvery, lookEvery, "192.168.1.7"), true},
		{"the cable was pulled", was, at(lookEvery, lookEvery), false},
		{"one of two is gone", at(0, 0, "10.0.0.2", "192.168.1.7"), at(lookEvery, lookEvery, "10.0.0.2"), false},
		{"it slept for an hour", was, at(time.Hour, lookEvery, "10.0.0.2"), true},
		{"it slept, and wakes without a network", was, at(time.Hour, lookEvery), false},
		{"the clock was put back", was, at(-time.Hour, lookEvery, "10.0.0.2"), false},
		{"a busy machine looked late", was, at(time.Minute, time.Minute, "10.0.0.2"), false},
	} {
		if got := c.was.opened(c.is); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

package node

import (
	"math"
	"testing"
)

func TestPhotoLimitsAsPeopleTypeThem(t *testing.T) {
	for text, want := range map[string]PhotoLimit{"500Mo": 500 << 20, "2 Go": 2 << 30, "1,5go": 3 << 29, "300ko": 300 << 10, "aucune": -1, "0": -1, "Toutes": math.MaxInt64} {
		var got PhotoLimit
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s gives %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "12", "-3Mo", "beaucoup", "9999999999Go", "NaNMo", "InfGo"} {
		var got PhotoLimit
		if err := got.UnmarshalText([]byte(text)); err == nil || got != 0 {
			t.Errorf("%q gives %d", text, got)
		}
	}
}

package central

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "20": 20 * time.Second, "-3": 0, "x": 0, "999999999": longestWait,
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): 0,
		time.Now().Add(time.Hour).UTC().Format(http.TimeFormat):  longestWait,
	} {
		if got := readRetryAfter(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if err := error(&Busy{time.Second}); !errors.Is(err, ErrBusy) || Sentence(err) == Sentence(ErrSilent) {
		t.Errorf("%v is not told as busy", err)
	}
}

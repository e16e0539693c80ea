package main

import (
	"slices"
	"testing"
)

func TestAnInvitationIsNotUsedTwice(t *testing.T) {
	for _, args := range [][]string{
		{"buron-kiosk", "--join", "ABCD-EFGH-JKMN-PQRS", "--central", "https://c", "--text", "150"},
		{"buron-kiosk", "--central", "https://c", "--join=ABCD-EFGH-JKMN-PQRS", "--text", "150"},
		{"buron-kiosk", "--central", "https://c", "--text", "150"},
	} {
		if got := withoutInvitation(args); !slices.Equal(got, []string{"buron-kiosk", "--central", "https://c", "--text", "150"}) {
			t.Errorf("%v starts again as %v", args, got)
		}
	}
}

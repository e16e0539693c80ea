package trust

import (
	"bytes"
	"testing"

	"filippo.io/age"
)

func TestKeysComeFromTheRandomnessTheyWereGiven(t *testing.T) {
	made := func() *Identity {
		i, err := NewIdentity("tablette", bytes.NewReader(bytes.Repeat([]byte{7, 200, 31}, 64)))
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	a, b := made(), made()
	if a.Public() != b.Public() || a.Age.String() != b.Age.String() {
		t.Error("the same randomness gave other keys")
	}
	if _, err := age.ParseX25519Identity(a.Age.String()); err != nil {
		t.Error(err)
	}
	if _, err := RecipientBytes(a.Age.Recipient().String()); err != nil {
		t.Error(err)
	}
}

package blob

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"filippo.io/age"
	"pgregory.net/rapid"
)

var key = [32]byte{1, 2, 3}

// filled makes n bytes of which no two chunks are equal.
func filled(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
	}
	return out
}

func TestWhatWasSealedComesBack(t *testing.T) {
	for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 2 * chunkSize, 3*chunkSize + 7} {
		sealed, err := Seal(key, filled(n))
		if err != nil || len(sealed) != SealedSize(n) {
			t.Fatalf("%d: %d bytes, %v", n, len(sealed), err)
		}
		if got, err := Open(key, sealed); err != nil || !bytes.Equal(got, filled(n)) {
			t.Errorf("%d: %d bytes, %v", n, len(got), err)
		}
	}
}

func TestAnyChangeIsNoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chunks := rapid.IntRange(1, 4).Draw(t, "chunks")
		sealed, err := Seal(key, filled((chunks-1)*chunkSize+rapid.IntRange(1, chunkSize).Draw(t, "rest")))
		if err != nil {
			t.Fatal(err)
		}
		const whole = chunkSize + overhead
		bad := bytes.Clone(sealed)
		switch rapid.IntRange(0, 4).Draw(t, "change") {
		case 0:
			bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		case 1:
			bad = bad[:rapid.IntRange(0, len(bad)-1).Draw(t, "to")]
		case 2: // cut where a chunk ends
			bad = bad[:whole*rapid.IntRange(0, (len(bad)-1)/whole).Draw(t, "whole")]
		case 3:
			bad = append(bad, filled(rapid.IntRange(1, 100).Draw(t, "more"))...)
		case 4:
			if len(bad) < 2*whole {
				t.Skip("nothing to swap")
			}
			copy(bad, sealed[whole:2*whole])
			copy(bad[whole:], sealed[:whole])
		}
		if got, err := Open(key, bad); !errors.Is(err, ErrSealed) {
			t.Fatalf("%d of %d bytes, %v", len(got), len(bad), err)
		}
		other := key
		other[31]++
		if _, err := Open(other, sealed); !errors.Is(err, ErrSealed) {
			t.Fatalf("under another key: %v", err)
		}
	})
}

// TestTheStreamIsThatOfAge reads what age itself wrote, under the key that its file key and nonce make.
func TestTheStreamIsThatOfAge(t *testing.T) {
	for _, n := range []int{0, 5, chunkSize, 2*chunkSize + 9} {
		r := &fileKey{}
		var b bytes.Buffer
		w, err := age.Encrypt(&b, r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(filled(n)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		sealed := b.Bytes()[b.Len()-SealedSize(n):]
		nonce := b.Bytes()[b.Len()-SealedSize(n)-16 : b.Len()-SealedSize(n)]
		got, err := Open(payloadKey(t, r.key, nonce), sealed)
		if err != nil || !bytes.Equal(got, filled(n)) {
			t.Errorf("%d: %d bytes, %v", n, len(got), err)
		}
	}
}

// TestGolden holds the bytes of one small blob for ever.
func TestGolden(t *testing.T) {
	sealed, err := Seal(key, []byte("Buron"))
	if want := "7168a56074e53142c1ef62649e5f9361da6f7cd7c5"; err != nil || hex.EncodeToString(sealed) != want {
		t.Errorf("%x, %v", sealed, err)
	}
}

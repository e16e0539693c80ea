package blob

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"testing"

	"filippo.io/age"
)

// fileKey is a recipient that keeps the key it is given.
type fileKey struct{ key []byte }

func (f *fileKey) Wrap(key []byte) ([]*age.Stanza, error) {
	f.key = bytes.Clone(key)
	return []*age.Stanza{{Type: "test"}}, nil
}

// payloadKey derives the key of a payload as age's specification says.
func payloadKey(t *testing.T, key, nonce []byte) [32]byte {
	t.Helper()
	b, err := hkdf.Key(sha256.New, key, nonce, "payload", 32)
	if err != nil {
		t.Fatal(err)
	}
	return [32]byte(b)
}

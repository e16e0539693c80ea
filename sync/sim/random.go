package sim

import (
	"encoding/binary"
	"math/rand/v2"
)

// random is a source of choices and of bytes.
type random struct {
	*rand.Rand
	bytes *rand.ChaCha8
}

// source returns the randomness of one part of a life. Parts do not disturb each other, so that a life with
// an action left out goes on as before.
func source(seed, part uint64) random {
	var key [32]byte
	copy(key[:], "buron sim")
	binary.BigEndian.PutUint64(key[16:], seed)
	binary.BigEndian.PutUint64(key[24:], part)
	c := rand.NewChaCha8(key)
	return random{rand.New(c), c}
}

// Read fills b; it never fails.
func (r random) Read(b []byte) (int, error) { return r.bytes.Read(b) }

// chance is true once in n times.
func (r random) chance(n int) bool { return r.IntN(n) == 0 }

// pick returns one of a list, which must not be empty.
func pick[T any](r random, list []T) T { return list[r.IntN(len(list))] }

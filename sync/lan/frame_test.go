package lan

import (
	"bytes"
	"testing"
)

// FuzzFrame reads any bytes as frames: what is read is written as it was, and a length alone costs no memory.
func FuzzFrame(f *testing.F) {
	var b bytes.Buffer
	for _, payload := range [][]byte{nil, []byte("request")} {
		if err := writeFrame(&b, Exchange, payload); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(b.Bytes())
	f.Add([]byte{Join, 0, 127, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		var again bytes.Buffer
		for {
			at := len(b) - r.Len()
			kind, payload, err := readFrame(r, maxFrame)
			if err != nil {
				if again.Len() != at || !bytes.Equal(again.Bytes(), b[:at]) {
					t.Errorf("%d bytes were read, written again %d", at, again.Len())
				}
				return
			}
			if len(payload) > len(b) {
				t.Errorf("a frame of %d bytes out of %d", len(payload), len(b))
			}
			if err := writeFrame(&again, kind, payload); err != nil {
				t.Fatal(err)
			}
		}
	})
}

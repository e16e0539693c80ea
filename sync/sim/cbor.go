package sim

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The simulator's own CBOR, of what the format uses and no more: an attacker's encoder, and an oracle's
// decoder that cannot share a mistake with the product's.

// pair is one entry of a map; order is kept.
type pair struct{ key, value any }

func head(major byte, n uint64) []byte {
	switch major <<= 5; {
	case n < 24:
		return []byte{major | byte(n)}
	case n < 1<<8:
		return []byte{major | 24, byte(n)}
	case n < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{major | 25}, uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32([]byte{major | 26}, uint32(n))
	}
	return binary.BigEndian.AppendUint64([]byte{major | 27}, n)
}

// encode writes nil, bool, int, uint64, string, []byte, []any and []pair.
func encode(v any) []byte {
	switch v := v.(type) {
	case nil:
		return []byte{0xf6}
	case bool:
		if v {
			return []byte{0xf5}
		}
		return []byte{0xf4}
	case int:
		return head(0, uint64(v))
	case uint64:
		return head(0, v)
	case string:
		return append(head(3, uint64(len(v))), v...)
	case []byte:
		return append(head(2, uint64(len(v))), v...)
	case []any:
		b := head(4, uint64(len(v)))
		for _, e := range v {
			b = append(b, encode(e)...)
		}
		return b
	case []pair:
		b := head(5, uint64(len(v)))
		for _, p := range v {
			b = append(append(b, encode(p.key)...), encode(p.value)...)
		}
		return b
	}
	panic(fmt.Sprintf("sim: cannot encode %T", v))
}

var errCBOR = errors.New("sim: not the CBOR of the format")

// decode reads one item: numbers come out as int64, or uint64 where they are larger, maps as []pair.
func decode(b []byte) (v any, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, errCBOR
	}
	major, n, rest, err := decodeHead(b)
	if err != nil {
		return nil, nil, err
	}
	switch major {
	case 0:
		if n > 1<<63-1 {
			return n, rest, nil
		}
		return int64(n), rest, nil
	case 1:
		return -1 - int64(n), rest, nil
	case 2, 3:
		if n > uint64(len(rest)) {
			return nil, nil, errCBOR
		}
		if major == 3 {
			return string(rest[:n]), rest[n:], nil
		}
		return rest[:n:n], rest[n:], nil
	case 4:
		return decodeArray(rest, n)
	case 5:
		return decodeMap(rest, n)
	case 7:
		switch n {
		case 20, 21:
			return n == 21, rest, nil
		case 22:
			return nil, rest, nil
		}
	}
	return nil, nil, errCBOR
}

func decodeHead(b []byte) (major byte, n uint64, rest []byte, err error) {
	major, low := b[0]>>5, b[0]&31
	b = b[1:]
	if low < 24 {
		return major, uint64(low), b, nil
	}
	size := 1 << (low - 24)
	if low > 27 || len(b) < size {
		return 0, 0, nil, errCBOR
	}
	for _, c := range b[:size] {
		n = n<<8 | uint64(c)
	}
	return major, n, b[size:], nil
}

func decodeArray(b []byte, n uint64) (any, []byte, error) {
	out := []any{}
	for range n {
		v, rest, err := decode(b)
		if err != nil {
			return nil, nil, err
		}
		out, b = append(out, v), rest
	}
	return out, b, nil
}

func decodeMap(b []byte, n uint64) (any, []byte, error) {
	out := []pair{}
	for range n {
		k, rest, err := decode(b)
		if err != nil {
			return nil, nil, err
		}
		v, rest, err := decode(rest)
		if err != nil {
			return nil, nil, err
		}
		out, b = append(out, pair{k, v}), rest
	}
	return out, b, nil
}

// at returns the value of a key of a map, nil where there is none.
func at(m []pair, key any) any {
	for _, p := range m {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

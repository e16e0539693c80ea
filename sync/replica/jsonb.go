package replica

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// The values shown of a record stand in its row as SQLite's own binary JSON: a fifth shorter than text, and
// nothing to parse for an index. An element is a type, the length of what it holds, and that; numbers are
// decimal digits, texts what stands between the quotes of JSON.
const (
	jsonNull, jsonTrue, jsonFalse, jsonInt, jsonFloat     = 0, 1, 2, 3, 5
	jsonText, jsonEscaped, jsonRaw, jsonArray, jsonObject = 7, 8, 10, 11, 12
)

// appendElement appends an element whose payload is known.
func appendElement(b []byte, kind byte, payload []byte) []byte {
	switch n := len(payload); {
	case n <= 11:
		b = append(b, byte(n)<<4|kind)
	case n <= 0xff:
		b = append(b, 0xc0|kind, byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, 0xd0|kind), uint16(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, 0xe0|kind), uint32(n))
	}
	return append(b, payload...)
}

// appendText appends a text, with what JSON escapes escaped.
func appendText(b []byte, v string) ([]byte, error) {
	if plainText(v) {
		return appendElement(b, jsonText, []byte(v)), nil
	}
	quoted, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return appendElement(b, jsonEscaped, quoted[1:len(quoted)-1]), nil
}

// plainText reports whether nothing in a text is written otherwise in JSON.
func plainText(v string) bool {
	for _, c := range v {
		if c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == '\u2028' || c == '\u2029' || c == utf8.RuneError || c == 0x7f {
			return false
		}
	}
	return true
}

// appendValue appends the value of a field; bytes inside a list become the text that JSON makes of them.
func appendValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, jsonNull), nil
	case bool:
		if v {
			return append(b, jsonTrue), nil
		}
		return append(b, jsonFalse), nil
	case int64:
		return appendElement(b, jsonInt, strconv.AppendInt(nil, v, 10)), nil
	case string:
		return appendText(b, v)
	case []byte:
		return appendText(b, base64.StdEncoding.EncodeToString(v))
	case []any:
		var payload []byte
		var err error
		for _, e := range v {
			if payload, err = appendValue(payload, e); err != nil {
				return nil, err
			}
		}
		return appendElement(b, jsonArray, payload), nil
	case map[string]any:
		var payload []byte
		var err error
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if payload, err = appendMember(payload, name, v[name]); err != nil {
				return nil, err
			}
		}
		return appendElement(b, jsonObject, payload), nil
	}
	return nil, fmt.Errorf("value of type %T", v)
}

// appendMember appends a name and its value.
func appendMember(b []byte, name string, v any) ([]byte, error) {
	b, err := appendText(b, name)
	if err != nil {
		return nil, err
	}
	return appendValue(b, v)
}

// maxNested is how deep lists and objects may stand in each other: deeper than the journal lets them.
const maxNested = 32

// readElement takes an element off the front of b.
func readElement(b []byte) (kind byte, payload, rest []byte, err error) {
	if len(b) == 0 {
		return 0, nil, nil, ErrDamaged
	}
	kind, size, head := b[0]&0x0f, uint64(b[0]>>4), 1
	if size > 11 {
		head = 1 + 1<<(size-12)
		if len(b) < head {
			return 0, nil, nil, ErrDamaged
		}
		var wide [8]byte
		copy(wide[9-head:], b[1:head])
		size = binary.BigEndian.Uint64(wide[:])
	}
	if size > uint64(len(b)-head) {
		return 0, nil, nil, ErrDamaged
	}
	return kind, b[head : head+int(size)], b[head+int(size):], nil
}

// valueOf reads an element: whole numbers are int64, other numbers the text of their digits.
func valueOf(kind byte, payload []byte, nested int) (any, error) {
	if nested > maxNested {
		return nil, ErrDamaged
	}
	switch kind {
	case jsonNull:
		return nil, nil
	case jsonTrue, jsonFalse:
		return kind == jsonTrue, nil
	case jsonInt, jsonFloat:
		if n, err := strconv.ParseInt(string(payload), 10, 64); err == nil {
			return n, nil
		}
		return string(payload), nil
	case jsonText, jsonRaw:
		return string(payload), nil
	case jsonEscaped:
		var v string
		if err := json.Unmarshal(slices.Concat([]byte{'"'}, payload, []byte{'"'}), &v); err != nil {
			return nil, ErrDamaged
		}
		return v, nil
	case jsonArray:
		out := []any{}
		for len(payload) > 0 {
			var v any
			var err error
			if v, payload, err = readValue(payload, nested+1); err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case jsonObject:
		out := map[string]any{}
		return out, readMembers(out, payload, func(name string) string { return name }, nested)
	}
	return nil, ErrDamaged
}

func readValue(b []byte, nested int) (v any, rest []byte, err error) {
	kind, payload, rest, err := readElement(b)
	if err == nil {
		v, err = valueOf(kind, payload, nested)
	}
	return v, rest, err
}

// readMembers reads what an object holds into a map, under what its names mean.
func readMembers(out map[string]any, b []byte, meaning func(string) string, nested int) error {
	for len(b) > 0 {
		name, rest, err := readValue(b, nested+1)
		if err != nil {
			return err
		}
		key, ok := name.(string)
		if !ok {
			return ErrDamaged
		}
		if out[meaning(key)], b, err = readValue(rest, nested+1); err != nil {
			return err
		}
	}
	return nil
}

package exchange

import (
	"reflect"
	"strings"
	"testing"
)

// Of two members with the same key, the codec writes neither, and says nothing.
func TestNoKeyStandsForTwoMembers(t *testing.T) {
	for _, m := range []reflect.Type{reflect.TypeFor[request](), reflect.TypeFor[answer]()} {
		seen := map[string]string{}
		for i := range m.NumField() {
			key, _, _ := strings.Cut(m.Field(i).Tag.Get("cbor"), ",")
			if other, twice := seen[key]; twice || key == "" {
				t.Errorf("%s.%s has the key %q of %s", m.Name(), m.Field(i).Name, key, other)
			}
			seen[key] = m.Field(i).Name
		}
	}
}

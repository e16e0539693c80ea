package node

import (
	"context"
	"errors"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"github.com/fxamacker/cbor/v2"
)

// endless answers an offer, and every question for what it lacks of photos with a page of more.
type endless struct {
	t     *testing.T
	pages int
}

var errEnough = errors.New("as many pages as anyone may ask for")

func (e *endless) Call(_ context.Context, request []byte) ([]byte, error) {
	var q struct {
		Ask int `cbor:"0,keyasint"`
	}
	if err := cbor.Unmarshal(request, &q); err != nil {
		e.t.Fatal(err)
	}
	a := map[int]any{0: 0}
	if q.Ask == 2 || q.Ask == 7 {
		var page []any
		for i := range 200 {
			page = append(page, []any{append(make([]byte, 31), byte(i)), 0, 100})
		}
		a[9] = page
	}
	if q.Ask == 7 {
		if e.pages++; e.pages > 5000 {
			return nil, errEnough
		}
	}
	return cbor.Marshal(a)
}

// An exchange ends, whatever the other end goes on lacking.
func TestAnExchangeEndsWithOneThatLacksWithoutEnd(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	f.stop()
	c := &endless{t: t}
	if _, err := exchange.Run(t.Context(), a, f.central.Identity().Public(), nil, c, nil); err != nil || c.pages == 0 {
		t.Errorf("after %d pages: %v", c.pages, err)
	}
}

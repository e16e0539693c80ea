package node

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// signatures lets a device record so many that, as drawn images do, get no smaller: 20 KiB each.
func signatures(t *testing.T, r *replica.Replica, n int) {
	t.Helper()
	site := save(t, r, record.Site, record.Fields{"type": "college", "name": "Collège", "uai": "0150001V"})
	charter := save(t, r, record.Charter, record.Fields{"version": "1", "text": "Chacun respecte les autres.", "status": "en_vigueur"})
	save(t, r, record.CharterAdoption, record.Fields{"site": site.String(), "charter": charter.String(), "vote_date": int64(20_000)})
	for range n {
		drawn := make([]byte, 20<<10)
		if _, err := rand.Read(drawn); err != nil {
			t.Fatal(err)
		}
		save(t, r, record.Acknowledgement, record.Fields{"act": "signature", "site": site.String(), "charter": charter.String(),
			"population": "eleve", "person_name": "Élise Exemplaire", "signature": drawn, "at": time.Now().UnixMilli()})
	}
}

func countSignatures(t *testing.T, r *replica.Replica) int {
	t.Helper()
	n, err := r.Count(t.Context(), replica.Query{Kind: record.Acknowledgement})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSignaturesComeThroughALineThatIsCut(t *testing.T) {
	f := newField(t)
	a, b := f.join("a", record.Coordination), f.join("b", record.Coordination)
	f.exchange(a)
	f.stop()
	const n = 60
	signatures(t, a, n)
	_, addr := listen(t, a)
	line := newCutter(t, addr, 400<<10)
	for range 20 {
		if o := meet(t, b, line.Addr().String()); o.Err == nil {
			break
		}
	}
	if got := countSignatures(t, b); got != n {
		t.Errorf("%d of %d signatures came", got, n)
	}
}

// narrow is a line that falls once so many bytes were asked.
type narrow struct {
	server *exchange.Server
	from   trust.Key
	left   int
}

var errFell = errors.New("the line fell")

func (l *narrow) Call(ctx context.Context, request []byte) ([]byte, error) {
	if l.left -= len(request); l.left < 0 {
		return nil, errFell
	}
	return l.server.Serve(ctx, l.from, nil, request)
}

func TestSignaturesGoThroughALineThatIsCut(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Coordination)
	f.stop()
	const n = 60
	signatures(t, a, n)
	// One action with more than a batch begins with, which cannot be divided, goes all the same.
	var list []replica.Change
	for range 1000 {
		list = append(list, replica.Change{Kind: record.Equipment, Set: record.Fields{"level": "socle", "serial": uuid.NewString(), "mac": uuid.NewString(), "name": uuid.NewString(), "uuid": uuid.NewString(), "note": uuid.NewString() + uuid.NewString() + uuid.NewString()}})
	}
	if _, err := a.Save(t.Context(), uuid.Nil, list...); err != nil {
		t.Fatal(err)
	}
	server, err := exchange.NewServer(f.central, quiet()), errFell
	for i := 0; errors.Is(err, errFell) && i < 20; i++ {
		_, err = exchange.Run(t.Context(), a, f.central.Identity().Public(), nil, &narrow{server, a.Identity().Public(), 450 << 10}, nil)
	}
	if got := countSignatures(t, f.central); err != nil || got != n || count(t, f.central) != 1000 {
		t.Errorf("%d of %d signatures and %d of 1000 machines went: %v", got, n, count(t, f.central), err)
	}
}

package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"
)

func TestANeighbourThatWasToldNothingHoldsNothing(t *testing.T) {
	f := newField(t)
	b := f.admit("b", record.Agent, 0) // has not heard of a, which is admitted later
	a := f.admit("a", record.Agent, 0)
	id := save(t, a, machine("PC-1"))
	// The first answer says that a is a stranger, the second that control differs; then the line is cut.
	if _, err := meet(t, a, b, 2); err == nil {
		t.Fatal("the line was not cut")
	}
	if v, err := a.Get(t.Context(), id); err != nil || v.Lauzes != 1 {
		t.Errorf("%d lauzes, %v: b has never seen the record", v.Lauzes, err)
	}
	if n, err := a.Pending(t.Context()); err != nil || n != 1 {
		t.Errorf("%d pending, %v; want 1", n, err)
	}
}

func TestAForkInsideAReceivedPieceCanBeSent(t *testing.T) {
	t.Parallel()
	f := newField(t)
	a, relay, fresh := f.admit("a", record.Agent, 0), f.admit("relais", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	give(t, f.central, a)
	give(t, f.central, relay)
	give(t, f.central, fresh)
	write := func(r *Replica, n int) {
		for i := range n {
			save(t, r, machine(fmt.Sprintf("PC-%d", i)))
		}
	}
	write(a, 300)
	twin := clone(t, a)
	write(a, 400)
	write(twin, 300)
	for _, r := range []*Replica{a, twin} { // in pieces of 500, of which the last entry alone keeps its signature
		if _, err := meet(t, r, relay, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := meet(t, fresh, relay, 0); err != nil {
		t.Fatalf("a new device gets nothing from who holds the fork: %v", err)
	}
	if n, _ := fresh.Count(t.Context(), Query{Kind: record.Equipment}); n != 1000 {
		t.Errorf("%d machines, want 1000", n)
	}
}

func TestAControlEntryThatIsRefusedDoesNotStopTheRest(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0)
	give(t, f.central, a)
	give(t, f.central, b)
	// Something in control that b does not take: here by one without authority, as well of a newer version.
	err := a.inBatch(t.Context(), func(x *batch) error {
		op := journal.Op{OpHead: journal.OpHead{Kind: trust.DeviceKind, ID: newID(t, trust.Control, trust.DeviceKind)}, Cells: trust.Cells(record.Fields{"name": "x"})}
		_, err := x.writeEntry(trust.Control, uuid.Nil, [8]byte{}, []journal.Op{op})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	id := save(t, a, machine("PC-1"))
	for _, from := range []*Replica{a, b} {
		to := b
		if from == b {
			to = a
		}
		res, err := meet(t, from, to, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Get(t.Context(), id); err != nil {
			t.Errorf("nothing but control is ever exchanged: %v", err)
		}
		if res.RoundTrips > 8 {
			t.Errorf("%d round trips for one refused entry", res.RoundTrips)
		}
	}
}

func TestAPieceThatCannotBeReadIsRefusedAlone(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0)
	give(t, f.central, b)
	tag := cells(t, map[string]any{"tag": []any{"PC"}})
	piece := func() []byte {
		p := newChainPen(t, b, a.Identity().Key, "parc")
		return p.bytes(p.entry("equipment", newID(t, "parc", "equipment"), tag, nil))
	}
	changed := piece()
	changed[60] ^= 0xff // inside the head
	bring(t, a.Identity().Public(), b, changed, piece())
	if n := machines(t, b); n != 1 {
		t.Errorf("%d machines, want the one of the good piece", n)
	}
	list, err := b.Refusals(t.Context())
	if err != nil || len(list) != 1 || list[0].SenderName != "a" {
		t.Errorf("refusals %+v, %v: the sender is not named", list, err)
	}
}

// grudging refuses one incarnation, as a device with an older roster or version does.
type grudging struct {
	*Replica
	not journal.Incarnation
}

func (g grudging) Admit(ctx context.Context, sender trust.Key, pieces []journal.Piece) (int, []exchange.Refusal, error) {
	var rest []journal.Piece
	var refused []exchange.Refusal
	for _, p := range pieces {
		if p.Chain.Incarnation == g.not {
			refused = append(refused, exchange.Refusal{Incarnation: g.not, Scope: p.Chain.Scope, Reason: "form"})
			continue
		}
		rest = append(rest, p)
	}
	n, more, err := g.Replica.Admit(ctx, sender, rest)
	return n, append(refused, more...), err
}

func TestALongChainThatIsRefusedDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	f := newField(t)
	bad, good, relay := f.admit("refusé", record.Agent, 0), f.admit("bon", record.Agent, 0), f.admit("relais", record.Agent, 0)
	give(t, f.central, relay)
	for range exchange.BatchEntries {
		save(t, bad, machine("PC-1"))
	}
	id := save(t, good, machine("PC-2"))
	give(t, bad, relay)
	give(t, good, relay)
	missed := 0
	var res exchange.Result
	for range 12 { // the order of the wants is that of a map
		r := f.blank()
		give(t, f.central, r)
		give(t, f.central, relay)
		w := &wire{exchange.NewServer(relay, nil), r.Identity().Public(), 0}
		var err error
		if res, err = exchange.Run(t.Context(), grudging{r, bad.Incarnation()}, relay.Identity().Public(), []byte("exporter"), w, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Get(t.Context(), id); err != nil {
			missed++
		}
	}
	if missed > 0 {
		t.Errorf("in %d of 12 exchanges a chain that is refused kept another one away", missed)
	}
	if res.RoundTrips > 8 {
		t.Errorf("%d round trips", res.RoundTrips)
	}
}

func TestWhatThePeerHasRefusedIsBroughtOnce(t *testing.T) {
	f := newField(t)
	bad, good, r := f.admit("refusé", record.Agent, 0), f.admit("bon", record.Agent, 0), f.admit("r", record.Agent, 0)
	relay := f.blank()
	give(t, f.central, r)
	for range exchange.BatchEntries + 100 {
		save(t, bad, machine("PC-1"))
	}
	id := save(t, good, machine("PC-2"))
	give(t, bad, relay)
	give(t, good, relay)
	w := &wire{exchange.NewServer(grudging{r, bad.Incarnation()}, nil), relay.Identity().Public(), 0}
	res, err := exchange.Run(t.Context(), relay, r.Identity().Public(), []byte("exporter"), w, nil)
	if err != nil || len(res.Rejected) != 1 {
		t.Errorf("%d refusals, %v; want one", len(res.Rejected), err)
	}
	if _, err := r.Get(t.Context(), id); err != nil {
		t.Errorf("a chain that is refused kept another one away: %v", err)
	}
}

// A run between two signatures as long as a frame may be must not make a batch that nobody can unpack.
func TestALongRunIsSentInAFrameOfItsOwn(t *testing.T) {
	f := newField(t)
	a, relay, r := f.admit("a", record.Agent, 0), f.admit("relais", record.Agent, 0), f.admit("r", record.Agent, 0)
	give(t, f.central, relay)
	give(t, f.central, r)
	x, y := newChainPen(t, a, a.Identity().Key, "parc"), newChainPen(t, a, a.Identity().Key, "parc")
	if bytes.Compare(x.in, y.in) > 0 {
		x, y = y, x // pushed in this order
	}
	noise := rand.NewChaCha8([32]byte{1})
	big := func(p *chainPen) rawEntry {
		fields := map[string]any{}
		for _, n := range []string{"a", "b", "c", "d"} {
			b := make([]byte, 240<<10)
			noise.Read(b)
			fields[n] = []any{b}
		}
		return p.entry("equipment", newID(t, "parc", "equipment"), cells(t, fields), nil)
	}
	admit(t, relay, a, []journal.Piece{x.piece(big(x), big(x))}) // 1.9 MiB
	var run []rawEntry
	for range 7 {
		run = append(run, big(y)) // 6.6 MiB: one message, within MaxFrame
	}
	bring(t, a.Identity().Public(), relay, y.bytes(run...))
	if _, err := meet(t, relay, r, 0); err != nil {
		t.Errorf("the relay can send nothing any more: %v", err)
	}
	if n := machines(t, r); n != 9 {
		t.Errorf("%d machines, want 9", n)
	}
}

// A disk image that serves forty-five machines: one chain with as many branches, more than have can tell of.
func TestAChainWithManyBranchesGoesOn(t *testing.T) {
	t.Parallel()
	f := newField(t)
	a, relay, r := f.admit("a", record.Agent, 0), f.admit("relais", record.Agent, 0), f.admit("r", record.Agent, 0)
	give(t, f.central, relay)
	give(t, f.central, r)
	p := newChainPen(t, a, a.Identity().Key, "parc")
	tag := cells(t, map[string]any{"tag": []any{"PC"}})
	next := func() rawEntry { return p.entry("equipment", newID(t, "parc", "equipment"), tag, nil) }
	first := next()
	fork := p.prev
	pieces := []journal.Piece{p.piece(first)}
	for range 45 {
		p.seq, p.prev = 1, fork
		var branch []rawEntry
		for range 60 {
			branch = append(branch, next())
		}
		pieces = append(pieces, p.piece(branch...))
	}
	admit(t, relay, a, pieces)
	if _, err := meet(t, r, relay, 0); err != nil {
		t.Fatal(err)
	}
	if n, m := machines(t, r), machines(t, relay); n != m {
		t.Fatalf("%d machines, want %d", n, m)
	}
	admit(t, relay, a, []journal.Piece{p.piece(next())})
	res, err := meet(t, r, relay, 0)
	if err != nil || res.Received != 1 {
		t.Errorf("received %d, %v: what is new is cut off by what is held already, in every exchange", res.Received, err)
	}
}

// listening keeps what was said over a connection.
type listening struct {
	wire
	told, heard []byte
}

func (l *listening) Call(ctx context.Context, request []byte) ([]byte, error) {
	l.told = append(l.told, request...)
	b, err := l.wire.Call(ctx, request)
	l.heard = append(l.heard, b...)
	return b, err
}

// older is the line to a peer of before, which knows nothing of what messages say by these keys.
type older struct {
	wire
	columns int // messages that brought any
}

func (o *older) without(t testing.TB, b []byte, keys ...uint64) []byte {
	t.Helper()
	var m map[uint64]cbor.RawMessage
	if err := cbor.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		delete(m, k)
	}
	for _, k := range []uint64{9, 15} {
		if len(m[k]) > 0 && m[k][0]>>5 == 2 { // bytes
			o.columns++
		}
	}
	out, err := cbor.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type olderLine struct {
	*older
	t testing.TB
}

func (o olderLine) Call(ctx context.Context, request []byte) ([]byte, error) {
	b, err := o.wire.Call(ctx, o.without(o.t, request, 8))
	return o.without(o.t, b, 14), err
}

// Who has not said that it reads columns is neither given nor asked for any.
func TestAPeerThatReadsNoColumnsGetsPieces(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Agent, 0), f.admit("b", record.Agent, 0)
	give(t, f.central, a)
	give(t, f.central, b)
	for i := range 20 {
		save(t, a, machine(fmt.Sprintf("PC-A%d", i)))
		save(t, b, machine(fmt.Sprintf("PC-B%d", i)))
	}
	o := &older{wire: wire{exchange.NewServer(b, nil), a.Identity().Public(), 0}}
	res, err := exchange.Run(t.Context(), a, b.Identity().Public(), []byte("exporter"), olderLine{o, t}, nil)
	if err != nil || res.Received != 20 || res.Sent != 20 || o.columns != 0 {
		t.Errorf("%+v, %v, %d messages with columns", res, err, o.columns)
	}
	if n := machines(t, b); n != 40 {
		t.Errorf("%d machines, want 40", n)
	}
}

// Zero bytes out of scope: a terminal is not told of scopes that it may neither read nor write.
func TestATerminalIsNotToldOfOtherScopes(t *testing.T) {
	f := newField(t)
	office, kiosk := f.admit("bureau", record.Coordination, 0), f.admit("borne", record.Kiosk, 0, "0150001V")
	give(t, f.central, office)
	save(t, office, machine("PC-1"))
	l := &listening{wire: wire{exchange.NewServer(office, nil), kiosk.Identity().Public(), 0}}
	if _, err := exchange.Run(t.Context(), kiosk, office.Identity().Public(), []byte("exporter"), l, nil); err != nil {
		t.Fatal(err)
	}
	// The office begins: what is told is what it asks.
	asked := &listening{wire: wire{exchange.NewServer(kiosk, nil), office.Identity().Public(), 0}}
	if _, err := exchange.Run(t.Context(), office, kiosk.Identity().Public(), []byte("exporter"), asked, nil); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(l.heard, []byte("parc")) || bytes.Contains(asked.told, []byte("parc")) {
		t.Error("a public terminal was told that there is a scope parc")
	}
	if !bytes.Contains(l.heard, []byte("control")) || !bytes.Contains(asked.told, []byte("control")) {
		t.Error("the probe does not hear what is said")
	}
}

// What Missing and Holds ask for each hash that a peer says it has.
func TestFindingAnEntryByItsHashReadsNoWholeChain(t *testing.T) {
	r := newField(t).admit("a", record.Agent, 0)
	for q, args := range map[string][]any{seekEntry: {1, make([]byte, 32)}, seekHolds: {make([]byte, 16), "parc", make([]byte, 32)}} {
		plans, err := r.read.Query("EXPLAIN QUERY PLAN "+q, args...)
		if err != nil {
			t.Fatal(err)
		}
		sought := false
		for plans.Next() {
			var a, b, c int
			var plan string
			if err := plans.Scan(&a, &b, &c, &plan); err != nil {
				t.Fatal(err)
			}
			sought = sought || strings.Contains(plan, "hash=?")
		}
		plans.Close()
		if !sought {
			t.Errorf("%s: every entry of the chain is compared", q)
		}
	}
}

// A terminal's disk was copied: the copy goes on under a key of its own, and what was written on it before is not
// lost, nor kept for ever because the other has gone on as well.
func TestACopiedTerminalDeliversWhatItWroteBefore(t *testing.T) {
	f := newField(t)
	first := f.admit("borne", record.Kiosk, 0, "0150001V")
	write := func(r *Replica) uuid.UUID {
		return save(t, r, Change{Kind: record.Attendance, Scope: "people/0150001V", Set: record.Fields{"act": "presence", "workshop": uuid.NewString(), "person_name": "Exemple", "at": noon.UnixMilli()}})
	}
	before := write(first)
	copied := openCopy(t, copyOf(t, first, trust.KeyFile, startFile), Options{Machine: func() string { return "une autre" }})
	after, other := write(copied), write(first)
	for _, r := range []*Replica{copied, first, copied} {
		if _, err := meet(t, r, f.central, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []uuid.UUID{before, after, other} {
		if _, err := f.central.Get(t.Context(), id); err != nil {
			t.Errorf("lost: %v", err)
		}
	}
	for _, r := range []*Replica{copied, first} {
		if n, err := r.Pending(t.Context()); err != nil || n != 0 {
			t.Errorf("%s: %d wait, %v", r.Self().Name, n, err)
		}
		if _, err := r.DropDelivered(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	if _, err := copied.Get(t.Context(), after); !errors.Is(err, ErrUnknown) {
		t.Errorf("what the copy wrote is kept: %v", err)
	}
	if _, err := first.Get(t.Context(), other); !errors.Is(err, ErrUnknown) {
		t.Errorf("what the first wrote is kept: %v", err)
	}
}

func TestAReadmittedDeviceHearsOfIt(t *testing.T) {
	f := newField(t)
	a := f.admit("poste", record.Agent, 0)
	revoke(t, f.central, a)
	give(t, f.central, a) // as a neighbour's stick may
	if _, err := meet(t, a, f.central, 0); !errors.Is(err, exchange.ErrRevoked) {
		t.Fatalf("it is told %v", err)
	}
	if err := f.central.Readmit(t.Context(), a.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	if _, err := meet(t, a, f.central, 0); err != nil {
		t.Errorf("it goes on taking itself for revoked: %v", err)
	}
	id := save(t, a, machine("PC-1"))
	if _, err := meet(t, a, f.central, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.central.Get(t.Context(), id); err != nil {
		t.Error(err)
	}
}

func TestAReadmittedDeviceHearsOfItFromACentralUnderANewKey(t *testing.T) {
	f := newField(t)
	a := f.admit("poste", record.Agent, 0)
	revoke(t, f.central, a)
	give(t, f.central, a)
	if err := f.central.Readmit(t.Context(), a.Identity().Public()); err != nil {
		t.Fatal(err)
	}
	restored := openCopy(t, copyOf(t, f.central, trust.KeyFile, startFile), Options{Machine: func() string { return "une autre" }})
	if _, err := meet(t, a, restored, 0); err != nil {
		t.Errorf("it goes on taking itself for revoked: %v", err)
	}
	id := save(t, a, machine("PC-1"))
	if _, err := meet(t, a, restored, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := restored.Get(t.Context(), id); err != nil {
		t.Error(err)
	}
}

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// mostSingles bounds the records that are written one by one: each is a durable write.
const mostSingles = 20_000

// singles measures records that were written one action each: the writes themselves, and a first exchange.
func (m *measures) singles(ctx context.Context) error {
	n := min(m.n, mostSingles)
	f, err := m.newField(ctx, 1)
	if err != nil {
		return err
	}
	db, err := newRaw(f.dir)
	if err != nil {
		return err
	}
	defer db.Close()
	var ours, raw []time.Duration
	for i, c := range creations(0, n) {
		begun := time.Now()
		if _, err := f.writer.Save(ctx, uuid.Nil, c); err != nil {
			return err
		}
		ours = append(ours, time.Since(begun))
		if i%4 == 0 {
			begun = time.Now()
			if err := db.insert(ctx, i, i+1); err != nil {
				return err
			}
			raw = append(raw, time.Since(begun))
		}
	}
	m.add("durable signed write, p50", median(ours).Seconds()/median(raw).Seconds(), median(raw).Seconds())
	if err := f.push(ctx); err != nil {
		return err
	}
	r, err := m.floor(ctx, n)
	if err != nil {
		return err
	}
	f.wire.counted()
	t, err := f.devices[0].tell(sayExchange)
	if err != nil || t.Received < n {
		return fmt.Errorf("%d of %d came: %w", t.Received, n, err)
	}
	m.add("wire, bootstrap one action each", float64(f.wire.counted())/float64(n), 0)
	m.add("bootstrap of entries written one by one", t.Seconds/r.Seconds(), r.Seconds())
	return f.close()
}

// Devices and lives of each in the measure of an exchange that finds nothing.
const devices, lives = 200, 3

// nothing measures an exchange between two that hold the same, where many devices have each written under
// several names.
func (m *measures) nothing(ctx context.Context) error {
	dir := filepath.Join(m.dir, "lives")
	made, err := node.Found(ctx, filepath.Join(dir, "central"), node.FoundOptions{Territory: "Cantal", Device: "Central", Role: record.Central, WithoutRecovery: true})
	if err != nil {
		return err
	}
	central := made.Replica
	defer central.Close()
	var pieces []journal.Piece
	for i := range devices {
		id, err := admitted(ctx, central, fmt.Sprint("poste ", i))
		if err != nil {
			return err
		}
		for range lives {
			p, err := oneEntry(central.Territory(), id)
			if err != nil {
				return err
			}
			pieces = append(pieces, p)
		}
	}
	id, err := admitted(ctx, central, "celui-ci")
	if err != nil {
		return err
	}
	if n, refused, err := central.Admit(ctx, central.Identity().Public(), pieces); err != nil || n != devices*lives {
		return fmt.Errorf("%d pieces went in, %v: %w", n, refused, err)
	}
	heads, err := central.Heads(ctx, trust.Control)
	if err != nil {
		return err
	}
	control, _, err := central.Missing(ctx, heads[0].Chain, nil, 1<<20, 1<<30)
	var root []journal.Piece
	for _, h := range heads[1:] {
		more, _, err2 := central.Missing(ctx, h.Chain, nil, 1<<20, 1<<30)
		root, err = append(root, more...), errors.Join(err, err2)
	}
	if err != nil {
		return err
	}
	r, err := replica.Create(ctx, filepath.Join(dir, "device"), id, central.Territory(), append(root, control...), replica.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	line := &line{server: exchange.NewServer(central, nil), from: id.Public()}
	for range 2 { // the first one brings everything
		line.bytes = 0
		res, err := exchange.Run(ctx, r, central.Identity().Public(), nil, line, nil)
		if err != nil {
			return err
		}
		line.trips = res.RoundTrips
	}
	m.add("nothing to exchange, 600 lives of 200 devices", float64(line.trips), 0)
	m.add("nothing to exchange, bytes both ways", float64(line.bytes), 0)
	return nil
}

// admitted makes the keys of a device and admits it.
func admitted(ctx context.Context, central *replica.Replica, name string) (*trust.Identity, error) {
	id, err := trust.NewIdentity(name, rand.Reader)
	if err != nil {
		return nil, err
	}
	d := trust.Device{Key: id.Public(), Age: id.Age.Recipient().String(), Role: record.Agent, Name: name}
	_, err = central.SaveControl(ctx, trust.DeviceKind, d.Fields())
	return id, err
}

// oneEntry is the first entry of a new life of a device.
func oneEntry(t journal.Territory, id *trust.Identity) (journal.Piece, error) {
	const scope = "parc"
	g := &journal.Genesis{App: trust.AppVersion}
	key := id.Public()
	g.Key = key[:]
	if _, err := rand.Read(g.Nonce[:]); err != nil {
		return journal.Piece{}, err
	}
	var err error
	if g.Age, err = trust.RecipientBytes(id.Age.Recipient().String()); err != nil {
		return journal.Piece{}, err
	}
	c := journal.Chain{Incarnation: journal.IncarnationOf(t, g.Key, g.Nonce), Scope: scope}
	now := time.Now()
	record, err := journal.NewID(scope, string(record.Equipment), now, rand.Reader)
	if err != nil {
		return journal.Piece{}, err
	}
	op := journal.Op{OpHead: journal.OpHead{Kind: "equipment", ID: record}, Cells: []journal.Cell{{Field: "tag", Value: "PC"}}}
	e, err := journal.Sign(t, id.Key, journal.Draft{Incarnation: c.Incarnation, Scope: scope, Seq: 1, Prev: journal.GenesisHash(t, c),
		HLC: journal.Tick(0, now), Ops: []journal.Op{op}, Genesis: g}, rand.Reader)
	if err != nil {
		return journal.Piece{}, err
	}
	p := journal.Piece{Chain: c, Prev: e.Prev, Entries: []*journal.Entry{e}}
	return p, p.Verify(t, key[:])
}

// line carries an exchange to a server in the same process, and counts its bytes.
type line struct {
	server *exchange.Server
	from   trust.Key
	bytes  int
	trips  int
}

func (l *line) Call(ctx context.Context, request []byte) ([]byte, error) {
	answer, err := l.server.Serve(ctx, l.from, nil, request)
	l.bytes += len(request) + len(answer)
	return answer, err
}

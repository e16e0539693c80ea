package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// measures are the figures at one number of records.
type measures struct {
	n       int
	dir     string
	figures []figure
	floors  []time.Duration
	fields  int // territories made
}

func (m *measures) all(ctx context.Context) (err error) {
	if m.dir, err = os.MkdirTemp("", "buron-bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(m.dir)) }()
	for _, step := range []struct {
		what string
		f    func(context.Context) error
	}{{"records in bulk", m.bulk}, {"one by one", m.singles}, {"nothing to exchange", m.nothing}} {
		fmt.Fprintf(os.Stderr, "%d: %s…\n", m.n, step.what)
		if err := step.f(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// floor measures R for n records, here and now.
func (m *measures) floor(ctx context.Context, n int) (time.Duration, error) {
	dir, err := os.MkdirTemp(m.dir, "raw")
	if err != nil {
		return 0, err
	}
	d, err := floor(ctx, dir, n)
	if n == m.n {
		m.floors = append(m.floors, d)
	}
	return d, errors.Join(err, os.RemoveAll(dir))
}

// field is a territory: the service in a process of its own, and one device here, which writes.
type field struct {
	dir     string
	codes   []string
	service *child
	wire    *wire
	writer  *replica.Replica
	devices []*child // joined while there was nothing yet, each in a process of its own
}

func (m *measures) newField(ctx context.Context, devices int) (*field, error) {
	m.fields++
	f := &field{dir: filepath.Join(m.dir, fmt.Sprint("field", m.fields))}
	central := filepath.Join(f.dir, "central")
	made, err := node.Found(ctx, central, node.FoundOptions{Territory: "Cantal", Device: "Central", Role: record.Central, WithoutRecovery: true})
	if err != nil {
		return nil, err
	}
	for range 10 {
		code, err := trust.NewCode(rand.Reader)
		if err == nil {
			err = made.Replica.AddInvitation(ctx, replica.Invite{Code: code, Role: record.Agent, Expires: time.Now().Add(time.Hour)})
		}
		if err != nil {
			return nil, err
		}
		f.codes = append(f.codes, code)
	}
	if err := made.Replica.Close(); err != nil {
		return nil, err
	}
	if f.service, err = start(ctx, childServe, central); err != nil {
		return nil, err
	}
	if f.wire, err = newWire(f.service.out.Text()); err != nil {
		return nil, err
	}
	for i := range devices {
		c, err := start(ctx, childDevice, f.folder(i), f.code(), f.wire.url())
		if err != nil {
			return nil, err
		}
		f.devices = append(f.devices, c)
	}
	f.writer, err = node.Join(ctx, filepath.Join(f.dir, "writer"), f.code(), f.wire.url(), "auteur", replica.Options{})
	return f, err
}

func (f *field) code() string {
	c := f.codes[0]
	f.codes = f.codes[1:]
	return c
}

// folder is where a device keeps its data.
func (f *field) folder(device int) string { return filepath.Join(f.dir, fmt.Sprint("poste", device)) }

func (f *field) close() error {
	err := f.writer.Close()
	for _, c := range f.devices {
		err = errors.Join(err, c.close())
	}
	return errors.Join(err, f.service.close(), f.wire.l.Close(), os.RemoveAll(f.dir))
}

// push brings what the writer has to the service.
func (f *field) push(ctx context.Context) error {
	if t := exchangeOnce(ctx, f.writer); t.Error != "" {
		return errors.New(t.Error)
	}
	return nil
}

func creations(from, to int) []replica.Change {
	var out []replica.Change
	for i := from; i < to; i++ {
		out = append(out, replica.Change{Kind: record.Equipment, Set: machineFields(i)})
	}
	return out
}

// bulk measures what concerns records that were written in bulk.
func (m *measures) bulk(ctx context.Context) error {
	f, err := m.newField(ctx, 7)
	if err != nil {
		return err
	}
	r, err := m.floor(ctx, m.n)
	if err != nil {
		return err
	}
	changes := creations(0, m.n)
	begun := time.Now()
	saved, err := f.writer.SaveBulk(ctx, uuid.Nil, changes, nil)
	if err != nil {
		return err
	}
	took := time.Since(begun)
	again, err := m.floor(ctx, m.n)
	if err != nil {
		return err
	}
	r = (r + again) / 2 // before and after: one import is all there is to compare with
	m.add("bulk import", took.Seconds()/r.Seconds(), r.Seconds())
	if err := f.push(ctx); err != nil {
		return err
	}
	if err := m.snapshots(ctx, f); err != nil {
		return err
	}
	last, err := m.bootstraps(ctx, f)
	if err != nil {
		return err
	}
	if err := m.changed(ctx, f, last, saved.IDs); err != nil {
		return err
	}
	m.add("peak memory, device", highWater(last.cmd.Process.Pid), 0)
	m.add("peak memory, service", highWater(f.service.cmd.Process.Pid), 0)
	return errors.Join(m.merges(ctx, f, saved.IDs), m.typing(ctx, f), f.close())
}

// snapshots measures first exchanges of three devices by a snapshot that the service has made for one before them.
func (m *measures) snapshots(ctx context.Context, f *field) error {
	var readable, whole, floors []time.Duration
	var moved int64
	for i, c := range f.devices[3:] {
		r, err := m.floor(ctx, m.n)
		if err != nil {
			return err
		}
		f.wire.counted()
		t, err := c.tell(saySnapshot)
		if err != nil || t.Readable == 0 {
			return fmt.Errorf("no snapshot came: %w", err)
		}
		if moved = f.wire.counted(); i == 0 {
			// What it waited for is made once for all who come.
			if err := c.close(); err != nil {
				return err
			}
			continue
		}
		readable, whole = append(readable, seconds(t.Readable/r.Seconds())), append(whole, seconds(t.Seconds/r.Seconds()))
		floors = append(floors, r)
		if err := c.close(); err != nil {
			return err
		}
	}
	f.devices = f.devices[:3]
	m.add("bootstrap by snapshot + zstd", median(readable).Seconds(), median(floors).Seconds())
	m.add("the same, until its history is checked", median(whole).Seconds(), median(floors).Seconds())
	m.add("wire, bootstrap by snapshot", float64(moved)/float64(m.n), 0)
	return nil
}

// bootstraps measures first exchanges of three devices, and returns the last one, which goes on.
func (m *measures) bootstraps(ctx context.Context, f *field) (last *child, err error) {
	var plain, search, floors []time.Duration
	for i, c := range f.devices {
		r, err := m.floor(ctx, m.n)
		if err != nil {
			return nil, err
		}
		f.wire.counted()
		t, err := c.tell(sayExchange)
		if err != nil || t.Received < m.n/1000 {
			return nil, fmt.Errorf("%d entries came: %w", t.Received, err)
		}
		moved := f.wire.counted()
		plain, floors = append(plain, seconds(t.Seconds/r.Seconds())), append(floors, r)
		if i == 0 {
			// This one leaves without having searched: its folder holds no words.
			m.add("wire, bootstrap in bulk", float64(moved)/float64(m.n), 0)
			if err := c.close(); err != nil {
				return nil, err
			}
			size, err := os.Stat(filepath.Join(f.folder(i), replica.File))
			if err != nil {
				return nil, err
			}
			m.add("disk, no FTS", float64(size.Size())/float64(m.n), 0)
			continue
		}
		words, err := c.tell(saySearch)
		if err != nil {
			return nil, err
		}
		search = append(search, seconds((t.Seconds+words.Seconds)/r.Seconds()))
		last = c
	}
	f.devices = f.devices[1:]
	m.add("bootstrap by the journal, verified, TLS, no FTS", median(plain).Seconds(), median(floors).Seconds())
	m.add("bootstrap with FTS", slices.Min(search).Seconds(), median(floors).Seconds())
	return last, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// edits are changes of one field of some records.
func edits(ids []uuid.UUID, field, value string) []replica.Change {
	var out []replica.Change
	for _, id := range ids {
		out = append(out, replica.Change{ID: id, Set: record.Fields{field: value}})
	}
	return out
}

// changed measures the exchange of a hundred changes, one action each.
func (m *measures) changed(ctx context.Context, f *field, c *child, ids []uuid.UUID) error {
	var times, sizes []time.Duration
	for round := range 5 {
		step := len(ids) / 100
		for i := range 100 {
			if _, err := f.writer.Save(ctx, uuid.Nil, edits(ids[i*step:i*step+1], "note", fmt.Sprint("Revu le ", round))...); err != nil {
				return err
			}
		}
		if err := f.push(ctx); err != nil {
			return err
		}
		f.wire.counted()
		t, err := c.tell(sayExchange)
		if err != nil || t.Received != 100 {
			return fmt.Errorf("%d of 100 changes came: %w", t.Received, err)
		}
		times, sizes = append(times, seconds(t.Seconds)), append(sizes, time.Duration(f.wire.counted()))
	}
	m.add("100 changed of N", median(times).Seconds()*1000, 0)
	m.add("wire, 100 changed", float64(median(sizes))/1000, 0)
	return nil
}

// merges measures the exchange of two devices that have both edited the same thousand records, in other fields.
func (m *measures) merges(ctx context.Context, f *field, ids []uuid.UUID) error {
	ids = ids[:1000]
	other, err := node.Join(ctx, filepath.Join(f.dir, "other"), f.code(), f.wire.url(), "autre", replica.Options{})
	if err != nil {
		return err
	}
	defer other.Close()
	for _, x := range []struct {
		row  string
		part int
	}{{"merge 1,000 + 1,000 edits, in bulk", 1000}, {"merge 1,000 + 1,000 edits, one action each", 1}} {
		var times []time.Duration
		for round := range 3 {
			t, err := f.merge(ctx, other, ids, x.part, fmt.Sprint("Édité ", x.part, round))
			if err != nil {
				return err
			}
			times = append(times, t)
		}
		m.add(x.row, median(times).Seconds(), 0)
	}
	return nil
}

// merge makes the writer and another device edit the same records, part at a time, and measures the exchange by
// which the other gets what the service has heard of the writer, and the service what the other has written.
func (f *field) merge(ctx context.Context, other *replica.Replica, ids []uuid.UUID, part int, value string) (time.Duration, error) {
	for i, r := range []*replica.Replica{f.writer, other} {
		for p := range slices.Chunk(edits(ids, []string{"model", "brand"}[i], value), part) {
			if _, err := r.Save(ctx, uuid.Nil, p...); err != nil {
				return 0, err
			}
		}
	}
	if err := f.push(ctx); err != nil {
		return 0, err
	}
	begun := time.Now()
	if t := exchangeOnce(ctx, other); t.Error != "" || t.Received == 0 || t.Sent == 0 {
		return 0, fmt.Errorf("merge: %+v", t)
	}
	return time.Since(begun), nil
}

// typing measures a list that is narrowed letter by letter, with its count by status, words that nearly every
// record has included.
func (m *measures) typing(ctx context.Context, f *field) error {
	if _, err := f.writer.Search(ctx, "zzz", nil, 1); err != nil {
		return err
	}
	var times []time.Duration
	for range 4 {
		for _, typed := range []string{"p", "pu", "puy", "puy m", "puy mary", "pc", "pc 1", "pc 15001 0", "f", "fen", "t", "e", "poste 4", "zzz"} {
			q := replica.Query{Kind: record.Equipment, Text: typed, Order: []string{"tag"}}
			begun := time.Now()
			_, err1 := f.writer.Index(ctx, q)
			_, err2 := f.writer.Tally(ctx, q, "status")
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			times = append(times, time.Since(begun))
		}
	}
	slices.Sort(times)
	m.add("filter while typing, p95", times[len(times)*95/100].Seconds()*1000, 0)
	return nil
}

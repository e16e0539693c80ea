package replica

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/snapshot"
	"github.com/google/uuid"
)

// misgiving gives what is not a good snapshot, in place of the central's own.
type misgiving struct {
	*Replica
	header func(raw, signature []byte) ([]byte, []byte)
	frames func([][]byte) [][]byte
}

func (m misgiving) Snapshot(ctx context.Context, scope string) ([]byte, []byte, error) {
	raw, signature, err := m.Replica.Snapshot(ctx, scope)
	if m.header != nil && raw != nil {
		raw, signature = m.header(raw, signature)
	}
	return raw, signature, err
}

// SnapshotFrames gives the frames that there are, whatever header they were asked for with.
func (m misgiving) SnapshotFrames(ctx context.Context, scope string, _ []byte, from, most int) ([][]byte, error) {
	raw, _, err := m.Replica.Snapshot(ctx, scope)
	if err != nil {
		return nil, err
	}
	id := snapshot.ID(raw)
	out, err := m.Replica.SnapshotFrames(ctx, scope, id[:], from, most)
	if m.frames != nil && len(out) > 0 {
		out = m.frames(out)
	}
	return out, err
}

func (m misgiving) meet(t *testing.T, from *Replica) exchange.Result {
	t.Helper()
	w := &wire{exchange.NewServer(m, nil), from.Identity().Public(), 0}
	res, err := exchange.Run(t.Context(), from, m.Identity().Public(), []byte("exporter"), w, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestASnapshotThatDoesNotHoldIsRefusedAndTheHistoryComes(t *testing.T) {
	t.Parallel()
	f := newField(t).withCopies()
	writer, other := f.admit("auteur", record.Agent, 0), f.admit("autre", record.Coordination, 0)
	give(t, f.central, writer)
	save(t, writer, machine("PC-1"))
	save(t, writer, machine("PC-2"))
	give(t, writer, f.central)
	signAs := func(r *Replica, terr journal.Territory, change func(*snapshot.Header)) func(raw, signature []byte) ([]byte, []byte) {
		return func(raw, _ []byte) ([]byte, []byte) {
			h, err := snapshot.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			h.Signer = r.Identity().Public()
			if change != nil {
				change(&h)
			}
			raw, signature, err := snapshot.Sign(terr, r.Identity().Key, h)
			if err != nil {
				t.Fatal(err)
			}
			return raw, signature
		}
	}
	same := f.central.Territory()
	for _, c := range []struct {
		name, says string
		give       misgiving
	}{
		{"a byte of the header", "signature", misgiving{header: func(raw, s []byte) ([]byte, []byte) {
			raw = append([]byte(nil), raw...)
			raw[len(raw)-3] ^= 1 // of the size of a frame
			return raw, s
		}}},
		{"no signature", "signature", misgiving{header: func(raw, _ []byte) ([]byte, []byte) { return raw, make([]byte, ed25519.SignatureSize) }}},
		{"signed by a desktop", "signée par un central", misgiving{header: signAs(other, same, nil)}},
		{"of another territory", "autre territoire", misgiving{header: signAs(f.central, journal.Territory{1}, nil)}},
		{"of another scope", "pas destinée", misgiving{header: signAs(f.central, same, func(h *snapshot.Header) { h.Scope = "agenda" })}},
		{"under control not held", "", misgiving{header: signAs(f.central, same, func(h *snapshot.Header) { h.Control[0].Hash[0] ^= 1 })}},
		{"half a header", "abîmée", misgiving{header: func(raw, s []byte) ([]byte, []byte) { return raw[:len(raw)/2], s }}},
		{"a frame cut short", "abîmée", misgiving{frames: func(list [][]byte) [][]byte { list[0] = list[0][:len(list[0])-1]; return list }}},
		{"another frame", "abîmée", misgiving{frames: func(list [][]byte) [][]byte { list[0][len(list[0])-1] ^= 1; return list }}},
		{"more frames", "abîmée", misgiving{frames: func(list [][]byte) [][]byte { return append(list, list[0]) }}},
		{"fewer records than it says", "abîmée", misgiving{header: signAs(f.central, same, func(h *snapshot.Header) { h.Records++ })}},
		{"frames of another header", "", misgiving{frames: func([][]byte) [][]byte { return nil }}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fresh := f.admit("neuf", record.Agent, 0)
			c.give.Replica = f.central
			res := c.give.meet(t, fresh)
			if n := machines(t, fresh); n != 2 || res.Snapshots != 0 || unverified(t, fresh) != 0 {
				t.Errorf("%d machines, %d snapshots", n, res.Snapshots)
			}
			said := strings.Join(refusedCopies(t, fresh), " ")
			if (c.says == "") != (said == "") || !strings.Contains(said, c.says) {
				t.Errorf("it says: %s", said)
			}
			var left int
			if err := fresh.read.QueryRow("SELECT (SELECT count(*) FROM snapshot) + (SELECT count(*) FROM snapshot_frame)").Scan(&left); err != nil || left != 0 && c.says != "" {
				t.Errorf("%d rows are left of it, %v", left, err)
			}
			if diff := diffScope(dump(t, fresh), dump(t, f.central)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The central's tables are wrong, or it lies: what people see is what the journal says, and they are told.
func TestASnapshotThatTheHistoryDoesNotGiveIsDroppedAndToldOf(t *testing.T) {
	f := newField(t).withCopies()
	writer, fresh := f.writerAndFresh()
	changed, kept := save(t, writer, machine("PC-1")), save(t, writer, machine("PC-2"))
	give(t, writer, f.central)
	clean := f.blank()
	give(t, f.central, clean)
	invented := f.invent(changed)
	beginBy(t, fresh, f.central)
	if got := text(t, fresh, changed, "tag"); got != "PC-FAUX" {
		t.Fatalf("the snapshot shows %s: nothing is put to the proof", got)
	}
	own := save(t, fresh, Change{ID: kept, Set: record.Fields{"note": "à moi"}})
	onInvented := save(t, fresh, Change{ID: invented, Set: record.Fields{"note": "à moi aussi"}})
	exchangeAll(t, fresh, f.central)
	if said := refusedCopies(t, fresh); len(said) != 1 || !strings.Contains(said[0], "ne donne pas les mêmes fiches") {
		t.Errorf("people are told %q", said)
	}
	if unverified(t, fresh) != 0 || text(t, fresh, changed, "tag") != "PC-1" || text(t, fresh, kept, "note") != "à moi" || own != kept {
		t.Errorf("shows %s, %s", text(t, fresh, changed, "tag"), text(t, fresh, kept, "note"))
	}
	// Of what was invented, what people wrote on it stays, and no more.
	v, err := fresh.Get(t.Context(), onInvented)
	if err != nil || v.Fields.Text("note") != "à moi aussi" || v.Fields.Has("tag") {
		t.Errorf("%v, %v", v.Fields, err)
	}
	give(t, fresh, clean)
	if diff := diffScope(dump(t, fresh), dump(t, clean)); diff != "" {
		t.Error(diff)
	}
}

// invent puts into the tables of the central alone what the journal never said: a record, and a version of another.
func (f *field) invent(changed uuid.UUID) uuid.UUID {
	f.t.Helper()
	invented := uuid.UUID(newID(f.t, "parc", "equipment"))
	err := f.central.inBatch(f.t.Context(), func(b *batch) error {
		s, err := b.state(recordKey{"parc", "equipment", changed})
		if err != nil {
			return err
		}
		digest, err := b.digest("parc")
		if err != nil {
			return err
		}
		s.takeFrom(digest)
		c := s.cell("tag")
		c.versions[0].value, c.versions[0].dot.Tag[0] = "PC-FAUX", c.versions[0].dot.Tag[0]^1
		s.dirty = true
		x, err := b.state(recordKey{"parc", "equipment", invented})
		if err != nil {
			return err
		}
		x.cells, x.dirty = append([]cell(nil), s.cells...), true
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return invented
}

// Where a revocation came meanwhile, the digests cannot be compared; a record that nothing held has ever written on is
// told of all the same, and one that stands aside is not.
func TestARecordThatASnapshotInventedIsToldOfAfterARevocation(t *testing.T) {
	f := newField(t).withCopies()
	writer, lost, fresh := f.admit("auteur", record.Agent, 0), f.admit("perdue", record.Agent, 0), f.admit("neuf", record.Agent, 0)
	for _, r := range []*Replica{writer, lost, fresh} {
		give(t, f.central, r)
	}
	changed := save(t, writer, machine("PC-1"))
	ended := save(t, lost, machine("PC-2"))
	give(t, writer, f.central)
	give(t, lost, f.central)
	invented := f.invent(changed)
	beginBy(t, fresh, f.central)
	if _, err := fresh.Get(t.Context(), invented); err != nil {
		t.Fatalf("nothing is put to the proof: %v", err)
	}
	if _, err := f.central.Distrust(t.Context(), lost.Identity().Public(), "volée"); err != nil {
		t.Fatal(err)
	}
	giveControl(t, f.central, fresh)
	exchangeAll(t, fresh, f.central)
	for _, id := range []uuid.UUID{invented, ended} {
		if _, err := fresh.Get(t.Context(), id); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s is still shown: %v", id, err)
		}
	}
	if said := refusedCopies(t, fresh); len(said) != 1 || !strings.Contains(said[0], "ne donne pas les mêmes fiches") {
		t.Errorf("people are told %q", said)
	}
}

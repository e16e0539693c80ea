package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"filippo.io/age"
)

// ReadOptions say how a bundle is read.
type ReadOptions struct {
	Seen     func(sum [32]byte) bool // whether a file with this sum was read before; nil for never
	Progress func(done, total int64) // bytes, of the file read twice; nil for none
}

// Report is what reading one file did.
type Report struct {
	File      string
	Sum       [32]byte // of the file: two files with one sum are one
	Again     bool     // it was read before: nothing was done
	Own       bool     // this device made it: nothing was done
	Maker     trust.Key
	MakerName string
	MakerRole record.Role
	Revoked   bool      // the maker's admission has ended: what it wrote since stands aside, what it says to hold is not believed
	Made      time.Time // by the maker's clock
	Opened    int       // parts for this device, the cover not counted
	Admitted  int       // new entries of people's records
	Held      int       // entries that were here already
	Gap       int       // entries that follow some which are neither here nor in the file
	Received  int       // entries of this device that the maker turns out to hold
	Control   int       // new entries of who may do what
	Refused   []exchange.Refusal
	Photos    int // photos and documents that are now whole, thumbnails not counted
	Unnamed   int // blobs of which what names them, or an earlier part, has not come: they are taken at another reading
	NoRoom    int // photos and documents for which this device keeps no more room
}

// opener reads one file.
type opener struct {
	s      Store
	o      ReadOptions
	f      *os.File
	size   int64
	layout layout
	r      Report
	at     int64           // how far the second reading has come
	raw    io.Reader       // the segment that is read for the second time
	again  hash.Hash       // of what it gave
	heads  []exchange.Head // of the receipts
	lacks  map[string][]journal.Hash
	claims int // how many of both there were
	gather gather
	// The maker is admitted, or was once: the cover was read.
	admitted bool
	// Blobs that were counted already, since they come in parts.
	waiting, full map[journal.Hash]bool
}

// Read takes in the parts of a file that are for this device: control first, then the rest, in batches that
// are committed one by one. Before anything else than control is looked at, the file must be whole and
// its maker admitted. An error leaves what was committed before it.
func Read(ctx context.Context, s Store, path string, o ReadOptions) (Report, error) {
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	x := &opener{s: s, o: o, r: Report{File: path}, lacks: map[string][]journal.Hash{}}
	if err := x.all(ctx, path); err != nil {
		return x.r, fmt.Errorf("bundle: read: %w", err)
	}
	return x.r, nil
}

// unopened says what people can act on of a file that the stick does not give.
func unopened(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return errors.Join(ErrDenied, err)
	}
	return cause(err)
}

// onStick is a file whose errors are said of the stick: those of the store are of this device's own disk.
type onStick struct{ io.ReaderAt }

func (s onStick) ReadAt(b []byte, at int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(b, at)
	return n, cause(err)
}

func (x *opener) all(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return unopened(err)
	}
	if !info.Mode().IsRegular() {
		return ErrNotBundle // a pipe or a device on a stick is not opened: it may keep us waiting for ever
	}
	if x.f, err = os.Open(path); err != nil {
		return unopened(err)
	}
	defer x.f.Close()
	if info, err = x.f.Stat(); err != nil {
		return unopened(err)
	}
	x.size = info.Size()
	sums, err := x.check(ctx)
	if err != nil || x.r.Again {
		return err
	}
	if err := x.cover(ctx, sums); err != nil || x.r.Own {
		return err
	}
	x.admitted = true
	for i := range x.layout.segments[:len(sums)-1] {
		if err := x.segment(ctx, i, sums[i]); err != nil {
			return err
		}
	}
	return x.acknowledge(ctx)
}

// check reads the whole file once: only one that is as its maker left it goes further.
func (x *opener) check(ctx context.Context) ([][]byte, error) {
	l, err := parseLayout(onStick{x.f}, x.size)
	if err != nil {
		return nil, err
	}
	x.layout, x.r.Sum = l, l.sum
	if x.o.Seen != nil && x.o.Seen(l.sum) {
		x.r.Again = true
		return nil, nil
	}
	sums, err := l.hashes(ctx, onStick{x.f}, x.size, func(done, total int64) { x.o.Progress(done, 2*total) })
	if err != nil {
		return nil, err
	}
	t := x.s.Territory()
	if !bytes.Equal(l.tag[:], tagOf(t)) {
		return nil, ErrForeign
	}
	return sums, nil
}

// decrypt opens a segment; false where it is for others.
func (x *opener) decrypt(i int) (io.Reader, bool, error) {
	s := x.layout.segments[i]
	x.at, x.again = s.from, sha256.New()
	x.raw = io.TeeReader(&counted{io.NewSectionReader(onStick{x.f}, s.from, s.length), &x.at}, x.again)
	plain, err := age.Decrypt(x.raw, x.s.Identity().Age)
	var other *age.NoIdentityMatchError
	if errors.As(err, &other) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, x.undecryptable(err)
	}
	return plain, true, nil
}

// undecryptable tells what the stick could not give from what it gave and does not decrypt. The sums were
// good a moment ago: a file that has become shorter is on a stick that goes away.
func (x *opener) undecryptable(err error) error {
	if known := cause(err); errors.Is(known, ErrUnplugged) {
		return known
	}
	if info, statErr := x.f.Stat(); statErr != nil || info.Size() < x.size {
		return fmt.Errorf("%w (%w)", ErrUnplugged, err)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// cover takes in control and learns who made the file.
func (x *opener) cover(ctx context.Context, sums [][]byte) error {
	last := len(x.layout.segments) - 1
	plain, ours, err := x.decrypt(last)
	if err != nil {
		return err
	}
	if !ours {
		return ErrNotForUs
	}
	kind, content, err := readFrame(plain)
	if err != nil || kind != frameManifest {
		return x.undecryptable(errors.Join(err, ErrDamaged))
	}
	m, maker, err := openManifest(x.s.Territory(), content)
	if err != nil {
		return err
	}
	if len(m.Segments) != last {
		return fmt.Errorf("%w: %d segments, %d named", ErrDamaged, last, len(m.Segments))
	}
	for i, sum := range m.Segments {
		if !bytes.Equal(sum, sums[i]) {
			return fmt.Errorf("%w: segment %d is not the maker's", ErrDamaged, i)
		}
	}
	x.r.Maker, x.r.Made = maker, m.made()
	if x.r.Own = maker == x.s.Identity().Public(); x.r.Own {
		return nil
	}
	// Control carries its own authority: it may admit the very device that made the file.
	if err := x.frames(ctx, plain, func(scope string) bool { return scope == trust.Control }); err != nil {
		return err
	}
	d, known := x.s.Roster().Device(maker)
	if x.r.Revoked = x.s.Roster().Revoked(maker); !known && !x.r.Revoked {
		return ErrSigner
	}
	x.r.MakerName, x.r.MakerRole = d.Name, d.Role
	return nil
}

// segment takes in one part, if it is for this device. Entries and blobs prove what they are; what the maker says that
// it holds does not: it counts only where the second reading gave what the manifest signs, which the first had found.
func (x *opener) segment(ctx context.Context, i int, sum []byte) error {
	plain, ours, err := x.decrypt(i)
	if err != nil || !ours {
		return err
	}
	x.r.Opened++
	me, _ := x.s.Roster().Device(x.s.Identity().Public())
	if err := x.frames(ctx, plain, func(scope string) bool { return scope != trust.Control && me.MayRead(scope) }); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, x.raw); err != nil {
		return x.undecryptable(err)
	}
	if !bytes.Equal(x.again.Sum(nil), sum) {
		return fmt.Errorf("%w: segment %d has changed since it was checked", ErrDamaged, i)
	}
	return nil
}

// frames reads a segment to its end. What take does not let through is not for this device, whatever the
// maker thought, and is passed over.
func (x *opener) frames(ctx context.Context, plain io.Reader, take func(scope string) bool) error {
	for {
		kind, content, err := readFrame(plain)
		switch {
		case errors.Is(err, io.EOF):
			return x.store(ctx)
		case err != nil:
			// What was read before the stick went away stays.
			return errors.Join(x.undecryptable(err), x.store(context.WithoutCancel(ctx)))
		}
		switch kind {
		case framePieces:
			err = x.admit(ctx, content, take)
		case frameReceipt, frameLacks:
			err = x.said(kind, content)
		case frameBlob:
			err = x.blob(ctx, content)
		default:
			// A frame of a later version: what it says is not needed to read the rest.
		}
		if err != nil {
			return err
		}
		x.o.Progress(x.size+x.at, 2*x.size)
	}
}

// said keeps what the maker says that it holds, and lacks, for when all was read. In a cover it says nothing: its
// signature is over the other segments, and every device of the territory could write the rest afresh.
func (x *opener) said(kind byte, content []byte) error {
	if !x.admitted || x.claims > maxClaims {
		return nil
	}
	if kind == frameReceipt {
		heads, err := parseReceipt(content)
		if err != nil {
			return err
		}
		x.heads, x.claims = append(x.heads, heads...), x.claims+len(heads)
	} else {
		scope, lacked, err := parseLacks(content)
		if err != nil {
			return err
		}
		x.lacks[scope], x.claims = lacked, x.claims+len(lacked)+1
	}
	if x.claims > maxClaims {
		// More than can be kept. A part of it would say too much: of what is not listed as lacking, all would be held.
		x.heads, x.lacks = nil, nil
	}
	return nil
}

// counted notes how far a reader has come.
type counted struct {
	r  io.Reader
	at *int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	*c.at += int64(n)
	return n, err
}

// admit hands one batch to the store.
func (x *opener) admit(ctx context.Context, packed []byte, take func(scope string) bool) error {
	pieces, err := exchange.Unpack(packed)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	var batch []journal.Piece
	next := map[journal.Chain]uint64{}
	for _, p := range pieces {
		if !take(p.Chain.Scope) {
			continue
		}
		if ok, err := x.mayBring(ctx, p); err != nil {
			return err
		} else if !ok {
			continue
		}
		first := p.Entries[0].Seq
		follows := first == 1 || next[p.Chain] == first
		if !follows && next[p.Chain] > first {
			// A branch, which may begin in what was just read.
			if err := x.handIn(ctx, batch); err != nil {
				return err
			}
			batch = nil
		}
		if !follows {
			if follows, err = x.s.Holds(ctx, p.Chain, p.Prev); err != nil {
				return err
			}
		}
		if !follows {
			// No fault of anyone's: the stick was made for one who has more. It is not listed as a refusal.
			x.r.Gap += len(p.Entries)
			continue
		}
		next[p.Chain] = first + uint64(len(p.Entries))
		batch = append(batch, p)
	}
	return x.handIn(ctx, batch)
}

// handIn has the store admit pieces of one batch, and counts what came of it.
func (x *opener) handIn(ctx context.Context, batch []journal.Piece) error {
	if len(batch) == 0 {
		return nil
	}
	admitted, refused, err := x.s.Admit(ctx, x.r.Maker, batch)
	if err != nil {
		return err
	}
	x.r.Refused = append(x.r.Refused, refused...)
	if batch[0].Chain.Scope == trust.Control {
		x.r.Control += admitted
		return nil
	}
	entries := 0
	for _, p := range batch {
		entries += len(p.Entries)
	}
	x.r.Admitted += admitted
	x.r.Held += max(entries-admitted, 0)
	return nil
}

// mayBring reports whether a piece may come from the maker: from one whose admission has ended, what it wrote
// itself is not lost, and it passes on nothing of others.
func (x *opener) mayBring(ctx context.Context, p journal.Piece) (bool, error) {
	if !x.r.Revoked || p.Chain.Scope == trust.Control {
		return true, nil
	}
	if g := p.Entries[0].Genesis; g != nil {
		key, ok := trust.KeyOf(g.Key)
		return ok && x.s.Roster().GoesOnFrom(x.r.Maker, key), nil
	}
	author, ok, err := x.s.AuthorOf(ctx, p.Chain.Incarnation)
	return ok && x.s.Roster().GoesOnFrom(x.r.Maker, author), err
}

// acknowledge notes what the maker holds, and counts what of it this device was waiting to hear.
func (x *opener) acknowledge(ctx context.Context) error {
	if x.r.Revoked {
		return nil
	}
	known, own := map[string]map[journal.Chain]uint64{}, map[journal.Incarnation]bool{}
	me := x.s.Identity().Public()
	var good []exchange.Head
	for _, h := range x.heads {
		held, err := x.s.Holds(ctx, h.Chain, h.Hash)
		if err != nil {
			return err
		}
		if !held {
			continue // it holds more than is here, or another branch: nothing can be said of our entries
		}
		good = append(good, h)
		author, _, err := x.s.AuthorOf(ctx, h.Chain.Incarnation)
		if err != nil {
			return err
		}
		own[h.Chain.Incarnation] = x.s.Roster().GoesOnFrom(me, author)
		if known[h.Chain.Scope] == nil {
			heads, err := x.s.Known(ctx, h.Chain.Scope, x.r.Maker)
			if err != nil {
				return err
			}
			known[h.Chain.Scope] = map[journal.Chain]uint64{}
			for _, k := range heads {
				known[h.Chain.Scope][k.Chain] = k.Seq
			}
		}
	}
	// Before the ends: of what the maker is known to hold, what it lacks is known too.
	if err := x.noteLacks(ctx, good); err != nil {
		return err
	}
	if err := x.s.Acknowledge(ctx, x.r.Maker, good); err != nil {
		return err
	}
	for _, h := range good {
		if before := known[h.Chain.Scope][h.Chain]; own[h.Chain.Incarnation] && h.Seq > before {
			x.r.Received += int(h.Seq - before)
			known[h.Chain.Scope][h.Chain] = h.Seq
		}
	}
	return nil
}

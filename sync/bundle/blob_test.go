package bundle

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// noise is a document of n bytes that nothing makes smaller.
func noise(t testing.TB, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	copy(b, "%PDF-1.7\n")
	return b
}

// photo is a JPEG of some size.
func photo(t testing.TB) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 900, 600))
	for i := range 900 * 600 {
		img.Set(i%900, i/900, color.RGBA{uint8(i), uint8(i >> 8), uint8(i * i), 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// attach joins contents to a new device, one action each, and returns the device.
func attach(t testing.TB, r *replica.Replica, contents ...[]byte) uuid.UUID {
	t.Helper()
	id := save(t, r, record.Equipment, record.Fields{"tag": "PC-1", "level": "socle"})
	for _, c := range contents {
		v, err := r.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		change := replica.Change{ID: id, Kind: record.Equipment, Seen: v.Seen, Attach: []replica.Attachment{{Content: c, Name: "pièce jointe"}}}
		if _, err := r.Save(t.Context(), uuid.Nil, change); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// opened returns what is joined to a record, nil for what has not arrived.
func opened(t testing.TB, r *replica.Replica, id uuid.UUID) (out [][]byte) {
	t.Helper()
	v, err := r.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for i := range v.Joined {
		var b []byte
		f, err := r.OpenBlob(t.Context(), id, i)
		if err == nil {
			b, err = io.ReadAll(f)
			_ = f.Close()
		}
		if err != nil && !errors.Is(err, replica.ErrMissing) {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// readAll reads the files of a set in their order, and sums up.
func readAll(t testing.TB, r *replica.Replica, w Written) (sum Report) {
	t.Helper()
	for _, f := range w.Files {
		x := read(t, r, f)
		sum.Admitted += x.Admitted
		sum.Photos += x.Photos
		sum.Unnamed += x.Unnamed
		sum.NoRoom += x.NoRoom
		sum.Opened += x.Opened
	}
	return sum
}

func TestPhotosTravelOnAStick(t *testing.T) {
	f, a, b := pair(t)
	doc := noise(t, 700<<10)
	id := attach(t, a, photo(t), doc)
	w := write(t, a, t.TempDir(), WriteOptions{All: true})
	if w.Photos != 2 || w.Left != 0 || len(w.Files) != 2 || !strings.HasSuffix(w.Files[1], "-2.buron") {
		t.Fatalf("%+v", w)
	}
	if want := "3\u00a0saisies et 2\u00a0photos ou documents copiés pour 2\u00a0appareils, en 2\u00a0fichiers. Vous pouvez retirer la clé."; w.Sentence() != want {
		t.Errorf("said %q", w.Sentence())
	}
	if r := readAll(t, f.central, w); r.Admitted != 3 || r.Photos != 2 || r.Unnamed+r.NoRoom != 0 {
		t.Errorf("%+v", r)
	}
	got := opened(t, f.central, id)
	if len(got) != 2 || got[0] == nil || !bytes.Equal(got[1], doc) {
		t.Fatalf("%d joined", len(got))
	}
	if thumb, err := f.central.OpenThumb(t.Context(), id, 0); err != nil {
		t.Error(err)
	} else {
		thumb.Close()
	}
	// Once more, and in the other order, brings and harms nothing; without the entries it waits.
	if r := readAll(t, f.central, w); r.Photos != 0 || r.Unnamed != 0 {
		t.Errorf("again: %+v", r)
	}
	if r := read(t, b, w.Files[1]); r.Photos != 0 || r.Unnamed != 3 || !strings.Contains(r.Sentence(), "attendent des saisies") {
		t.Errorf("the photos alone: %+v %q", r, r.Sentence())
	}
	if r := readAll(t, b, w); r.Photos != 2 {
		t.Errorf("b: %+v", r)
	}
	intact(t, b)
	// The central's receipt says that it holds them: nothing is left to bring it.
	read(t, a, one(t, f.central, WriteOptions{Photos: -1}))
	if w := write(t, a, t.TempDir(), WriteOptions{For: []trust.Key{b.Identity().Public()}}); w.Photos != 2 {
		t.Errorf("for b, of whom nothing is known: %+v", w)
	}
	if w := write(t, a, t.TempDir(), WriteOptions{}); w.Photos != 0 || w.Left != 0 || len(w.Files) != 1 {
		t.Errorf("after the receipt: %+v", w)
	}
}

// The frames of FORMAT.md, byte by byte.
func TestTheBytesOfABlobsFrames(t *testing.T) {
	h := journal.Hash{0xaa, 31: 0xbb}
	p := part{exchange.Chunk{Hash: h, Offset: 0x040000, Bytes: []byte("xy")}, 0x040002, true}
	if got, want := hex.EncodeToString(p.encode()), "aa"+strings.Repeat("00", 30)+"bb"+"00040002"+"00040000"+"01"+"7879"; got != want {
		t.Errorf("part %s, want %s", got, want)
	}
	b, err := codec.enc.Marshal(wireLacks{Scope: "parc", Hashes: h[:]})
	if got, want := hex.EncodeToString(b), "82"+"6470617263"+"5820aa"+strings.Repeat("00", 30)+"bb"; err != nil || got != want {
		t.Errorf("lacks %s, want %s", got, want)
	}
	for _, bad := range [][]byte{nil, p.encode()[:partHead], append(h[:], 0, 0, 0, 1, 0, 0, 0, 0, 0, 'x', 'y'), append(h[:], 0, 0, 0, 1, 0, 0, 0, 0, 2, 'x'),
		append(h[:], 2, 0, 0, 0, 0, 0, 0, 0, 0, 'x')} {
		if _, err := parsePart(bad); !errors.Is(err, ErrDamaged) {
			t.Errorf("%x: %v", bad, err)
		}
	}
}

// What the limit left out is told of by the reader's own stick, and goes on the next.
func TestALimitOnPhotos(t *testing.T) {
	f, a, _ := pair(t)
	small, large := noise(t, 30<<10), noise(t, 900<<10)
	id := attach(t, a, large, small)
	none := write(t, a, t.TempDir(), WriteOptions{Photos: -1})
	if none.Photos != 0 || none.Left != 2 || len(none.Files) != 1 || !strings.Contains(none.Sentence(), "2\u00a0photos ou documents n'ont pas eu de place") {
		t.Errorf("none: %+v %q", none, none.Sentence())
	}
	w := write(t, a, t.TempDir(), WriteOptions{Photos: 500 << 10})
	if w.Photos != 1 || w.Left != 1 {
		t.Fatalf("%+v", w)
	}
	if r := readAll(t, f.central, w); r.Photos != 1 {
		t.Errorf("%+v", r)
	}
	if got := opened(t, f.central, id); got[0] != nil || !bytes.Equal(got[1], small) {
		t.Error("the large one came, or the small one did not")
	}
	read(t, a, one(t, f.central, WriteOptions{}))
	w = write(t, a, t.TempDir(), WriteOptions{})
	if w.Entries != 0 || w.Photos != 1 {
		t.Errorf("the next: %+v", w)
	}
	if r := readAll(t, f.central, w); r.Photos != 1 || !bytes.Equal(opened(t, f.central, id)[0], large) {
		t.Errorf("the next: %+v", r)
	}
	read(t, a, one(t, f.central, WriteOptions{}))
	if w := write(t, a, t.TempDir(), WriteOptions{}); w.Photos != 0 {
		t.Errorf("all is there: %+v", w)
	}
}

// Who exchanges facts alone over the network holds what entries say and not what they name: a stick brings that, once.
func TestPhotosForADeviceThatExchangesFactsAlone(t *testing.T) {
	for _, metered := range []string{"who asks", "who is asked"} {
		t.Run(metered, func(t *testing.T) {
			f, a, b := pair(t)
			maker, reader := f.central, a
			if metered == "who is asked" {
				maker, reader = a, f.central
			}
			add := func(size int) uuid.UUID { // to the maker, which may be one that writes nothing
				t.Helper()
				id := attach(t, b, noise(t, size))
				readAll(t, maker, write(t, b, t.TempDir(), WriteOptions{All: true}))
				return id
			}
			meet := func() {
				t.Helper()
				to := line{exchange.NewServer(f.central, nil), a.Identity().Public()}
				if _, err := exchange.Run(t.Context(), a, f.central.Identity().Public(), []byte("exporter"), to, nil); err != nil {
					t.Fatal(err)
				}
			}
			bring := func() Written {
				t.Helper()
				return write(t, maker, t.TempDir(), WriteOptions{For: []trust.Key{reader.Identity().Public()}})
			}
			id := add(20 << 10)
			reader.SetFactsOnly(true)
			meet()
			if got := opened(t, reader, id); got[0] != nil {
				t.Fatal("it has the photo")
			}
			w := bring()
			if w.Entries != 0 || w.Photos != 1 {
				t.Fatalf("%+v", w)
			}
			if r := readAll(t, reader, w); r.Photos != 1 {
				t.Errorf("%+v", r)
			}
			// Its own stick says that it has arrived; later ones are still brought.
			read(t, maker, one(t, reader, WriteOptions{Photos: -1}))
			if w := bring(); w.Photos != 0 {
				t.Errorf("once more: %+v", w)
			}
			add(10 << 10)
			meet()
			if w := bring(); w.Photos != 1 {
				t.Errorf("the next: %+v", w)
			}
			reader.SetFactsOnly(false)
			meet()
			if w := bring(); w.Photos != 0 {
				t.Errorf("all came over the network: %+v", w)
			}
		})
	}
}

// line is a connection to a device.
type line struct {
	to   *exchange.Server
	from trust.Key
}

func (l line) Call(ctx context.Context, raw []byte) ([]byte, error) {
	return l.to.Serve(ctx, l.from, []byte("exporter"), raw)
}

// A scope's photos are for its readers alone, and no name of a blob can be read.
func TestPhotosAreForTheReadersOfTheirScope(t *testing.T) {
	f := newField(t)
	ida, idh := newIdentity(t, "agent"), newIdentity(t, "hôte")
	f.admit(ida, "agent", record.Agent)
	f.admit(idh, "hôte", record.Host, "lieu")
	agent, host := f.create(ida), f.create(idh)
	attach(t, agent, noise(t, 90<<10))
	w := write(t, agent, t.TempDir(), WriteOptions{All: true})
	if r := readAll(t, host, w); r.Opened != 0 || r.Unnamed != 0 {
		t.Errorf("the host opened it: %+v", r)
	}
	named, err := agent.NamedBlobs(t.Context(), "parc")
	if err != nil || len(named) != 1 {
		t.Fatalf("%v, %v", named, err)
	}
	for _, file := range w.Files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if h := named[0].Hash; bytes.Contains(raw, h[:]) || bytes.Contains(raw, []byte(h.String())) {
			t.Error("the name of a blob can be read")
		}
	}
}

// A terminal brings out the photos of what it writes and may not read, and is given none.
func TestAKiosksPhotosGoOut(t *testing.T) {
	f := newField(t)
	office, kiosk, site, charter := f.desk()
	pupil := save(t, office, record.ClassMember, record.Fields{"site": site.String(), "school_year": "2026-2027", "class": "5e B", "family_name": "Exemple", "first_name": "Élodie"})
	read(t, kiosk, one(t, office, WriteOptions{}))
	doc := noise(t, 30<<10)
	act := replica.Change{Kind: record.Acknowledgement, Attach: []replica.Attachment{{Content: doc, Name: "papier.pdf"}}, Set: record.Fields{"act": "signature",
		"site": site.String(), "charter": charter.String(), "population": "eleve", "member": pupil.String(), "typed_name": "Exemple", "at": time.Now().UnixMilli()}}
	saved, err := kiosk.Save(t.Context(), uuid.Nil, act)
	if err != nil {
		t.Fatal(err)
	}
	if r := readAll(t, office, write(t, kiosk, t.TempDir(), WriteOptions{})); r.Photos != 1 || !bytes.Equal(opened(t, office, saved.IDs[0])[0], doc) {
		t.Errorf("%+v", r)
	}
	if r := readAll(t, kiosk, write(t, office, t.TempDir(), WriteOptions{All: true})); r.Photos+r.Unnamed != 0 {
		t.Errorf("the terminal was given some: %+v", r)
	}
}

// Pulled out while photos are read: what was taken stays, and the complete stick completes the blob.
func TestUnpluggedWhilePhotosAreRead(t *testing.T) {
	f, a, _ := pair(t)
	doc := noise(t, 6<<20)
	id := attach(t, a, doc)
	w := write(t, a, t.TempDir(), WriteOptions{})
	read(t, f.central, w.Files[0])
	whole, err := os.ReadFile(w.Files[1])
	if err != nil {
		t.Fatal(err)
	}
	pulled := false
	_, err = Read(t.Context(), f.central, w.Files[1], ReadOptions{Progress: func(done, total int64) {
		if !pulled && done > total*7/10 {
			pulled = true
			if err := os.Truncate(w.Files[1], int64(len(whole))*7/10); err != nil {
				t.Fatal(err)
			}
		}
	}})
	if !errors.Is(err, ErrUnplugged) {
		t.Fatalf("%v", err)
	}
	v, err := f.central.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if have := v.Joined[0].Have; have < 1<<20 || have >= int64(len(doc)) {
		t.Errorf("%d bytes are here", have)
	}
	intact(t, f.central)
	if err := os.WriteFile(w.Files[1], whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := read(t, f.central, w.Files[1]); r.Photos != 1 || !bytes.Equal(opened(t, f.central, id)[0], doc) {
		t.Errorf("%+v", r)
	}
}

// A blob may lie across the files of a set.
func TestPhotosOverTheLimitOfAFile(t *testing.T) {
	f, a, b := pair(t)
	doc := noise(t, 2<<20)
	id := attach(t, a, doc)
	dir := t.TempDir()
	w := write(t, a, dir, WriteOptions{All: true, Limit: 1 << 20})
	if len(w.Files) < 4 || w.Photos != 1 {
		t.Fatalf("%+v", w)
	}
	for _, file := range w.Files {
		if info, err := os.Stat(file); err != nil || info.Size() > 1<<20 {
			t.Errorf("%s: %v, %v", file, info.Size(), err)
		}
	}
	files, err := Files([]string{dir})
	if err != nil || len(files) != len(w.Files) {
		t.Fatal(files, err)
	}
	if r := readAll(t, f.central, Written{Files: files}); r.Photos != 1 || r.Unnamed != 0 {
		t.Errorf("%+v", r)
	}
	// Out of order the rest waits, and comes at the second reading.
	read(t, b, files[0])
	if r := read(t, b, files[2]); r.Photos != 0 || r.Unnamed != 1 {
		t.Errorf("%+v", r)
	}
	if r := readAll(t, b, w); r.Photos != 1 || !bytes.Equal(opened(t, b, id)[0], doc) {
		t.Errorf("%+v", r)
	}
}

// What is erased neither goes on a stick nor comes back from one.
func TestAnErasedPhotoNeverTravelsAgain(t *testing.T) {
	f, a, _ := pair(t)
	id := attach(t, a, noise(t, 40<<10))
	old := write(t, a, t.TempDir(), WriteOptions{})
	read(t, f.central, old.Files[0])
	if err := f.central.Erase(t.Context(), []uuid.UUID{id}, "demande"); err != nil {
		t.Fatal(err)
	}
	if r := read(t, f.central, old.Files[1]); r.Photos != 0 || r.Unnamed != 1 {
		t.Errorf("a stale stick: %+v", r)
	}
	if files, _ := filepath.Glob(filepath.Join(f.central.Dir(), "blobs", "*", "*")); len(files) != 0 {
		t.Errorf("files %v", files)
	}
	read(t, a, one(t, f.central, WriteOptions{}))
	if w := write(t, a, t.TempDir(), WriteOptions{All: true}); w.Photos != 0 || w.Left != 0 {
		t.Errorf("%+v", w)
	}
}

// A part that is not what it says is dropped whole, and asked for again.
func TestAForgedPhoto(t *testing.T) {
	f, a, _ := pair(t)
	id := attach(t, a, noise(t, 40<<10))
	o := WriteOptions{}
	fill(&o)
	w := &writer{s: a, o: o, dir: t.TempDir(), set: make([]byte, setLen), reached: map[trust.Key]bool{}}
	p, parcels, err := w.facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(w.dir, "x.buron")
	if err := w.settle(path); err != nil {
		t.Fatal(err)
	}
	loads, err := p.loads(t.Context(), parcels)
	if err != nil || len(loads) != 1 {
		t.Fatal(loads, err)
	}
	if err := w.next(); err != nil {
		t.Fatal(err)
	}
	for _, one := range parcels {
		if one.scope != "parc" {
			continue
		}
		if err := w.file().begin(one.readers); err != nil {
			t.Fatal(err)
		}
		false1 := part{exchange.Chunk{Hash: loads[0].Hash, Bytes: noise(t, int(loads[0].Size))}, loads[0].Size, false}
		if err := w.frame(one, frameBlob, false1.encode()); err != nil {
			t.Fatal(err)
		}
		if err := w.file().end(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.close(true); err != nil {
		t.Fatal(err)
	}
	if err := w.settle(path); err != nil {
		t.Fatal(err)
	}
	read(t, f.central, w.out.Files[0])
	r := read(t, f.central, w.out.Files[1])
	if r.Photos != 0 || len(r.Refused) != 1 || r.Refused[0].SenderName != "a" {
		t.Errorf("%+v", r)
	}
	if got := opened(t, f.central, id); got[0] != nil {
		t.Error("a forged photo is shown")
	}
	if r := readAll(t, f.central, write(t, a, t.TempDir(), WriteOptions{})); r.Photos != 1 {
		t.Errorf("the good one: %+v", r)
	}
}

// Of a device whose admission has ended no photo is taken.
func TestPhotosOfARevokedDevice(t *testing.T) {
	f, a, b := pair(t)
	attach(t, b, noise(t, 40<<10))
	w := write(t, b, t.TempDir(), WriteOptions{All: true})
	if _, err := f.central.Revoke(t.Context(), b.Identity().Public(), "perdu"); err != nil {
		t.Fatal(err)
	}
	read(t, a, one(t, f.central, WriteOptions{}))
	if r := readAll(t, a, w); r.Photos != 0 {
		t.Errorf("%+v", r)
	}
	intact(t, a)
}

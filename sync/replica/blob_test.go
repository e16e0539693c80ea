package replica

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
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

// attach joins a document to a new device, and returns the device's id.
func attach(t testing.TB, r *Replica, docs ...[]byte) uuid.UUID {
	t.Helper()
	c := Change{Kind: record.Equipment, Set: record.Fields{"level": "socle", "tag": "PC-1"}}
	for _, d := range docs {
		c.Attach = append(c.Attach, Attachment{Content: d, Name: "facture.pdf"})
	}
	return save(t, r, c)
}

// attach joins documents to a new device, which the central then holds.
func (f *field) attach(docs ...[]byte) uuid.UUID {
	f.t.Helper()
	office := f.admit("poste", record.Coordination, 0)
	id := attach(f.t, office, docs...)
	exchangeAll(f.t, office, f.central)
	return id
}

func read(t testing.TB, r *Replica, id uuid.UUID, n int) ([]byte, error) {
	t.Helper()
	f, err := r.OpenBlob(t.Context(), id, n)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// raws returns every byte of a data folder.
func raws(t testing.TB, r *Replica) []byte {
	t.Helper()
	var out []byte
	err := filepath.WalkDir(r.Dir(), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out = append(out, b...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func exchangeAll(t testing.TB, from, to *Replica) exchange.Result {
	t.Helper()
	res, err := meet(t, from, to, 0)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// blobsOn counts the files of blobs.
func blobsOn(t testing.TB, r *Replica) (n int) {
	t.Helper()
	if err := r.blobFiles().stored(func(journal.Hash, string, os.FileInfo) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestADocumentTravelsBothWays(t *testing.T) {
	f := newField(t)
	a, b := f.admit("a", record.Coordination, 0), f.admit("b", record.Coordination, 0)
	doc := noise(t, BlobPart*2+77)
	id := attach(t, a, doc)
	if got, err := read(t, a, id, 0); err != nil || !bytes.Equal(got, doc) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if bytes.Contains(raws(t, a), doc[100:200]) {
		t.Error("the document stands in a file as it is")
	}
	if res := exchangeAll(t, a, f.central); res.BlobsSent != 1 {
		t.Errorf("to the central: %+v", res)
	}
	if res := exchangeAll(t, b, f.central); res.BlobsReceived != 1 {
		t.Errorf("from the central: %+v", res)
	}
	if got, err := read(t, b, id, 0); err != nil || !bytes.Equal(got, doc) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if res := exchangeAll(t, b, f.central); res.RoundTrips != 1 {
		t.Errorf("nothing to say took %d round trips", res.RoundTrips)
	}
}

// BlobPart is what one message brings.
const BlobPart = exchange.BlobBytes

func TestACutLineLosesNoPart(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Coordination, 0)
	doc := noise(t, 4*BlobPart+5)
	id := f.attach(doc)
	before := int64(0)
	for calls := 1; calls < 30; calls++ {
		_, err := meet(t, a, f.central, 5)
		view, _ := a.Get(t.Context(), id)
		if len(view.Joined) == 1 {
			if have := view.Joined[0].Have; have < before {
				t.Fatalf("%d bytes are held, %d were", have, before)
			} else {
				before = have
			}
		}
		if err == nil {
			break
		}
	}
	if got, err := read(t, a, id, 0); err != nil || !bytes.Equal(got, doc) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
}

func TestWhatHasNotArrivedIsMissing(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Coordination, 0)
	a.SetFactsOnly(true)
	id := f.attach(noise(t, 1000))
	exchangeAll(t, a, f.central)
	view, err := a.Get(t.Context(), id)
	if err != nil || len(view.Joined) != 1 || view.Joined[0].Held() {
		t.Fatalf("%+v, %v", view.Joined, err)
	}
	if _, err := read(t, a, id, 0); !errors.Is(err, ErrMissing) {
		t.Errorf("%v", err)
	}
	a.SetFactsOnly(false)
	exchangeAll(t, a, f.central)
	if _, err := read(t, a, id, 0); err != nil {
		t.Errorf("%v", err)
	}
}

func TestTakingOneOffLeavesTheOthers(t *testing.T) {
	f := newField(t)
	office := f.admit("poste", record.Coordination, 0)
	id := attach(t, office, noise(t, 100), noise(t, 200))
	view, err := office.Get(t.Context(), id)
	if err != nil || len(view.Joined) != 2 {
		t.Fatalf("%+v, %v", view.Joined, err)
	}
	save(t, office, Change{ID: id, Set: record.Fields{view.Joined[0].Field: nil}})
	after, err := office.Get(t.Context(), id)
	if err != nil || len(after.Joined) != 1 || after.Joined[0].Field != view.Joined[1].Field {
		t.Errorf("%+v, %v", after.Joined, err)
	}
}

func TestABlobIsGivenToItsReadersAlone(t *testing.T) {
	f := newField(t)
	kiosk := f.admit("borne", record.Kiosk, 0, "0150001V")
	id := f.attach(noise(t, 500))
	exchangeAll(t, kiosk, f.central)
	var h []byte
	if err := f.central.read.QueryRowContext(t.Context(), "SELECT hash FROM blob").Scan(&h); err != nil {
		t.Fatal(err)
	}
	ask := func(from *Replica, hash []byte) string {
		w := &wire{exchange.NewServer(f.central, nil), from.Identity().Public(), 0}
		answer, err := w.Call(t.Context(), mustCBOR(t, map[int]any{0: 5, 6: []any{[]any{hash, 0, 1 << 20}}}))
		if err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	guess := make([]byte, 32)
	if got := ask(kiosk, h); len(got) > 100 {
		t.Errorf("who may not read the scope got %d bytes", len(got))
	}
	agent := f.admit("agent", record.Coordination, 0)
	if got := ask(agent, guess); len(got) > 100 {
		t.Errorf("a guess got %d bytes", len(got))
	}
	if got := ask(agent, h); len(got) < 500 {
		t.Errorf("who may read it got %d bytes", len(got))
	}
	if blobsOn(t, kiosk) != 0 {
		t.Error("the terminal holds a blob")
	}
	// Once the operation is erased, the name fetches nothing from anyone.
	if err := f.central.Erase(t.Context(), []uuid.UUID{id}, "essai"); err != nil {
		t.Fatal(err)
	}
	if got := ask(agent, h); len(got) > 100 {
		t.Errorf("what is erased is still given: %d bytes", len(got))
	}
}

func TestAnErasedBlobIsInNoFile(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Coordination, 0)
	id, kept := f.attach(noise(t, 3000)), f.attach(noise(t, 400))
	exchangeAll(t, a, f.central)
	var sealed, key []byte
	view, err := f.central.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	ref := view.Joined[0].ref
	key = ref.Key[:]
	if sealed, err = os.ReadFile(a.blobFiles().path(ref.Hash)); err != nil {
		t.Fatal(err)
	}
	if b := raws(t, a); !bytes.Contains(b, sealed[:64]) || !bytes.Contains(b, key) || !bytes.Contains(b, ref.Hash[:]) {
		t.Fatal("the probe does not find what is there")
	}
	if err := f.central.Erase(t.Context(), []uuid.UUID{id}, "essai"); err != nil {
		t.Fatal(err)
	}
	exchangeAll(t, a, f.central)
	for _, r := range []*Replica{a, f.central} {
		if b := raws(t, r); bytes.Contains(b, sealed[:64]) || bytes.Contains(b, key) || bytes.Contains(b, ref.Hash[:]) {
			t.Errorf("%s: the blob, its key or its name is in a file", r.Self().Name)
		}
		if _, err := read(t, r, kept, 0); err != nil {
			t.Errorf("%s has lost another: %v", r.Self().Name, err)
		}
	}
}

func TestFilesAndTableComeTogetherAtTheStart(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Coordination, 0)
	id := f.attach(noise(t, 900))
	exchangeAll(t, a, f.central)
	orphan := journal.Hash{7}
	if err := a.blobFiles().prepare(orphan, []byte("d'une saisie qui n'a pas abouti")); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * staleFile)
	if err := os.Chtimes(a.blobFiles().path(orphan)+newSuffix, old, old); err != nil {
		t.Fatal(err)
	}
	view, err := a.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(a.blobFiles().path(view.Joined[0].ref.Hash)); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	again := openCopy(t, a.Dir(), a.o)
	if n := blobsOn(t, again); n != 0 {
		t.Errorf("%d files are left", n)
	}
	if _, err := read(t, again, id, 0); !errors.Is(err, ErrMissing) {
		t.Errorf("%v", err)
	}
	exchangeAll(t, again, f.central)
	if _, err := read(t, again, id, 0); err != nil {
		t.Errorf("%v", err)
	}
}

// spoiler changes one byte of every blob that it is asked for.
type spoiler struct{ *Replica }

func (s spoiler) ReadBlob(ctx context.Context, h journal.Hash, offset int64, most int) ([]byte, []journal.Chain, error) {
	part, chains, err := s.Replica.ReadBlob(ctx, h, offset, most)
	if len(part) > 0 {
		part[0] ^= 1
	}
	return part, chains, err
}

func TestADamagedBlobIsRefusedAndAskedForAgain(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Coordination, 0)
	id := f.attach(noise(t, BlobPart+900))
	w := &wire{exchange.NewServer(spoiler{f.central}, nil), a.Identity().Public(), 0}
	res, err := exchange.Run(t.Context(), a, f.central.Identity().Public(), []byte("exporter"), w, nil)
	if err != nil || len(res.Refused) != 1 || !strings.Contains(res.Refused[0].Sentence, "Central") || blobsOn(t, a) != 0 {
		t.Errorf("%+v, %v", res, err)
	}
	if list, err := a.Refusals(t.Context()); err != nil || len(list) != 1 || list[0].Reason != reasonBlob {
		t.Errorf("%+v, %v", list, err)
	}
	exchangeAll(t, a, f.central)
	if _, err := read(t, a, id, 0); err != nil {
		t.Errorf("%v", err)
	}
}

// On a sick disk one file cannot be read and another has become shorter: the rest travels, and nobody is accused.
func TestABlobThatCannotBeReadKeepsNoOtherBack(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Coordination, 0)
	id := f.attach(noise(t, 900), noise(t, BlobPart+800), noise(t, BlobPart+1000))
	view, err := f.central.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	files := f.central.blobFiles()
	order := slices.Clone(view.Joined)
	slices.SortFunc(order, func(x, y Joined) int { return int(x.Size - y.Size) })
	unreadable, short := files.path(order[0].ref.Hash), files.path(order[1].ref.Hash)
	// A folder opens, and fails when it is read, as a bad sector does.
	if err := errors.Join(os.Remove(unreadable), os.Mkdir(unreadable, 0o700), os.Truncate(short, 100)); err != nil {
		t.Fatal(err)
	}
	res, err := meet(t, a, f.central, 0)
	if err != nil || len(res.Refused) > 0 || res.BlobsReceived != 1 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestQuotas(t *testing.T) {
	f := newField(t)
	a := f.admit("a", record.Coordination, 0)
	f.attach(noise(t, 1000), noise(t, 3000))
	if err := a.SetSetting(t.Context(), settingQuota, "2000"); err != nil {
		t.Fatal(err)
	}
	exchangeAll(t, a, f.central)
	if n := blobsOn(t, a); n != 1 {
		t.Errorf("%d blobs are held, the small one alone has room", n)
	}
	var day intake
	k := trust.Key{1}
	if !day.take(noon, k, 60, 100) || day.take(noon, k, 60, 100) || !day.take(noon, trust.Key{2}, 60, 100) || !day.take(noon.Add(24*time.Hour), k, 60, 100) {
		t.Error("a device brings more in a day than it may, or less")
	}
}

func TestWhatTheTablesSayIsFoldedAgain(t *testing.T) {
	f := newField(t)
	id := f.attach(noise(t, 100))
	if err := f.central.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, f.central, id, 0); err != nil {
		t.Error(err)
	}
	if err := f.central.Erase(t.Context(), []uuid.UUID{id}, "essai"); err != nil || blobsOn(t, f.central) != 0 {
		t.Errorf("%d files, %v", blobsOn(t, f.central), err)
	}
}

// misnamed writes an operation that names another's blob, with a size of its own.
func misnamed(t testing.TB, by *Replica, of journal.BlobRef, size int64) journal.Piece {
	t.Helper()
	id := newID(t, "parc", string(record.Equipment))
	body := mustCBOR(t, map[uint64]any{1: map[string]any{"note": []any{"moi aussi"}}, 3: []any{[]any{of.Hash[:], of.Key[:], size, of.MIME}}})
	p := newChainPen(t, by, by.Identity().Key, "parc")
	return p.piece(p.entry(string(record.Equipment), id, body, map[uint64]any{7: []any{[]any{string(record.Equipment), id[:], uint64(journal.Blobs)}}}))
}

// Who names another's blob with a wrong size keeps it from nobody, whatever comes first.
func TestABlobWhoseSizeLiesComesAllTheSame(t *testing.T) {
	for name, size := range map[string]int64{"too small": 3, "too large": journal.MaxBlob} {
		for _, order := range []string{"the lie first", "the lie last", "the lie in between"} {
			t.Run(name+", "+order, func(t *testing.T) {
				f := newField(t)
				a, liar := f.admit("poste", record.Coordination, 0), f.admit("menteur", record.Agent, 0)
				doc := noise(t, BlobPart*2+77)
				id := attach(t, a, doc)
				exchangeAll(t, a, f.central)
				var ref journal.BlobRef
				for _, p := range all(t, a, "parc") {
					for _, e := range p.Entries {
						op, err := e.Op(0)
						if err != nil {
							t.Fatal(err)
						}
						ref = op.Blobs[0]
					}
				}
				lie := misnamed(t, liar, ref, size)
				if order == "the lie first" {
					admit(t, a, liar, wired(t, []journal.Piece{lie}))
				}
				r := f.admit("lecteur", record.Coordination, 0)
				switch order {
				case "the lie first":
					admit(t, r, liar, wired(t, []journal.Piece{lie}))
				case "the lie in between":
					if _, err := meet(t, r, f.central, 5); err == nil {
						t.Fatal("the line was not cut")
					}
					admit(t, r, liar, wired(t, []journal.Piece{lie}))
				}
				exchangeAll(t, r, f.central)
				if order == "the lie last" {
					admit(t, r, liar, wired(t, []journal.Piece{lie}))
				}
				for _, by := range []*Replica{a, r} {
					if got, err := read(t, by, id, 0); err != nil || !bytes.Equal(got, doc) {
						t.Errorf("%s reads %d bytes, %v", by.Self().Name, len(got), err)
					}
				}
				if missing, err := r.MissingBlobs(t.Context(), exchange.Blob{}, 9); err != nil || len(missing) > 0 {
					t.Errorf("still lacking: %+v, %v", missing, err)
				}
				if res := exchangeAll(t, r, f.central); len(res.Refused) > 0 {
					t.Errorf("the central is blamed: %+v", res.Refused)
				}
				// After the next start, too.
				if err := r.sweepBlobs(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got, err := read(t, r, id, 0); err != nil || !bytes.Equal(got, doc) {
					t.Errorf("after the next start: %d bytes, %v", len(got), err)
				}
			})
		}
	}
}

// A blob that another process takes away, or names, while the folder is looked through keeps no other from being found.
func TestABlobThatGoesMeanwhileHidesNoOther(t *testing.T) {
	files := blobFiles(filepath.Join(t.TempDir(), blobFolder))
	var list []journal.Hash
	for i := range 3 {
		h := journal.Hash{0xab, byte(i)}
		if err := errors.Join(files.prepare(h, []byte("scellé")), files.settle(h, newSuffix)); err != nil {
			t.Fatal(err)
		}
		list = append(list, h)
	}
	var found []journal.Hash
	err := files.stored(func(h journal.Hash, _ string, _ fs.FileInfo) error {
		found = append(found, h)
		return files.remove(list[1])
	})
	if err != nil || !slices.Equal(found, []journal.Hash{list[0], list[2]}) {
		t.Errorf("it finds %v, %v", found, err)
	}
}

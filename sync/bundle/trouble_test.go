package bundle

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// refused checks that a file is refused with a reason and a sentence, and that nothing came of it.
func refused(t *testing.T, r *replica.Replica, path string, why error) {
	t.Helper()
	before := records(t, r)
	rep, err := Read(t.Context(), r, path, ReadOptions{})
	if !errors.Is(err, why) {
		t.Errorf("%v, want %v", err, why)
	}
	if Sentence(err) == "" || Sentence(err) != Sentence(why) {
		t.Errorf("said %q", Sentence(err))
	}
	if rep.Admitted != 0 || records(t, r) != before {
		t.Errorf("%d entries were taken in", rep.Admitted)
	}
}

func corrupt(t *testing.T, path string, change func([]byte) []byte) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "bad.buron")
	if err := os.WriteFile(out, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTruncated(t *testing.T) {
	f, a, _ := pair(t)
	machines(t, a, 3)
	good := one(t, a, WriteOptions{})
	info, err := os.Stat(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{1, 5, int64(headerLen), 40, info.Size() / 2, info.Size() - 60, info.Size() - 1} {
		refused(t, f.central, corrupt(t, good, func(b []byte) []byte { return b[:n] }), ErrTruncated)
	}
	refused(t, f.central, corrupt(t, good, func(b []byte) []byte { return nil }), ErrNotBundle)
	read(t, f.central, good)
	same(t, f.central, a, "parc")
}

func TestABitThatFlipped(t *testing.T) {
	f, a, _ := pair(t)
	machines(t, a, 3)
	good := one(t, a, WriteOptions{})
	info, err := os.Stat(good)
	if err != nil {
		t.Fatal(err)
	}
	size := int(info.Size())
	for at := headerLen - tagLen; at < size-len(endMagic); at += max(1, size/97) {
		bad := corrupt(t, good, func(b []byte) []byte { b[at] ^= 0x10; return b })
		if rep, err := Read(t.Context(), f.central, bad, ReadOptions{}); !errors.Is(err, ErrDamaged) || rep.Admitted != 0 {
			t.Errorf("flipped at %d of %d: %v", at, size, err)
		}
	}
	refused(t, f.central, corrupt(t, good, func(b []byte) []byte { b[0] = 'B'; return b }), ErrNotBundle)
	refused(t, f.central, corrupt(t, good, func(b []byte) []byte { b[5] = '2'; return b }), ErrNewer)
	if records(t, f.central) != 0 {
		t.Error("something was taken in")
	}
	intact(t, f.central)
}

func TestStale(t *testing.T) {
	f, a, _ := pair(t)
	machines(t, a, 3)
	old := one(t, a, WriteOptions{})
	machines(t, a, 2)
	read(t, f.central, one(t, a, WriteOptions{}))
	r := read(t, f.central, old)
	if r.Admitted != 0 || r.Held != 3 || r.Sentence() != "Rien de nouveau\u00a0: tout est déjà ici. Vous pouvez retirer la clé." {
		t.Errorf("%+v %q", r, r.Sentence())
	}
	same(t, f.central, a, "parc")
}

func TestForeign(t *testing.T) {
	f, a, _ := pair(t)
	_, b, _ := pair(t)
	machines(t, b, 1)
	refused(t, a, one(t, b, WriteOptions{}), ErrForeign)
	intact(t, a)
	intact(t, f.central)
}

func TestDoubled(t *testing.T) {
	f, a, _ := pair(t)
	machines(t, a, 1)
	file := one(t, a, WriteOptions{})
	first := read(t, f.central, file)
	again, err := Read(t.Context(), f.central, corrupt(t, file, func(b []byte) []byte { return b }), ReadOptions{Seen: func(s [32]byte) bool { return s == first.Sum }})
	if err != nil || !again.Again || !strings.Contains(again.Sentence(), "déjà lue") {
		t.Errorf("%+v %v %q", again, err, again.Sentence())
	}
	// Without that memory nothing changes either.
	if r := read(t, f.central, file); r.Admitted != 0 || r.Held != 1 {
		t.Errorf("%+v", r)
	}
	// One's own stick says so.
	if r := read(t, a, file); !r.Own || !strings.Contains(r.Sentence(), "préparée ici") {
		t.Errorf("own: %+v", r)
	}
}

func TestForNobodyHere(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Agent)
	machines(t, a, 1)
	b := f.join("b", record.Agent) // a has not heard of it
	refused(t, b, one(t, a, WriteOptions{}), ErrNotForUs)
}

func TestTheMakerIsNotAdmitted(t *testing.T) {
	f, a, _ := pair(t)
	stranger := f.create(newIdentity(t, "inconnu"))
	refused(t, a, one(t, stranger, WriteOptions{}), ErrSigner)
	intact(t, a)
}

// Segments and manifests of two bundles do not fit together.
func TestASegmentOfAnotherBundle(t *testing.T) {
	f, a, _ := pair(t)
	machines(t, a, 1)
	first := one(t, a, WriteOptions{})
	machines(t, a, 1)
	second := one(t, a, WriteOptions{})
	refused(t, f.central, graft(t, first, second), ErrDamaged)
}

// graft puts the segments of one file before the cover of another, with a sum that is right.
func graft(t *testing.T, from, to string) string {
	t.Helper()
	open := func(path string) ([]byte, layout) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		l, err := parseLayout(strings.NewReader(string(b)), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		return b, l
	}
	x, lx := open(from)
	y, ly := open(to)
	f, err := create(t.TempDir(), x[len(magic):headerLen])
	if err != nil {
		t.Fatal(err)
	}
	put := func(b []byte, s span) {
		f.segments = append(f.segments, span{f.at, s.length})
		if _, err := f.Write(b[s.from : s.from+s.length]); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range lx.segments[:len(lx.segments)-1] {
		put(x, s)
	}
	put(y, ly.segments[len(ly.segments)-1])
	if err := f.finish(); err != nil {
		t.Fatal(err)
	}
	return f.f.Name()
}

func TestOverTheLimitOfAFile(t *testing.T) {
	f, a, _ := pair(t)
	bulky(t, a, 300)
	dir := t.TempDir()
	w := write(t, a, dir, WriteOptions{Limit: 280 << 10, batch: 20})
	if len(w.Files) < 2 || w.Entries != 300 || !strings.HasSuffix(w.Files[0], "-1.buron") {
		t.Fatalf("%+v", w)
	}
	if !strings.Contains(w.Sentence(), "en "+record.Count(len(w.Files), "fichier", "fichiers")) {
		t.Errorf("said %q", w.Sentence())
	}
	for _, file := range w.Files {
		if info, err := os.Stat(file); err != nil || info.Size() > 280<<10 {
			t.Errorf("%s: %v, %v", file, info.Size(), err)
		}
	}
	files, err := Files([]string{dir})
	if err != nil || len(files) != len(w.Files) {
		t.Fatalf("%v, %v", files, err)
	}
	// The second part alone waits for the first, and is no refusal.
	if r := read(t, f.central, files[1]); r.Admitted != 0 || r.Gap == 0 {
		t.Errorf("the second alone: %+v", r)
	}
	total := 0
	for _, file := range files {
		total += read(t, f.central, file).Admitted
	}
	if total != 300 {
		t.Errorf("%d of 300 arrived", total)
	}
	same(t, f.central, a, "parc")
}

// A stick that is pulled out while it is read keeps what was committed, and the rest comes the next time.
func TestUnpluggedWhileReading(t *testing.T) {
	f, a, _ := pair(t)
	bulky(t, a, 300)
	good := one(t, a, WriteOptions{batch: 20})
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	pulled := false
	rep, err := Read(t.Context(), f.central, good, ReadOptions{Progress: func(done, total int64) {
		if !pulled && done > total*7/10 {
			pulled = true
			if err := os.Truncate(good, int64(len(b))*7/10); err != nil {
				t.Fatal(err)
			}
		}
	}})
	if !errors.Is(err, ErrUnplugged) || !strings.Contains(Sentence(err), "retirée trop tôt") {
		t.Fatalf("%v", err)
	}
	if rep.Admitted == 0 || rep.Admitted == 300 || records(t, f.central) != rep.Admitted {
		t.Errorf("%d admitted, %d held", rep.Admitted, records(t, f.central))
	}
	intact(t, f.central)
	if err := os.WriteFile(good, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := read(t, f.central, good); r.Admitted+rep.Admitted != 300 {
		t.Errorf("%d, then %d", rep.Admitted, r.Admitted)
	}
	same(t, f.central, a, "parc")
}

func TestAnInterruptedWritingLeavesNothingToRead(t *testing.T) {
	_, a, _ := pair(t)
	machines(t, a, 40)
	dir := filepath.Join(t.TempDir(), "clé [bleue]")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Write(ctx, a, dir, WriteOptions{batch: 20, Progress: func(int, int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	// A power cut leaves the temporary file: it is never read, and the next writing sweeps it.
	half := filepath.Join(dir, ".buron-123.part")
	if err := os.WriteFile(half, []byte(magic), 0o600); err != nil {
		t.Fatal(err)
	}
	if files, err := Files([]string{dir}); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
	write(t, a, dir, WriteOptions{})
	if _, err := os.Stat(half); err == nil {
		t.Error("the half file is still there")
	}
	intact(t, a)
}

func TestAFolderThatIsGone(t *testing.T) {
	_, a, _ := pair(t)
	gone := filepath.Join(t.TempDir(), "gone")
	for dest, why := range map[string]error{gone: ErrNoPlace, filepath.Join(gone, "x.buron"): ErrUnplugged} {
		if _, err := Write(t.Context(), a, dest, WriteOptions{}); !errors.Is(err, why) || Sentence(err) == "" {
			t.Errorf("%s: %v", dest, err)
		}
	}
}

func TestNobodyToWriteFor(t *testing.T) {
	f := newField(t)
	if _, err := Write(t.Context(), f.central, t.TempDir(), WriteOptions{}); !errors.Is(err, ErrNobody) || Sentence(err) == "" {
		t.Errorf("%v", err)
	}
}

func TestWhatTheSystemSaysOfASickStick(t *testing.T) {
	for _, e := range []syscall.Errno{syscall.EIO, syscall.ENXIO, syscall.ENODEV} {
		err := cause(&os.PathError{Op: "write", Path: "x", Err: e})
		if !errors.Is(err, ErrUnplugged) || !errors.Is(err, e) {
			t.Errorf("%v gives %v", e, err)
		}
	}
	if err := errors.New("other"); cause(err) != err || Sentence(err) != "" {
		t.Error("an error of others was taken over")
	}
}

func TestAStickThatSaysWhoIsOutSaysSo(t *testing.T) {
	f, a, b := pair(t)
	if _, err := f.central.Revoke(t.Context(), b.Identity().Public(), "perdu"); err != nil {
		t.Fatal(err)
	}
	r := read(t, a, one(t, f.central, WriteOptions{}))
	if want := "La liste des appareils et de leurs droits est mise à jour. Vous pouvez retirer la clé."; r.Control == 0 || r.Sentence() != want {
		t.Errorf("%+v says %q", r, r.Sentence())
	}
	if !a.Roster().Revoked(b.Identity().Public()) {
		t.Error("the stick did not tell")
	}
}

// full is a device whose own disk is full.
type full struct{ *replica.Replica }

func (f full) Admit(context.Context, trust.Key, []journal.Piece) (int, []exchange.Refusal, error) {
	return 0, nil, &os.PathError{Op: "write", Path: "buron.db", Err: syscall.ENOSPC}
}

// What is wrong with the device's own disk is not said of the stick: people would empty the wrong one.
func TestAFullDiskIsNotAFullStick(t *testing.T) {
	f, a, _ := pair(t)
	machines(t, a, 1)
	_, err := Read(t.Context(), full{f.central}, one(t, a, WriteOptions{}), ReadOptions{})
	if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrFull) || Sentence(err) != "" {
		t.Errorf("%v is told as %q", err, Sentence(err))
	}
}

package replica

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/seal"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// cutAt copies the files of a folder as a power cut leaves them, once a transaction is written and before anything else.
func cutAt(t *testing.T, r *Replica) (dir string) {
	t.Helper()
	dir = t.TempDir()
	cut := false
	stop := r.Subscribe(func(Notice) {
		if cut {
			return
		}
		cut = true
		for _, name := range []string{File, File + "-wal", trust.KeyFile, startFile, seal.File} {
			b, err := os.ReadFile(filepath.Join(r.Dir(), name))
			if err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Error(err)
			}
		}
	})
	t.Cleanup(stop)
	return dir
}

// What a terminal drops is left in no file, were the power cut as soon as that was written.
func TestWhatIsDroppedIsLeftInNoFile(t *testing.T) {
	const word = "motquidisparait"
	f := newField(t)
	d := f.admit("poste", record.Agent, 0, uai)
	save(t, d, Change{Kind: record.Equipment, Set: record.Fields{"level": "socle", "note": word}})
	for range 2 {
		exchangeAll(t, d, f.central)
	}
	if hits, err := d.Search(t.Context(), word, nil, 9); err != nil || len(hits) != 1 {
		t.Fatalf("search finds %d records, %v", len(hits), err)
	}
	if err := f.central.ChangeRole(t.Context(), d.Identity().Public(), record.Kiosk, []string{uai}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		exchangeAll(t, d, f.central)
	}
	dir := cutAt(t, d)
	if n, err := d.DropDelivered(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d entries dropped, %v", n, err)
	}
	if inFiles(t, d, word) {
		t.Error("what was dropped is still in a file")
	}
	if !inFiles(t, &Replica{dir: dir}, word) {
		t.Fatal("nothing is put to the proof")
	}
	after := openCopy(t, dir, Options{Machine: d.o.Machine})
	if !after.unshredded {
		t.Error("after a power cut, nothing says that the files are still to be shredded")
	}
	if _, err := after.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if inFiles(t, after, word) {
		t.Error("after a power cut, what was dropped is still in a file")
	}
}

// What was erased while the key was away goes when it is back, its sealed bytes with it: the key opens them again.
func TestWhatWasErasedWithoutTheKeyIsLeftInNoFileOnceItIsBack(t *testing.T) {
	for _, restored := range []bool{false, true} {
		f, office, site := school(t)
		gone := save(t, office, pupil(site, "Zorglubette"))
		give(t, office, f.central)
		give(t, f.central, office)
		var cells []byte
		if err := office.read.QueryRowContext(t.Context(), "SELECT cells FROM record WHERE id = ?", gone[:]).Scan(&cells); err != nil {
			t.Fatal(err)
		}
		sealed := string(cells[1:33])
		back := hideKey(t, office.Dir())
		office = again(t, office, Options{})
		if err := f.central.Erase(t.Context(), []uuid.UUID{gone}, ""); err != nil {
			t.Fatal(err)
		}
		admit(t, office, f.central, all(t, f.central, trust.Control))
		if !inFiles(t, office, sealed) {
			t.Fatal("nothing is put to the proof")
		}
		if restored {
			if err := office.RestoreKey(t.Context(), f.recovery()); err != nil {
				t.Fatal(err)
			}
		} else {
			back()
			office = again(t, office, Options{})
		}
		if _, err := office.Get(t.Context(), gone); !errors.Is(err, ErrUnknown) {
			t.Errorf("what was erased is still here: %v", err)
		}
		if inFiles(t, office, sealed) {
			t.Errorf("restored %t: what was erased is still in a file", restored)
		}
	}
}

// A command that erases while the program reads may not get to the log, and ends: the program sees to it.
func TestWhatAnotherProcessCouldNotShredIsShredded(t *testing.T) {
	const word = "motquidisparait"
	f := newField(t)
	agent := f.admit("agent", record.Agent, 0)
	id := save(t, agent, Change{Kind: record.Equipment, Set: record.Fields{"level": "socle", "note": word}})
	admit(t, f.central, agent, all(t, agent, "parc"))
	command := openCopy(t, f.central.Dir(), Options{Machine: f.central.o.Machine})
	if _, err := f.central.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	reading, err := f.central.read.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reading.QueryRowContext(t.Context(), "SELECT count(*) FROM record").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if _, err := command.write.ExecContext(t.Context(), "PRAGMA busy_timeout = 1"); err != nil { // it would wait for ten seconds
		t.Fatal(err)
	}
	if err := errors.Join(command.Erase(t.Context(), []uuid.UUID{id}, "demande"), command.Close(), reading.Rollback()); err != nil {
		t.Fatal(err)
	}
	if !inFiles(t, f.central, word) {
		t.Fatal("nothing is put to the proof")
	}
	if changed, err := f.central.Poll(t.Context()); err != nil || !changed {
		t.Fatalf("it hears of nothing, %v", err)
	}
	if inFiles(t, f.central, word) {
		t.Error("what was erased is still in a file")
	}
}

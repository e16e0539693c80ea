package node

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

func TestABackupIsRestoredAsAnotherLife(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	before := save(t, a, record.Equipment, record.Fields{"tag": "PC-1", "level": "socle"})
	file := filepath.Join(t.TempDir(), "sauvegarde.age")
	passphrase, err := Backup(t.Context(), a, file, "")
	if err != nil {
		t.Fatal(err)
	}
	after := save(t, a, record.Equipment, record.Fields{"tag": "PC-2", "level": "socle"})
	f.exchange(a)
	key := a.Identity().Public()
	home := filepath.Join(t.TempDir(), "maison")
	if err := Restore(file, home, "une autre phrase"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("with another passphrase: %v", err)
	}
	if err := Restore(file, a.Dir(), passphrase); !errors.Is(err, ErrOccupied) {
		t.Errorf("over a folder in use: %v", err)
	}
	if err := Restore(file, home, passphrase); err != nil {
		t.Fatal(err)
	}
	b, err := replica.Open(t.Context(), home, replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if c, ok, err := b.Copied(t.Context()); err != nil || !ok || c.Reason != replica.CopyRestored || b.Identity().Public() == key {
		t.Errorf("the restored device is told %+v, %t, %v", c, ok, err)
	}
	own := save(t, b, record.Equipment, record.Fields{"tag": "PC-3", "level": "socle"})
	if o := f.exchange(b); o.Err != nil || len(o.Refused)+len(o.Rejected) > 0 {
		t.Errorf("exchange: %+v", o)
	}
	for _, id := range [][16]byte{before, after, own} {
		if !holds(t, b, id) || !holds(t, f.central, id) {
			t.Errorf("%x is lost: %t here, %t at the central", id, holds(t, b, id), holds(t, f.central, id))
		}
	}
	if left, err := filepath.Glob(filepath.Join(a.Dir(), ".backup-*")); err != nil || len(left) > 0 {
		t.Errorf("what was not sealed is left: %v, %v", left, err)
	}
}

func TestADeviceWithoutItsKeyIsInvitedAgain(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	unsent := save(t, a, record.Equipment, record.Fields{"tag": "PC-1", "level": "socle"})
	dir := a.Dir()
	if err := errors.Join(a.Close(), os.Remove(filepath.Join(dir, trust.KeyFile))); err != nil {
		t.Fatal(err)
	}
	b, err := replica.Open(t.Context(), dir, replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	own := save(t, b, record.Equipment, record.Fields{"tag": "PC-2", "level": "socle"})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b, err = Join(t.Context(), dir, f.invite(record.Agent), f.url, "x", replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, id := range [][16]byte{unsent, own} {
		if !holds(t, f.central, id) {
			t.Errorf("%x never came to the central", id)
		}
	}
	if n := len(f.central.Roster().Devices()); n != 3 {
		t.Errorf("%d devices on the roster, want the central and both", n)
	}
	if _, err := Join(t.Context(), dir, f.invite(record.Agent), f.url, "x", replica.Options{}); !errors.Is(err, ErrFounded) {
		t.Errorf("a device that is admitted joins again: %v", err)
	}
}

func TestADamagedBackupChangesNothing(t *testing.T) {
	f := newField(t)
	a := f.join("poste", record.Agent)
	file := filepath.Join(t.TempDir(), "sauvegarde.age")
	if _, err := Backup(t.Context(), a, file, "quatre brebis au pré"); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, bytes := range map[string][]byte{"truncated": whole[:len(whole)/2], "not one": []byte("notes de réunion"), "empty": nil} {
		t.Run(name, func(t *testing.T) {
			bad, home := filepath.Join(t.TempDir(), "x.age"), filepath.Join(t.TempDir(), "maison")
			if err := os.WriteFile(bad, bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := Restore(bad, home, "quatre brebis au pré"); !errors.Is(err, ErrBackup) {
				t.Errorf("Restore = %v, want ErrBackup", err)
			}
			if _, err := os.Stat(home); err == nil {
				t.Error("a folder was left")
			}
		})
	}
}

package node

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/seal"
)

// withoutKey opens a device again whose data key is no longer where it was kept.
func withoutKey(t *testing.T, r *replica.Replica) *replica.Replica {
	t.Helper()
	if err := errors.Join(r.Close(), os.Remove(filepath.Join(r.Dir(), seal.File))); err != nil {
		t.Fatal(err)
	}
	again, err := replica.Open(t.Context(), r.Dir(), replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	if !again.Sealed() {
		t.Fatal("its data key is still there")
	}
	return again
}

// Who has a copy of a recovery file that was replaced opens no device that has heard of it; the new file opens those
// that have not, too.
func TestAReplacedRecoveryFileOpensNoDataKey(t *testing.T) {
	made, err := Found(t.Context(), t.TempDir(), FoundOptions{Territory: "Cantal", Device: "Central", Role: record.Central})
	if err != nil {
		t.Fatal(err)
	}
	f := &field{t: t, central: made.Replica, log: quiet()}
	f.serve()
	t.Cleanup(func() { f.stop(); made.Replica.Close() })
	hears, away := f.join("poste", record.Coordination), f.join("absent", record.Coordination)
	to := filepath.Join(t.TempDir(), "neuf.age")
	phrase, err := RenewRecovery(t.Context(), f.central, made.Recovery, made.Passphrase, to)
	if err != nil {
		t.Fatal(err)
	}
	if o := f.exchange(hears); o.Err != nil {
		t.Fatal(o.Err)
	}
	hears, away = withoutKey(t, hears), withoutKey(t, away)
	if err := Recover(t.Context(), hears, made.Recovery, made.Passphrase); !errors.Is(err, replica.ErrNoWrap) || !hears.Sealed() {
		t.Errorf("the file that was replaced opens a device that has heard of it: %v", err)
	}
	for _, r := range []*replica.Replica{hears, away} {
		if err := Recover(t.Context(), r, to, phrase); err != nil || r.Sealed() {
			t.Errorf("%s: the new file does not open it: %v", r.Identity().Name, err)
		}
	}
	// Replaced once more, it opens them all the same.
	last := filepath.Join(t.TempDir(), "dernier.age")
	if phrase, err = RenewRecovery(t.Context(), f.central, to, phrase, last); err != nil {
		t.Fatal(err)
	}
	away = withoutKey(t, away)
	if err := Recover(t.Context(), away, last, phrase); err != nil || away.Sealed() {
		t.Errorf("the third file does not open what the first was for: %v", err)
	}
}

package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/replica"
	"filippo.io/age"
)

// claimed writes machines here, of which a has never heard, and returns a bundle of a's with a receipt that says that
// a holds them: what somebody would put into it who has the stick in hand.
func claimed(t *testing.T, here, a *replica.Replica) (good string, forged []byte) {
	t.Helper()
	machines(t, a, 3)
	machines(t, here, 2)
	heads, err := here.Heads(t.Context(), "parc")
	if err != nil {
		t.Fatal(err)
	}
	var claim receipt
	claim.add("parc", heads)
	if forged, err = claim.encode(); err != nil {
		t.Fatal(err)
	}
	return one(t, a, WriteOptions{}), forged
}

// believed fails where a device takes a to hold what a never had.
func believed(t *testing.T, here, a *replica.Replica, rep Report) {
	t.Helper()
	known, err := here.Known(t.Context(), "parc", a.Identity().Public())
	if err != nil {
		t.Fatal(err)
	}
	own, err := here.Heads(t.Context(), "parc")
	if err != nil {
		t.Fatal(err)
	}
	author := here.Identity().Public()
	if rep.Received > 0 || slices.ContainsFunc(known, func(h exchange.Head) bool {
		by, _, err := here.AuthorOf(t.Context(), h.Chain.Incarnation)
		return err != nil || by == author && slices.Contains(own, h)
	}) {
		t.Errorf("%d received; a is taken to hold what it never had: %v", rep.Received, known)
	}
}

// Every device of the territory can open a cover, and write one afresh around the maker's manifest: only what bears a
// signature of its own counts there.
func TestACoverSaysNothingInTheMakersName(t *testing.T) {
	f, a, b := pair(t)
	good, forged := claimed(t, b, a)
	raw, l := laidOut(t, good)
	bad, err := create(t.TempDir(), raw[len(magic):headerLen])
	if err != nil {
		t.Fatal(err)
	}
	last := len(l.segments) - 1
	for _, s := range l.segments[:last] {
		bad.segments = append(bad.segments, span{bad.at, s.length})
		if _, err := bad.Write(raw[s.from : s.from+s.length]); err != nil {
			t.Fatal(err)
		}
	}
	cover, err := age.Decrypt(bytes.NewReader(raw[l.segments[last].from:][:l.segments[last].length]), f.central.Identity().Age)
	if err != nil {
		t.Fatal(err)
	}
	if err := bad.begin(readers(f.central.Roster().Devices())); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(bad.open, cover); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(bad.frame(frameReceipt, forged), bad.end(), bad.finish()); err != nil {
		t.Fatal(err)
	}
	believed(t, b, a, read(t, b, bad.f.Name()))
}

// A stick may give something else when it is read for the second time.
func TestASegmentThatChangesOnceItWasChecked(t *testing.T) {
	_, a, b := pair(t)
	good, forged := claimed(t, b, a)
	_, l := laidOut(t, good)
	seal := func(plain []byte) []byte {
		var out bytes.Buffer
		w, err := age.Encrypt(&out, b.Identity().Age.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	var frames bytes.Buffer
	s := l.segments[0]
	room := int(s.length) - len(seal(nil)) - 2*frameHead - len(forged) // the rest is a frame that nobody knows
	if err := errors.Join(writeFrame(&frames, frameReceipt, forged), writeFrame(&frames, 99, make([]byte, room))); err != nil {
		t.Fatal(err)
	}
	other := seal(frames.Bytes())
	if len(other) != int(s.length) {
		t.Fatalf("%d bytes in place of %d", len(other), s.length)
	}
	swapped := false
	rep, err := Read(t.Context(), b, good, ReadOptions{Progress: func(done, total int64) {
		if swapped || done < total/2-int64(sumLen+len(endMagic)) {
			return
		}
		swapped = true
		stick, err := os.OpenFile(good, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer stick.Close()
		if _, err := stick.WriteAt(other, s.from); err != nil {
			t.Fatal(err)
		}
	}})
	if !swapped || !errors.Is(err, ErrDamaged) {
		t.Errorf("swapped = %t, read: %v", swapped, err)
	}
	believed(t, b, a, rep)
}

func laidOut(t *testing.T, path string) ([]byte, layout) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := parseLayout(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return raw, l
}

// What a maker says that it holds, and lacks, is kept until all was read: it must not grow with the file. Who says more
// than can be kept has said nothing: of a part, « of the rest I hold all » would be taken for true.
func TestWhatAMakerClaimsTakesSoMuchMemoryAndNoMore(t *testing.T) {
	heads := make([]exchange.Head, 20_000)
	for i := range heads {
		heads[i] = exchange.Head{Chain: journal.Chain{Scope: "parc"}, Seq: 1}
	}
	var claim receipt
	claim.add("parc", heads)
	held, err := claim.encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, frame := range map[string]func(i int) (byte, []byte){
		"receipts": func(int) (byte, []byte) { return frameReceipt, held },
		"lacks": func(i int) (byte, []byte) {
			lacks, err := codec.enc.Marshal(wireLacks{Scope: fmt.Sprint("people/", i), Hashes: make([]byte, len(heads)*len(journal.Hash{}))})
			if err != nil {
				t.Fatal(err)
			}
			return frameLacks, lacks
		},
	} {
		x := &opener{admitted: true, lacks: map[string][]journal.Hash{}}
		for i := range 2 * maxClaims / len(heads) {
			if err := x.said(frame(i)); err != nil {
				t.Fatal(err)
			}
			n := len(x.heads)
			for _, list := range x.lacks {
				n += len(list)
			}
			if enough := maxClaims / len(heads); i < enough && n != (i+1)*len(heads) || i >= enough && n > 0 {
				t.Fatalf("%s: %d are kept after %d frames", name, n, i+1)
			}
		}
	}
}

package look

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// timers holds what was put off, in order.
type timers []func()

func (t *timers) later(d time.Duration, f func()) { *t = append(*t, f) }

func TestToastTakesBackOnce(t *testing.T) {
	desk(t)
	var late timers
	undone := 0
	toast := NewToast(late.later)
	window(t, toast, 400, 60)
	toast.Say("Enregistré", func() { undone++ })
	if toast.Text() != "Enregistré" {
		t.Fatalf("shows %q", toast.Text())
	}
	test.Tap(toast.button)
	test.Tap(toast.button)
	if undone != 1 || toast.Text() != "" {
		t.Errorf("undone %d times, shows %q", undone, toast.Text())
	}
}

// TestAnOlderToastsEndHidesNoNewerOne: two saves within ten seconds.
func TestAnOlderToastsEndHidesNoNewerOne(t *testing.T) {
	desk(t)
	var late timers
	toast := NewToast(late.later)
	window(t, toast, 400, 60)
	toast.Say("Un", nil)
	toast.SayProblem("Deux")
	late[0]()
	if toast.Text() != "Deux" {
		t.Errorf("the first one's end left %q", toast.Text())
	}
	late[1]()
	if toast.Text() != "" {
		t.Errorf("the second one's end left %q", toast.Text())
	}
}

// TestCuesSoundDifferent and are files that players read.
func TestCuesSoundDifferent(t *testing.T) {
	seen := map[string]Cue{}
	for _, c := range []Cue{Found, Unknown, Repeated} {
		wav := c.WAV()
		if !bytes.HasPrefix(wav, []byte("RIFF")) || int(binary.LittleEndian.Uint32(wav[4:]))+8 != len(wav) || int(binary.LittleEndian.Uint32(wav[40:]))+44 != len(wav) {
			t.Errorf("cue %d: the head does not fit %d bytes", c, len(wav))
		}
		if d := time.Duration(len(wav)-44) * time.Second / (2 * soundRate); d > 400*time.Millisecond {
			t.Errorf("cue %d lasts %s: the next scan comes", c, d)
		}
		if other, ok := seen[string(wav)]; ok {
			t.Errorf("cues %d and %d sound alike", c, other)
		}
		seen[string(wav)] = c
	}
}

func TestSoundsAreSilentWithoutAPlayer(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	NewSounds(func(func()) { t.Error("something was played") }).Play(Found)
	NewSounds(nil).Play(Unknown)
}

func TestFlashEndsWithoutTint(t *testing.T) {
	desk(t)
	f := NewFlash(widget.NewLabel("TROUVÉ"))
	window(t, f, 200, 60)
	for _, c := range []Cue{Found, Unknown, Repeated} {
		f.Cue(c)
		if _, _, _, a := f.over.FillColor.RGBA(); a != 0 { // the tests' driver runs animations to their end at once
			t.Errorf("cue %d leaves a tint of %d", c, a)
		}
	}
}

// TestTheRoofIsFullOnlyWhenAllIsDone however many things a slate stands for.
func TestTheRoofIsFullOnlyWhenAllIsDone(t *testing.T) {
	desk(t)
	for _, c := range []struct{ done, total, laid, all int }{
		{0, 0, 0, 0}, {0, 30, 0, 30}, {18, 30, 18, 30}, {30, 30, 30, 30}, {299, 300, 59, 60}, {300, 300, 60, 60}, {1, 300, 0, 60}, {5, 3, 3, 3}, {-1, 3, 0, 3},
	} {
		r := NewRoof()
		r.Set(c.done, c.total)
		if laid, all := r.slates(); laid != c.laid || all != c.all {
			t.Errorf("%d of %d: %d slates of %d, want %d of %d", c.done, c.total, laid, all, c.laid, c.all)
		}
	}
}

func TestLauzesHaveWords(t *testing.T) {
	desk(t)
	for n, want := range map[int]string{1: "Enregistré ici", 2: "Chez un voisin", 3: "Au central", 9: "Au central"} {
		if got := LauzesWord(n); got != want {
			t.Errorf("%d slates: %q", n, got)
		}
	}
	if string(LauzesResource(1).Content()) == string(LauzesResource(2).Content()) {
		t.Error("one slate and two look alike")
	}
}

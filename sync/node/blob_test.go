package node

import (
	"bytes"
	"crypto/rand"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// cutter relays connections to an address, and cuts each after so many bytes of the far end's answers.
type cutter struct {
	net.Listener
	to    string
	after int64

	mu    sync.Mutex
	bytes int64 // relayed from the far end
	cuts  int
	wg    sync.WaitGroup
}

func newCutter(t *testing.T, to string, after int64) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{Listener: l, to: to, after: after}
	c.wg.Go(c.run)
	t.Cleanup(func() { l.Close(); c.wg.Wait() })
	return c
}

func (c *cutter) run() {
	for {
		near, err := c.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", c.to)
		if err != nil {
			near.Close()
			continue
		}
		c.wg.Go(func() {
			_, _ = io.Copy(far, near) // ends with the connection
			far.Close()
		})
		c.wg.Go(func() {
			n, err := io.CopyN(near, far, c.after)
			c.mu.Lock()
			c.bytes += n
			if err == nil {
				c.cuts++
			}
			c.mu.Unlock()
			near.Close()
			far.Close()
		})
	}
}

func (c *cutter) counted() (bytes int64, cuts int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes, c.cuts
}

// picture is a PNG that does not get smaller.
func picture(t *testing.T, side int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	if _, err := rand.Read(img.Pix); err != nil {
		t.Fatal(err)
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 0xff
	}
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// photograph joins n photos to new devices, and returns these.
func photograph(t *testing.T, r *replica.Replica, n, side int) (ids []uuid.UUID) {
	t.Helper()
	for range n {
		c := replica.Change{Kind: record.Equipment, Set: machine("PC"), Attach: []replica.Attachment{{Content: picture(t, side), Name: "baie.png"}}}
		s, err := r.Save(t.Context(), uuid.Nil, c)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.IDs[0])
	}
	return ids
}

// shown counts the photos that can be opened whole, small and large.
func shown(t *testing.T, r *replica.Replica, ids []uuid.UUID) (thumbs, whole int) {
	t.Helper()
	for _, id := range ids {
		for i, open := range []func() (io.ReadCloser, error){
			func() (io.ReadCloser, error) { return r.OpenThumb(t.Context(), id, 0) },
			func() (io.ReadCloser, error) { return r.OpenBlob(t.Context(), id, 0) },
		} {
			f, err := open()
			if errors.Is(err, replica.ErrMissing) || errors.Is(err, replica.ErrUnknown) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := image.Decode(f); err != nil {
				t.Fatal(err)
			}
			f.Close()
			if i == 0 {
				thumbs++
			} else {
				whole++
			}
		}
	}
	return thumbs, whole
}

func TestTwentyPhotosComeThroughALineThatIsCut(t *testing.T) {
	f := newField(t)
	a, b := f.join("a", record.Agent), f.join("b", record.Agent)
	f.stop()
	ids := photograph(t, a, 20, 420)
	var size int64
	for _, id := range ids {
		view, err := a.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		size += view.Joined[0].Size
	}
	_, addr := listen(t, a)
	line := newCutter(t, addr, 600<<10)
	few := false
	for range 200 {
		o := meet(t, b, line.Addr().String())
		thumbs, whole := shown(t, b, ids)
		few = few || (thumbs == len(ids) && whole < len(ids)/2)
		if o.Err == nil && whole == len(ids) {
			break
		}
	}
	if thumbs, whole := shown(t, b, ids); thumbs != len(ids) || whole != len(ids) {
		t.Fatalf("%d small and %d whole photos of %d", thumbs, whole, len(ids))
	}
	if !few {
		t.Error("the small pictures did not come first")
	}
	moved, cuts := line.counted()
	// Besides the photos: thumbnails, facts and handshakes, and for each cut what one message brings, at most.
	if most := size + int64(len(ids))*(40<<10) + int64(cuts+1)*(exchange.BlobBytes+32<<10); cuts < 5 || moved > most {
		t.Errorf("%d bytes for %d of photos in %d cuts, %d at most", moved, size, cuts, most)
	}
}

func TestATerminalKeepsNoDocumentThatTheCentralHas(t *testing.T) {
	l := newLodge(t)
	doc := []byte("%PDF-1.7 autorisation")
	s, err := l.kiosk.Save(t.Context(), uuid.Nil, replica.Change{Kind: record.Acknowledgement, Attach: []replica.Attachment{{Content: doc, Name: "autorisation.pdf"}},
		Set: record.Fields{"act": "signature", "site": l.site.String(), "charter": l.charter.String(), "population": "eleve",
			"member": uuid.NewString(), "typed_name": visitor, "at": time.Now().UnixMilli()}})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(l.kiosk.Dir(), "blobs", "*", "*")
	held := func() int {
		list, err := filepath.Glob(folder)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	// The facts alone are delivered and signed for: the document is not at the central yet, and must not be lost.
	l.kiosk.SetFactsOnly(true)
	if o := l.exchange(l.kiosk); o.Err != nil || o.Sent != 1 || o.BlobsSent != 0 {
		t.Fatalf("%+v", o)
	}
	if !named(t, l.kiosk) || held() != 1 {
		t.Fatal("the terminal has dropped what is nowhere else")
	}
	// Nor where the central has no room for it, and therefore lists nothing as lacking.
	l.kiosk.SetFactsOnly(false)
	if err := l.central.SetSetting(t.Context(), "blobs.quota", "1"); err != nil {
		t.Fatal(err)
	}
	if o := l.exchange(l.kiosk); o.Err != nil || o.BlobsSent != 0 || held() != 1 {
		t.Fatalf("without room: %+v", o)
	}
	if err := l.central.SetSetting(t.Context(), "blobs.quota", ""); err != nil {
		t.Fatal(err)
	}
	if o := l.exchange(l.kiosk); o.Err != nil || o.BlobsSent != 1 {
		t.Fatalf("%+v", o)
	}
	if named(t, l.kiosk) || held() != 0 {
		t.Error("the name or the document is still on the public terminal")
	}
	f, err := l.central.OpenBlob(t.Context(), s.IDs[0], 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, doc) {
		t.Errorf("the central has %q, %v", got, err)
	}
	intact(t, l.kiosk)
}

func TestPhotosGoToTheCentralAndOnlyWhoReadsThemGetsThem(t *testing.T) {
	f := newField(t)
	a, b, kiosk := f.join("a", record.Agent), f.join("b", record.Agent), f.join("borne", record.Kiosk, "0150001V")
	ids := photograph(t, a, 2, 64)
	if o := f.exchange(a); o.Err != nil || o.BlobsSent != 4 {
		t.Fatalf("a: %+v", o)
	}
	if o := f.exchange(a); o.Err != nil || o.RoundTrips != 1 {
		t.Errorf("nothing to say took %+v", o)
	}
	if o := f.exchange(kiosk); o.Err != nil || o.BlobsReceived != 0 {
		t.Errorf("kiosk: %+v", o)
	}
	out, err := New(b, Options{Listen: "off", FactsOnly: true}).Once(t.Context())
	if err != nil || out[0].Err != nil || out[0].BlobsReceived != 0 {
		t.Errorf("facts only: %+v, %v", out, err)
	}
	b.SetFactsOnly(false)
	if o := f.exchange(b); o.Err != nil || o.BlobsReceived != 4 {
		t.Errorf("b: %+v", o)
	}
	if _, whole := shown(t, b, ids); whole != 2 {
		t.Errorf("b shows %d", whole)
	}
}

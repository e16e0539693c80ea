package screen

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"cantal.fr/buron/sync/blob"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
)

// A device that writes by hand may name anything a photo: what would take all memory is not drawn.
func TestAPhotoThatClaimsTooMuchIsNotDrawn(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40_000, 300))); err != nil {
		t.Fatal(err)
	}
	for _, content := range [][]byte{b.Bytes(), []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)} {
		if _, err := picture(io.NopCloser(bytes.NewReader(content)), nil); !errors.Is(err, blob.ErrPicture) {
			t.Errorf("%d bytes: %v", len(content), err)
		}
	}
}

func TestAPhotoIsAddedShownAndTakenOff(t *testing.T) {
	s := open(t)
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "baie.png")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	e := first(t, s, replica.Query{Kind: record.Equipment})
	card := &cardPage{id: e.ID, kind: record.Equipment}
	s.Push(card)
	card.attach(s, e.ID, path)
	v, err := s.r.Get(t.Context(), e.ID)
	if err != nil || len(v.Joined) != 1 || v.Joined[0].Width != 40 {
		t.Fatalf("%+v, %v", v.Joined, err)
	}
	shows(t, s, "Photo\u00a0: baie.png")
	s.Push(&joinedPage{id: e.ID, n: 0, name: "baie.png"})
	if _, err := s.save(replica.Change{ID: e.ID, Set: record.Fields{v.Joined[0].Field: nil}, Seen: v.Seen}); err != nil {
		t.Fatal(err)
	}
	s.draw()
	shows(t, s, "Cette photo a été retirée.")
	// Files that are dropped go to the record that is shown, and nowhere from another page.
	drop := []fyne.URI{storage.NewFileURI(path), storage.NewFileURI(path)}
	s.dropped(fyne.Position{}, drop)
	if v, err := s.r.Get(t.Context(), e.ID); err != nil || len(v.Joined) != 0 {
		t.Errorf("%+v, %v", v.Joined, err)
	}
	s.Back()
	s.dropped(fyne.Position{}, drop)
	if v, err := s.r.Get(t.Context(), e.ID); err != nil || len(v.Joined) != 2 {
		t.Errorf("%+v, %v", v.Joined, err)
	}
}
